package strings

import (
	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/store"
)

// SetRange writes over a part of a string.
var SetRange = engine.Command{
	Spec: command.Spec{
		Name: "setrange", Group: command.GroupString, Since: "2.2.0",
		Complexity: "O(M) for the M bytes written, O(1) for few",
		Summary:    "Writes over part of the string at a key, from an offset on, and grows the string as needed.",
		Arity:      4,
		Flags:      command.Write | command.DenyOOM,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Int("offset"), command.Str("value")},
	},
	Run: setRange,
}

const errOffset = resp.Error("ERR offset is out of range")

func setRange(c *engine.Call) error {
	offset, err := c.Int(2)
	if err != nil {
		return err
	}
	if offset < 0 {
		return errOffset
	}
	k, part := c.Key(1), c.Argv[3]
	en, err := c.FindString(k)
	if err != nil {
		return err
	}
	n := 0
	if en.Exists() {
		n = en.Len()
	}
	if len(part) == 0 {
		c.Reply.Int(int64(n))
		return nil
	}
	end, err := grown(c, int(offset), len(part))
	if err != nil {
		return err
	}
	if !en.Exists() {
		en = c.DB.Insert(k.Name, k.Hash, nil, store.NoExpire)
		c.Created(k)
	}
	n = max(n, end)
	_, b := c.DB.Mutable(en, n, int(offset), end)
	copy(b, part)
	c.Modified(k)
	c.Event(configs.NotifyString, "setrange", k)
	c.Reply.Int(int64(n))
	return nil
}
