package keys

import (
	"valkey/frontend/command"
	"valkey/internal/glob"
	"valkey/server/engine"
	"valkey/store"
)

// Keys lists the keys that match a pattern.
var Keys = engine.Command{
	Spec: command.Spec{
		Name: "keys", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(N) for the N keys of the database, if names and pattern are short",
		Summary:    "Lists the keys whose names match a pattern.",
		Arity:      2,
		Flags:      command.Readonly,
		Categories: command.CategoryDangerous,
		Args:       []command.Arg{command.Pattern("pattern")},
		Tips:       []string{"request_policy:all_shards", "nondeterministic_output_order"},
	},
	Run: keys,
}

func keys(c *engine.Call) error {
	pattern := c.Argv[1]
	mark, n := c.Reply.Later(), 0
	emit := func(en store.Entry) {
		if key := en.Key(); matches(pattern, key) && !c.Hidden(en) {
			c.Reply.Bulk(key)
			n++
		}
	}
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		cursor = c.DB.Scan(cursor, emit)
	}
	c.Reply.EndArray(mark, n)
	return nil
}

// matches is glob.Match with a short cut for the pattern that most callers give.
func matches(pattern, key []byte) bool { return string(pattern) == "*" || glob.Match(pattern, key) }
