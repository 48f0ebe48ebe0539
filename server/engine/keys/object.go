package keys

import (
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/store"
)

// Object groups the commands that look into stored values without using them.
var Object = engine.Command{
	Spec: command.Spec{
		Name: "object", Group: command.GroupGeneric, Since: "2.2.3",
		Complexity: "As that of the subcommand",
		Summary:    "Groups the commands that look into stored values.",
		Arity:      -2,
	},
	Sub: []engine.Command{
		{
			Spec: command.Spec{
				Name: "encoding", Group: command.GroupGeneric, Since: "2.2.3",
				Complexity: "O(1)",
				Summary:    "Returns how the value at a key is represented in memory.",
				Arity:      3,
				Flags:      command.Readonly,
				Keys:       []command.KeySpec{command.KeyAt(2, command.RO, 0)},
				Args:       []command.Arg{command.KeyArg("key", 0)},
				Tips:       []string{"nondeterministic_output"},
			},
			Run: objectEncoding,
		},
		{
			Spec: command.Spec{
				Name: "freq", Group: command.GroupGeneric, Since: "4.0.0",
				Complexity: "O(1)",
				Summary:    "Returns the logarithmic counter of how often a key is used.",
				Arity:      3,
				Flags:      command.Readonly,
				Keys:       []command.KeySpec{command.KeyAt(2, command.RO, 0)},
				Args:       []command.Arg{command.KeyArg("key", 0)},
				Tips:       []string{"nondeterministic_output"},
			},
			Run: objectFreq,
		},
		{
			Spec: command.Spec{
				Name: "help", Group: command.GroupGeneric, Since: "6.2.0",
				Complexity: "O(1)",
				Summary:    "Lists the subcommands with a line on each.",
				Arity:      2,
				Flags:      command.Loading | command.Stale,
			},
			Run: objectHelp,
		},
		{
			Spec: command.Spec{
				Name: "idletime", Group: command.GroupGeneric, Since: "2.2.3",
				Complexity: "O(1)",
				Summary:    "Returns for how many seconds a key has not been used.",
				Arity:      3,
				Flags:      command.Readonly,
				Keys:       []command.KeySpec{command.KeyAt(2, command.RO, 0)},
				Args:       []command.Arg{command.KeyArg("key", 0)},
				Tips:       []string{"nondeterministic_output"},
			},
			Run: objectIdleTime,
		},
		{
			Spec: command.Spec{
				Name: "refcount", Group: command.GroupGeneric, Since: "2.2.3",
				Complexity: "O(1)",
				Summary:    "Returns how many references there are to the value at a key.",
				Arity:      3,
				Flags:      command.Readonly,
				Keys:       []command.KeySpec{command.KeyAt(2, command.RO, 0)},
				Args:       []command.Arg{command.KeyArg("key", 0)},
				Tips:       []string{"nondeterministic_output"},
			},
			Run: objectRefCount,
		},
	},
}

const (
	errLFU = resp.Error("ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when " +
		"switching between policies at runtime LRU and LFU data will take some time to adjust.")
	errNoLFU = resp.Error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that " +
		"when switching between policies at runtime LRU and LFU data will take some time to adjust.")
)

func objectEncoding(c *engine.Call) error {
	if en, ok := inspect(c); ok {
		c.Reply.BulkString(en.Encoding().String())
	}
	return nil
}

func objectRefCount(c *engine.Call) error {
	if _, ok := inspect(c); ok {
		c.Reply.Int(1) // values are never shared here
	}
	return nil
}

func objectIdleTime(c *engine.Call) error {
	en, ok := inspect(c)
	switch {
	case !ok:
	case c.AgesByFrequency():
		return errLFU
	default:
		c.Reply.Int(int64(en.Idle()))
	}
	return nil
}

func objectFreq(c *engine.Call) error {
	en, ok := inspect(c)
	switch {
	case !ok:
	case !c.AgesByFrequency():
		return errNoLFU
	default:
		c.Reply.Int(int64(en.Freq()))
	}
	return nil
}

func objectHelp(c *engine.Call) error {
	c.WriteHelp(
		"ENCODING <key>",
		"    Tell how the value at <key> is represented in memory.",
		"FREQ <key>",
		"    Tell how often <key> has been used lately, on a logarithmic scale. Needs an",
		"    LFU maxmemory policy.",
		"IDLETIME <key>",
		"    Tell for how many seconds <key> has not been used.",
		"REFCOUNT <key>",
		"    Tell how many references there are to the value at <key>.",
	)
	return nil
}

// inspect finds the key of an OBJECT subcommand. That counts as a hit or a miss, but it is no use of the key and no
// event. Where there is none it writes the reply.
func inspect(c *engine.Call) (store.Entry, bool) {
	en := c.Peek(c.Key(2))
	if !en.Exists() {
		c.Stats.KeyspaceMisses++
		c.Reply.Null()
		return en, false
	}
	c.Stats.KeyspaceHits++
	return en, true
}
