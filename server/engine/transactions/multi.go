package transactions

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Multi is the command MULTI.
var Multi = engine.Command{
	Spec: command.Spec{
		Name: "multi", Group: command.GroupTransactions, Since: "1.2.0",
		Complexity: "O(1)",
		Summary:    "Begins a transaction: the commands that follow are queued until EXEC.",
		Arity:      1,
		Flags: command.NoScript | command.Loading | command.Stale | command.Fast | command.NoMulti |
			command.AllowBusy,
	},
	Run: multi,
}

func multi(c *engine.Call) error {
	c.BeginMulti()
	c.Reply.OK()
	return nil
}

// Exec is the command EXEC.
var Exec = engine.Command{
	Spec: command.Spec{
		Name: "exec", Group: command.GroupTransactions, Since: "1.2.0",
		Complexity: "As that of the queued commands",
		Summary:    "Runs the queued commands as one transaction.",
		Arity:      1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.SkipCommandlog,
	},
	Run: exec,
}

func exec(c *engine.Call) error { return c.Exec(c) }

// Discard is the command DISCARD.
var Discard = engine.Command{
	Spec: command.Spec{
		Name: "discard", Group: command.GroupTransactions, Since: "2.0.0",
		Complexity: "O(N) for N queued commands",
		Summary:    "Drops the queued commands and ends the transaction.",
		Arity:      1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy,
	},
	Run: discard,
}

func discard(c *engine.Call) error {
	if c.Client.Multi == nil {
		return engine.ErrDiscardAlone
	}
	c.Discard(c.Client)
	c.Reply.OK()
	return nil
}
