package users

import (
	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/frontend/session"
)

var aclLog = session.Command{
	Spec: command.Spec{
		Name: "log", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(N) for N entries shown",
		Summary:    "Shows the latest denials, or forgets them.",
		Arity:      -2,
		Flags:      closed,
		Args: []command.Arg{
			command.OneOf("operation", command.Int("count"), command.Token("reset", "RESET")).Opt(),
		},
		History: []command.Change{
			{Version: "7.2.0", Text: "Shows the entry's id, and when it was made and changed."},
		},
	},
	Run: showLog,
}

// logShown is how many entries ACL LOG shows if it is not told.
const logShown = 10

func showLog(c *session.Call) error {
	count := int64(logShown)
	switch {
	case len(c.Argv) == 2:
	case len(c.Argv) > 3:
		return c.ErrSubcommandSyntax()
	case c.Is(2, "reset"):
		c.Front.ACLLog.Reset()
		c.Reply.OK()
		return nil
	default:
		var err error
		if count, err = c.Int(2); err != nil {
			return err
		}
	}
	list := c.Front.ACLLog.Latest(int(count))
	c.Reply.Array(len(list))
	for i := range list {
		writeEntry(c, &list[i])
	}
	return nil
}

func writeEntry(c *session.Call, e *acl.Entry) {
	w := c.Reply
	text := func(name, value string) {
		w.BulkString(name)
		w.BulkString(value)
	}
	number := func(name string, value int64) {
		w.BulkString(name)
		w.Int(value)
	}
	w.Map(10)
	number("count", e.Count)
	text("reason", e.Reason.String())
	text("context", e.Context.String())
	text("object", e.Object)
	text("username", e.User)
	w.BulkString("age-seconds")
	w.Double(float64(c.Front.NowMs()-e.UpdatedMs) / 1000)
	text("client-info", e.Client)
	number("entry-id", e.ID)
	number("timestamp-created", e.CreatedMs)
	number("timestamp-last-updated", e.UpdatedMs)
}
