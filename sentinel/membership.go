package sentinel

import (
	"context"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

var quorumSub = sub("quorum", -3, "9.1.0", "Shows or changes the group of Sentinels that decides.", membership,
	command.OneOf("action",
		command.Token("status", "STATUS"),
		command.Token("members", "MEMBERS"),
		command.Str("remove-id").Tok("REMOVE"),
		command.Str("leader-id").Tok("TRANSFER-LEADER"),
		command.Token("force-new-group", "FORCE-NEW-GROUP"),
		command.Token("link", "LINK")))

// membership answers QUORUM.
func membership(c *call) error {
	g := c.s.group
	switch n := len(c.Argv); {
	case n == 3 && c.Is(2, "status"):
		groupStatus(c)
		return nil
	case n == 3 && c.Is(2, "members"):
		return groupMembers(c)
	case n == 4 && c.Is(2, "remove"):
		id := string(c.Argv[3])
		return askGroup(c, func(ctx context.Context) error { return g.Remove(ctx, id) })
	case n == 4 && c.Is(2, "transfer-leader"):
		id := string(c.Argv[3])
		return askGroup(c, func(ctx context.Context) error { return g.TransferLeader(ctx, id) })
	case n == 3 && c.Is(2, "force-new-group"):
		return askGroup(c, g.ForceNewGroup)
	case n == 3 && c.Is(2, "link"):
		return acceptLink(c)
	}
	return session.Errorf("unknown subcommand or wrong number of arguments for '%s'. Try SENTINEL HELP.", c.Argv[2])
}

// askGroup answers a command when the group has done what it asks, or not.
func askGroup(c *call, request func(context.Context) error) error {
	s, w := c.s, c.wait()
	s.inGroup(request, func(err error) {
		s.resume(w, func(w *resp.Writer) error {
			if err != nil {
				return refusal(err)
			}
			w.OK()
			return nil
		})
	})
	return nil
}

// groupStatus writes what this member knows of its group.
func groupStatus(c *call) {
	st := c.s.group.Status()
	state := "waiting for others"
	switch {
	case st.Halted:
		state = "halted"
	case st.Removed:
		state = "removed"
	case st.Frozen():
		state = "frozen"
	case st.Voter:
		state = "voter"
	case st.Formed:
		state = "learner"
	case st.Pledged:
		state = "pledged"
	}
	number := func(n uint64) func() { return func() { c.Reply.Int(int64(n)) } }
	text := func(s string) func() { return func() { c.Reply.BulkString(s) } }
	truth := func(b bool) func() { return text(yesNo(b)) }
	rows := []struct {
		name  string
		value func()
	}{
		{"group-id", text(st.Group.String())}, {"leader-id", text(st.Leader)}, {"state", text(state)},
		{"in-contact", truth(st.InContact)}, {"term", number(st.Term)}, {"commit", number(st.Commit)},
		{"applied", number(st.Applied)}, {"voters", number(uint64(st.Voters))}, {"learners", number(uint64(st.Learners))},
		{"needed", number(uint64(st.Need))}, {"known", number(uint64(st.Known))},
		{"foreign-group-id", text(st.Foreign.String())}, {"ledger-index", number(c.s.ledger.Index())},
		{"ledger-hash", text(c.s.ledger.Hash())},
	}
	c.Reply.Map(len(rows))
	for _, r := range rows {
		c.Reply.BulkString(r.name)
		r.value()
	}
}

// groupMembers writes who belongs to the group. Its loop is asked, which the lock must not wait for.
func groupMembers(c *call) error {
	s, w := c.s, c.wait()
	s.running.Go(func() { // ends with the loop's answer
		members := s.group.Members()
		s.enter()
		defer s.leave()
		watched := map[string][]string{}
		for _, p := range s.ledger.Primaries() {
			for _, id := range p.Watchers {
				watched[id] = append(watched[id], p.Name)
			}
		}
		s.resume(w, func(w *resp.Writer) error {
			w.Array(len(members))
			for _, m := range members {
				role := "learner"
				if m.Voter {
					role = "voter"
				}
				w.Map(8)
				w.BulkString("id")
				w.BulkString(m.ID)
				w.BulkString("address")
				w.BulkString(m.Addr)
				w.BulkString("role")
				w.BulkString(role)
				w.BulkString("leader")
				w.BulkString(yesNo(m.Leading))
				w.BulkString("leaving")
				w.BulkString(yesNo(m.Leaving))
				w.BulkString("match")
				w.Int(int64(m.Match))
				w.BulkString("silent-ms")
				w.Int(m.Silent.Milliseconds())
				w.BulkString("watches")
				w.Array(len(watched[m.ID]))
				for _, name := range watched[m.ID] {
					w.BulkString(name)
				}
			}
			return nil
		})
	})
	return nil
}
