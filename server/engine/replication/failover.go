package replication

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Failover hands the role of the primary to a replica.
var Failover = engine.Command{
	Spec: command.Spec{
		Name: "failover", Group: command.GroupServer, Since: "6.2.0",
		Complexity: "O(1)",
		Summary:    "Hands the server's role to one of its replicas, once that has everything.",
		Arity:      -1,
		Flags:      command.Admin | command.NoScript | command.Stale,
		Args: []command.Arg{
			command.Block("target", command.Str("host"), command.Int("port"), command.Token("force", "FORCE").Opt()).
				Tok("TO").Opt(),
			command.Token("abort", "ABORT").Opt(),
			command.Int("milliseconds").Tok("TIMEOUT").Opt(),
		},
	},
	Run: failover,
}

func failover(c *engine.Call) error {
	if len(c.Argv) == 2 && c.Is(1, "abort") {
		if err := c.Host.AbortFailover(); err != nil {
			return err
		}
		c.Reply.OK()
		return nil
	}
	o, err := failoverOptions(c)
	if err != nil {
		return err
	}
	if err := c.Host.Failover(o); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

func failoverOptions(c *engine.Call) (o engine.FailoverOptions, err error) {
	for i := 1; i < len(c.Argv); i++ {
		left := len(c.Argv) - i - 1
		switch {
		case c.Is(i, "timeout") && left >= 1 && o.TimeoutMs == 0:
			if o.TimeoutMs, err = c.Int(i + 1); err != nil {
				return o, err
			}
			if o.TimeoutMs <= 0 {
				return o, engine.Errorf("FAILOVER timeout must be greater than 0")
			}
			i++
		case c.Is(i, "to") && left >= 2 && o.Host == "":
			port, err := c.Int(i + 2)
			if err != nil {
				return o, err
			}
			o.Host, o.Port = string(c.Argv[i+1]), int(port)
			i += 2
		case c.Is(i, "force") && !o.Force:
			o.Force = true
		default:
			return o, engine.ErrSyntax
		}
	}
	return o, nil
}
