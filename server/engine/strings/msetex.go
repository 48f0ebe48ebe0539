package strings

import (
	"math"
	"slices"
	"strconv"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
)

// MSetEx is MSET under a condition and with a deadline for all keys.
var MSetEx = engine.Command{
	Spec: command.Spec{
		Name: "msetex", Group: command.GroupString, Since: "9.1.0",
		Complexity: "O(N) for N keys",
		Summary:    "Stores strings at several keys in one step, under a condition and with an expiry if wanted.",
		Arity:      -4,
		Flags:      command.Write | command.DenyOOM,
		Keys:       []command.KeySpec{command.KeyNum(1, command.OW, command.Update).Every(2)},
		Args: []command.Arg{
			command.Int("numkeys"),
			command.Block("data", command.KeyArg("key", 0), command.Str("value")).Many(),
			command.OneOf("condition", command.Token("nx", "NX"), command.Token("xx", "XX")).Opt(),
			command.OneOf("expiration",
				command.Int("seconds").Tok("EX"),
				command.Int("milliseconds").Tok("PX"),
				command.UnixTime("unix-time-seconds").Tok("EXAT"),
				command.UnixTime("unix-time-milliseconds").Tok("PXAT"),
				command.Token("keepttl", "KEEPTTL")).Opt(),
		},
		Tips: []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
	},
	Run: mSetEx,
}

const errNumKeys = resp.Error("ERR invalid numkeys value or out of range")

func mSetEx(c *engine.Call) error {
	n, ok := resp.ParseInt(c.Argv[1])
	if !ok || n < 1 || n > math.MaxInt32 {
		return errNumKeys
	}
	end := 2 + 2*int(n)
	if end > len(c.Argv) {
		return engine.ErrSyntax
	}
	var o options
	if err := o.parse(c, end, takesConditions); err != nil {
		return err
	}
	at, err := o.deadline(c)
	if err != nil {
		return err
	}
	pairs := c.Argv[2:end]
	if o.condition != always && !pairsMeet(c, pairs, o.condition) {
		c.Reply.Int(0)
		return nil
	}
	putPairs(c, pairs, at)
	if o.timed() && o.lifetime != atMillis && c.WantsEffects() {
		c.Effect(append(slices.Clone(c.Argv[:end]), wordPXAT, strconv.AppendInt(nil, at, 10))...)
	}
	c.Reply.Int(1)
	return nil
}
