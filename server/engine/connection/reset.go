package connection

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Reset is the command RESET.
var Reset = engine.Command{
	Spec: command.Spec{
		Name: "reset", Group: command.GroupConnection, Since: "6.2.0",
		Complexity: "O(1)",
		Summary:    "Puts the connection back into the state of a new one.",
		Arity:      1,
		Flags: command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth |
			command.AllowBusy,
	},
	Run: reset,
}

func reset(c *engine.Call) error {
	c.Reset(c.Client)
	c.SelectDB(0)
	c.Reply.Simple("RESET")
	return nil
}
