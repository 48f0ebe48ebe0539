package debug

import (
	"strconv"
	"time"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// Debug looks into the server and steers it for tests.
var Debug = engine.Command{
	Spec: command.Spec{
		Name: "debug", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "As that of the subcommand",
		Summary:    "Groups what tests and debugging need.",
		Arity:      -2,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale | command.Protected,
		DocFlags:   command.DocSyscmd,
	},
	Run: func(c *engine.Call) error {
		for _, s := range subcommands() {
			if c.Is(1, s.name) && len(c.Argv) >= s.min && (s.max == 0 || len(c.Argv) <= s.max) {
				return s.run(c)
			}
		}
		return c.ErrSubcommandSyntax()
	},
}

// subcommand is one of DEBUG's: min and max count the words of the call, DEBUG included; a max of 0 is no limit.
type subcommand struct {
	name     string
	min, max int
	run      func(*engine.Call) error
	usage    string
	help     string
}

func subcommands() []subcommand {
	return []subcommand{
		{"aof-flush-sleep", 3, 3, slowLog, "AOF-FLUSH-SLEEP <microseconds>",
			"Make every write of the append-only file take longer."},
		{"assert", 2, 0, crashByAssertion, "ASSERT", "End the process by a broken assertion."},
		{"change-repl-id", 2, 2, renewID, "CHANGE-REPL-ID", "Give the replication stream a new ID."},
		{"client-enforce-reply-list", 3, 3, toggle((*engine.Engine).SetReplyList), "CLIENT-ENFORCE-REPLY-LIST <0|1>",
			"Count every unsent reply as memory that the client has taken."},
		{"config-rewrite-force-all", 2, 2, rewriteAll, "CONFIG-REWRITE-FORCE-ALL",
			"Write the configuration file with a line for every directive."},
		{"delay-rdb-client-free-seconds", 3, 3, keepStreams, "DELAY-RDB-CLIENT-FREE-SECONDS <seconds>",
			"Set how long the stream is kept for a replica that has its full copy and has yet to ask for the stream."},
		{"dict-resizing", 3, 3, ignored, "DICT-RESIZING <0|1>",
			"Accepted for tests; the index has no resizing to stop: it follows every insert."},
		{"digest", 2, 2, digest, "DIGEST", "Show a hash of the data of all databases."},
		{"digest-value", 2, 0, digestValue, "DIGEST-VALUE <key> [<key> ...]", "Show a hash of the value of each key."},
		{"error", 3, 3, replyError, "ERROR <text>", "Reply with an error."},
		{"hashtable-can-abort-shrink", 3, 3, ignored, "HASHTABLE-CAN-ABORT-SHRINK <0|1>",
			"Accepted for tests; the index never shrinks in one go."},
		{"help", 2, 2, help, "", ""},
		{"htstats", 3, 0, tableStats, "HTSTATS <database> [full]", "Show the shape of a database's two indexes."},
		{"htstats-key", 3, 0, valueTableStats, "HTSTATS-KEY <key> [full]", "Show the shape of a value's hash table."},
		{"leak", 3, 3, leak, "LEAK <text>", "Copy the text to memory that is never freed."},
		{"loadaof", 2, 2, loadLog, "LOADAOF", "Replace the data set by what the append-only file has."},
		{"log", 3, 3, writeLog, "LOG <message>", "Write a message to the log."},
		{"object", 3, 4, object, "OBJECT <key> [fast]", "Show how a value is stored."},
		{"oom", 2, 0, crashByMemory, "OOM", "End the process as if memory had run out."},
		{"panic", 2, 0, crashByPanic, "PANIC", "End the process by a panic."},
		{"pause-after-fork", 3, 3, stopAtCopies, "PAUSE-AFTER-FORK <0|1>",
			"Stop the process when it has sent a full copy, and before it asks for the stream behind one."},
		{"pause-cron", 3, 3, toggle((*engine.Engine).PauseCron), "PAUSE-CRON <0|1>", "Stop the work of every tick."},
		{"populate", 3, 5, populate, "POPULATE <count> [<prefix>] [<size>]",
			"Make string keys <prefix>:<number>, of that size if given. Replicas do not hear of it."},
		{"protocol", 3, 3, protocol, "PROTOCOL <type>", "Reply with a value of a type: " + protocolTypes + "."},
		{"reload", 2, 0, reload, "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
			"Save the data set and load it back: without saving first, beside what is there, in place of it."},
		{"replybuffer", 4, 4, replyBuffer, "REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|milliseconds>",
			"Set how long the peak of a client's reply buffer is remembered."},
		{"replicate", 3, 0, replicate, "REPLICATE <command> [<argument> ...]",
			"Send a command to the replicas that is not executed here."},
		{"segfault", 2, 0, crashBySignal, "SEGFAULT", "End the process by an invalid access to memory."},
		{"set-active-expire", 3, 3, toggle((*engine.Engine).SetActiveExpire), "SET-ACTIVE-EXPIRE <0|1>",
			"Stop looking for expired keys in the background."},
		{"set-skip-checksum-validation", 3, 3, toggle((*engine.Engine).SetSkipChecksums),
			"SET-SKIP-CHECKSUM-VALIDATION <0|1>", "Take data files and payloads of RESTORE whatever their checksum is."},
		{"sleep", 3, 3, sleep, "SLEEP <seconds>", "Make the server, and everybody, wait."},
		{"stringmatch-test", 2, 2, matchTest, "STRINGMATCH-TEST", "Match random patterns against random strings."},
	}
}

func help(c *engine.Call) error {
	var lines []string
	for _, s := range subcommands() {
		if s.usage != "" {
			lines = append(lines, s.usage, "    "+s.help)
		}
	}
	c.WriteHelp(lines...)
	return nil
}

// toggle is a subcommand that switches something: 0 is off, any other number on.
func toggle(set func(*engine.Engine, bool)) func(*engine.Call) error {
	return func(c *engine.Call) error {
		set(c.Engine, !isZero(c.Argv[2]))
		c.Reply.OK()
		return nil
	}
}

// isZero reads a number as C's atoi does: what is none is 0.
func isZero(b []byte) bool {
	n, err := strconv.Atoi(string(b))
	return err != nil || n == 0
}

func ignored(c *engine.Call) error {
	c.Reply.OK()
	return nil
}

func sleep(c *engine.Call) error {
	seconds, err := strconv.ParseFloat(string(c.Argv[2]), 64)
	if err == nil {
		time.Sleep(time.Duration(min(max(seconds, 0), sleepMax) * float64(time.Second)))
	}
	c.Reply.OK()
	return nil
}

// sleepMax is the longest sleep in seconds: a day.
const sleepMax = 24 * 3600

func stopAtCopies(c *engine.Call) error {
	c.Host.StopAtCopies(!isZero(c.Argv[2]))
	c.Reply.OK()
	return nil
}

func keepStreams(c *engine.Call) error {
	seconds, err := strconv.Atoi(string(c.Argv[2]))
	if err != nil { // as C's atoi has it
		seconds = 0
	}
	c.Host.KeepStreams(time.Duration(min(max(seconds, 0), sleepMax)) * time.Second)
	c.Reply.OK()
	return nil
}

func writeLog(c *engine.Call) error {
	c.Host.Log(session.LogWarning, "DEBUG LOG: "+string(c.Argv[2]))
	c.Reply.OK()
	return nil
}

func rewriteAll(c *engine.Call) error {
	if err := c.Host.RewriteConfig(true); err != nil {
		return engine.Errorf("CONFIG-REWRITE-FORCE-ALL failed: %s", configs.Strerror(err))
	}
	c.Reply.OK()
	return nil
}

func replyError(c *engine.Call) error {
	c.Reply.Error(string(c.Argv[2]))
	return nil
}

func replyBuffer(c *engine.Call) error {
	switch {
	case c.Is(2, "peak-reset-time") && c.Is(3, "never"):
		c.SetReplyPeakPeriod(-1)
	case c.Is(2, "peak-reset-time") && c.Is(3, "reset"):
		c.SetReplyPeakPeriod(0)
	case c.Is(2, "peak-reset-time"):
		ms, err := c.Int(3)
		if err != nil {
			return err
		}
		c.SetReplyPeakPeriod(ms)
	case c.Is(2, "resizing"):
		c.SetReplyResizing(!isZero(c.Argv[3]))
	default:
		return c.ErrSubcommandSyntax()
	}
	c.Reply.OK()
	return nil
}
