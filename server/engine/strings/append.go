package strings

import (
	"valkey/configs"
	"valkey/frontend/command"
	"valkey/server/engine"
	"valkey/store"
)

// Append adds to the end of a string.
var Append = engine.Command{
	Spec: command.Spec{
		Name: "append", Group: command.GroupString, Since: "2.0.0",
		Complexity: "O(1) amortized, as strings grow with room to spare",
		Summary:    "Adds a string to the end of the one at a key, which is created if missing.",
		Arity:      3,
		Flags:      command.Write | command.DenyOOM | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Insert)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Str("value")},
	},
	Run: appendTo,
}

func appendTo(c *engine.Call) error {
	k, tail := c.Key(1), c.Argv[2]
	en, err := c.FindString(k)
	if err != nil {
		return err
	}
	n := len(tail)
	if en.Exists() {
		old := en.Len()
		if n, err = grown(c, old, len(tail)); err != nil {
			return err
		}
		_, b := c.DB.Mutable(en, n, old, n)
		copy(b, tail)
		c.Modified(k)
	} else {
		c.SetString(k, en, tail, store.NoExpire)
	}
	c.Event(configs.NotifyString, "append", k)
	c.Reply.Int(int64(n))
	return nil
}

// grown is the length of a string of which so many bytes stay and so many are added, if a string may be that long.
func grown(c *engine.Call, stay, added int) (int, error) {
	if stay > int(c.Config.ProtoMaxBulkLen)-added { // not their sum, which may overflow
		return 0, engine.ErrTooBigString
	}
	return stay + added, nil
}
