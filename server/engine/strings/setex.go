package strings

import (
	"valkey/frontend/command"
	"valkey/server/engine"
	"valkey/store"
)

// SetEx stores a string that lives for some seconds.
var SetEx = engine.Command{
	Spec: command.Spec{
		Name: "setex", Group: command.GroupString, Since: "2.0.0",
		Complexity: "O(1)",
		Summary:    "Stores a string at a key together with a time to live in seconds.",
		Arity:      4,
		Flags:      command.Write | command.DenyOOM,
		Keys:       []command.KeySpec{command.KeyAt(1, command.OW, command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Int("seconds"), command.Str("value")},
	},
	Run: setEx,
}

// PSetEx is SETEX in milliseconds.
var PSetEx = engine.Command{
	Spec: command.Spec{
		Name: "psetex", Group: command.GroupString, Since: "2.6.0",
		Complexity: "O(1)",
		Summary:    "Stores a string at a key together with a time to live in milliseconds.",
		Arity:      4,
		Flags:      command.Write | command.DenyOOM,
		Keys:       []command.KeySpec{command.KeyAt(1, command.OW, command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Int("milliseconds"), command.Str("value")},
	},
	Run: pSetEx,
}

// SetNX stores a string where there is nothing yet.
var SetNX = engine.Command{
	Spec: command.Spec{
		Name: "setnx", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Stores a string at a key unless the key exists.",
		Arity:      3,
		Flags:      command.Write | command.DenyOOM | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.OW, command.Insert)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Str("value")},
	},
	Run: setNX,
}

func setEx(c *engine.Call) error { return setFor(c, inSeconds) }

func pSetEx(c *engine.Call) error { return setFor(c, inMillis) }

func setFor(c *engine.Call, l lifetime) error {
	at, err := deadline(c, c.Argv[2], l)
	if err != nil {
		return err
	}
	k := c.Key(1)
	put(c, k, c.Find(k), c.Argv[3], at)
	effectSetAt(c, c.Argv[3], at)
	c.Reply.OK()
	return nil
}

func setNX(c *engine.Call) error {
	k := c.Key(1)
	found := c.Find(k)
	if found.Exists() {
		c.Reply.Int(0)
		return nil
	}
	put(c, k, found, c.Argv[2], store.NoExpire)
	c.Reply.Int(1)
	return nil
}
