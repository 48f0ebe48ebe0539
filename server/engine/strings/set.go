package strings

import (
	"bytes"
	"strconv"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/server/engine"
	"valkey/store"
)

// Set stores a string, under conditions and with a deadline if wanted.
var Set = engine.Command{
	Spec: command.Spec{
		Name: "set", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Stores a string at a key, replacing a value of any type.",
		Arity:      -3,
		Flags:      command.Write | command.DenyOOM,
		Keys: []command.KeySpec{
			command.KeyAt(1, command.RW, command.Access|command.Update|command.VariableFlags).
				Note("RW and ACCESS because of `GET`, which is optional."),
		},
		FindKeys: findSetKeys,
		Args: []command.Arg{
			command.KeyArg("key", 0),
			command.Str("value"),
			command.OneOf("condition",
				command.Token("nx", "NX").From("2.6.12"),
				command.Token("xx", "XX").From("2.6.12"),
				command.Str("comparison-value").Tok("IFEQ").From("8.1.0").
					Says("Stores only where the present string equals this one.")).Opt(),
			command.Token("get", "GET").Opt().From("6.2.0"),
			command.OneOf("expiration",
				command.Int("seconds").Tok("EX").From("2.6.12"),
				command.Int("milliseconds").Tok("PX").From("2.6.12"),
				command.UnixTime("unix-time-seconds").Tok("EXAT").From("6.2.0"),
				command.UnixTime("unix-time-milliseconds").Tok("PXAT").From("6.2.0"),
				command.Token("keepttl", "KEEPTTL").From("6.0.0")).Opt(),
		},
		History: []command.Change{
			{Version: "2.6.12", Text: "Takes the options `EX`, `PX`, `NX` and `XX`."},
			{Version: "6.0.0", Text: "Takes the option `KEEPTTL`."},
			{Version: "6.2.0", Text: "Takes the options `GET`, `EXAT` and `PXAT`."},
			{Version: "7.0.0", Text: "`GET` goes together with `NX`."},
			{Version: "8.1.0", Text: "Takes the condition `IFEQ`."},
		},
	},
	Run: set,
}

// findSetKeys tells SET's key with what GET, an option, makes of it.
func findSetKeys(argv [][]byte, dst []command.KeyRef) ([]command.KeyRef, error) {
	flags := command.OW | command.Update
	for _, a := range argv[3:] {
		if command.IsToken(a, "GET") {
			flags = command.RW | command.Access | command.Update
			break
		}
	}
	return append(dst, command.KeyRef{Index: 1, Flags: flags}), nil
}

func set(c *engine.Call) error {
	if len(c.Argv) == 3 { // nearly all calls
		k := c.Key(1)
		put(c, k, c.Find(k), c.Argv[2], store.NoExpire)
		c.Reply.OK()
		return nil
	}
	var o options
	if err := o.parse(c, 3, takesConditions|takesEqual); err != nil {
		return err
	}
	at, err := o.deadline(c)
	if err != nil {
		return err
	}
	return o.set(c, at)
}

// set stores the value if the condition holds. With GET the reply is what was there before, whether or not it does.
func (o *options) set(c *engine.Call, at int64) error {
	k := c.Key(1)
	found, err := o.find(c, k)
	if err != nil {
		return err
	}
	var scratch [20]byte
	holds := o.holds(found, &scratch)
	switch {
	case o.get:
		replyValue(c, found)
	case holds:
		c.Reply.OK()
	default:
		c.Reply.Null()
	}
	switch {
	case !holds:
	case !o.timed() || !c.Past(at):
		put(c, k, found, c.Argv[2], at)
		o.effect(c, at)
	case found.Exists():
		c.DeletePast(k)
	}
	return nil
}

// find looks the present value up. Only SET without GET and IFEQ goes over a value of another type.
func (o *options) find(c *engine.Call, k engine.KeyName) (store.Entry, error) {
	switch {
	case o.get:
		return c.ReadString(k)
	case o.condition == ifEqual:
		return c.FindString(k)
	}
	return c.Find(k), nil
}

func (o *options) holds(found store.Entry, scratch *[20]byte) bool {
	switch o.condition {
	case ifMissing:
		return !found.Exists()
	case ifExists:
		return found.Exists()
	case ifEqual:
		return found.Exists() && bytes.Equal(found.Bytes(scratch), o.equal)
	}
	return true
}

// put stores a string and announces it; found is what Find returned for the key.
func put(c *engine.Call, k engine.KeyName, found store.Entry, value []byte, at int64) {
	c.SetString(k, found, value, at)
	c.Event(configs.NotifyString, "set", k)
	if at >= 0 {
		c.Event(configs.NotifyGeneric, "expire", k)
	}
}

// replyValue writes a string, or null where there is none.
func replyValue(c *engine.Call, en store.Entry) {
	if !en.Exists() {
		c.Reply.Null()
		return
	}
	var scratch [20]byte
	c.Reply.Bulk(en.Bytes(&scratch))
}

// Words of effects.
var (
	wordDel       = []byte("DEL")
	wordKeepTTL   = []byte("KEEPTTL")
	wordPersist   = []byte("PERSIST")
	wordPExpireAt = []byte("PEXPIREAT")
	wordPXAT      = []byte("PXAT")
	wordSet       = []byte("SET")
)

// effect records the SET with an absolute deadline and without GET. Conditions hold elsewhere as they did here.
func (o *options) effect(c *engine.Call, at int64) {
	switch {
	case !c.WantsEffects():
	case o.timed() && o.lifetime != atMillis:
		effectSetAt(c, c.Argv[2], at)
	case o.get && !o.timed():
		argv := append([][]byte(nil), c.Argv[:3]...)
		for _, a := range c.Argv[3:] {
			if !session.EqualFold(a, "get") {
				argv = append(argv, a)
			}
		}
		c.Effect(argv...)
	}
}

// effectSetAt records a SET of the first key with a deadline.
func effectSetAt(c *engine.Call, value []byte, at int64) {
	if c.WantsEffects() {
		c.Effect(wordSet, c.Argv[1], value, wordPXAT, strconv.AppendInt(nil, at, 10))
	}
}
