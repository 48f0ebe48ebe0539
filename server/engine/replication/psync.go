package replication

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// PSync begins to copy the server, from where the client's history ends if possible.
var PSync = engine.Command{
	Spec: command.Spec{
		Name: "psync", Group: command.GroupServer, Since: "2.8.0",
		Summary: "Begins replication to the client, from an offset in a history or from a snapshot.",
		Arity:   -3,
		Flags:   command.NoAsyncLoading | command.Admin | command.NoMulti | command.NoScript,
		Args:    []command.Arg{command.Str("replicationid"), command.Int("offset")},
	},
	Run: psync,
}

// Sync is the way of old replicas, and of tools that want a snapshot.
var Sync = engine.Command{
	Spec: command.Spec{
		Name: "sync", Group: command.GroupServer, Since: "1.0.0",
		Summary: "Begins replication to the client with a snapshot.",
		Arity:   1,
		Flags:   command.NoAsyncLoading | command.Admin | command.NoMulti | command.NoScript,
	},
	Run: func(c *engine.Call) error { return synchronize(c, engine.Sync{Old: true}) },
}

func psync(c *engine.Call) error {
	s := engine.Sync{ID: string(c.Argv[1])}
	s.Failover = len(c.Argv) > 3 && c.Is(3, "failover")
	s.Offset, s.WrongOffset = c.Int(2)
	return synchronize(c, s)
}

// synchronize leaves the answer to the shell, which sends it on the link ahead of what follows.
func synchronize(c *engine.Call, s engine.Sync) error {
	cl := c.Client
	if cl.IsReplica() || cl.IsMonitor {
		return nil
	}
	if cl.Replica == nil {
		cl.Replica = &session.Replica{}
	}
	return c.Host.Synchronize(cl, s)
}
