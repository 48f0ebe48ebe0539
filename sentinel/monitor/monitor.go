package monitor

import (
	"container/heap"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"valkey/internal/invariant"
	"valkey/sentinel/ledger"
)

// Monitor is the state of one sentinel. It is not safe for use by several goroutines.
type Monitor struct {
	id      string
	global  Global
	timings Timings

	now      time.Duration
	deadline time.Duration // as the last Step left it, 0: none
	due      schedule
	out      []Action

	groups map[string]*group
	links  map[LinkID]*link
	peers  map[string]*link // the links to other sentinels, by their id: shared by all groups
	hosts  map[string]string
	number uint64 // the last number that was given to a link, a command, a proposal or a confirmation

	standing     Standing
	removedNoted time.Duration
	agreed       map[string]*ledger.Primary
	epoch        ledger.Epoch // the highest of which this sentinel knows; it shows this one
	agreedEpoch  ledger.Epoch // the ledger's
	leaving      map[string]*departure
	proposals    map[uint64]func(error)
	confirms     map[uint64]func(error)
	forgets      map[string]bool // members whose Forget is under way
	uneven       uneven

	tilted     bool
	tiltSince  time.Duration
	tilts      int
	crashAfter struct{ election, promotion bool }
}

// departure is a withdrawal from what the group has agreed that this sentinel watches, until it is applied.
type departure struct {
	m       *Monitor
	name    string
	absent  []string // watchers that could not be heard when it began
	pending bool
	retryAt time.Duration
	slot    slot
}

// New makes a monitor at time now. Its first actions come from the first Step, which should be a Tick.
func New(c Config, now time.Duration) *Monitor {
	invariant.Check(now > 0, "monitor: the time begins above zero")
	m := &Monitor{
		id: c.ID, global: c.Global, timings: DefaultTimings(), now: now, epoch: c.CurrentEpoch,
		groups: map[string]*group{}, links: map[LinkID]*link{}, peers: map[string]*link{},
		hosts: map[string]string{}, agreed: map[string]*ledger.Primary{}, leaving: map[string]*departure{},
		proposals: map[uint64]func(error){}, confirms: map[uint64]func(error){}, forgets: map[string]bool{},
	}
	m.uneven = uneven{m: m, slot: slot{order: m.next(), run: m.uneven.run}}
	for _, s := range c.Primaries {
		g := m.watch(s)
		m.event(Warning, "+monitor", g.primary, " quorum %d", g.quorum)
	}
	return m
}

// Step takes in what happened at time now, and says what is to be done.
func (m *Monitor) Step(ev Event, now time.Duration) []Action {
	m.now = max(m.now, now)
	m.checkTilt()
	m.take(ev)
	for {
		s := m.due.first()
		if s == nil || s.at > m.now {
			break
		}
		m.due.drop(s)
		s.run()
	}
	m.deadline = 0
	if s := m.due.first(); s != nil {
		m.deadline = s.at
	}
	out := m.out
	m.out = nil
	return out
}

// Deadline is when the shell should step with a Tick if nothing else happens; 0 means never.
func (m *Monitor) Deadline() time.Duration { return m.deadline }

// take hands an event to its part.
func (m *Monitor) take(ev Event) {
	switch ev := ev.(type) {
	case Tick:
	case LinkUp:
		if l := m.links[ev.Link]; l != nil {
			l.up(ev)
		}
	case LinkDown:
		if l := m.links[ev.Link]; l != nil {
			l.down(ev)
		}
	case Reply:
		if l := m.links[ev.Link]; l != nil {
			l.reply(ev)
		}
	case HelloHeard:
		m.heard(ev)
	case Resolved:
		m.resolved(ev)
	case Applied:
		m.applied(ev)
	case Restored:
		m.restored(ev)
	case Outcome:
		if f := m.proposals[ev.ID]; f != nil {
			delete(m.proposals, ev.ID)
			f(ev.Err)
		}
	case Confirmed:
		if f := m.confirms[ev.ID]; f != nil {
			delete(m.confirms, ev.ID)
			f(ev.Err)
		}
	case Standing:
		m.stand(ev)
	default:
		m.operate(ev)
	}
}

// do adds an action.
func (m *Monitor) do(a Action) { m.out = append(m.out, a) }

// next is a fresh number.
func (m *Monitor) next() uint64 {
	m.number++
	return m.number
}

// propose offers records to the group; then is called with the outcome.
func (m *Monitor) propose(then func(error), records ...ledger.Record) {
	id := m.next()
	m.proposals[id] = then
	m.do(Propose{ID: id, Data: ledger.Encode(records...)})
}

// errStale is a confirmation that took so long that others may have acted meanwhile.
var errStale = errors.New("monitor: the group has confirmed too late")

// confirm asks the group to confirm what is applied here; then is called with the answer, which counts only as long as
// the group would not have found another leader since it was asked.
func (m *Monitor) confirm(then func(error)) {
	id, asked := m.next(), m.now
	m.confirms[id] = func(err error) {
		if err == nil && m.now-asked >= confirmFresh {
			err = errStale
		}
		then(err)
	}
	m.do(Confirm{ID: id})
}

// stand takes in this sentinel's place in the group. Whoever waited for a leader tries again at once.
func (m *Monitor) stand(s Standing) {
	slices.Sort(s.Members)
	regained := s.InContact && (!m.standing.InContact || s.Leader != m.standing.Leader || !m.standing.Formed)
	if s.Frozen && !m.standing.Frozen {
		m.do(Note{Warning, "another group of sentinels watches the same primaries: nothing is failed over automatically"})
	}
	if s.Removed && (m.removedNoted == 0 || m.now-m.removedNoted >= noteEvery) {
		m.removedNoted = m.now
		m.do(Note{Warning, "this sentinel was removed from its group: it moves nothing any more, and answers the addresses " +
			"that it knew then. Restart it to have it join again, or stop it"})
	}
	if !slices.Equal(s.Members, m.standing.Members) {
		m.uneven.touch()
	}
	m.standing = s
	for _, g := range m.groups {
		if regained {
			g.retryAt = 0
		}
		g.touch()
	}
	for _, d := range m.leaving {
		if regained {
			d.retryAt = 0
		}
		d.touch()
	}
	m.forget()
}

// forget withdraws members that have left the group from what they watched, when this sentinel leads.
func (m *Monitor) forget() {
	if m.standing.Leader != m.id || !m.standing.InContact || len(m.standing.Members) == 0 {
		return
	}
	for _, p := range m.agreed {
		for _, id := range p.Watchers {
			if _, member := slices.BinarySearch(m.standing.Members, id); member || m.forgets[id] {
				continue
			}
			m.forgets[id] = true
			m.propose(func(error) { delete(m.forgets, id) }, &ledger.Forget{Member: id})
		}
	}
}

// applied takes in what the ledger has applied.
func (m *Monitor) applied(ev Applied) {
	m.agreedEpoch = ev.Epoch
	var first *group
	if len(ev.Changes) > 0 {
		first = m.groups[ev.Changes[0].Primary.Name]
	}
	m.raise(ev.Epoch, first)
	for _, ch := range ev.Changes {
		before := m.agreed[ch.Primary.Name]
		if ch.Closed {
			delete(m.agreed, ch.Primary.Name)
		} else {
			m.agreed[ch.Primary.Name] = ch.Primary
		}
		if d := m.leaving[ch.Primary.Name]; d != nil && !m.watchedByMe(ch.Primary.Name) {
			d.end()
		}
		if g := m.groups[ch.Primary.Name]; g != nil {
			g.applied(ch, before)
			g.touch()
		}
		m.leaveUnwatched(ch.Primary.Name)
		switch ch.Record.(type) {
		case *ledger.Watch, *ledger.Unwatch, *ledger.Forget:
			m.uneven.touch()
		}
	}
}

// restored replaces everything that was agreed.
func (m *Monitor) restored(ev Restored) {
	m.agreedEpoch = ev.Epoch
	m.raise(ev.Epoch, nil)
	m.uneven.touch()
	clear(m.agreed)
	for _, p := range ev.Primaries {
		m.agreed[p.Name] = p
	}
	for name, d := range m.leaving {
		if !m.watchedByMe(name) {
			d.end()
		}
	}
	for _, g := range m.inOrder() {
		g.changes++
		g.heard = ""
		g.newState()
		g.follow("")
		g.touch()
	}
	for _, p := range ev.Primaries {
		m.leaveUnwatched(p.Name)
	}
}

// leaveUnwatched withdraws this sentinel from what it no longer watches: it was removed while the log was out of reach.
func (m *Monitor) leaveUnwatched(name string) {
	if m.watchedByMe(name) && m.groups[name] == nil {
		m.leave(name, nil)
	}
}

// leave begins to withdraw from a name.
func (m *Monitor) leave(name string, absent []string) {
	if m.leaving[name] != nil {
		return
	}
	d := &departure{m: m, name: name, absent: absent}
	d.slot = slot{order: m.next(), run: d.run}
	m.leaving[name] = d
	d.touch()
}

// watchedByMe tells whether the group has agreed that this sentinel watches a name.
func (m *Monitor) watchedByMe(name string) bool {
	p := m.agreed[name]
	return p != nil && p.Watches(m.id)
}

// raise raises the epoch that this sentinel shows, for a group's sake if there is one. It never falls.
func (m *Monitor) raise(e ledger.Epoch, g *group) {
	if e > m.epoch {
		m.epoch = e
		m.tell(Warning, "+new-epoch", g, strconv.FormatUint(uint64(e), 10))
		m.do(Save{})
	}
}

// inOrder are the groups by name, wherever an order can be seen.
func (m *Monitor) inOrder() []*group {
	return slices.SortedFunc(maps.Values(m.groups), func(a, b *group) int { return strings.Compare(a.name, b.name) })
}

// checkTilt enters TILT when this Step comes much later than the last one asked for, and leaves it after its period. A
// process that was stalled or stopped has missed replies that were there in time, and must not judge by their absence.
func (m *Monitor) checkTilt() {
	if m.deadline != 0 && m.now-m.deadline > m.timings.TiltTrigger {
		m.tilted, m.tiltSince = true, m.now
		m.tilts++
		m.tell(Warning, "+tilt", nil, "#tilt mode entered")
		m.touchGroups()
	}
	if m.tilted && m.now-m.tiltSince >= m.timings.TiltPeriod {
		m.tilted = false
		m.tell(Warning, "-tilt", nil, "#tilt mode exited")
		m.touchGroups()
	}
}

// touchGroups has every group looked at in this Step.
func (m *Monitor) touchGroups() {
	for _, g := range m.groups {
		g.touch()
	}
}

// touch makes the withdrawal be looked at in this Step, unless it is over.
func (d *departure) touch() {
	if d.m.leaving[d.name] == d {
		d.m.due.set(&d.slot, d.m.now)
	}
}

// run proposes the withdrawal until it is applied.
func (d *departure) run() {
	p := d.m.agreed[d.name]
	if p == nil || d.pending || !d.m.standing.InContact {
		return
	}
	if d.retryAt > d.m.now {
		d.m.due.set(&d.slot, d.retryAt)
		return
	}
	d.pending = true
	d.m.propose(func(error) {
		d.pending, d.retryAt = false, d.m.now+proposeRetry
		d.touch()
	}, &ledger.Unwatch{Ref: p.Ref, Absent: d.absent})
}

// end forgets the withdrawal, and lets a group of the same name join.
func (d *departure) end() {
	d.m.due.drop(&d.slot)
	delete(d.m.leaving, d.name)
	if g := d.m.groups[d.name]; g != nil {
		g.touch()
	}
}

// slot is something that wants to be run at a time.
type slot struct {
	at    time.Duration
	index int // in the heap, plus one; 0: not in it
	order uint64
	run   func()
}

// schedule is a heap of slots by time; slots of one time run in the order of their creation.
type schedule struct{ heap []*slot }

func (s *schedule) first() *slot {
	if len(s.heap) == 0 {
		return nil
	}
	return s.heap[0]
}

// set schedules a slot at the time, or earlier where it is already.
func (s *schedule) set(x *slot, at time.Duration) {
	switch {
	case x.index == 0:
		x.at = at
		heap.Push(s, x)
	case at < x.at:
		x.at = at
		heap.Fix(s, x.index-1)
	}
}

func (s *schedule) drop(x *slot) {
	if x.index != 0 {
		heap.Remove(s, x.index-1)
	}
}

// The methods of heap.Interface.
func (s *schedule) Len() int { return len(s.heap) }
func (s *schedule) Less(i, j int) bool {
	a, b := s.heap[i], s.heap[j]
	return a.at < b.at || a.at == b.at && a.order < b.order
}

func (s *schedule) Swap(i, j int) {
	s.heap[i], s.heap[j] = s.heap[j], s.heap[i]
	s.heap[i].index, s.heap[j].index = i+1, j+1
}

// Push adds a slot.
func (s *schedule) Push(x any) {
	v := x.(*slot)
	s.heap = append(s.heap, v)
	v.index = len(s.heap)
}

// Pop takes the last one away.
func (s *schedule) Pop() any {
	v := s.heap[len(s.heap)-1]
	s.heap[len(s.heap)-1] = nil
	s.heap = s.heap[:len(s.heap)-1]
	v.index = 0
	return v
}
