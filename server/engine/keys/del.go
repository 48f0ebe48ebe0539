package keys

import (
	"valkey/configs"
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Del removes keys.
var Del = engine.Command{
	Spec: command.Spec{
		Name: "del", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(N) for N keys, and O(M) for each that holds a collection of M elements",
		Summary:    "Removes keys and what is stored at them.",
		Arity:      -2,
		Flags:      command.Write,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, command.RM, command.Delete)},
		Args:       []command.Arg{command.KeyArg("key", 0).Many()},
		Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
	},
	Run: del,
}

// Unlink removes keys whose memory is freed later, as that of DEL is too.
var Unlink = engine.Command{
	Spec: command.Spec{
		Name: "unlink", Group: command.GroupGeneric, Since: "4.0.0",
		Complexity: "O(1) a key, and O(N) in the background for values of N parts",
		Summary:    "Removes keys at once and frees their memory later, in the background.",
		Arity:      -2,
		Flags:      command.Write | command.Fast,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, command.RM, command.Delete)},
		Args:       []command.Arg{command.KeyArg("key", 0).Many()},
		Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
	},
	Run: del,
}

func del(c *engine.Call) error {
	n := int64(0)
	for i := 1; i < len(c.Argv); i++ {
		k := c.Key(i)
		if c.Find(k).Exists() {
			c.Delete(k)
			c.Event(configs.NotifyGeneric, "del", k)
			n++
		}
	}
	c.Reply.Int(n)
	return nil
}
