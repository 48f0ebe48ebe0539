package acl

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"valkey/frontend/command"
)

// DefaultUser is the name of the user that connections have before they log in.
const DefaultUser = "default"

// Users are all users of a server.
type Users struct {
	commands   *Commands
	anyChannel bool // a new user may use all channels (acl-pubsub-default)
	byName     map[string]*User
	// Default is the user of connections that have not logged in. The pointer stays the same.
	Default *User

	keys []command.KeyRef // scratch of Check
}

// New makes the users of a new server: the default user, who may do everything without a password.
func New(c *Commands, anyChannel bool) *Users {
	us := &Users{commands: c, anyChannel: anyChannel, byName: make(map[string]*User)}
	us.Default = us.create(DefaultUser)
	us.Default.become(us.freshDefault())
	return us
}

// freshDefault is the default user as a server begins with it.
func (us *Users) freshDefault() *User {
	s := newSelector(us.commands, true)
	s.anyKey = true
	s.allCommands(true)
	return &User{name: DefaultUser, enabled: true, noPass: true, selectors: []*selector{s}}
}

// blank is a user as SETUSER begins with it: disabled, without any permission.
func (us *Users) blank(name string) *User {
	return &User{name: name, selectors: []*selector{newSelector(us.commands, us.anyChannel)}}
}

func (us *Users) create(name string) *User {
	u := us.blank(name)
	us.byName[name] = u
	return u
}

// SetPubSubDefault says what users that are made from now on may do with channels: everything or nothing.
func (us *Users) SetPubSubDefault(anyChannel bool) { us.anyChannel = anyChannel }

// Find returns a user by name, or nil.
func (us *Users) Find(name []byte) *User { return us.byName[string(name)] }

// Len is how many users there are.
func (us *Users) Len() int { return len(us.byName) }

// All lists the users by name.
func (us *Users) All() []*User {
	names := slices.Sorted(maps.Keys(us.byName))
	out := make([]*User, len(names))
	for i, n := range names {
		out[i] = us.byName[n]
	}
	return out
}

// ValidName reports whether a user may have this name: no blanks, no zero bytes.
func ValidName(name string) bool { return !hasBlanks(name) }

// SetPassword makes a password the only one of the default user; an empty one lets everyone in (requirepass).
func (us *Users) SetPassword(password string) {
	u := us.Default
	u.passwords, u.noPass = nil, password == ""
	if password != "" {
		u.passwords = []passwordHash{sha256.Sum256([]byte(password))}
	}
}

// A RuleError is a rule that was refused.
type RuleError struct {
	Rule string // may be a secret
	Err  error
}

// Error tells the rule and why.
func (e *RuleError) Error() string {
	return fmt.Sprintf("Error in ACL SETUSER modifier '%s': %v", e.Rule, e.Err)
}

// Unwrap gives the reason.
func (e *RuleError) Unwrap() error { return e.Err }

// An UnmatchedError is a parenthesis that is never closed.
type UnmatchedError struct{ Rule string }

// Error tells where it begins.
func (e *UnmatchedError) Error() string {
	return fmt.Sprintf("Unmatched parenthesis in acl selector starting at '%s'.", e.Rule)
}

// Set applies rules to a user, which is made if it does not exist: all of them or none. narrowed says that a rule about
// channels is gone: the user's subscribers must be looked at again (User.ChannelAllowed).
func (us *Users) Set(name string, words []string) (u *User, narrowed bool, err error) {
	rules, unmatched := mergeSelectors(words)
	if unmatched != "" {
		return nil, false, &UnmatchedError{unmatched}
	}
	u = us.byName[name]
	draft := us.blank(name)
	if u != nil {
		draft = u.clone()
	}
	for _, rule := range rules {
		if err := draft.apply(us, rule); err != nil {
			return nil, false, &RuleError{rule, err}
		}
	}
	if u == nil {
		u = us.create(name)
	} else {
		narrowed = narrows(u, draft)
	}
	u.become(draft)
	return u, narrowed, nil
}

// narrows reports whether the new form of a user lacks a channel rule that the old one has.
func narrows(from, to *User) bool {
	var have []string
	for _, s := range to.selectors {
		if s.anyChannel {
			return false
		}
		have = append(have, s.channels...)
	}
	for _, s := range from.selectors {
		if s.anyChannel {
			return true
		}
		for _, c := range s.channels {
			if !slices.Contains(have, c) {
				return true
			}
		}
	}
	return false
}

// Delete removes a user and returns it, or nil if there is none. Its connections must be closed. The default user
// cannot be removed.
func (us *Users) Delete(name []byte) *User {
	u := us.byName[string(name)]
	if u == nil || u == us.Default {
		return nil
	}
	delete(us.byName, string(name))
	return u
}

// Lines gives all users as an ACL file holds them, a line each, by name.
func (us *Users) Lines() []string {
	var out []string
	for _, u := range us.All() {
		out = append(out, "user "+u.name+" "+u.Describe())
	}
	return out
}

// Text is Lines as one file.
func (us *Users) Text() string {
	var b strings.Builder
	for _, l := range us.Lines() {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return b.String()
}
