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
	Spec: command.Spec{
		Name: "shutdown", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(N) for N keys in all databases if they are saved, else O(1)",
		Summary:    "Ends the server, after saving the data if so configured or asked.",
		Arity:      -1,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.NoMulti |
			command.SentinelToo | command.AllowBusy,
		Args: []command.Arg{
			command.OneOf("abort-selector",
				command.Block("save-selector-block",
					command.OneOf("save-selector",
						command.Token("nosave", "NOSAVE"),
						command.Token("save", "SAVE")).Opt(),
					command.Token("now", "NOW").Opt().From("7.0.0"),
					command.Token("force", "FORCE").Opt().From("7.0.0"),
					command.Token("safe", "SAFE").Opt().From("9.0.0"),
					command.Token("failover", "FAILOVER").Opt().From("9.0.0")),
				command.Token("abort", "ABORT").From("7.0.0")).Opt(),
		},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes the options `NOW`, `FORCE` and `ABORT`."},
			{Version: "9.0.0", Text: "Takes the options `SAFE` and `FAILOVER`."},
		},
	},
	Run: shutdown,
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
