package sim

import (
	"slices"
	"strings"
	"time"

	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
	"valkey/testenv/virtual"
)

// node is a sentinel: the pure parts, and as much of a shell as they need.
type node struct {
	w    *virtual.World
	n    *network
	log  Log
	id   string
	at   string // host:port
	host string
	port int

	up      bool
	frozen  bool
	skew    time.Duration // of its wall clock
	hold    bool          // it stops just before it sends its next order
	waiting []func()      // what comes in while it is stopped

	mon    *monitor.Monitor
	book   *ledger.Ledger
	saved  monitor.State
	conns  map[monitor.LinkID]*[2]*conn
	in     []*conn // connections to it
	life   int     // counts starts: what belongs to an earlier life is dropped
	tickAt time.Duration
	told   monitor.Standing
	news   uint64 // entries up to this one are no news to the process: they were agreed before it was there; 0: not known
	req    uint64

	left    map[string]bool // names that it was told to remove and has not left yet
	events  []monitor.Emit
	answers map[uint64]monitor.Answer
	check   *checker
	fleet   *Fleet
}

func (n *node) addr() string     { return n.at }
func (n *node) running() bool    { return n.up }
func (n *node) stopped() bool    { return n.frozen }
func (n *node) alive() bool      { return n.up && !n.frozen }
func (n *node) wall() time.Time  { return time.Unix(1_700_000_000, 0).Add(n.w.Now + n.skew) }
func (n *node) position() uint64 { return n.book.Index() }

// start begins the process from its file and its log.
func (n *node) start(c monitor.Config) {
	n.up, n.frozen, n.waiting, n.hold = true, false, nil, false
	n.life++
	n.conns = map[monitor.LinkID]*[2]*conn{}
	n.answers = map[uint64]monitor.Answer{}
	n.told, n.tickAt, n.news = monitor.Standing{}, 0, 0
	n.mon = monitor.New(c, n.w.Now)
	n.step(monitor.Restored{Epoch: n.book.Epoch(), Primaries: n.book.Primaries()})
}

// restart begins again with what was saved.
func (n *node) restart() {
	c := monitor.Config{
		ID: n.id, CurrentEpoch: n.saved.CurrentEpoch, Global: n.saved.Global, Primaries: n.saved.Primaries,
	}
	n.start(c)
	n.mon.Step(monitor.SetTimings{Timings: n.fleet.timings}, n.w.Now)
}

func (n *node) kill() {
	n.up, n.frozen, n.waiting = false, false, nil
	for _, id := range sortedKeys(n.conns) {
		for _, c := range n.conns[id] {
			if c != nil {
				c.ended = true
			}
		}
	}
	n.conns = nil
	in := n.in
	n.in = nil
	for _, c := range in {
		n.w.After(n.n.latency(), func() { c.end("reset") })
	}
}

// freeze stops the process, thaw lets it go on with everything that came in.
func (n *node) freeze() { n.frozen = true }

func (n *node) thaw() {
	if !n.up || !n.frozen {
		return
	}
	n.frozen = false
	waiting := n.waiting
	n.waiting = nil
	for i, f := range waiting {
		if n.frozen {
			n.waiting = append(waiting[i:], n.waiting...)
			return
		}
		f()
	}
}

// soon runs something in the process: now, when it goes on, or never when this life ends first.
func (n *node) soon(f func()) {
	life := n.life
	switch {
	case !n.up:
	case n.frozen:
		n.waiting = append(n.waiting, func() {
			if n.up && n.life == life {
				f()
			}
		})
	default:
		f()
	}
}

// step gives the monitor an event and carries its actions out.
func (n *node) step(ev monitor.Event) {
	actions := n.mon.Step(ev, n.w.Now)
	n.check.stepped(n, actions)
	n.carry(actions)
	if d := n.mon.Deadline(); d != 0 && (n.tickAt == 0 || d < n.tickAt || n.tickAt <= n.w.Now) {
		n.tickAt = d
		life := n.life
		n.w.After(d-n.w.Now, func() {
			n.soon(func() {
				if n.life == life && n.tickAt == d {
					n.tickAt = 0
					n.step(monitor.Tick{})
				}
			})
		})
	}
}

func (n *node) carry(actions []monitor.Action) {
	for i, a := range actions {
		if s, ok := a.(monitor.Send); ok && n.hold && isOrder(s) {
			// The process stops between what it decided and the sending of it.
			n.hold = false
			n.freeze()
			n.w.Logf("%s stops before it sends %v", n.addr(), s.Commands)
			rest := actions[i:]
			n.waiting = append([]func(){func() { n.carry(rest) }}, n.waiting...)
			n.w.After(n.w.Between(100*time.Millisecond, 12*time.Second), n.thaw)
			return
		}
		n.act(a)
	}
}

func isOrder(s monitor.Send) bool {
	return slices.ContainsFunc(s.Commands, func(c []string) bool { return c[0] == "SLAVEOF" || c[0] == "FAILOVER" })
}

func (n *node) act(a monitor.Action) {
	life := n.life
	answer := func(f func(error) monitor.Event) func(error) {
		return func(err error) {
			if n.life == life {
				n.soon(func() { n.step(f(err)) })
			}
		}
	}
	switch a := a.(type) {
	case monitor.Connect:
		if n.conns[a.Link] == nil {
			n.conns[a.Link] = &[2]*conn{}
		}
		n.conns[a.Link][a.Conn] = n.n.dial(n, a.Link, a.Conn, a.Addr.String())
	case monitor.Disconnect:
		if pair := n.conns[a.Link]; pair != nil && pair[a.Conn] != nil {
			pair[a.Conn].ended = true
			pair[a.Conn] = nil
		}
	case monitor.Send:
		if pair := n.conns[a.Link]; pair != nil && pair[monitor.Commands] != nil && pair[monitor.Commands].open {
			if isOrder(a) {
				n.w.Logf("%s sends %s %v", n.addr(), pair[monitor.Commands].to.addr(), a.Commands)
			}
			pair[monitor.Commands].send(a.Seq, a.Commands)
		}
	case monitor.Propose:
		n.log.Propose(n, a.Data, answer(func(err error) monitor.Event { return monitor.Outcome{ID: a.ID, Err: err} }))
	case monitor.Confirm:
		n.log.Confirm(n, answer(func(err error) monitor.Event { return monitor.Confirmed{ID: a.ID, Err: err} }))
	case monitor.Emit:
		if a.Level != monitor.Debug {
			n.w.Logf("%s %s %s", n.addr(), a.Name, a.Payload)
		}
		n.events = append(n.events, a)
	case monitor.Note:
		n.w.Logf("%s note: %s", n.addr(), a.Text)
	case monitor.Save:
		n.saved = n.mon.State()
	case monitor.Answer:
		n.answers[a.Req] = a
	case monitor.Crash:
		n.w.Logf("%s crashes as it was asked to", n.addr())
		n.kill()
	}
}

// ask gives the monitor an operator's wish and returns the number of the answer.
func (n *node) ask(f func(req uint64) monitor.Event) uint64 {
	n.req++
	req := n.req
	n.soon(func() { n.step(f(req)) })
	return req
}

// take applies an entry of the log.
func (n *node) take(e Entry) {
	r := n.book.Apply(e.Index, e.At, e.By, e.Data)
	n.check.appliedEntry(n, e, r)
	switch {
	case e.Index > n.news:
		n.step(monitor.Applied{Epoch: n.book.Epoch(), Changes: r.Changes})
	case e.Index == n.news:
		n.step(monitor.Restored{Epoch: n.book.Epoch(), Primaries: n.book.Primaries()})
	}
	n.check.answers(n)
}

// lags tells whether the process has not caught up with what was agreed before it was there: its file knows better.
func (n *node) lags() bool { return n.news > n.position() || n.news == 0 }

// behind notes, the first time that the log is in reach in this life, how much of it is no news.
func (n *node) behind(to uint64) {
	if n.news == 0 && n.alive() {
		n.news = max(to, n.position())
	}
}

// standing tells the monitor who leads.
func (n *node) standing() {
	leader, _ := n.log.Leader()
	s := monitor.Standing{Formed: true, Voter: true}
	if n.position() < n.news {
		leader = "" // it does not take part before it has caught up
	}
	for _, o := range n.fleet.Nodes {
		if o.addr() == leader && (o == n || n.n.both(o.addr(), n.addr())) {
			s.Leader, s.InContact = o.id, true
		}
	}
	if s.Leader != n.told.Leader || s.InContact != n.told.InContact || s.Formed != n.told.Formed {
		n.told = s
		s.Members = n.fleet.ids()
		n.soon(func() { n.step(s) })
	}
}

func (n *node) connected(c *conn) {
	life := n.life
	if s, ok := c.to.(*server); ok {
		s.conns = append(s.conns, c)
	} else {
		o := c.to.(*node)
		o.in = append(o.in, c)
	}
	n.soon(func() {
		if n.life == life && !c.ended {
			n.step(monitor.LinkUp{Link: c.link, Conn: c.kind, LocalIP: n.host})
		}
	})
}

func (n *node) disconnected(c *conn, reason string) {
	n.soon(func() {
		if pair := n.conns[c.link]; pair != nil && pair[c.kind] == c {
			pair[c.kind] = nil
			n.step(monitor.LinkDown{Link: c.link, Conn: c.kind, Reason: reason})
		}
	})
}

func (n *node) replied(c *conn, r monitor.Reply) {
	n.soon(func() {
		if !c.ended {
			n.step(r)
		}
	})
}

func (n *node) heard(c *conn, payload string) {
	n.soon(func() {
		if !c.ended {
			n.step(monitor.HelloHeard{Link: c.link, Payload: payload})
		}
	})
}

// serve answers another sentinel.
func (n *node) serve(c *conn, seq uint64, commands [][]string) (monitor.Reply, bool) {
	r := monitor.Reply{Link: c.link, Seq: seq, Text: "OK"}
	switch cmd := commands[0]; cmd[0] {
	case "PING":
		r.Text = "PONG"
	case "PUBLISH":
		r.Text = "1"
		n.step(monitor.HelloHeard{Payload: cmd[2]})
	}
	return r, true
}

// hosts splits host:port.
func hostPort(a string) ledger.Addr {
	host, port, _ := strings.Cut(a, ":")
	return ledger.Addr{Host: host, Port: atoi(port)}
}
