package acl

import (
	"slices"
	"strings"
	"unsafe"
)

// User is someone whom connections log in as. Sessions keep pointers to it: what a rule changes, it changes in place.
type User struct {
	name      string
	enabled   bool
	noPass    bool
	passwords []passwordHash
	selectors []*selector // the first is the user's own, the others are those in parentheses
	unlimited bool
}

// Name is the user's name.
func (u *User) Name() string { return u.name }

// Enabled reports whether one can log in as this user.
func (u *User) Enabled() bool { return u.enabled }

// NoPass reports whether every password is right.
func (u *User) NoPass() bool { return u.noPass }

// Unlimited reports whether the user may do everything: no command needs to be checked.
func (u *User) Unlimited() bool { return u.unlimited }

// Authenticate reports whether one can log in as this user with a password.
func (u *User) Authenticate(password []byte) bool {
	return u.enabled && (u.noPass || u.matches(password))
}

func (u *User) clone() *User {
	out := *u
	out.passwords = slices.Clone(u.passwords)
	out.selectors = make([]*selector, len(u.selectors))
	for i, s := range u.selectors {
		out.selectors[i] = s.clone()
	}
	return &out
}

// become takes over everything of another user but the name.
func (u *User) become(other *User) {
	name := u.name
	*u = *other
	u.name = name
	u.unlimited = slices.ContainsFunc(u.selectors, (*selector).unlimited)
}

// Flags are the user's flags by their wire names.
func (u *User) Flags() []string {
	flags := []string{"off"}
	if u.enabled {
		flags[0] = "on"
	}
	if u.noPass {
		flags = append(flags, "nopass")
	}
	return flags
}

// Passwords are the hashes of the user's passwords, in hexadecimal digits.
func (u *User) Passwords() []string {
	out := make([]string, len(u.passwords))
	for i, h := range u.passwords {
		out[i] = h.String()
	}
	return out
}

// Permissions are the rules of one selector, as ACL GETUSER shows them.
type Permissions struct{ Commands, Keys, Channels, Databases string }

// Permissions lists the user's own, then those of every selector in parentheses.
func (u *User) Permissions() []Permissions {
	out := make([]Permissions, len(u.selectors))
	for i, s := range u.selectors {
		out[i] = Permissions{s.describeCommands(), s.describeKeys(), s.describeChannels(), s.describeDatabases()}
	}
	return out
}

// Describe gives the user as rules that make it again, as ACL LIST and the files show it behind "user NAME".
func (u *User) Describe() string {
	words := u.Flags()
	for _, p := range u.Passwords() {
		words = append(words, "#"+p)
	}
	for i, s := range u.selectors {
		text := s.describe()
		if i > 0 {
			text = "(" + text + ")"
		}
		words = append(words, text)
	}
	return strings.Join(words, " ")
}

// bytesOf views a string as bytes, which must not be written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
