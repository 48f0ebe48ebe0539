package strings

import (
	"strconv"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/server/engine"
	"valkey/store"
)

// GetEx replies a string and changes its deadline.
var GetEx = engine.Command{
	Spec: command.Spec{
		Name: "getex", Group: command.GroupString, Since: "6.2.0",
		Complexity: "O(1)",
		Summary:    "Returns the string stored at a key and may change when the key expires.",
		Arity:      -2,
		Flags:      command.Write | command.Fast,
		Keys: []command.KeySpec{
			command.KeyAt(1, command.RW, command.Access|command.Update).
				Note("RW and UPDATE because the time to live may change."),
		},
		Args: []command.Arg{
			command.KeyArg("key", 0),
			command.OneOf("expiration",
				command.Int("seconds").Tok("EX"),
				command.Int("milliseconds").Tok("PX"),
				command.UnixTime("unix-time-seconds").Tok("EXAT"),
				command.UnixTime("unix-time-milliseconds").Tok("PXAT"),
				command.Token("persist", "PERSIST")).Opt(),
		},
	},
	Run: getEx,
}

func getEx(c *engine.Call) error {
	var o options
	if err := o.parse(c, 2, takesPersist); err != nil {
		return err
	}
	at, err := o.deadline(c)
	if err != nil {
		return err
	}
	k := c.Key(1)
	found, err := c.ReadString(k)
	if err != nil {
		return err
	}
	replyValue(c, found)
	switch {
	case !found.Exists():
	case (o.lifetime == atSeconds || o.lifetime == atMillis) && c.Past(at):
		c.DeletePast(k)
	case o.timed():
		c.DB.SetExpire(found, at)
		c.Modified(k)
		c.Event(configs.NotifyGeneric, "expire", k)
		if c.WantsEffects() {
			c.Effect(wordPExpireAt, k.Name, strconv.AppendInt(nil, at, 10))
		}
	case o.lifetime == persist && found.ExpireAt() != store.NoExpire:
		c.DB.Persist(found)
		c.Modified(k)
		c.Event(configs.NotifyGeneric, "persist", k)
		c.Effect(wordPersist, k.Name)
	}
	return nil
}
