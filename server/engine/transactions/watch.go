package transactions

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Watch is the command WATCH.
var Watch = engine.Command{
	Spec: command.Spec{
		Name: "watch", Group: command.GroupTransactions, Since: "2.2.0",
		Complexity: "O(1) a key",
		Summary:    "Watches keys, so that EXEC runs nothing if any of them has changed.",
		Arity:      -2,
		Flags: command.NoScript | command.Loading | command.Stale | command.Fast | command.NoMulti |
			command.AllowBusy,
		Keys: []command.KeySpec{command.KeyRange(1, -1, 1, command.RO, 0)},
		Args: []command.Arg{command.KeyArg("key", 0).Many()},
	},
	Run: watch,
}

func watch(c *engine.Call) error {
	if !c.Client.DirtyCAS { // else EXEC fails whatever happens to these keys
		for i := 1; i < len(c.Argv); i++ {
			c.Watch(c.Key(i))
		}
	}
	c.Reply.OK()
	return nil
}

// Unwatch is the command UNWATCH.
var Unwatch = engine.Command{
	Spec: command.Spec{
		Name: "unwatch", Group: command.GroupTransactions, Since: "2.2.0",
		Complexity: "O(1)",
		Summary:    "Stops watching keys.",
		Arity:      1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy,
	},
	Run: unwatch,
}

func unwatch(c *engine.Call) error {
	c.Unwatch(c.Client)
	c.Client.DirtyCAS = false
	c.Reply.OK()
	return nil
}
