package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

var clientGetRedir = session.Command{
	Spec: command.Spec{
		Name: "getredir", Group: command.GroupConnection, Since: "6.0.0",
		Complexity: "O(1)",
		Summary:    "Returns the client that gets this connection's invalidation messages.",
		Arity:      2,
		Flags:      command.AllowBusy | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
	},
	Run: getRedir,
}

// noRedirect is the redirection of a client without tracking, which no client has yet.
const noRedirect = -1

func getRedir(c *session.Call) error {
	c.Reply.Int(noRedirect)
	return nil
}

var clientTrackingInfo = session.Command{
	Spec: command.Spec{
		Name: "trackinginfo", Group: command.GroupConnection, Since: "6.2.0",
		Complexity: "O(1)",
		Summary:    "Describes how keys are tracked for the connection.",
		Arity:      2,
		Flags:      command.NoScript | command.Loading | command.Stale | command.SentinelToo,
	},
	Run: trackingInfo,
}

func trackingInfo(c *session.Call) error {
	w := c.Reply
	w.Map(3)
	w.BulkString("flags")
	w.Set(1)
	w.BulkString("off")
	w.BulkString("redirect")
	w.Int(noRedirect)
	w.BulkString("prefixes")
	w.Array(0)
	return nil
}
