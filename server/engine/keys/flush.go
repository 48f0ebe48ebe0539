package keys

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// FlushAll empties all databases.
var FlushAll = engine.Command{
	Spec: command.Spec{
		Name: "flushall", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(N) for N keys in all databases",
		Summary:    "Empties all databases.",
		Arity:      -1,
		Flags:      command.Write | command.AllDBs,
		Categories: command.CategoryDangerous | command.CategoryKeyspace,
		Args: []command.Arg{
			command.OneOf("flush-type",
				command.Token("async", "ASYNC").From("4.0.0"),
				command.Token("sync", "SYNC").From("6.2.0")).Opt(),
		},
		Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		History: []command.Change{
			{Version: "4.0.0", Text: "Can free memory in the background, with `ASYNC`."},
			{Version: "6.2.0", Text: "Can free memory at once, with `SYNC`."},
		},
	},
	Run: flushAll,
}

// FlushDB empties the database.
var FlushDB = engine.Command{
	Spec: command.Spec{
		Name: "flushdb", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(N) for N keys in the database",
		Summary:    "Empties the chosen database.",
		Arity:      -1,
		Flags:      command.Write,
		Categories: command.CategoryDangerous | command.CategoryKeyspace,
		Args: []command.Arg{
			command.OneOf("flush-type",
				command.Token("async", "ASYNC").From("4.0.0"),
				command.Token("sync", "SYNC").From("6.2.0")).Opt(),
		},
		Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		History: []command.Change{
			{Version: "4.0.0", Text: "Can free memory in the background, with `ASYNC`."},
			{Version: "6.2.0", Text: "Can free memory at once, with `SYNC`."},
		},
	},
	Run: flushDB,
}

func flushAll(c *engine.Call) error {
	lazy, err := flushLazily(c)
	if err != nil {
		return err
	}
	for db := range c.Store.Each {
		c.Flush(db.ID(), lazy)
	}
	c.Host.Flushed()
	return flushed(c)
}

func flushDB(c *engine.Call) error {
	lazy, err := flushLazily(c)
	if err != nil {
		return err
	}
	c.Flush(c.Client.DB, lazy)
	return flushed(c)
}

func flushLazily(c *engine.Call) (bool, error) {
	switch {
	case len(c.Argv) == 1:
		return c.Config.LazyfreeLazyUserFlush, nil
	case len(c.Argv) == 2 && c.Is(1, "sync"):
		return false, nil
	case len(c.Argv) == 2 && c.Is(1, "async"):
		return true, nil
	}
	return false, engine.ErrSyntax
}

// flushed ends a flush. It is recorded even where there was nothing to remove: a replica may have more than its
// primary.
func flushed(c *engine.Call) error {
	c.Effect(c.Argv...)
	c.Reply.OK()
	return nil
}
