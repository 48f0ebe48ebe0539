package debug

import (
	"valkey/frontend/session"
	"valkey/server/engine"
)

// replicate sends a command to the replicas that nobody has executed here.
func replicate(c *engine.Call) error {
	c.Replicate(c.Argv[2:]...)
	c.Reply.OK()
	return nil
}

// renewID makes the stream another one: no replica can go on with it.
func renewID(c *engine.Call) error {
	c.Host.Log(session.LogNotice, "Changing replication IDs after receiving DEBUG change-repl-id")
	c.History.Renew()
	c.Reply.OK()
	return nil
}
