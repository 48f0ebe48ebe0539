package keys

import (
	"valkey/configs"
	"valkey/frontend/command"
	"valkey/server/engine"
	"valkey/store"
)

// TTL replies the seconds that a key has left.
var TTL = engine.Command{
	Spec: command.Spec{
		Name: "ttl", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Returns how many seconds a key has left to live.",
		Arity:      2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, command.Access)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
		Tips:       []string{"nondeterministic_output"},
		History: []command.Change{
			{Version: "2.8.0", Text: "Replies -2 where there is no such key."},
		},
	},
	Run: ttl,
}

// PTTL replies the milliseconds that a key has left.
var PTTL = engine.Command{
	Spec: command.Spec{
		Name: "pttl", Group: command.GroupGeneric, Since: "2.6.0",
		Complexity: "O(1)",
		Summary:    "Returns how many milliseconds a key has left to live.",
		Arity:      2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, command.Access)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
		Tips:       []string{"nondeterministic_output"},
		History: []command.Change{
			{Version: "2.8.0", Text: "Replies -2 where there is no such key."},
		},
	},
	Run: pTTL,
}

// ExpireTime replies the deadline of a key in seconds.
var ExpireTime = engine.Command{
	Spec: command.Spec{
		Name: "expiretime", Group: command.GroupGeneric, Since: "7.0.0",
		Complexity: "O(1)",
		Summary:    "Returns the Unix time in seconds at which a key expires.",
		Arity:      2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, command.Access)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: expireTime,
}

// PExpireTime replies the deadline of a key in milliseconds.
var PExpireTime = engine.Command{
	Spec: command.Spec{
		Name: "pexpiretime", Group: command.GroupGeneric, Since: "7.0.0",
		Complexity: "O(1)",
		Summary:    "Returns the Unix time in milliseconds at which a key expires.",
		Arity:      2,
		Flags:      command.Readonly | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, command.Access)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: pExpireTime,
}

// Persist takes the deadline of a key away.
var Persist = engine.Command{
	Spec: command.Spec{
		Name: "persist", Group: command.GroupGeneric, Since: "2.2.0",
		Complexity: "O(1)",
		Summary:    "Lets a key exist until it is removed, whatever expiry it had.",
		Arity:      2,
		Flags:      command.Write | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: persist,
}

func ttl(c *engine.Call) error { return replyTime(c, c.NowMs(), 1000) }

func pTTL(c *engine.Call) error { return replyTime(c, c.NowMs(), 1) }

func expireTime(c *engine.Call) error { return replyTime(c, 0, 1000) }

func pExpireTime(c *engine.Call) error { return replyTime(c, 0, 1) }

// replyTime writes the deadline of a key, counted from base and rounded to a unit; -1 for none, -2 where there is no
// key.
func replyTime(c *engine.Call, base, unit int64) error {
	n := int64(-2)
	if en := c.Look(c.Key(1)); en.Exists() {
		n = -1
		if at := en.ExpireAt(); at != store.NoExpire {
			n = (max(at-base, 0) + unit/2) / unit
		}
	}
	c.Reply.Int(n)
	return nil
}

func persist(c *engine.Call) error {
	k := c.Key(1)
	en := c.Find(k)
	if !en.Exists() || en.ExpireAt() == store.NoExpire {
		c.Reply.Int(0)
		return nil
	}
	c.DB.Persist(en)
	c.Modified(k)
	c.Event(configs.NotifyGeneric, "persist", k)
	c.Reply.Int(1)
	return nil
}
