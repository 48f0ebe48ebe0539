package acl

import (
	"valkey/frontend/command"
	"valkey/frontend/resp"
)

// Reason says why something was denied. Where several selectors deny a command for different reasons, the greatest is
// told.
type Reason uint8

// The reasons; Allowed is none.
const (
	Allowed Reason = iota
	DeniedDatabase
	DeniedCommand
	DeniedKey
	DeniedChannel
	DeniedAuth    // a login failed
	DeniedTLSCert // a client certificate names a user that cannot log in
	Reasons       // how many there are
)

// String is the word of ACL LOG.
func (r Reason) String() string {
	switch r {
	case DeniedDatabase:
		return "database"
	case DeniedCommand:
		return "command"
	case DeniedKey:
		return "key"
	case DeniedChannel:
		return "channel"
	case DeniedAuth:
		return "auth"
	case DeniedTLSCert:
		return "tls-cert"
	case Allowed, Reasons:
	}
	return "unknown"
}

// Request is a command that someone wants to run.
type Request struct {
	Command   *command.Decl
	Argv      [][]byte // satisfies the command's arity
	DB        int      // the client's database
	Databases int      // how many there are
}

// Check decides whether a user may run a command. If not it tells why, and the argument that is to blame: 0 if it is
// the command.
func (us *Users) Check(u *User, r Request) (why Reason, at int) {
	if u.unlimited {
		return Allowed, 0
	}
	if r.Command.OnlyKey {
		for _, s := range u.selectors {
			if s.allowsOnlyKey(&r) {
				return Allowed, 0
			}
		}
	}
	why = DeniedDatabase
	c := checking{Request: r, scratch: us.keys[:0]}
	for _, s := range u.selectors {
		reason, arg := c.against(s)
		if reason == Allowed {
			why, at = Allowed, 0
			break
		}
		if reason > why || reason == why && arg > at {
			why, at = reason, arg
		}
	}
	us.keys = c.scratch
	return why, at
}

// allowsOnlyKey is against for most of all calls: those that have one key and nothing else to ask for. It tells no
// reason, and leaves what is rare out: a call that it does not allow may still be allowed.
func (s *selector) allowsOnlyKey(r *Request) bool {
	d := r.Command
	return s.commands.has(d.ID) && s.dbAllowed(r.DB, r.Databases) && d.FirstKey < len(r.Argv) &&
		(s.anyKey || s.keyAllowed(r.Argv[d.FirstKey], d.FirstKeyUse))
}

// CheckEveryKey decides whether a user may run a command that may, beside the keys it names, use any other key so:
// SORT with patterns.
func (us *Users) CheckEveryKey(u *User, r Request, use command.KeyFlag) bool {
	if u.unlimited {
		return true
	}
	c := checking{Request: r, scratch: us.keys[:0]}
	defer func() { us.keys = c.scratch }()
	for _, s := range u.selectors {
		if reason, _ := c.against(s); reason == Allowed && s.everyKeyAllowed(use) {
			return true
		}
	}
	return false
}

// checking is a request on its way through a user's selectors. The keys are found once.
type checking struct {
	Request
	scratch []command.KeyRef
	found   bool
}

// against asks one selector: database, command, keys, channels, in this order.
func (c *checking) against(s *selector) (Reason, int) {
	if at := c.deniedDatabase(s); at >= 0 {
		return DeniedDatabase, at
	}
	d := c.Command
	if !s.anyCommand && !d.Flags.Has(command.NoAuth) && !s.commands.has(d.ID) && !s.allowsFirstArg(d, c.Argv) {
		return DeniedCommand, 0
	}
	if !s.anyKey && d.HasKeys() {
		for _, k := range c.keys() {
			if !s.keyAllowed(c.Argv[k.Index], k.Flags) {
				return DeniedKey, k.Index
			}
		}
	}
	if !s.anyChannel {
		pattern := d.Channels == command.SubscribesPattern
		for i := range d.Channels.Count(len(c.Argv)) {
			if !channelAllowed(s.channels, c.Argv[i+1], pattern) {
				return DeniedChannel, i + 1
			}
		}
	}
	return Allowed, 0
}

// keys finds the keys of the call. A call whose keys cannot be told has none: its handler refuses it.
func (c *checking) keys() []command.KeyRef {
	if !c.found {
		c.found = true
		c.scratch, _ = c.Command.AppendKeys(c.Argv, c.scratch[:0])
	}
	return c.scratch
}

// dataCategories are those of commands that are bound to a database even if they name no key.
const dataCategories = command.CategoryKeyspace | command.CategoryRead | command.CategoryWrite

// deniedDatabase returns the argument to blame, 0 for the command on the client's own database, -1 if none is.
func (c *checking) deniedDatabase(s *selector) int {
	if s.anyDB {
		return -1
	}
	d := c.Command
	switch {
	case d.Databases.Any():
		if at := c.deniedArgument(s); at >= 0 {
			return at
		}
		// Keys are read and written in the client's own database too: without this, MOVE and COPY would carry away
		// what the user must not see.
		if d.HasKeys() && !s.dbAllowed(c.DB, c.Databases) {
			return 0
		}
	case d.Flags.Has(command.AllDBs):
		for db := range c.Databases {
			if !s.dbAllowed(db, c.Databases) {
				return 0
			}
		}
	case (d.Categories&dataCategories != 0 || d.HasKeys()) && !s.dbAllowed(c.DB, c.Databases):
		return 0
	}
	return -1
}

// deniedArgument asks for the databases that the call names. Unless all of them are ones, none is asked for: the
// command will refuse the call.
func (c *checking) deniedArgument(s *selector) int {
	denied := -1
	d := &c.Command.Databases
	valid := true
	d.Each(c.Argv, func(at int) bool {
		db, ok := resp.ParseInt(c.Argv[at])
		valid = ok && db >= 0 && db < int64(c.Databases)
		if valid && denied < 0 && !s.dbAllowed(int(db), c.Databases) {
			denied = at
		}
		return valid
	})
	if !valid {
		return -1
	}
	return denied
}

// ChannelAllowed decides whether a user may use a channel, or a pattern of channels.
func (u *User) ChannelAllowed(channel []byte, pattern bool) bool {
	for _, s := range u.selectors {
		if s.anyChannel || channelAllowed(s.channels, channel, pattern) {
			return true
		}
	}
	return false
}
