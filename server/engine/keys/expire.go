package keys

import (
	"math"
	"strconv"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/store"
)

// deadlineCondition is the argument that ties a new deadline to the one there is.
var deadlineCondition = command.OneOf("condition",
	command.Token("nx", "NX"),
	command.Token("xx", "XX"),
	command.Token("gt", "GT"),
	command.Token("lt", "LT")).Opt().From("7.0.0")

// Expire gives a key a time to live in seconds.
var Expire = engine.Command{
	Spec: command.Spec{
		Name: "expire", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Lets a key expire after a number of seconds.",
		Arity:      -3,
		Flags:      command.Write | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Update)},
		Args: []command.Arg{
			command.KeyArg("key", 0),
			command.Int("seconds"),
			deadlineCondition,
		},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes the conditions `NX`, `XX`, `GT` and `LT`."},
		},
	},
	Run: expire,
}

// PExpire gives a key a time to live in milliseconds.
var PExpire = engine.Command{
	Spec: command.Spec{
		Name: "pexpire", Group: command.GroupGeneric, Since: "2.6.0",
		Complexity: "O(1)",
		Summary:    "Lets a key expire after a number of milliseconds.",
		Arity:      -3,
		Flags:      command.Write | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Update)},
		Args: []command.Arg{
			command.KeyArg("key", 0),
			command.Int("milliseconds"),
			deadlineCondition,
		},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes the conditions `NX`, `XX`, `GT` and `LT`."},
		},
	},
	Run: pExpire,
}

// ExpireAt gives a key a deadline in seconds.
var ExpireAt = engine.Command{
	Spec: command.Spec{
		Name: "expireat", Group: command.GroupGeneric, Since: "1.2.0",
		Complexity: "O(1)",
		Summary:    "Lets a key expire at a Unix time in seconds.",
		Arity:      -3,
		Flags:      command.Write | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Update)},
		Args: []command.Arg{
			command.KeyArg("key", 0),
			command.UnixTime("unix-time-seconds"),
			deadlineCondition,
		},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes the conditions `NX`, `XX`, `GT` and `LT`."},
		},
	},
	Run: expireAt,
}

// PExpireAt gives a key a deadline in milliseconds.
var PExpireAt = engine.Command{
	Spec: command.Spec{
		Name: "pexpireat", Group: command.GroupGeneric, Since: "2.6.0",
		Complexity: "O(1)",
		Summary:    "Lets a key expire at a Unix time in milliseconds.",
		Arity:      -3,
		Flags:      command.Write | command.Fast,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Update)},
		Args: []command.Arg{
			command.KeyArg("key", 0),
			command.UnixTime("unix-time-milliseconds"),
			deadlineCondition,
		},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes the conditions `NX`, `XX`, `GT` and `LT`."},
		},
	},
	Run: pExpireAt,
}

const (
	errConditions = resp.Error("ERR NX and XX, GT or LT options at the same time are not compatible")
	errGTLT       = resp.Error("ERR GT and LT options at the same time are not compatible")
)

var wordPExpireAt = []byte("PEXPIREAT")

func expire(c *engine.Call) error { return setDeadline(c, c.NowMs(), 1000) }

func pExpire(c *engine.Call) error { return setDeadline(c, c.NowMs(), 1) }

func expireAt(c *engine.Call) error { return setDeadline(c, 0, 1000) }

func pExpireAt(c *engine.Call) error { return setDeadline(c, 0, 1) }

// setDeadline gives the key a deadline: the argument times a unit, counted from base.
func setDeadline(c *engine.Call, base, unit int64) error {
	var o expireOptions
	if err := o.parse(c); err != nil {
		return err
	}
	at, err := c.Int(2)
	if err != nil {
		return err
	}
	if at > math.MaxInt64/unit || at < math.MinInt64/unit || at*unit > math.MaxInt64-base {
		return engine.ErrExpireTime(c)
	}
	at = max(at*unit+base, 0)
	k := c.Key(1)
	en := c.Find(k)
	if !en.Exists() || !o.hold(en.ExpireAt(), at) {
		c.Reply.Int(0)
		return nil
	}
	if c.Past(at) {
		c.DeletePast(k)
		c.Reply.Int(1)
		return nil
	}
	c.DB.SetExpire(en, at)
	c.Modified(k)
	c.Event(configs.NotifyGeneric, "expire", k)
	if c.WantsEffects() {
		c.Effect(wordPExpireAt, k.Name, strconv.AppendInt(nil, at, 10))
	}
	c.Reply.Int(1)
	return nil
}

// expireOptions are the conditions of EXPIRE and its kin.
type expireOptions struct{ nx, xx, gt, lt bool }

func (o *expireOptions) parse(c *engine.Call) error {
	for i := 3; i < len(c.Argv); i++ {
		switch {
		case c.Is(i, "nx"):
			o.nx = true
		case c.Is(i, "xx"):
			o.xx = true
		case c.Is(i, "gt"):
			o.gt = true
		case c.Is(i, "lt"):
			o.lt = true
		default:
			return engine.Errorf("Unsupported option %s", c.Argv[i])
		}
	}
	switch {
	case o.nx && (o.xx || o.gt || o.lt):
		return errConditions
	case o.gt && o.lt:
		return errGTLT
	}
	return nil
}

// hold compares a deadline with the one there is; a key without one lives for ever.
func (o *expireOptions) hold(present, at int64) bool {
	none := present == store.NoExpire
	switch {
	case o.nx && !none, o.xx && none:
		return false
	case o.gt && (none || at <= present):
		return false
	case o.lt && !none && at >= present:
		return false
	}
	return true
}
