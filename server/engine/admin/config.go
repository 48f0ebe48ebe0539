package admin

import (
	"errors"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// Config shows and changes the configuration; package configs does the work.
var Config = engine.Command{
	Spec: command.Spec{
		Name: "config", Group: command.GroupServer, Since: "2.0.0",
		Complexity: "As that of the subcommand",
		Summary:    "Groups the commands about the server's configuration.",
		Arity:      -2,
	},
	Sub: []engine.Command{configGet, configHelp, configResetStat, configRewrite, configSet},
}

var configGet = engine.Command{
	Spec: command.Spec{
		Name: "get", Group: command.GroupServer, Since: "2.0.0",
		Complexity: "O(N) for N patterns",
		Summary:    "Returns the directives whose names match patterns, with their values.",
		Arity:      -3,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Args:       []command.Arg{command.Str("parameter").Many()},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes more than one pattern."},
		},
	},
	Run: func(c *engine.Call) error {
		patterns := make([]string, 0, len(c.Argv)-2)
		for _, a := range c.Argv[2:] {
			patterns = append(patterns, string(a))
		}
		settings := c.Config.Get(patterns...)
		c.Reply.Map(len(settings))
		for _, s := range settings {
			c.Reply.BulkString(s.Name)
			c.Reply.BulkString(s.Value)
		}
		return nil
	},
}

var configSet = engine.Command{
	Spec: command.Spec{
		Name: "set", Group: command.GroupServer, Since: "2.0.0",
		Complexity: "O(N) for N directives",
		Summary:    "Changes directives while the server runs, all of them or none.",
		Arity:      -4,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Args:       []command.Arg{command.Block("data", command.Str("parameter"), command.Str("value")).Many()},
		Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes more than one directive."},
		},
	},
	Run: setConfig,
}

func setConfig(c *engine.Call) error {
	if len(c.Argv)%2 != 0 {
		return engine.ErrSyntax
	}
	var settings []configs.Setting
	for i := 2; i < len(c.Argv); i += 2 {
		name := string(c.Argv[i])
		settings = append(settings, configs.Setting{Name: name, Value: string(c.Argv[i+1])})
		// Also when the call fails: a password does not become public by a typing error beside it.
		if d, ok := configs.Lookup(name); ok && d.Has(configs.Sensitive) {
			c.Redact(i + 1)
		}
	}
	allowed := engine.ProtectedAllowed(c.Config.EnableProtectedConfigs, c.Client)
	loading := c.Gated(engine.GateLoading | engine.GateAsyncLoading)
	err := c.Config.Set(settings, configs.Situation{Protected: allowed, Loading: loading})
	var refused *configs.SetError
	switch {
	case err == nil:
		c.Reply.OK()
		return nil
	case errors.As(err, &refused):
		if refused.Rollback != nil {
			c.Host.Log(session.LogWarning, "Restoring previous settings failed: "+refused.Rollback.Error())
		}
		return engine.Errorf("%s", refused.Error())
	default:
		return resp.Error("LOADING The server is loading the dataset in memory")
	}
}

var configRewrite = engine.Command{
	Spec: command.Spec{
		Name: "rewrite", Group: command.GroupServer, Since: "2.8.0",
		Complexity: "O(1)",
		Summary:    "Writes the present configuration to the file it was read from.",
		Arity:      2,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	},
	Run: func(c *engine.Call) error {
		if c.Config.File == "" {
			return engine.Errorf("The server is running without a config file")
		}
		if err := c.Host.RewriteConfig(false); err != nil {
			return engine.Errorf("Rewriting config file: %s", configs.Strerror(err))
		}
		c.Reply.OK()
		return nil
	},
}

var configResetStat = engine.Command{
	Spec: command.Spec{
		Name: "resetstat", Group: command.GroupServer, Since: "2.0.0",
		Complexity: "O(1)",
		Summary:    "Sets the statistics of INFO back to zero.",
		Arity:      2,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	},
	Run: func(c *engine.Call) error {
		c.ResetStats()
		c.Reply.OK()
		return nil
	},
}

var configHelp = engine.Command{
	Spec: command.Spec{
		Name: "help", Group: command.GroupServer, Since: "5.0.0",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands with a line on each.",
		Arity:      2,
		Flags:      command.Loading | command.Stale,
	},
	Run: func(c *engine.Call) error {
		c.WriteHelp(
			"GET <pattern> [<pattern> ...]",
			"    Show the directives whose names match, with their values.",
			"SET <directive> <value> [<directive> <value> ...]",
			"    Change directives: all of them, or none if one is refused.",
			"RESETSTAT",
			"    Set the counters that INFO shows back to zero.",
			"REWRITE",
			"    Write the present configuration to the configuration file.",
		)
		return nil
	},
}
