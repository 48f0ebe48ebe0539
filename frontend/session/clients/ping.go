package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Ping is the command PING.
var Ping = session.Command{
	Spec: command.Spec{
		Name: "ping", Group: command.GroupConnection, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Replies PONG, or the given string, to show that the server lives.",
		Arity:      -1,
		Flags:      command.Fast | command.SentinelToo,
		Args:       []command.Arg{command.Str("message").Opt()},
		Tips:       []string{"request_policy:all_shards", "response_policy:all_succeeded"},
	},
	Run: ping,
}

func ping(c *session.Call) error {
	if len(c.Argv) > 2 {
		return session.ErrArity(c.Cmd)
	}
	subscribed := c.Client.Subs.Count() > 0 && c.Reply.Proto == 2
	switch {
	case subscribed: // looks like a message, which is all that such a connection carries
		c.Reply.Array(2)
		c.Reply.BulkString("pong")
		c.Reply.Bulk(lastOr(c.Argv, 1))
	case len(c.Argv) == 1:
		c.Reply.Simple("PONG")
	default:
		c.Reply.Bulk(c.Argv[1])
	}
	return nil
}

func lastOr(argv [][]byte, i int) []byte {
	if i < len(argv) {
		return argv[i]
	}
	return nil
}

// Echo is the command ECHO.
var Echo = session.Command{
	Spec: command.Spec{
		Name: "echo", Group: command.GroupConnection, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Replies with the given string.",
		Arity:      2,
		Flags:      command.Loading | command.Stale | command.Fast,
		Args:       []command.Arg{command.Str("message")},
	},
	Run: echo,
}

func echo(c *session.Call) error {
	c.Reply.Bulk(c.Argv[1])
	return nil
}
