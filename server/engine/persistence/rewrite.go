package persistence

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// BGRewriteAOF replaces the append-only file by one that says the same in fewer words.
var BGRewriteAOF = engine.Command{
	Spec: command.Spec{
		Name: "bgrewriteaof", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Starts to rewrite the append-only file in the background.",
		Arity:      1,
		Flags:      command.NoAsyncLoading | command.Admin | command.NoScript,
	},
	Run: func(c *engine.Call) error {
		status, err := c.Host.RewriteLog(c.Client.DenyBlocking)
		if err != nil {
			return err
		}
		c.Reply.Simple(status)
		return nil
	},
}
