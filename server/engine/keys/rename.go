package keys

import (
	"valkey/configs"
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Rename gives a key another name.
var Rename = engine.Command{
	Spec: command.Spec{
		Name: "rename", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Gives a key another name, replacing a key that has it.",
		Arity:      3,
		Flags:      command.Write,
		Keys: []command.KeySpec{
			command.KeyAt(1, command.RW, command.Access|command.Delete),
			command.KeyAt(2, command.OW, command.Update),
		},
		Args: []command.Arg{command.KeyArg("key", 0), command.KeyArg("newkey", 1)},
	},
	Run: rename,
}

// RenameNX is RENAME to a name that is free.
var RenameNX = engine.Command{
	Spec: command.Spec{
		Name: "renamenx", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Gives a key another name, unless a key has it.",
		Arity:      3,
		Flags:      command.Write | command.Fast,
		Keys: []command.KeySpec{
			command.KeyAt(1, command.RW, command.Access|command.Delete),
			command.KeyAt(2, command.OW, command.Insert),
		},
		Args: []command.Arg{command.KeyArg("key", 0), command.KeyArg("newkey", 1)},
		History: []command.Change{
			{Version: "3.2.0", Text: "Source and destination may be equal without an error."},
		},
	},
	Run: renameNX,
}

func rename(c *engine.Call) error {
	if _, err := renameKey(c, true); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

func renameNX(c *engine.Call) error {
	done, err := renameKey(c, false)
	if err != nil {
		return err
	}
	n := int64(0)
	if done {
		n = 1
	}
	c.Reply.Int(n)
	return nil
}

// renameKey moves a value to another key. It reports whether it did: not if the keys are one, or if there is
// something at the other and it may not be replaced.
func renameKey(c *engine.Call, replace bool) (bool, error) {
	from, to := c.Key(1), c.Key(2)
	if !c.Find(from).Exists() {
		return false, engine.ErrNoKey
	}
	if string(from.Name) == string(to.Name) {
		return false, nil
	}
	if c.Find(to).Exists() {
		if !replace {
			return false, nil
		}
		c.DB.Unlink(to.Name, to.Hash)
	}
	c.DB.Move(c.Peek(from), from.Hash, c.DB, to.Name, to.Hash)
	c.Created(to)
	c.Modified(from)
	c.Touched(c.Client.DB, to)
	c.Event(configs.NotifyGeneric, "rename_from", from)
	c.Event(configs.NotifyGeneric, "rename_to", to)
	return true, nil
}
