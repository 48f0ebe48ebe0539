package session

import (
	"valkey/frontend/command"
	"valkey/frontend/resp"
)

// Call is one command being executed: what a handler sees. It is valid until the handler returns.
type Call struct {
	Front  *Front
	Client *Client
	Cmd    *command.Decl
	Argv   [][]byte // Argv[0] is the command's name; the slices die with the batch
	Reply  *resp.Writer

	Size    int   // of the request on the wire
	StartNs int64 // the monotonic time at which it began
	Failed  bool  // it replied with an error; those of commands inside it are not its own

	pushes   bool      // its reply is made of messages, which CLIENT REPLY OFF does not hold back
	redacted redaction // arguments that must not be logged
	logArgv  [][]byte  // what logs show in place of Argv, nil for Argv itself
}

// redaction is a set of arguments: bit i is argument i, the last bit all from there on.
type redaction uint64

const redactionTop = 63

func (r *redaction) add(i int)     { *r |= 1 << min(i, redactionTop) }
func (r redaction) has(i int) bool { return r&(1<<min(i, redactionTop)) != 0 }

// Handler runs a command. It writes exactly one reply and returns nil, or writes nothing and returns an error, which
// dispatch writes and counts. It never locks, logs, reads the clock or keeps an argument.
type Handler = func(*Call) error

// Command is a declaration with its handler.
type Command = command.Command[Handler]

// Arg gives argument i.
func (c *Call) Arg(i int) []byte { return c.Argv[i] }

// Int parses argument i as a 64-bit integer.
func (c *Call) Int(i int) (int64, error) {
	n, ok := resp.ParseInt(c.Argv[i])
	if !ok {
		return 0, ErrNotInteger
	}
	return n, nil
}

// Is reports whether argument i is a word, in any case; the word is given in lower case.
func (c *Call) Is(i int, word string) bool { return EqualFold(c.Argv[i], word) }

// EqualFold reports whether b is an ASCII word in any case; word is in lower case.
func EqualFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range b {
		ch := b[i]
		if 'A' <= ch && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		if ch != word[i] {
			return false
		}
	}
	return true
}

// Redact keeps argument i out of every log: the command log, MONITOR, crash output.
func (c *Call) Redact(i int) { c.redacted.add(i) }

// LogAs shows logs other arguments than those executed.
func (c *Call) LogAs(argv [][]byte) { c.logArgv = argv }

// Logged is what logs show of the arguments; those that Redacted names must not be in them.
func (c *Call) Logged() [][]byte {
	if c.logArgv != nil {
		return c.logArgv
	}
	return c.Argv
}

// Redacted reports whether argument i is kept out of logs.
func (c *Call) Redacted(i int) bool { return c.redacted.has(i) }

// MayBlock is false where a command must answer at once instead of waiting: inside EXEC.
func (c *Call) MayBlock() bool { return !c.Client.DenyBlocking }
