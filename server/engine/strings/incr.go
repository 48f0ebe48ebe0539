package strings

import (
	"math"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/store"
)

// Incr adds one.
var Incr = engine.Command{
	Spec: command.Spec{
		Name: "incr", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Adds one to the integer at a key, a missing one counting as zero.",
		Arity:      2,
		Flags:      command.Write | command.DenyOOM | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Access|command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: incr,
}

// Decr subtracts one.
var Decr = engine.Command{
	Spec: command.Spec{
		Name: "decr", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Subtracts one from the integer at a key, a missing one counting as zero.",
		Arity:      2,
		Flags:      command.Write | command.DenyOOM | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Access|command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: decr,
}

// IncrBy adds a number.
var IncrBy = engine.Command{
	Spec: command.Spec{
		Name: "incrby", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Adds a number to the integer at a key, a missing one counting as zero.",
		Arity:      3,
		Flags:      command.Write | command.DenyOOM | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Access|command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Int("increment")},
	},
	Run: incrBy,
}

// DecrBy subtracts a number.
var DecrBy = engine.Command{
	Spec: command.Spec{
		Name: "decrby", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Subtracts a number from the integer at a key, a missing one counting as zero.",
		Arity:      3,
		Flags:      command.Write | command.DenyOOM | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Access|command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Int("decrement")},
	},
	Run: decrBy,
}

const errDecrOverflow = resp.Error("ERR decrement would overflow")

func incr(c *engine.Call) error { return add(c, 1) }

func decr(c *engine.Call) error { return add(c, -1) }

func incrBy(c *engine.Call) error {
	n, err := c.Int(2)
	if err != nil {
		return err
	}
	return add(c, n)
}

func decrBy(c *engine.Call) error {
	n, err := c.Int(2)
	if err != nil {
		return err
	}
	if n == math.MinInt64 {
		return errDecrOverflow
	}
	return add(c, -n)
}

func add(c *engine.Call, delta int64) error {
	k := c.Key(1)
	en, err := c.FindString(k)
	if err != nil {
		return err
	}
	var n int64
	if en.Exists() {
		var ok bool
		if n, ok = en.Int(); !ok {
			return engine.ErrNotInteger
		}
	}
	if delta < 0 && n < math.MinInt64-delta || delta > 0 && n > math.MaxInt64-delta {
		return engine.ErrIntOverflow
	}
	n += delta
	switch {
	case !en.Exists():
		c.DB.SetInt(k.Name, k.Hash, n, store.NoExpire)
		c.Created(k)
	case !c.DB.SetIntAt(en, n): // a number as text, such as an APPEND leaves
		c.DB.SetInt(k.Name, k.Hash, n, store.KeepTTL)
	}
	c.Modified(k)
	c.Event(configs.NotifyString, "incrby", k)
	c.Reply.Int(n)
	return nil
}
