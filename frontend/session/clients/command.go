package clients

import (
	"errors"

	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/internal/glob"
)

// Command describes the commands of the server, from the table that dispatch uses.
var Command = session.Command{
	Spec: command.Spec{
		Name: "command", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(N) for N commands",
		Summary:    "Describes all commands.",
		Arity:      -1,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryConnection,
		Tips:       []string{"nondeterministic_output_order"},
	},
	Run: func(c *session.Call) error {
		c.Front.Commands.WriteAll(c.Reply)
		return nil
	},
	Sub: []session.Command{
		commandCount, commandDocs, commandGetKeys, commandGetKeysAndFlags, commandHelp, commandInfo, commandList,
	},
}

var commandCount = session.Command{
	Spec: command.Spec{
		Name: "count", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(1)",
		Summary:    "Returns how many commands there are.",
		Arity:      2,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryConnection,
	},
	Run: func(c *session.Call) error {
		c.Reply.Int(int64(len(c.Front.Commands.Commands())))
		return nil
	},
}

var commandDocs = session.Command{
	Spec: command.Spec{
		Name: "docs", Group: command.GroupServer, Since: "7.0.0",
		Complexity: "O(N) for N commands described",
		Summary:    "Documents the given commands, or all.",
		Arity:      -2,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryConnection,
		Args:       []command.Arg{command.Str("command-name").Many().Opt()},
		Tips:       []string{"nondeterministic_output_order"},
	},
	Run: func(c *session.Call) error {
		c.Front.Commands.WriteDocs(c.Reply, c.Argv[2:])
		return nil
	},
}

var commandInfo = session.Command{
	Spec: command.Spec{
		Name: "info", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(N) for N commands described",
		Summary:    "Describes the given commands, or all.",
		Arity:      -2,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryConnection,
		Args:       []command.Arg{command.Str("command-name").Many().Opt()},
		Tips:       []string{"nondeterministic_output_order"},
		History: []command.Change{
			{Version: "7.0.0", Text: "Describes all commands if none is given."},
		},
	},
	Run: func(c *session.Call) error {
		c.Front.Commands.WriteInfos(c.Reply, c.Argv[2:])
		return nil
	},
}

var commandGetKeys = session.Command{
	Spec: command.Spec{
		Name: "getkeys", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(N) for N arguments of the call",
		Summary:    "Finds the keys in a given call.",
		Arity:      -3,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryConnection,
		Args:       []command.Arg{command.Str("command"), command.Str("arg").Many().Opt()},
	},
	Run: func(c *session.Call) error { return getKeys(c, false) },
}

var commandGetKeysAndFlags = session.Command{
	Spec: command.Spec{
		Name: "getkeysandflags", Group: command.GroupServer, Since: "7.0.0",
		Complexity: "O(N) for N arguments of the call",
		Summary:    "Finds the keys in a given call and what would be done with them.",
		Arity:      -3,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryConnection,
		Args:       []command.Arg{command.Str("command"), command.Str("arg").Many().Opt()},
	},
	Run: func(c *session.Call) error { return getKeys(c, true) },
}

func getKeys(c *session.Call, flags bool) error {
	switch err := c.Front.Commands.WriteKeys(c.Reply, c.Argv[2:], flags); {
	case err == nil:
		return nil
	case errors.Is(err, command.ErrNoSuchCommand):
		return session.Errorf("Invalid command specified")
	case errors.Is(err, command.ErrNoKeys):
		return session.Errorf("The command has no key arguments")
	case errors.Is(err, command.ErrArity):
		return session.Errorf("Invalid number of arguments specified for command")
	default:
		return session.Errorf("Invalid arguments specified for command")
	}
}

var commandList = session.Command{
	Spec: command.Spec{
		Name: "list", Group: command.GroupServer, Since: "7.0.0",
		Complexity: "O(N) for N commands",
		Summary:    "Lists the names of the commands that pass a filter, or of all.",
		Arity:      -2,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryConnection,
		Args: []command.Arg{
			command.OneOf("filterby",
				command.Str("module-name").Tok("MODULE"),
				command.Str("category").Tok("ACLCAT"),
				command.Pattern("pattern").Tok("PATTERN")).Tok("FILTERBY").Opt(),
		},
		Tips: []string{"nondeterministic_output_order"},
	},
	Run: listCommands,
}

func listCommands(c *session.Call) error {
	if len(c.Argv) == 2 {
		c.Front.Commands.WriteList(c.Reply, nil)
		return nil
	}
	if len(c.Argv) != 5 || !c.Is(2, "filterby") {
		return session.ErrSyntax
	}
	word := c.Argv[4]
	var keep func(d *command.Decl) bool
	switch {
	case c.Is(3, "module"):
		keep = func(*command.Decl) bool { return false } // there are no modules
	case c.Is(3, "aclcat"):
		category := command.CategoryByName(word)
		keep = func(d *command.Decl) bool { return d.Categories&category != 0 }
	case c.Is(3, "pattern"):
		keep = func(d *command.Decl) bool { return glob.MatchFold(word, []byte(d.FullName)) }
	default:
		return session.ErrSyntax
	}
	c.Front.Commands.WriteList(c.Reply, keep)
	return nil
}

var commandHelp = session.Command{
	Spec: command.Spec{
		Name: "help", Group: command.GroupServer, Since: "5.0.0",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands with a line on each.",
		Arity:      2,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryConnection,
	},
	Run: func(c *session.Call) error {
		c.WriteHelp(command.Help()...)
		return nil
	},
}
