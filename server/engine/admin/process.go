package admin

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// Time tells the server's clock.
var Time = engine.Command{
	Spec: command.Spec{
		Name: "time", Group: command.GroupServer, Since: "2.6.0",
		Complexity: "O(1)",
		Summary:    "Returns the server's time in seconds, and the microseconds within the second.",
		Arity:      1,
		Flags:      command.Loading | command.Stale | command.Fast,
		Tips:       []string{"nondeterministic_output"},
	},
	Run: func(c *engine.Call) error {
		c.Reply.Array(2)
		c.Reply.BulkInt(c.NowUs() / 1e6)
		c.Reply.BulkInt(c.NowUs() % 1e6)
		return nil
	},
}

// Monitor shows a client every command that the server runs.
var Monitor = engine.Command{
	Spec: command.Spec{
		Name: "monitor", Group: command.GroupServer, Since: "1.0.0",
		Summary: "Shows every command that the server runs, as it happens.",
		Arity:   1,
		Flags:   command.Admin | command.NoScript | command.Loading | command.Stale,
	},
	Run: func(c *engine.Call) error {
		if c.Client.DenyBlocking {
			return engine.Errorf("MONITOR isn't allowed for DENY BLOCKING client")
		}
		if !c.Client.IsMonitor {
			c.StartMonitor()
			c.Reply.OK()
		}
		return nil
	},
}

// Shutdown ends the server.
var Shutdown = engine.Command{
	Spec: session.ShutdownSpec,
	Run:  shutdown,
}

func shutdown(c *engine.Call) error {
	var o engine.ShutdownOptions
	abort := false
	for i := 1; i < len(c.Argv); i++ {
		switch {
		case c.Is(i, "nosave"):
			o.NoSave = true
		case c.Is(i, "save"):
			o.Save = true
		case c.Is(i, "now"):
			o.Now = true
		case c.Is(i, "force"):
			o.Force = true
		case c.Is(i, "abort"):
			abort = true
		case c.Is(i, "safe"):
			o.Safe = true
		case c.Is(i, "failover"):
			o.Failover = true
		default:
			return engine.ErrSyntax
		}
	}
	switch {
	case abort && o != engine.ShutdownOptions{}, o.NoSave && o.Save:
		return engine.ErrSyntax
	case o.Failover:
		return engine.Errorf("SHUTDOWN FAILOVER is only supported in cluster mode.")
	case abort && c.Host.CancelShutdown():
		c.Reply.OK()
		return nil
	case abort:
		return engine.Errorf("No shutdown in progress.")
	case !o.Now && c.Client.DenyBlocking:
		return engine.Errorf("SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client")
	}
	waiting, err := c.Host.Shutdown(o, " (user request from '"+c.ClientForLog(c.Client)+"')")
	switch {
	case err != nil:
		return err
	case waiting:
		c.Block(engine.BlockOptions{Kind: session.BlockShutdown})
	default:
		c.Client.CloseASAP = true // the reply to a shutdown is the end of the connection
	}
	return nil
}
