package keys

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Exists counts the keys that exist, one that is named twice twice.
var Exists = engine.Command{
	Spec: command.Spec{
		Name: "exists", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(N) for N keys",
		Summary:    "Counts which of the given keys exist.",
		Arity:      -2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, command.RO, 0)},
		Args:       []command.Arg{command.KeyArg("key", 0).Many()},
		Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
		History: []command.Change{
			{Version: "3.0.3", Text: "Takes more than one `key`."},
		},
	},
	Run: exists,
}

// Touch is EXISTS that counts as a use of the keys.
var Touch = engine.Command{
	Spec: command.Spec{
		Name: "touch", Group: command.GroupGeneric, Since: "3.2.1",
		Complexity: "O(N) for N keys",
		Summary:    "Marks keys as just used and counts those that exist.",
		Arity:      -2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, command.RO, 0)},
		Args:       []command.Arg{command.KeyArg("key", 0).Many()},
		Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
	},
	Run: touch,
}

// Type replies the type of a value.
var Type = engine.Command{
	Spec: command.Spec{
		Name: "type", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Returns which type of value is stored at a key.",
		Arity:      2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, 0)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: typeOf,
}

func exists(c *engine.Call) error {
	n := int64(0)
	for i := 1; i < len(c.Argv); i++ {
		if c.Look(c.Key(i)).Exists() {
			n++
		}
	}
	c.Reply.Int(n)
	return nil
}

func touch(c *engine.Call) error {
	n := int64(0)
	for i := 1; i < len(c.Argv); i++ {
		if c.Read(c.Key(i)).Exists() {
			n++
		}
	}
	c.Reply.Int(n)
	return nil
}

func typeOf(c *engine.Call) error {
	name := "none"
	if en := c.Look(c.Key(1)); en.Exists() {
		name = en.Type().String()
	}
	c.Reply.Simple(name)
	return nil
}
