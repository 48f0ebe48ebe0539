package sim

import (
	"errors"
	"slices"
	"strings"
	"time"

	"valkey/quorum/core"
	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
	"valkey/testenv/virtual"
)

// node is a sentinel: the pure parts, and as much of a shell as they need.
type node struct {
	virtual.Member
	n     *network
	fleet *Fleet
	check *checker

	id   string
	at   string // host:port
	host string
	port int
	skew time.Duration // of its wall clock
	hold bool          // it stops just before it sends its next order

	disk   virtual.Disk  // of its log
	saved  monitor.State // sentinel.conf
	packed bool          // it is not to be started yet

	mon      *monitor.Monitor
	book     *ledger.Ledger
	conns    map[monitor.LinkID]*[2]*conn
	in       []*conn         // connections to it
	linked   map[string]bool // the sentinels to which it has a connection for the log
	met      map[string]bool // the sentinels that the log was told of
	reached  bool            // a server that it watches has answered
	tickAt   time.Duration
	caught   bool         // it has all that was agreed before its process began: from here on entries are news
	catching bool         // the group is asked whether it has
	place    core.Status  // as the monitor was told
	first    core.GroupID // that its disk was of when the process began
	req      uint64

	left    map[string]bool // names that it was told to remove and has not left yet
	events  []monitor.Emit
	answers map[uint64]monitor.Answer
}

func (n *node) addr() string    { return n.at }
func (n *node) running() bool   { return n.Up }
func (n *node) stopped() bool   { return n.Stopped }
func (n *node) wall() time.Time { return time.Unix(1_700_000_000, 0).Add(n.World.Now + n.skew) }

// start begins the process from its file and its log.
func (n *node) start() {
	c := monitor.Config{
		ID: n.id, CurrentEpoch: n.saved.CurrentEpoch, Global: n.saved.Global, Primaries: n.saved.Primaries,
	}
	n.hold, n.caught, n.catching, n.place, n.tickAt = false, false, false, core.Status{}, 0
	n.linked, n.met, n.reached = map[string]bool{}, nil, false
	n.conns, n.answers = map[monitor.LinkID]*[2]*conn{}, map[uint64]monitor.Answer{}
	n.mon, n.Node, n.book = nil, nil, ledger.New()
	state, err := n.disk.Open(n.id)
	n.first = state.Meta.Group
	if err == nil {
		err = n.Start(core.Config{
			Machine: machine{n}, Addr: n.at, Expect: n.fleet.Shape.Expect, Forget: n.fleet.Shape.Forget,
			Random: n.World.Rand.Uint64,
		}, state)
	}
	if err != nil {
		n.check.fail("%s does not start: %v", n.addr(), err)
		return
	}
	n.mon = monitor.New(c, n.World.Now)
	n.step(monitor.SetTimings{Timings: n.fleet.timings})
	n.restore()
	n.Every(time.Second, func() {
		n.acquaint()
		n.stand()
	})
}

// relink has connections to those whom the log wants to reach come up.
func (n *node) relink() {
	for _, p := range n.Node.Links() {
		o := n.fleet.sentinel(p.ID)
		if o != nil && o.Up && !n.linked[p.ID] && n.n.both(n.addr(), o.addr()) {
			n.linked[p.ID] = true
			n.Arrive(2*n.n.latency(), core.LinkUp{ID: p.ID})
		}
	}
}

// unlink breaks the connections between it and the other sentinels.
func (n *node) unlink() {
	clear(n.linked)
	for _, o := range n.fleet.Nodes {
		if o.linked[n.id] && n.n.both(n.addr(), o.addr()) {
			delete(o.linked, n.id)
			o.Arrive(n.n.latency(), core.LinkDown{ID: n.id})
		}
	}
}

func (n *node) kill() {
	n.Crash()
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
		n.World.After(n.n.latency(), func() { c.end("reset") })
	}
	n.unlink()
}

// thaw lets a stopped process go on with everything that came in.
func (n *node) thaw() {
	if n.Stopped {
		n.Resume()
	}
}

// machine is the ledger as the log drives it.
type machine struct{ n *node }

// Apply applies an entry.
func (m machine) Apply(e core.Entry) any {
	n := m.n
	r := n.book.Apply(e.Index, e.At, e.By, e.Data)
	n.check.appliedEntry(n, e, r)
	if n.caught {
		n.step(monitor.Applied{Epoch: n.book.Epoch(), Changes: r.Changes})
	}
	return nil
}

// Snapshot gives the ledger as bytes.
func (m machine) Snapshot() []byte { return m.n.book.Snapshot() }

// Restore replaces the ledger.
func (m machine) Restore(data []byte) error {
	n := m.n
	n.book = ledger.New()
	if data != nil {
		if err := n.book.Restore(data); err != nil {
			n.check.fail("%s refuses a snapshot: %v", n.addr(), err)
			return err
		}
	}
	n.check.equal(n)
	if n.caught {
		n.restore()
	}
	return nil
}

// group is the one whose entries it applies.
func (n *node) group() core.GroupID {
	if n.Node == nil {
		return n.first
	}
	return n.Node.Status(n.World.Now).Group
}

// restore has the monitor see the ledger as it is, without news.
func (n *node) restore() {
	n.step(monitor.Restored{Epoch: n.book.Epoch(), Primaries: n.book.Primaries()})
}

// effects does what the log's rules want done.
func (n *node) effects(e core.Effects) {
	f := n.fleet
	for _, s := range e.Sends {
		if to := f.sentinel(s.To); to != nil {
			f.Carry(&n.Member, &to.Member, n.id, s, !n.n.reaches(n.addr(), to.addr()), f.weather)
		} else {
			n.Arrive(0, core.Unreachable{ID: s.To})
		}
	}
	for _, ev := range e.Events {
		if ev.Kind == core.EventForced {
			n.check.forced = append(n.check.forced, ev.Group)
		}
		n.World.Logf("%s quorum: %s %s %s %s", n.addr(), ev.Kind, ev.Group, ev.Peer, ev.Text)
	}
	if n.mon == nil {
		return
	}
	if e.Applied && !n.caught {
		n.restore()
	}
	st := n.Node.Status(n.World.Now)
	n.check.member(n, st)
	was := n.place
	was.Commit, was.Applied = st.Commit, st.Applied
	if was != st {
		n.stand()
	}
}

// stand tells the monitor of the place in the group.
func (n *node) stand() {
	st := n.Node.Status(n.World.Now)
	n.place = st
	if !n.caught && !n.catching && st.InContact {
		n.catching = true
		n.request(func(token any) core.Input { return core.Confirm{Token: token} }, func(err error) {
			if n.catching = false; err == nil {
				n.restore()
				n.caught = true
			}
		})
	}
	s := monitor.Standing{
		Formed: st.Formed, Voter: st.Voter, Leader: st.Leader, InContact: st.InContact, Frozen: st.Frozen(),
		Removed: st.Removed,
	}
	for _, m := range n.Node.Members(n.World.Now) {
		s.Members = append(s.Members, m.ID)
	}
	n.step(s)
}

// acquaint tells the log whom this sentinel has met.
func (n *node) acquaint() {
	state := n.mon.State()
	var peers []core.Peer
	seen := map[string]bool{}
	for _, p := range state.Primaries {
		for _, k := range p.Sentinels {
			if !seen[k.ID] {
				seen[k.ID] = true
				peers = append(peers, core.Peer{ID: k.ID, Addr: k.Addr.String()})
			}
		}
	}
	var forgot []string
	for _, id := range sortedKeys(n.met) {
		if !seen[id] {
			forgot = append(forgot, id)
		}
	}
	n.met = seen
	n.Step(core.Expect{Sentinels: n.expected(state.Primaries)})
	n.Do(func() {
		n.Step(core.Forgot{IDs: forgot})
		n.Step(core.Saw{Peers: peers})
		n.relink()
	})
}

// expected is how many sentinels make a group, as a sentinel says that has reached a server, and 0 before.
func (n *node) expected(watched []monitor.Settings) int {
	for i := range watched {
		infos, _ := n.mon.InfoCache(watched[i].Name)
		n.reached = n.reached || slices.ContainsFunc(infos, func(i monitor.CachedInfo) bool { return i.AgeMs > 0 })
	}
	if !n.reached {
		return n.fleet.Shape.Expect
	}
	return n.wanted(watched)
}

// wanted is how many sentinels make a group.
func (n *node) wanted(watched []monitor.Settings) int {
	if n.fleet.Shape.Expect != 0 {
		return n.fleet.Shape.Expect
	}
	most := 0
	for i := range watched {
		most = max(most, 2*watched[i].Quorum-1)
	}
	return most
}

// step gives the monitor an event and carries its actions out.
func (n *node) step(ev monitor.Event) {
	if n.Stopped { // in the middle of something
		n.Do(func() { n.step(ev) })
		return
	}
	actions := n.mon.Step(ev, n.World.Now)
	n.check.stepped(n, actions)
	n.carry(actions)
	if d := n.mon.Deadline(); d != 0 && (n.tickAt == 0 || d < n.tickAt || n.tickAt <= n.World.Now) {
		n.tickAt = d
		n.After(d-n.World.Now, func() {
			if n.tickAt == d {
				n.tickAt = 0
				n.step(monitor.Tick{})
			}
		})
	}
}

func (n *node) carry(actions []monitor.Action) {
	for i, a := range actions {
		if s, ok := a.(monitor.Send); ok && n.hold && isOrder(s) {
			// The process stops between what it decided and the sending of it.
			n.hold = false
			n.World.Logf("%s stops before it sends %v", n.addr(), s.Commands)
			n.Stop()
			rest := actions[i:]
			n.First(func() {
				n.check.late++
				n.carry(rest)
			})
			n.World.After(n.World.Between(100*time.Millisecond, 12*time.Second), n.thaw)
			return
		}
		if n.act(a); !n.Up {
			return
		}
	}
}

func isOrder(s monitor.Send) bool {
	return slices.ContainsFunc(s.Commands, func(c []string) bool { return c[0] == "SLAVEOF" || c[0] == "FAILOVER" })
}

// handing is the time between one goroutine of a shell and another, at most.
const handing = 200 * time.Microsecond

// request puts a request of the monitor's to the log.
func (n *node) request(in func(token any) core.Input, then func(error)) {
	n.After(n.World.Between(0, handing), func() {
		n.Ask(in, func(a core.Answer) {
			err := a.Err
			if errors.Is(err, core.ErrUnknown) {
				err = monitor.ErrUnknownOutcome
			}
			n.After(n.World.Between(0, handing), func() { then(err) })
		})
	})
}

func (n *node) act(a monitor.Action) {
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
				n.World.Logf("%s sends %s %v", n.addr(), pair[monitor.Commands].to.addr(), a.Commands)
			}
			pair[monitor.Commands].send(a.Seq, a.Commands)
		}
	case monitor.Propose:
		at := n.wall()
		n.request(func(token any) core.Input { return core.Propose{Token: token, At: at, Data: a.Data} },
			func(err error) { n.step(monitor.Outcome{ID: a.ID, Err: err}) })
	case monitor.Confirm:
		n.request(func(token any) core.Input { return core.Confirm{Token: token} },
			func(err error) { n.step(monitor.Confirmed{ID: a.ID, Err: err}) })
	case monitor.Emit:
		if a.Level != monitor.Debug {
			n.World.Logf("%s %s %s", n.addr(), a.Name, a.Payload)
		}
		n.events = append(n.events, a)
	case monitor.Note:
		n.World.Logf("%s note: %s", n.addr(), a.Text)
	case monitor.Save:
		n.saved = n.mon.State()
	case monitor.Answer:
		n.answers[a.Req] = a
	case monitor.Crash:
		n.World.Logf("%s crashes as it was asked to", n.addr())
		n.kill()
	}
}

// ask gives the monitor an operator's wish and returns the number of the answer.
func (n *node) ask(f func(req uint64) monitor.Event) uint64 {
	n.req++
	req := n.req
	n.Do(func() { n.step(f(req)) })
	return req
}

func (n *node) connected(c *conn) {
	if s, ok := c.to.(*server); ok {
		s.conns = append(s.conns, c)
	} else {
		o := c.to.(*node)
		o.in = append(o.in, c)
	}
	n.Do(func() {
		if !c.ended {
			n.step(monitor.LinkUp{Link: c.link, Conn: c.kind, LocalIP: n.host})
		}
	})
}

func (n *node) disconnected(c *conn, reason string) {
	n.Do(func() {
		if pair := n.conns[c.link]; pair != nil && pair[c.kind] == c {
			pair[c.kind] = nil
			n.step(monitor.LinkDown{Link: c.link, Conn: c.kind, Reason: reason})
		}
	})
}

func (n *node) replied(c *conn, r monitor.Reply) {
	n.Do(func() {
		if !c.ended {
			n.step(r)
		}
	})
}

func (n *node) heard(c *conn, payload string) {
	n.Do(func() {
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
	case "SENTINEL": // who it is
		r.Items = []string{"group-id", n.group().String()}
	case "PUBLISH":
		r.Text = "1"
		n.step(monitor.HelloHeard{Payload: cmd[2]})
	}
	return r, true
}

// hostPort splits host:port.
func hostPort(a string) ledger.Addr {
	host, port, _ := strings.Cut(a, ":")
	return ledger.Addr{Host: host, Port: atoi(port)}
}
