package acl

import (
	"errors"
	"fmt"
	"strings"
)

// Load replaces all users by those of an ACL file: all of them, or none if anything in the file is wrong; the error
// then tells every line that is. file is the name that it quotes. A file without the default user leaves that one as a
// new server has it.
//
// replaced maps every user that was to the one that is, itself for those in place, nil for those that are gone; of the
// others, narrowed holds those that may use fewer channels than before.
func (us *Users) Load(file, text string) (replaced map[*User]*User, narrowed map[*User]bool, err error) {
	fresh := &Users{commands: us.commands, anyChannel: us.anyChannel, byName: make(map[string]*User)}
	var problems strings.Builder
	for i, line := range strings.Split(text, "\n") {
		fresh.loadLine(&problems, file, i+1, strings.Trim(line, " \t\r\n"))
	}
	if problems.Len() > 0 {
		return nil, nil, errors.New(problems.String() +
			"WARNING: ACL errors detected, no change to the previously active ACL rules was performed")
	}
	replaced, narrowed = make(map[*User]*User), make(map[*User]bool)
	def := fresh.byName[DefaultUser]
	if def == nil {
		def = us.freshDefault()
	}
	for name, old := range us.byName {
		switch next := fresh.byName[name]; {
		case old == us.Default:
			replaced[old] = old
			narrowed[old] = narrows(old, def)
		case next == nil:
			replaced[old] = nil
		default:
			replaced[old] = next
			narrowed[next] = narrows(old, next)
		}
	}
	us.Default.become(def)
	fresh.byName[DefaultUser] = us.Default
	us.byName = fresh.byName
	return replaced, narrowed, nil
}

func (us *Users) loadLine(problems *strings.Builder, file string, number int, line string) {
	if line == "" {
		return
	}
	words := strings.Split(line, " ")
	switch {
	case words[0] != "user" || len(words) < 2:
		fmt.Fprintf(problems, "%s:%d should start with user keyword followed by the username. ", file, number)
		return
	case hasBlanks(words[1]):
		fmt.Fprintf(problems, "'%s:%d: username '%s' contains invalid characters. ", file, number, words[1])
		return
	case us.byName[words[1]] != nil:
		fmt.Fprintf(problems, "WARNING: Duplicate user '%s' found on line %d. ", words[1], number)
		return
	}
	rules, unmatched := mergeSelectors(words[2:])
	if unmatched != "" {
		fmt.Fprintf(problems, "%s:%d: Unmatched parenthesis in selector definition.", file, number)
		return
	}
	u := us.blank(words[1])
	told := false
	for _, rule := range rules {
		rule = strings.Trim(rule, "\t\r\n")
		err := u.apply(us, rule)
		switch {
		case err == nil:
		case errors.Is(err, ErrUnknown): // which holds no secret
			fmt.Fprintf(problems, "%s:%d: Error in applying operation '%s': %v. ", file, number, rule, err)
		case !told: // the others may follow from the first
			told = true
			fmt.Fprintf(problems, "%s:%d: %v. ", file, number, err)
		}
	}
	us.create(words[1]).become(u)
}

// Configured is a "user" line of a configuration file: a name and rules.
type Configured struct {
	Name  string
	Rules []string
}

// Configure sets up the users of a configuration file, at the start of a server. On an error it tells which one is to
// blame.
func (us *Users) Configure(list []Configured) (at int, err error) {
	seen := make(map[string]bool)
	for i, c := range list {
		if err := us.configure(c, seen[c.Name]); err != nil {
			return i, err
		}
		seen[c.Name] = true
	}
	return 0, nil
}

func (us *Users) configure(c Configured, again bool) error {
	switch {
	case !ValidName(c.Name):
		return errors.New("names of users have no blanks")
	case again:
		return ErrDuplicate
	}
	rules, unmatched := mergeSelectors(c.Rules)
	if unmatched != "" {
		return &UnmatchedError{unmatched}
	}
	u := us.blank(c.Name)
	for i, rule := range rules {
		if err := u.apply(us, rule); err != nil {
			return fmt.Errorf("rule %d: %w", i+1, err) // the rule itself may be a secret
		}
	}
	if c.Name == DefaultUser {
		us.Default.become(u)
	} else {
		us.create(c.Name).become(u)
	}
	return nil
}
