package compat

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"valkey/testenv"
)

// replyMax bounds the wait for a reply, untilMax the verb .until, quietFor the verb .quiet.
const (
	replyMax = 5 * time.Second
	untilMax = 5 * time.Second
	quietFor = 100 * time.Millisecond
)

// step is one command of a script with the lines round it.
type step struct {
	before  []string // comments and empty lines above it, kept when a file is written again
	line    int
	command string   // without its "> "
	reply   []string // as recorded
}

// parseScript splits a file into steps; lines after the last step belong to no one and come back as the rest.
func parseScript(text string) (steps []step, rest []string, err error) {
	var before []string
	inReply := false
	for i, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		switch {
		case strings.HasPrefix(l, "> "):
			steps = append(steps, step{before: before, line: i + 1, command: l[2:]})
			before, inReply = nil, true
		case l == "" || l[0] == '#':
			before, inReply = append(before, l), false
		case inReply:
			s := &steps[len(steps)-1]
			s.reply = append(s.reply, l)
		default:
			return nil, nil, fmt.Errorf("compat: line %d: a reply without its command", i+1)
		}
	}
	return steps, before, nil
}

// formatScript is parseScript's inverse.
func formatScript(steps []step, rest []string) string {
	var b strings.Builder
	for _, s := range steps {
		for _, l := range s.before {
			b.WriteString(l + "\n")
		}
		b.WriteString("> " + s.command + "\n")
		for _, l := range s.reply {
			b.WriteString(l + "\n")
		}
	}
	for _, l := range rest {
		b.WriteString(l + "\n")
	}
	return b.String()
}

// runner runs the steps of one script on one server.
type runner struct {
	addr    string
	clients map[string]*testenv.Client
}

func (r *runner) close() {
	for _, c := range r.clients {
		c.Close()
	}
}

// client returns the named client, connected at its first use.
func (r *runner) client(name string) (*testenv.Client, error) {
	if c := r.clients[name]; c != nil {
		return c, nil
	}
	c, err := testenv.Dial(r.addr)
	if err != nil {
		return nil, err
	}
	r.clients[name] = c
	return c, nil
}

// run executes one command and returns the text of its reply. The verbs:
//
//	.raw "bytes"...        sends bytes as they are and reads one reply
//	.send COMMAND          sends without reading
//	.read                  reads one more reply or push
//	.quiet                 nothing more comes within a moment
//	.closed                the server closes the connection
//	.sorted COMMAND        the elements of an array in order
//	.shape COMMAND         kinds, lengths and keys of maps, no values
//	.kind COMMAND          the kind of the reply alone
//	.between LO HI COMMAND a number, where only its range is promised
//	.until REPLY COMMAND   repeats the command until the reply is REPLY
//	.keys COMMAND          the keys of a map, or of an array that stands for one
//	.flat COMMAND          a compact form for what COMMAND says, without the sentences, which are each server's own
//	.fields COMMAND        the sorted names of `name:value` and `name=value` fields of a text
func (r *runner) run(command string) (string, error) {
	name := "a"
	if rest, ok := strings.CutPrefix(command, "["); ok {
		name, command, _ = strings.Cut(rest, "] ")
	}
	c, err := r.client(name)
	if err != nil {
		return "", err
	}
	words, err := splitWords(command)
	if err != nil {
		return "", err
	}
	if len(words) > 0 && strings.HasPrefix(words[0], ".") {
		return verb(c, words[0], words[1:])
	}
	v, err := call(c, words)
	return format(v), err
}

func call(c *testenv.Client, words []string) (any, error) {
	if err := c.Send(encode(words)); err != nil {
		return nil, err
	}
	return c.ReadWithin(replyMax)
}

func encode(words []string) []byte {
	args := make([]any, len(words))
	for i, w := range words {
		args[i] = w
	}
	return testenv.AppendCommand(nil, args...)
}

func verb(c *testenv.Client, verb string, words []string) (string, error) {
	switch verb {
	case ".raw":
		if err := c.Send([]byte(strings.Join(words, ""))); err != nil {
			return "", err
		}
		v, err := c.ReadWithin(replyMax)
		return format(v), err
	case ".send":
		return "(sent)", c.Send(encode(words))
	case ".read":
		v, err := c.ReadWithin(replyMax)
		return format(v), err
	case ".quiet":
		if v, err := c.ReadWithin(quietFor); err == nil {
			return format(v), nil
		}
		return "(nothing)", nil
	case ".closed":
		b, err := c.ReadAll()
		return fmt.Sprintf("(closed after %q)", b), err
	case ".until":
		return until(c, words)
	case ".between":
		return between(c, words)
	}
	v, err := call(c, words)
	if err != nil {
		return "", err
	}
	switch verb {
	case ".sorted":
		return format(sorted(v)), nil
	case ".shape":
		return shape(v), nil
	case ".kind":
		return kind(v), nil
	case ".fields":
		return fields(v), nil
	case ".keys":
		return keys(v), nil
	case ".flat":
		return flat(withoutProse(v)), nil
	}
	return "", fmt.Errorf("compat: unknown verb %s", verb)
}

func until(c *testenv.Client, words []string) (string, error) {
	if len(words) < 2 {
		return "", fmt.Errorf("compat: .until REPLY COMMAND")
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(untilMax); ; <-tick.C {
		v, err := call(c, words[1:])
		if err != nil {
			return "", err
		}
		if s := format(v); s == words[0] || time.Now().After(end) {
			return s, nil
		}
	}
}

func between(c *testenv.Client, words []string) (string, error) {
	if len(words) < 3 {
		return "", fmt.Errorf("compat: .between LO HI COMMAND")
	}
	v, err := call(c, words[2:])
	if err != nil {
		return "", err
	}
	lo, hi, n := testenv.Float(words[0]), testenv.Float(words[1]), testenv.Float(v)
	if lo <= n && n <= hi {
		return fmt.Sprintf("(%s in %s to %s)", kind(v), words[0], words[1]), nil
	}
	return format(v), nil
}

// splitWords splits a command at spaces; a word in double quotes is a Go string.
func splitWords(s string) (words []string, err error) {
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		if s[0] != '"' {
			w, rest, _ := strings.Cut(s, " ")
			words, s = append(words, w), rest
			continue
		}
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, fmt.Errorf("compat: unbalanced quotes in %s", s)
		}
		w, err := strconv.Unquote(q)
		if err != nil {
			return nil, fmt.Errorf("compat: %s: %w", q, err)
		}
		words, s = append(words, w), s[len(q):]
	}
	return words, nil
}

// ownFields are in our INFO and not in Valkey's; notes.txt says what they are.
var ownFields = []string{"role_epoch", "replica_keeps_data_seconds"}

// fields lists the names of the fields of a text, as INFO and CLIENT INFO have them, without our own.
func fields(v any) string {
	var names []string
	for w := range strings.FieldsFuncSeq(text(v), func(c rune) bool { return c == ' ' || c == '\r' || c == '\n' }) {
		if i := strings.IndexAny(w, ":="); i > 0 && !slices.Contains(ownFields, w[:i]) {
			names = append(names, w[:i])
		}
	}
	if len(names) == 0 {
		return "(none)" // an empty line would end the reply in the script
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), "\n")
}

func text(v any) string {
	if s, ok := v.(testenv.Verbatim); ok {
		return string(s)[min(4, len(s)):]
	}
	s, _ := v.(string)
	return s
}
