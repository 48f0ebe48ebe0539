package strings

import (
	"valkey/configs"
	"valkey/frontend/command"
	"valkey/server/engine"
	"valkey/store"
)

// GetSet stores a string and replies the one before.
var GetSet = engine.Command{
	Spec: command.Spec{
		Name: "getset", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Stores a string at a key and returns what was there before.",
		Arity:      3,
		Flags:      command.Write | command.DenyOOM | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Access|command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Str("value")},
	},
	Run: getSet,
}

// GetDel replies a string and removes it.
var GetDel = engine.Command{
	Spec: command.Spec{
		Name: "getdel", Group: command.GroupString, Since: "6.2.0",
		Complexity: "O(1)",
		Summary:    "Returns the string stored at a key and removes the key.",
		Arity:      2,
		Flags:      command.Write | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Access|command.Delete)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: getDel,
}

func getSet(c *engine.Call) error {
	k := c.Key(1)
	found, err := c.ReadString(k)
	if err != nil {
		return err
	}
	replyValue(c, found)
	put(c, k, found, c.Argv[2], store.NoExpire)
	c.Effect(wordSet, k.Name, c.Argv[2])
	return nil
}

func getDel(c *engine.Call) error {
	k := c.Key(1)
	found, err := c.ReadString(k)
	if err != nil {
		return err
	}
	replyValue(c, found)
	if found.Exists() {
		remove(c, k)
	}
	return nil
}

// remove deletes an existing key on behalf of a command that elsewhere is a plain DEL.
func remove(c *engine.Call, k engine.KeyName) {
	c.Delete(k)
	c.Event(configs.NotifyGeneric, "del", k)
	c.Effect(wordDel, k.Name)
}
