package acl

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"valkey/frontend/command"
	"valkey/frontend/resp"
)

// The reasons for which a rule is refused; the texts are those of the wire.
//
//nolint:staticcheck // they are quoted to clients
var (
	// ErrUnknown means a command or category that there is not.
	ErrUnknown = errors.New("Unknown command or category name in ACL")
	// ErrSyntax means a word that is no rule, or a pattern with blanks.
	ErrSyntax = errors.New("Syntax error")
	// ErrAfterAllKeys means a key pattern after the one that permits all keys.
	ErrAfterAllKeys = errors.New("Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does " +
		"not have any effect. Try 'resetkeys' to start with an empty list of patterns")
	// ErrAfterAllChannels means a channel pattern after the one that permits all channels.
	ErrAfterAllChannels = errors.New("Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and " +
		"does not have any effect. Try 'resetchannels' to start with an empty list of channels")
	// ErrNoPassword means a password to be taken away that the user does not have.
	ErrNoPassword = errors.New("The password you are trying to remove from the user does not exist")
	// ErrHash means a hash that is none.
	ErrHash = errors.New("The password hash must be exactly 64 characters and contain only lowercase hexadecimal " +
		"characters")
	// ErrDuplicate means a user that is defined twice.
	ErrDuplicate = errors.New("Duplicate user found. A user can only be defined once in config files")
	// ErrFirstArg means a first argument of a subcommand.
	ErrFirstArg = errors.New("Allowing first-arg of a subcommand is not supported")
	// ErrRange means a database number that none can have.
	ErrRange = errors.New("The provided database ID is out of range")
)

// apply changes a selector as one rule says. On an error it may be half changed: callers work on a copy.
func (s *selector) apply(all *Commands, rule string) error {
	switch lower := strings.ToLower(rule); {
	case lower == "allkeys" || lower == "~*":
		s.anyKey, s.keys = true, nil
	case lower == "resetkeys":
		s.anyKey, s.keys = false, nil
	case lower == "allchannels" || lower == "&*":
		s.anyChannel, s.channels = true, nil
	case lower == "resetchannels":
		s.anyChannel, s.channels = false, nil
	case lower == "alldbs":
		s.anyDB, s.dbs, s.lowDBs = true, nil, 0
	case lower == "resetdbs":
		s.anyDB, s.dbs, s.lowDBs = false, nil, 0
	case strings.HasPrefix(lower, "db="):
		return s.setDatabases(rule[len("db="):])
	case lower == "allcommands" || lower == "+@all":
		s.allCommands(true)
	case lower == "nocommands" || lower == "-@all":
		s.allCommands(false)
	case rule[0] == '~' || rule[0] == '%':
		return s.addKeys(rule)
	case rule[0] == '&':
		return s.addChannels(rule[1:])
	case strings.HasPrefix(lower, "+@") || strings.HasPrefix(lower, "-@"):
		return s.applyCategory(all, lower)
	case rule[0] == '+':
		return s.allow(all, lower[1:])
	case rule[0] == '-':
		return s.forbid(all, lower[1:])
	default:
		return ErrSyntax
	}
	return nil
}

func (s *selector) applyCategory(all *Commands, rule string) error {
	c := command.CategoryByName([]byte(rule[2:]))
	if c == 0 {
		return ErrUnknown
	}
	on := rule[0] == '+'
	s.note(rule[1:], on)
	s.permitCategory(all, c, on)
	return nil
}

func (s *selector) forbid(all *Commands, name string) error {
	d := all.find(name)
	if d == nil {
		return ErrUnknown
	}
	s.permit(d, false)
	s.note(d.FullName, false)
	return nil
}

// allow takes "name", "container|subcommand", or "name|first argument" of a command without subcommands.
func (s *selector) allow(all *Commands, name string) error {
	bar := strings.LastIndexByte(name, '|')
	if bar < 0 {
		d := all.find(name)
		if d == nil {
			return ErrUnknown
		}
		s.permit(d, true)
		s.note(d.FullName, true)
		return nil
	}
	arg := name[bar+1:]
	d := all.find(name[:bar])
	switch {
	case d == nil:
		return ErrUnknown
	case d.Parent != nil:
		return ErrFirstArg
	case arg == "":
		return ErrSyntax
	case d.IsContainer():
		sub := all.find(name)
		if sub == nil {
			return ErrUnknown
		}
		s.permit(sub, true)
	case !slices.Contains(s.firstArgs[d.ID], arg):
		if s.firstArgs == nil {
			s.firstArgs = make(map[int][]string)
		}
		s.firstArgs[d.ID] = append(s.firstArgs[d.ID], arg)
	}
	s.note(name, true)
	return nil
}

// addKeys takes "~pattern" or "%RW~pattern", with either letter or both.
func (s *selector) addKeys(rule string) error {
	if s.anyKey {
		return ErrAfterAllKeys
	}
	kind, pattern, _ := strings.Cut(rule, "~") // without a ~ the pattern is empty, and fits the empty key alone
	p := newKeyPattern(pattern, readsAndWrites)
	if kind != "" {
		var ok bool
		if p.access, ok = accessLetters(kind[1:]); !ok {
			return ErrSyntax
		}
	}
	if hasBlanks(pattern) {
		return ErrSyntax
	}
	if i := slices.IndexFunc(s.keys, func(q keyPattern) bool { return q.pattern == pattern }); i >= 0 {
		s.keys[i].access |= p.access
		return nil
	}
	s.keys = append(s.keys, p)
	return nil
}

func accessLetters(letters string) (a access, ok bool) {
	for _, c := range []byte(letters) {
		var one access
		switch c {
		case 'R', 'r':
			one = reads
		case 'W', 'w':
			one = writes
		}
		if one == 0 || a&one != 0 {
			return 0, false
		}
		a |= one
	}
	return a, a != 0
}

func (s *selector) addChannels(pattern string) error {
	if s.anyChannel {
		return ErrAfterAllChannels
	}
	if hasBlanks(pattern) {
		return ErrSyntax
	}
	if !slices.Contains(s.channels, pattern) {
		s.channels = append(s.channels, pattern)
	}
	return nil
}

// setDatabases takes numbers with commas between them.
func (s *selector) setDatabases(list string) error {
	var dbs []int
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseInt(word, 10, 32)
		switch {
		case errors.Is(err, strconv.ErrRange) || err == nil && n < 0:
			return ErrRange
		case err != nil:
			return ErrSyntax
		}
		dbs = append(dbs, int(n))
	}
	slices.Sort(dbs)
	s.anyDB, s.dbs, s.lowDBs = false, slices.Compact(dbs), 0
	for _, db := range s.dbs {
		if db < bitsPerWord {
			s.lowDBs |= 1 << db
		}
	}
	return nil
}

// hasBlanks reports whether a name or pattern could not be told from its neighbours in a line of rules.
func hasBlanks(s string) bool {
	return strings.ContainsAny(s, " \t\n\v\f\r\x00")
}

// apply changes a user as one rule says: of the user itself, or of its first selector.
func (u *User) apply(us *Users, rule string) error {
	if rule == "" {
		return nil
	}
	switch strings.ToLower(rule) {
	case "on":
		u.enabled = true
	case "off":
		u.enabled = false
	case "skip-sanitize-payload", "sanitize-payload": // of old files: every payload is checked
	case "nopass":
		u.noPass, u.passwords = true, nil
	case "resetpass":
		u.noPass, u.passwords = false, nil
	case "clearselectors":
		u.selectors = u.selectors[:1]
	case "reset":
		*u = User{name: u.name, selectors: []*selector{newSelector(us.commands, us.anyChannel)}}
	default:
		return u.applyFurther(us, rule)
	}
	return nil
}

func (u *User) applyFurther(us *Users, rule string) error {
	switch {
	case rule[0] == '>' || rule[0] == '#':
		h, err := hashOf(rule)
		if err != nil {
			return err
		}
		if !slices.Contains(u.passwords, h) {
			u.passwords = append(u.passwords, h)
		}
		u.noPass = false
	case rule[0] == '<' || rule[0] == '!':
		h, err := hashOf(rule)
		if err != nil {
			return err
		}
		i := slices.Index(u.passwords, h)
		if i < 0 {
			return ErrNoPassword
		}
		u.passwords = slices.Delete(u.passwords, i, i+1)
	case rule[0] == '(' && rule[len(rule)-1] == ')':
		s := newSelector(us.commands, us.anyChannel)
		words, ok := resp.SplitWords(bytes.Clone([]byte(rule[1:len(rule)-1])), nil)
		if !ok {
			return ErrSyntax
		}
		for _, word := range words {
			if len(word) == 0 || word[len(word)-1] == ')' { // the file could not tell that from the selector's end
				return ErrSyntax
			}
			if err := s.apply(us.commands, string(word)); err != nil {
				return err
			}
		}
		u.selectors = append(u.selectors, s)
	default:
		return u.selectors[0].apply(us.commands, rule)
	}
	return nil
}

// mergeSelectors joins the words of a selector that came apart at its blanks. unmatched is the word at which one begins
// that never ends, else empty.
func mergeSelectors(words []string) (rules []string, unmatched string) {
	open := -1
	for i, w := range words {
		if open < 0 {
			if strings.HasPrefix(w, "(") && !strings.HasSuffix(w, ")") {
				open = i
				continue
			}
			rules = append(rules, w)
			continue
		}
		if strings.HasSuffix(w, ")") {
			rules = append(rules, strings.Join(words[open:i+1], " "))
			open = -1
		}
	}
	if open >= 0 {
		return nil, words[open]
	}
	return rules, ""
}
