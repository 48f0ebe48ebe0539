package clients

import (
	"math"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

var clientPause = session.Command{
	Spec: command.Spec{
		Name: "pause", Group: command.GroupConnection, Since: "3.0.0",
		Complexity: "O(1)",
		Summary:    "Holds back the commands of all clients, or only writes, for some time.",
		Arity:      -3,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args: []command.Arg{
			command.Int("timeout"),
			command.OneOf("mode", command.Token("write", "WRITE"), command.Token("all", "ALL")).Opt().From("6.2.0"),
		},
		History: []command.Change{
			{Version: "6.2.0", Text: "Can hold back writes alone, with the option `WRITE`."},
		},
	},
	Run: pause,
}

func pause(c *session.Call) error {
	all := true
	if len(c.Argv) == 4 {
		switch {
		case c.Is(3, "write"):
			all = false
		case !c.Is(3, "all"):
			return session.Errorf("CLIENT PAUSE mode must be WRITE or ALL")
		}
	}
	ms, ok := resp.ParseInt(c.Argv[2])
	switch {
	case !ok:
		return session.ErrTimeoutInt
	case ms < 0:
		return session.ErrTimeoutNeg
	case ms > math.MaxInt64-c.Front.NowMs():
		return session.ErrTimeoutRange
	}
	c.Front.Owner.Pause(c.Front.NowMs()+ms, all)
	c.Reply.OK()
	return nil
}

var clientUnpause = session.Command{
	Spec: command.Spec{
		Name: "unpause", Group: command.GroupConnection, Since: "6.2.0",
		Complexity: "O(N) for N clients held back",
		Summary:    "Lets clients go on that CLIENT PAUSE held back.",
		Arity:      2,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
	},
	Run: unpause,
}

func unpause(c *session.Call) error {
	c.Front.Owner.Unpause()
	c.Reply.OK()
	return nil
}

var clientUnblock = session.Command{
	Spec: command.Spec{
		Name: "unblock", Group: command.GroupConnection, Since: "5.0.0",
		Complexity: "O(log N) for N connections",
		Summary:    "Ends the wait of another client in a blocking command.",
		Arity:      -3,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args: []command.Arg{
			command.Int("client-id"),
			command.OneOf("unblock-type",
				command.Token("timeout", "TIMEOUT"),
				command.Token("error", "ERROR")).Opt(),
		},
	},
	Run: unblock,
}

func unblock(c *session.Call) error {
	var with error
	if len(c.Argv) == 4 {
		switch {
		case c.Is(3, "error"):
			with = session.ErrUnblocked
		case !c.Is(3, "timeout"):
			return session.Errorf("CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
		}
	}
	id, err := c.Int(2)
	if err != nil {
		return err
	}
	target := c.Front.Clients.ByID(uint64(id))
	if target != nil && c.Front.Owner.Unblock(target, with) {
		c.Reply.Int(1)
	} else {
		c.Reply.Int(0)
	}
	return nil
}
