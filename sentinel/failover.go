package sentinel

import (
	"fmt"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
)

// checkQuorum answers CKQUORUM: OK only if this sentinel could have a failover agreed to now.
func checkQuorum(c *call) error {
	u, ok := c.s.monitor.Usable(string(c.Argv[2]))
	if !ok {
		return errNoSuchPrimary
	}
	if u.Quorum && u.Majority && u.Group {
		c.Reply.Simple(fmt.Sprintf("OK %d usable Sentinels. Quorum and failover authorization can be reached", u.Usable))
		return nil
	}
	text := fmt.Sprintf("NOQUORUM %d usable Sentinels. ", u.Usable)
	if !u.Quorum {
		text += "Not enough available Sentinels to reach the specified quorum for this master"
	}
	if !u.Majority || u.Quorum {
		if !u.Quorum {
			text += ". "
		}
		text += "Not enough available Sentinels to reach the majority and authorize a failover"
	}
	return resp.Error(text)
}

var failoverSub = func() sentinelCommand {
	c := sub("failover", -3, "2.8.4", "Has a replica take the place of a primary.", failover, primaryName,
		command.Token("coordinated", "COORDINATED").Opt().From("9.0.0"))
	c.Complexity = ""
	c.History = []command.Change{{Version: "9.0.0", Text: "Takes the option `COORDINATED`."}}
	return c
}()

// failover answers FAILOVER once the group has agreed to it.
func failover(c *call) error {
	name := string(c.Argv[2])
	_, known := c.s.monitor.Address(name)
	coordinated := len(c.Argv) == 4 && c.Is(3, "coordinated")
	switch {
	case len(c.Argv) > 4:
		return session.ErrArity(c.Cmd)
	case !known:
		return errNoSuchPrimary
	case len(c.Argv) == 4 && !coordinated:
		return errFailoverOption
	}
	req, a, ok := c.s.ask(func(req uint64) monitor.Event {
		return monitor.StartFailover{Req: req, Name: name, Coordinated: coordinated}
	})
	if ok {
		return answer(c.Reply, a)
	}
	c.s.wishes[req] = c.wait()
	return nil
}

// isDown answers IS-PRIMARY-DOWN-BY-ADDR.
func isDown(c *call) error {
	port, err := c.Int(3)
	if err != nil {
		return err
	}
	epoch, err := c.Int(4)
	if err != nil {
		return err
	}
	_, a, _ := c.s.ask(func(req uint64) monitor.Event {
		return monitor.AskVote{
			Req: req, Addr: ledger.Addr{Host: string(c.Argv[2]), Port: int(port)}, Epoch: ledger.Epoch(epoch),
			RunID: string(c.Argv[5]),
		}
	})
	down := int64(0)
	if a.Vote.Down {
		down = 1
	}
	c.Reply.Array(3)
	c.Reply.Int(down)
	c.Reply.BulkString(a.Vote.Leader)
	c.Reply.Int(int64(a.Vote.Epoch))
	return nil
}

var simulateSub = sub("simulate-failure", -3, "3.2.0", "Has this Sentinel crash at a step of the next failover.",
	simulate,
	command.OneOf("mode", command.Token("crash-after-election", "CRASH-AFTER-ELECTION"),
		command.Token("crash-after-promotion", "CRASH-AFTER-PROMOTION"), command.Token("help", "HELP")).Many())

// simulate answers SIMULATE-FAILURE. Words before a wrong one count.
func simulate(c *call) error {
	var wish monitor.SimulateFailure
	defer func() { c.s.step(wish) }()
	for i := 2; i < len(c.Argv); i++ {
		switch {
		case c.Is(i, "crash-after-election"):
			wish.AfterElection = true
			c.s.log.Warn().Msg("Failure simulation: this Sentinel will crash after being elected to drive a failover")
		case c.Is(i, "crash-after-promotion"):
			wish.AfterPromotion = true
			c.s.log.Warn().Msg("Failure simulation: this Sentinel will crash after promoting a replica")
		case c.Is(i, "help"):
			c.Reply.Array(2)
			c.Reply.BulkString("crash-after-election")
			c.Reply.BulkString("crash-after-promotion")
			return nil
		default:
			return errSimulation
		}
	}
	c.Reply.OK()
	return nil
}
