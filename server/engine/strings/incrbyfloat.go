package strings

import (
	"math/big"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/server/engine"
	"valkey/store"
)

// IncrByFloat adds a number with a fraction.
var IncrByFloat = engine.Command{
	Spec: command.Spec{
		Name: "incrbyfloat", Group: command.GroupString, Since: "2.6.0",
		Complexity: "O(1)",
		Summary:    "Adds a floating point number to the one at a key, a missing one counting as zero.",
		Arity:      3,
		Flags:      command.Write | command.DenyOOM | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Access|command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Dbl("increment")},
	},
	Run: incrByFloat,
}

func incrByFloat(c *engine.Call) error {
	k := c.Key(1)
	en, err := c.FindString(k)
	if err != nil {
		return err
	}
	text, at := []byte("0"), store.NoExpire
	var scratch [20]byte
	if en.Exists() {
		text, at = en.Bytes(&scratch), store.KeepTTL
	}
	value, ok := parseDecimal(text)
	if !ok {
		return engine.ErrNotFloat
	}
	delta, ok := parseDecimal(c.Argv[2])
	if !ok {
		return engine.ErrNotFloat
	}
	if value.IsInf() || delta.IsInf() {
		return engine.ErrNaNOrInfinity
	}
	sum := new(big.Float).Add(value, delta)
	if tooLarge(sum) {
		return engine.ErrNaNOrInfinity
	}
	out := appendDecimal(nil, sum)
	c.DB.SetText(k.Name, k.Hash, out, at)
	if !en.Exists() {
		c.Created(k)
	}
	c.Modified(k)
	c.Event(configs.NotifyString, "incrbyfloat", k)
	c.Reply.Bulk(out)
	c.Effect(wordSet, k.Name, out, wordKeepTTL) // the sum: another machine might round it otherwise
	return nil
}
