package persistence

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Commands are the commands of this family.
var Commands = []engine.Command{BGRewriteAOF, BGSave, LastSave, Save}

// Save saves the data set while everybody waits.
var Save = engine.Command{
	Spec: command.Spec{
		Name: "save", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(N) for N keys in all databases",
		Summary:    "Saves the data set to disk; nobody else is served until it is done.",
		Arity:      1,
		Flags:      command.NoAsyncLoading | command.Admin | command.NoScript | command.NoMulti,
	},
	Run: func(c *engine.Call) error {
		if err := c.Host.Save(); err != nil {
			return err
		}
		c.Reply.OK()
		return nil
	},
}

// BGSave saves the data set in the background.
var BGSave = engine.Command{
	Spec: command.Spec{
		Name: "bgsave", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Starts to save the data set to disk in the background, or ends a save that runs or waits.",
		Arity:      -1,
		Flags:      command.NoAsyncLoading | command.Admin | command.NoScript,
		Args: []command.Arg{
			command.OneOf("operation",
				command.Token("schedule", "SCHEDULE").From("3.2.2"),
				command.Token("cancel", "CANCEL").From("8.1.0")).Opt(),
		},
		History: []command.Change{
			{Version: "3.2.2", Text: "Takes the option `SCHEDULE`."},
			{Version: "8.1.0", Text: "Takes the option `CANCEL`."},
		},
	},
	Run: func(c *engine.Call) error {
		request := engine.SaveNow
		switch {
		case len(c.Argv) == 1:
		case len(c.Argv) == 2 && c.Is(1, "schedule"):
			request = engine.SaveSchedule
		case len(c.Argv) == 2 && c.Is(1, "cancel"):
			request = engine.SaveCancel
		default:
			return engine.ErrSyntax
		}
		status, err := c.Host.BackgroundSave(request, c.Client.DenyBlocking)
		if err != nil {
			return err
		}
		c.Reply.Simple(status)
		return nil
	},
}

// LastSave tells when the data set was saved last.
var LastSave = engine.Command{
	Spec: command.Spec{
		Name: "lastsave", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Returns the Unix time in seconds of the latest save that succeeded.",
		Arity:      1,
		Flags:      command.Loading | command.Stale | command.Fast,
		Categories: command.CategoryAdmin | command.CategoryDangerous,
		Tips:       []string{"nondeterministic_output"},
	},
	Run: func(c *engine.Call) error {
		c.Reply.Int(c.Host.Persistence().LastSave)
		return nil
	},
}
