package sentinel

import (
	"slices"

	"valkey/frontend/session"
	"valkey/frontend/shell"
)

// host is the process as commands about clients see it: session.Host.
type host struct{ s *Sentinel }

// Log writes a line.
func (h host) Log(level int, message string) { h.s.logs.Line(level, message) }

// Facts gives what only the process knows.
func (h host) Facts() session.Facts {
	f := h.s.facts
	f.Port = int(h.s.config.Port)
	f.Listeners = shell.Listeners(h.s.config)
	return f
}

// Usage is what the process has taken of the machine.
func (host) Usage() session.Usage { return shell.Usage() }

// Traffic adds up the loops' counters.
func (h host) Traffic() session.Traffic {
	t := h.s.loops.Stats()
	return session.Traffic{In: t.NetIn, Out: t.NetOut, Reads: t.Reads, Writes: t.Writes}
}

// LoadUsers reads the ACL file.
func (h host) LoadUsers() error { return shell.LoadUsers(&h.s.front) }

// SaveUsers writes the ACL file.
func (h host) SaveUsers() error { return shell.SaveUsers(&h.s.front) }

// owner is the sentinel as its Front sees it: session.Owner.
type owner struct{ s *Sentinel }

// Disconnect forgets a client.
func (o owner) Disconnect(cl *session.Client) {
	o.s.forsake(cl)
	p := &o.s.postponed
	p.held = slices.DeleteFunc(p.held, func(held *session.Client) bool { return held == cl })
	o.s.front.Forget(cl)
}

// Pause holds clients' commands back until a time.
func (o owner) Pause(untilMs int64, all bool) {
	p := &o.s.postponed
	p.untilMs, p.all = max(p.untilMs, untilMs), p.all || all
}

// Unpause ends that.
func (o owner) Unpause() {
	o.s.postponed.untilMs = 0
	o.s.postponed.end(o.s.front.NowMs())
}

// Unblock ends no wait here: none is a client's own choice.
func (owner) Unblock(*session.Client, error) bool { return false }

// Role is nothing that a sentinel has.
func (owner) Role() string { return "" }
