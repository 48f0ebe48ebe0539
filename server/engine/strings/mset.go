package strings

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/server/engine"
	"valkey/store"
)

// MSet stores several strings in one step.
var MSet = engine.Command{
	Spec: command.Spec{
		Name: "mset", Group: command.GroupString, Since: "1.0.1",
		Complexity: "O(N) for N keys",
		Summary:    "Stores strings at several keys, in one step.",
		Arity:      -3,
		Flags:      command.Write | command.DenyOOM,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 2, command.OW, command.Update)},
		Args:       []command.Arg{command.Block("data", command.KeyArg("key", 0), command.Str("value")).Many()},
		Tips:       []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
	},
	Run: mSet,
}

// MSetNX is MSET if none of the keys exists.
var MSetNX = engine.Command{
	Spec: command.Spec{
		Name: "msetnx", Group: command.GroupString, Since: "1.0.1",
		Complexity: "O(N) for N keys",
		Summary:    "Stores strings at several keys in one step, unless any of the keys exists.",
		Arity:      -3,
		Flags:      command.Write | command.DenyOOM,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 2, command.OW, command.Insert)},
		Args:       []command.Arg{command.Block("data", command.KeyArg("key", 0), command.Str("value")).Many()},
	},
	Run: mSetNX,
}

func mSet(c *engine.Call) error {
	if len(c.Argv)%2 == 0 {
		return session.ErrArity(c.Cmd)
	}
	putPairs(c, c.Argv[1:], store.NoExpire)
	c.Reply.OK()
	return nil
}

func mSetNX(c *engine.Call) error {
	if len(c.Argv)%2 == 0 {
		return session.ErrArity(c.Cmd)
	}
	if !pairsMeet(c, c.Argv[1:], ifMissing) {
		c.Reply.Int(0)
		return nil
	}
	putPairs(c, c.Argv[1:], store.NoExpire)
	c.Reply.Int(1)
	return nil
}

// putPairs stores keys with their values; a key may stand there twice.
func putPairs(c *engine.Call, pairs [][]byte, at int64) {
	for ; len(pairs) > 0; pairs = pairs[2:] {
		k := c.KeyOf(pairs[0])
		put(c, k, c.Find(k), pairs[1], at)
	}
}

// pairsMeet reports whether all of the keys exist, or none.
func pairsMeet(c *engine.Call, pairs [][]byte, want condition) bool {
	for ; len(pairs) > 0; pairs = pairs[2:] {
		if c.Find(c.KeyOf(pairs[0])).Exists() != (want == ifExists) {
			return false
		}
	}
	return true
}
