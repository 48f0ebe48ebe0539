package configs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"valkey/internal/glob"
)

// Setting is a directive's name and value, as CONFIG GET and SET have them.
type Setting struct {
	Name, Value string
}

// Situation is what CONFIG SET has to know of its caller and of the server.
type Situation struct {
	Loading   bool // data is being loaded
	Protected bool // the client may change protected directives
}

// ErrLoading refuses a directive that cannot be set while data is being loaded; on the wire it is -LOADING.
var ErrLoading = errors.New("configs: not while loading")

// SetError is why CONFIG SET refused. Its text is Valkey's, without the code ERR.
type SetError struct {
	Name    string // of the directive, as the text shows it
	Unknown bool
	Reason  string
	// Rollback holds what went wrong when the old values were applied again, for the log; normally nil.
	Rollback error
}

func (e *SetError) Error() string {
	if e.Unknown {
		return fmt.Sprintf("Unknown option or number of arguments for CONFIG SET - '%s'", e.Name)
	}
	return fmt.Sprintf("CONFIG SET failed (possibly related to argument '%s') - %s", e.Name, e.Reason)
}

// Set changes several directives, all or none: everything is read and checked before anything changes, and when a
// function of OnChange fails the old values come back. The error is ErrLoading or a *SetError.
func (c *Config) Set(settings []Setting, at Situation) error {
	rows, err := settable(settings, at)
	if err != nil {
		return err
	}
	next := c.Server
	for i, d := range rows {
		if err := d.set(&next, setArgs(d, &next, settings[i].Value)); err != nil {
			return &SetError{Name: strings.ToLower(settings[i].Name), Reason: Strerror(err)}
		}
	}
	hooks, names := c.changed(rows, settings, &next)
	old := c.Server
	c.Server = next
	for i, h := range hooks {
		err := h.apply()
		if err == nil {
			continue
		}
		c.Server = old
		refused := &SetError{Name: names[i], Reason: Strerror(err)}
		for _, h := range hooks[:i+1] {
			refused.Rollback = errors.Join(refused.Rollback, h.apply())
		}
		return refused
	}
	return nil
}

// settable finds the rows and refuses what cannot be set now, whatever the value.
func settable(settings []Setting, at Situation) ([]*Directive, error) {
	rows := make([]*Directive, len(settings))
	for i, s := range settings {
		d, ok := Lookup(s.Name)
		if !ok {
			return nil, &SetError{Name: s.Name, Unknown: true}
		}
		rows[i] = d
		switch {
		case d.Has(Immutable):
			return nil, &SetError{Name: s.Name, Reason: "can't set immutable config"}
		case d.Has(Protected) && !at.Protected:
			return nil, &SetError{Name: s.Name, Reason: "can't set protected config"}
		case d.Has(DenyLoading) && at.Loading:
			return nil, ErrLoading
		}
		// The two names of a directive are no duplicates of each other, as for Valkey: the later one wins.
		for _, before := range settings[:i] {
			if strings.EqualFold(before.Name, s.Name) {
				return nil, &SetError{Name: s.Name, Reason: "duplicate parameter"}
			}
		}
	}
	return rows, nil
}

// setArgs gives a value as the words that the directive's kind reads. Unlike a line of a file it knows no quotes.
func setArgs(d *Directive, s *Server, value string) []string {
	if d.Name == "save" {
		s.Save = nil
	}
	switch {
	case !d.Has(MultiArg):
		return []string{value}
	case value == "":
		return nil
	}
	return strings.Split(value, " ")
}

// changed gives the hooks of the directives whose value is another in next, each once and in the order of the settings,
// and the name of a directive that called for it.
func (c *Config) changed(rows []*Directive, settings []Setting, next *Server) (hooks []*hook, names []string) {
	for i, d := range rows {
		h := c.hooks[d]
		if h == nil || slices.Contains(hooks, h) || !d.Has(Volatile) && d.get(next) == d.get(&c.Server) {
			continue
		}
		hooks = append(hooks, h)
		names = append(names, strings.ToLower(settings[i].Name))
	}
	return hooks, names
}

// Get gives the directives whose name equals or matches one of the patterns, by name in order. Either name of a
// directive counts, so both may be among them. A hidden one shows up only under its whole name, and a name without
// wildcards is given back in the letters it was asked in.
func (c *Config) Get(patterns ...string) []Setting {
	t := loadTable()
	found := map[string]Setting{} // by lower-case name
	for _, pattern := range patterns {
		if !strings.ContainsAny(pattern, "[*?") {
			name := strings.ToLower(pattern)
			if _, done := found[name]; done {
				continue
			}
			if d, ok := t.byName[name]; ok {
				found[name] = Setting{pattern, d.get(&c.Server)}
			}
			continue
		}
		for name, d := range t.byName {
			if _, done := found[name]; !done && d.Flags&(Hidden|Own) == 0 && glob.MatchFold([]byte(pattern), []byte(name)) {
				found[name] = Setting{name, d.get(&c.Server)}
			}
		}
	}
	all := make([]Setting, 0, len(found))
	for _, s := range found {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
	return all
}
