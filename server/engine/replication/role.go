package replication

import (
	"valkey/frontend/session"
	"valkey/server/engine"
)

// Role tells which part the server plays in replication.
var Role = engine.Command{
	Spec: session.RoleSpec,
	Run:  role,
}

func role(c *engine.Call) error {
	if r := c.Host.Replication().Primary; r != nil {
		c.Reply.Array(5)
		c.Reply.BulkString("slave")
		c.Reply.BulkString(r.Host)
		c.Reply.Int(r.Port)
		c.Reply.BulkString(r.State)
		if r.HasOffset {
			c.Reply.Int(r.Offset)
		} else {
			c.Reply.Int(-1)
		}
		return nil
	}
	var online []*session.Client
	for _, f := range c.Followers {
		if f.Replica.State == session.ReplicaOnline {
			online = append(online, f)
		}
	}
	c.Reply.Array(3)
	c.Reply.BulkString("master")
	c.Reply.Int(c.History.Offset())
	c.Reply.Array(len(online))
	for _, f := range online {
		c.Reply.Array(3)
		c.Reply.BulkString(engine.ReplicaAddress(f))
		c.Reply.BulkInt(int64(f.Replica.Port))
		c.Reply.BulkInt(f.Replica.AckOffset)
	}
	return nil
}
