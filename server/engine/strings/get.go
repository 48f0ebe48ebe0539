package strings

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Get replies the string at a key.
var Get = engine.Command{
	Spec: command.Spec{
		Name: "get", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Returns the string stored at a key.",
		Arity:      2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, command.Access)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: get,
}

// StrLen replies the length of the string at a key.
var StrLen = engine.Command{
	Spec: command.Spec{
		Name: "strlen", Group: command.GroupString, Since: "2.2.0",
		Complexity: "O(1)",
		Summary:    "Returns how many bytes the string at a key has.",
		Arity:      2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, 0)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: strLen,
}

// MGet replies the strings at several keys, null for any other type.
var MGet = engine.Command{
	Spec: command.Spec{
		Name: "mget", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(N) for N keys",
		Summary:    "Returns the strings stored at several keys, in one step.",
		Arity:      -2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, command.RO, command.Access)},
		Args:       []command.Arg{command.KeyArg("key", 0).Many()},
		Tips:       []string{"request_policy:multi_shard"},
	},
	Run: mGet,
}

func get(c *engine.Call) error {
	en, err := c.ReadString(c.Key(1))
	if err != nil {
		return err
	}
	replyValue(c, en)
	return nil
}

func strLen(c *engine.Call) error {
	en, err := c.ReadString(c.Key(1))
	if err != nil {
		return err
	}
	n := 0
	if en.Exists() {
		n = en.Len()
	}
	c.Reply.Int(int64(n))
	return nil
}

func mGet(c *engine.Call) error {
	c.Reply.Array(len(c.Argv) - 1)
	for i := 1; i < len(c.Argv); i++ {
		en, err := c.ReadString(c.Key(i))
		if err != nil {
			c.Reply.Null()
			continue
		}
		replyValue(c, en)
	}
	return nil
}
