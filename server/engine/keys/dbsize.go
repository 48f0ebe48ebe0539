package keys

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// DBSize counts the keys of the database.
var DBSize = engine.Command{
	Spec: command.Spec{
		Name: "dbsize", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Counts the keys of the database.",
		Arity:      1,
		Flags:      command.Readonly | command.Fast,
		Categories: command.CategoryKeyspace,
		Tips:       []string{"request_policy:all_shards", "response_policy:agg_sum"},
	},
	Run: dbSize,
}

func dbSize(c *engine.Call) error {
	c.Reply.Int(int64(c.DB.Len()))
	return nil
}
