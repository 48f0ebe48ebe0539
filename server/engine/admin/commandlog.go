package admin

import (
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
)

// SlowLog shows the log of slow commands; CommandLog shows all logs of commands.
var SlowLog = engine.Command{
	Spec: command.Spec{
		Name: "slowlog", Group: command.GroupServer, Since: "2.2.12",
		Complexity: "As that of the subcommand",
		Summary:    "Groups the commands about the log of slow calls.",
		Arity:      -2,
	},
	Sub: []engine.Command{slowLogGet, slowLogHelp, slowLogLen, slowLogReset},
}

// slowLogDefault is how many entries SLOWLOG GET gives if no number is asked for.
const slowLogDefault = 10

var slowLogGet = engine.Command{
	Spec: command.Spec{
		Name: "get", Group: command.GroupServer, Since: "2.2.12",
		Complexity: "O(N) for the N entries returned",
		Summary:    "Lists the latest entries of the slow log.",
		Arity:      -2,
		Flags:      command.Admin | command.Loading | command.Stale,
		Args:       []command.Arg{command.Int("count").Opt()},
		Tips:       []string{"request_policy:all_nodes", "nondeterministic_output"},
		History: []command.Change{
			{Version: "4.0.0", Text: "Shows the client's address and name."},
		},
	},
	Run: func(c *engine.Call) error {
		switch len(c.Argv) {
		case 2:
			writeLog(c, engine.LogSlow, slowLogDefault)
			return nil
		case 3:
			return getLog(c, engine.LogSlow)
		}
		return c.ErrSubcommandSyntax()
	},
}

var slowLogLen = engine.Command{
	Spec: command.Spec{
		Name: "len", Group: command.GroupServer, Since: "2.2.12",
		Complexity: "O(1)",
		Summary:    "Counts the entries of the slow log.",
		Arity:      2,
		Flags:      command.Admin | command.Loading | command.Stale,
		Tips:       []string{"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"},
	},
	Run: func(c *engine.Call) error { return countLog(c, engine.LogSlow) },
}

var slowLogReset = engine.Command{
	Spec: command.Spec{
		Name: "reset", Group: command.GroupServer, Since: "2.2.12",
		Complexity: "O(N) for N entries",
		Summary:    "Empties the slow log.",
		Arity:      2,
		Flags:      command.Admin | command.Loading | command.Stale,
		Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	},
	Run: func(c *engine.Call) error { return resetLog(c, engine.LogSlow) },
}

var slowLogHelp = engine.Command{
	Spec: command.Spec{
		Name: "help", Group: command.GroupServer, Since: "6.2.0",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands with a line on each.",
		Arity:      2,
		Flags:      command.Loading | command.Stale,
	},
	Run: func(c *engine.Call) error {
		c.WriteHelp(
			"GET [<count>]",
			"    Show the latest <count> entries, 10 if not given, all if -1. An entry is",
			"    its id, Unix time, microseconds, arguments, the client's address and name.",
			"LEN",
			"    Count the entries.",
			"RESET",
			"    Drop all entries.",
		)
		return nil
	},
}

// CommandLog shows the three logs: slow commands, large requests, large replies.
var CommandLog = engine.Command{
	Spec: command.Spec{
		Name: "commandlog", Group: command.GroupServer, Since: "8.1.0",
		Complexity: "As that of the subcommand",
		Summary:    "Groups the commands about the logs of slow and large calls.",
		Arity:      -2,
	},
	Sub: []engine.Command{commandLogGet, commandLogHelp, commandLogLen, commandLogReset},
}

var commandLogGet = engine.Command{
	Spec: command.Spec{
		Name: "get", Group: command.GroupServer, Since: "8.1.0",
		Complexity: "O(N) for the N entries returned",
		Summary:    "Lists the latest entries of one of the command logs.",
		Arity:      4,
		Flags:      command.Admin | command.Loading | command.Stale,
		Args: []command.Arg{
			command.Int("count"),
			command.OneOf("type",
				command.Token("slow", "SLOW"),
				command.Token("large-request", "LARGE-REQUEST"),
				command.Token("large-reply", "LARGE-REPLY")),
		},
		Tips: []string{"request_policy:all_nodes", "nondeterministic_output"},
	},
	Run: func(c *engine.Call) error {
		if _, err := logCount(c); err != nil {
			return err
		}
		kind, err := logKind(c, 3)
		if err != nil {
			return err
		}
		return getLog(c, kind)
	},
}

var commandLogLen = engine.Command{
	Spec: command.Spec{
		Name: "len", Group: command.GroupServer, Since: "8.1.0",
		Complexity: "O(1)",
		Summary:    "Counts the entries of one of the command logs.",
		Arity:      3,
		Flags:      command.Admin | command.Loading | command.Stale,
		Args: []command.Arg{
			command.OneOf("type",
				command.Token("slow", "SLOW"),
				command.Token("large-request", "LARGE-REQUEST"),
				command.Token("large-reply", "LARGE-REPLY")),
		},
		Tips: []string{"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"},
	},
	Run: func(c *engine.Call) error {
		kind, err := logKind(c, 2)
		if err != nil {
			return err
		}
		return countLog(c, kind)
	},
}

var commandLogReset = engine.Command{
	Spec: command.Spec{
		Name: "reset", Group: command.GroupServer, Since: "8.1.0",
		Complexity: "O(N) for N entries",
		Summary:    "Empties one of the command logs.",
		Arity:      3,
		Flags:      command.Admin | command.Loading | command.Stale,
		Args: []command.Arg{
			command.OneOf("type",
				command.Token("slow", "SLOW"),
				command.Token("large-request", "LARGE-REQUEST"),
				command.Token("large-reply", "LARGE-REPLY")),
		},
		Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	},
	Run: func(c *engine.Call) error {
		kind, err := logKind(c, 2)
		if err != nil {
			return err
		}
		return resetLog(c, kind)
	},
}

var commandLogHelp = engine.Command{
	Spec: command.Spec{
		Name: "help", Group: command.GroupServer, Since: "8.1.0",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands with a line on each.",
		Arity:      2,
		Flags:      command.Loading | command.Stale,
	},
	Run: func(c *engine.Call) error {
		c.WriteHelp(
			"GET <count> <type>",
			"    Show the latest <count> entries of a log, all if -1. An entry is its id,",
			"    Unix time, a measure, the arguments, the client's address and name. The",
			"    measure is microseconds (slow) or bytes (large-request, large-reply).",
			"LEN <type>",
			"    Count the entries of a log.",
			"RESET <type>",
			"    Drop all entries of a log.",
		)
		return nil
	},
}

const (
	errLogCount = resp.Error("ERR count should be greater than or equal to -1")
	errLogKind  = resp.Error("ERR type should be one of the following: slow, large-request, large-reply")
)

func logKind(c *engine.Call, i int) (engine.LogKind, error) {
	switch {
	case c.Is(i, "slow"):
		return engine.LogSlow, nil
	case c.Is(i, "large-request"):
		return engine.LogLargeRequest, nil
	case c.Is(i, "large-reply"):
		return engine.LogLargeReply, nil
	}
	return 0, errLogKind
}

// logCount reads the number of entries wanted, argument 2.
func logCount(c *engine.Call) (int, error) {
	n, err := c.Int(2)
	if err != nil || n < -1 {
		return 0, errLogCount
	}
	return int(n), nil
}

func getLog(c *engine.Call, kind engine.LogKind) error {
	n, err := logCount(c)
	if err != nil {
		return err
	}
	writeLog(c, kind, n)
	return nil
}

// writeLog writes the newest n entries, or all for -1.
func writeLog(c *engine.Call, kind engine.LogKind, n int) {
	log, w := &c.Logs[kind], c.Reply
	if n < 0 || n > log.Len() {
		n = log.Len()
	}
	w.Array(n)
	for entry := range log.Newest(n) {
		w.Array(6)
		w.Int(entry.ID)
		w.Int(entry.UnixTime)
		w.Int(entry.Value)
		w.Array(len(entry.Argv))
		for _, a := range entry.Argv {
			w.BulkString(a)
		}
		w.BulkString(entry.Peer)
		w.BulkString(entry.Name)
	}
}

func countLog(c *engine.Call, kind engine.LogKind) error {
	c.Reply.Int(int64(c.Logs[kind].Len()))
	return nil
}

func resetLog(c *engine.Call, kind engine.LogKind) error {
	c.Logs[kind].Reset()
	c.Reply.OK()
	return nil
}
