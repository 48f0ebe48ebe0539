package strings

import (
	"bytes"

	"valkey/frontend/command"
	"valkey/server/engine"
)

// DelIfEq removes a key that holds a certain string.
var DelIfEq = engine.Command{
	Spec: command.Spec{
		Name: "delifeq", Group: command.GroupString, Since: "9.0.0",
		Complexity: "O(1)",
		Summary:    "Removes a key if its string equals the given one.",
		Arity:      3,
		Flags:      command.Fast | command.Write,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RM, command.Delete)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Str("value")},
	},
	Run: delIfEq,
}

func delIfEq(c *engine.Call) error {
	k := c.Key(1)
	found, err := c.FindString(k)
	if err != nil {
		return err
	}
	var scratch [20]byte
	if !found.Exists() || !bytes.Equal(found.Bytes(&scratch), c.Argv[2]) {
		c.Reply.Int(0)
		return nil
	}
	remove(c, k)
	c.Reply.Int(1)
	return nil
}
