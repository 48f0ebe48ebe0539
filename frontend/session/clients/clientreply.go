package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

var clientReply = session.Command{
	Spec: command.Spec{
		Name: "reply", Group: command.GroupConnection, Since: "3.2.0",
		Complexity: "O(1)",
		Summary:    "Turns the server's replies to the connection on or off, or skips the next one.",
		Arity:      3,
		Flags: command.AllowBusy | command.NoScript | command.NoMulti | command.Loading | command.Stale |
			command.SentinelToo,
		Args: []command.Arg{
			command.OneOf("action",
				command.Token("on", "ON"),
				command.Token("off", "OFF"),
				command.Token("skip", "SKIP")),
		},
	},
	Run: setReply,
}

// setReply answers always; the engine takes away what the mode, old or new, does not let through.
func setReply(c *session.Call) error {
	cl := c.Client
	switch {
	case c.Is(2, "on"):
		cl.Reply = session.ReplyOn
	case c.Is(2, "off"):
		cl.Reply = session.ReplyOff
	case c.Is(2, "skip"):
		if cl.Reply != session.ReplyOff {
			cl.Reply = session.ReplySkipNext
		}
	default:
		return session.ErrSyntax
	}
	c.Reply.OK()
	return nil
}
