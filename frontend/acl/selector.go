package acl

import (
	"slices"
	"strconv"
	"strings"

	"valkey/frontend/command"
	"valkey/internal/glob"
)

// selector is one set of permissions of a user: a command must satisfy one of them as a whole.
type selector struct {
	anyKey, anyChannel, anyDB bool
	anyCommand                bool // every command, also those that are not there yet
	// future is set by +@all and stays when single commands are taken away again: it is what a description begins with.
	future bool

	commands  bitset
	firstArgs map[int][]string // by the ID of a command that is not allowed: first arguments with which it is
	keys      []keyPattern
	channels  []string
	dbs       []int  // sorted
	lowDBs    uint64 // the first of them, a bit each
	// rules are the rules on commands since the last +@all or -@all, in order, none twice.
	rules []string
}

// access is what a key pattern permits.
type access uint8

const (
	reads access = 1 << iota
	writes
	readsAndWrites = reads | writes
)

type keyPattern struct {
	pattern string
	access  access
	// prefix is the pattern without the star at its end, if there is nothing else to interpret in it: what nearly all
	// are, and what is compared at once.
	prefix   string
	isPrefix bool
}

func newKeyPattern(pattern string, a access) keyPattern {
	prefix, ok := strings.CutSuffix(pattern, "*")
	ok = ok && !strings.ContainsAny(prefix, `*?[\`)
	return keyPattern{pattern: pattern, access: a, prefix: prefix, isPrefix: ok}
}

// matches is glob.Match, which no pattern with a star lets pass an empty key.
func (p *keyPattern) matches(key []byte) bool {
	if p.isPrefix {
		return len(key) > 0 && len(key) >= len(p.prefix) && string(key[:len(p.prefix)]) == p.prefix
	}
	return matches(p.pattern, key)
}

func (p keyPattern) String() string {
	switch p.access {
	case reads:
		return "%R~" + p.pattern
	case writes:
		return "%W~" + p.pattern
	default:
		return "~" + p.pattern
	}
}

// newSelector permits nothing but, as the words say, all databases and maybe all channels.
func newSelector(c *Commands, anyChannel bool) *selector {
	return &selector{anyChannel: anyChannel, anyDB: true, commands: make(bitset, c.words)}
}

func (s *selector) clone() *selector {
	out := *s
	out.commands = slices.Clone(s.commands)
	out.keys = slices.Clone(s.keys)
	out.channels = slices.Clone(s.channels)
	out.dbs = slices.Clone(s.dbs)
	out.rules = slices.Clone(s.rules)
	if s.firstArgs != nil {
		out.firstArgs = make(map[int][]string, len(s.firstArgs))
		for id, args := range s.firstArgs {
			out.firstArgs[id] = slices.Clone(args)
		}
	}
	return &out
}

func (s *selector) unlimited() bool { return s.anyKey && s.anyChannel && s.anyDB && s.anyCommand }

// allCommands is +@all or -@all.
func (s *selector) allCommands(on bool) {
	s.commands.fill(on)
	s.anyCommand, s.future = on, on
	s.rules = nil
	s.firstArgs = nil
}

// permit allows or forbids a command, a container with all that is in it.
func (s *selector) permit(d *command.Decl, on bool) {
	s.commands.set(d.ID, on)
	delete(s.firstArgs, d.ID)
	for _, sub := range d.Subs {
		s.commands.set(sub.ID, on)
	}
	if !on {
		s.anyCommand = false
	}
}

// permitCategory allows or forbids all commands of a category.
func (s *selector) permitCategory(all *Commands, c command.Category, on bool) {
	for _, d := range all.byName {
		if d.Categories&c != 0 {
			s.permit(d, on)
		}
	}
}

// note keeps a rule on commands for the description, in place of those that it makes pointless: the same one, and
// those on a command's subcommands or arguments.
func (s *selector) note(name string, on bool) {
	name = strings.ToLower(name)
	s.rules = slices.DeleteFunc(s.rules, func(old string) bool {
		rest, ok := strings.CutPrefix(old[1:], name)
		return ok && (rest == "" || rest[0] == '|')
	})
	sign := "-"
	if on {
		sign = "+"
	}
	s.rules = append(s.rules, sign+name)
}

// allowsFirstArg reports whether a forbidden command is allowed for the sake of its first argument.
func (s *selector) allowsFirstArg(d *command.Decl, argv [][]byte) bool {
	at := 1
	if d.Parent != nil {
		at = 2
	}
	if at >= len(argv) {
		return false
	}
	for _, arg := range s.firstArgs[d.ID] {
		if strings.EqualFold(arg, string(argv[at])) {
			return true
		}
	}
	return false
}

// keyAllowed reports whether the key may be used as a key spec says.
func (s *selector) keyAllowed(key []byte, use command.KeyFlag) bool {
	want := accessOf(use)
	for i := range s.keys {
		p := &s.keys[i]
		if p.access&want == want && p.matches(key) {
			return true
		}
	}
	return false
}

// everyKeyAllowed reports whether all keys there can be may be used so.
func (s *selector) everyKeyAllowed(use command.KeyFlag) bool {
	want := accessOf(use)
	return s.anyKey || slices.ContainsFunc(s.keys, func(p keyPattern) bool {
		return p.access&want == want && p.pattern == "*"
	})
}

func accessOf(use command.KeyFlag) (a access) {
	if use&command.Access != 0 {
		a |= reads
	}
	if use&(command.Insert|command.Delete|command.Update) != 0 {
		a |= writes
	}
	return a
}

// channelAllowed reports whether a channel may be used. A pattern of channels must be listed literally: whether one
// pattern lies within another is not asked.
func channelAllowed(list []string, channel []byte, pattern bool) bool {
	for _, p := range list {
		if pattern && p == string(channel) || !pattern && matches(p, channel) {
			return true
		}
	}
	return false
}

// dbAllowed reports whether a database may be used, of so many that the server has.
func (s *selector) dbAllowed(db, databases int) bool {
	if s.anyDB {
		return true
	}
	if db < bitsPerWord {
		return s.lowDBs&(1<<db) != 0 && db < databases
	}
	_, found := slices.BinarySearch(s.dbs, db)
	return found && db < databases
}

// matches is glob.Match with a pattern that is a string, without a copy.
func matches(pattern string, s []byte) bool { return glob.Match(bytesOf(pattern), s) }

// describeCommands gives the rules on commands, complete.
func (s *selector) describeCommands() string {
	base := "-@all"
	if s.future {
		base = "+@all"
	}
	return strings.Join(append([]string{base}, s.rules...), " ")
}

func (s *selector) describeKeys() string {
	if s.anyKey {
		return "~*"
	}
	words := make([]string, len(s.keys))
	for i, p := range s.keys {
		words[i] = p.String()
	}
	return strings.Join(words, " ")
}

func (s *selector) describeChannels() string {
	if s.anyChannel {
		return "&*"
	}
	words := make([]string, len(s.channels))
	for i, p := range s.channels {
		words[i] = "&" + p
	}
	return strings.Join(words, " ")
}

func (s *selector) describeDatabases() string {
	if s.anyDB {
		return "alldbs"
	}
	if len(s.dbs) == 0 {
		return ""
	}
	words := make([]string, len(s.dbs))
	for i, db := range s.dbs {
		words[i] = strconv.Itoa(db)
	}
	return "db=" + strings.Join(words, ",")
}

// describe gives all rules, which make the same selector of a new one. All databases, the usual case, go without
// saying, so that older servers can read it.
func (s *selector) describe() string {
	var words []string
	add := func(word string) {
		if word != "" {
			words = append(words, word)
		}
	}
	add(s.describeKeys())
	if !s.anyChannel {
		add("resetchannels")
	}
	add(s.describeChannels())
	switch {
	case s.anyDB:
	case len(s.dbs) == 0:
		add("resetdbs")
	default:
		add(s.describeDatabases())
	}
	add(s.describeCommands())
	return strings.Join(words, " ")
}
