package replication

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// ReadOnly lets a connection that follows redirections read from a replica.
var ReadOnly = engine.Command{
	Spec: command.Spec{
		Name: "readonly", Group: command.GroupCluster, Since: "3.0.0",
		Complexity: "O(1)",
		Summary:    "Has a replica answer this connection's reads itself.",
		Arity:      1,
		Flags:      command.Fast | command.Loading | command.Stale,
		Categories: command.CategoryConnection,
	},
	Run: func(c *engine.Call) error {
		c.Client.ReadOnly = true
		c.Reply.OK()
		return nil
	},
}

// ReadWrite takes ReadOnly back.
var ReadWrite = engine.Command{
	Spec: command.Spec{
		Name: "readwrite", Group: command.GroupCluster, Since: "3.0.0",
		Complexity: "O(1)",
		Summary:    "Has a replica send this connection's reads to the primary again.",
		Arity:      1,
		Flags:      command.Fast | command.Loading | command.Stale,
		Categories: command.CategoryConnection,
	},
	Run: func(c *engine.Call) error {
		c.Client.ReadOnly = false
		c.Reply.OK()
		return nil
	},
}
