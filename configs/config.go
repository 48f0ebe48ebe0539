package configs

// Config is the configuration of a running server: the values, where they came from, and what happens when they change.
// It belongs to one owner, who reads and changes it under its own lock.
type Config struct {
	Server

	// File is the absolute path of the file that the server was started with, and that CONFIG REWRITE writes; empty if
	// there was none.
	File string

	// Sentinel holds what the sentinel lines of the file say and a rewrite puts there; nil in a data server.
	Sentinel *Sentinel

	// UserLines gives the users as CONFIG REWRITE writes them, what follows `user` on each line. While it is nil, the
	// lines of the file stay as they are.
	UserLines func() []string

	hooks map[*Directive]*hook
}

// hook is what follows a change of some directives.
type hook struct{ apply func() error }

// New gives a Config with the defaults, whose Dir is the root.
func New() *Config { return &Config{Server: Defaults()} }

// OnChange has apply called after CONFIG SET has changed one or several of the named directives: once, with all new
// values in place. When it fails, all old values come back, every function called so far is called again with those,
// and the client gets the error's text. A directive has one such function; an unknown or second one is a mistake of the
// caller and panics.
func (c *Config) OnChange(apply func() error, names ...string) {
	h := &hook{apply}
	if c.hooks == nil {
		c.hooks = map[*Directive]*hook{}
	}
	for _, name := range names {
		d, ok := Lookup(name)
		if !ok || c.hooks[d] != nil {
			panic("BUG: configs: OnChange for " + name + ", unknown or taken")
		}
		c.hooks[d] = h
	}
}
