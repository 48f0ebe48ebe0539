package sim

import (
	"errors"
	"time"

	"valkey/testenv/virtual"
)

// Entry is one agreed entry.
type Entry struct {
	Index uint64
	At    time.Time
	By    string
	Data  []byte
}

// Log is a replicated log as the sentinels of a fleet use it. A member hears of entries in order, each once.
type Log interface {
	Propose(m Member, data []byte, done func(error))
	Confirm(m Member, done func(error))
	// Tick lets the log work for a moment.
	Tick()
	// Leader is the address of the member that leads, "" for none; Term says which leadership this is.
	Leader() (string, uint64)
}

// Member is one that takes part in a log.
type Member interface {
	addr() string
	alive() bool      // running and not stopped
	wall() time.Time  // its own clock
	position() uint64 // the index that it has applied
	take(e Entry)
	behind(to uint64) // what it will be given up to there was agreed; told before each take
}

// errNoQuorum and errUnknown are the ways in which a proposal ends badly.
var (
	errNoQuorum = errors.New("sim: no quorum")
	errUnknown  = errors.New("sim: outcome unknown")
)

// modelLog is a log whose members agree by decree: whoever leads and reaches a majority appends. What is left of the
// real thing is what its users can see: leadership is lost and found again after a while, proposals are refused, lost
// or committed without an answer, and members lag.
type modelLog struct {
	w        *virtual.World
	n        *network
	members  []Member
	entries  []Entry
	leader   Member
	term     uint64
	electing time.Duration // when the next leader is there, 0: not electing
}

// The time in which a leader that is gone is noticed and replaced, at least and at most.
const (
	electionLeast = 150 * time.Millisecond
	electionMost  = 900 * time.Millisecond
)

func (l *modelLog) Leader() (string, uint64) {
	if l.leader == nil {
		return "", l.term
	}
	return l.leader.addr(), l.term
}

func (l *modelLog) majority(m Member) bool {
	if !m.alive() {
		return false
	}
	n := 0
	for _, o := range l.members {
		if o == m || o.alive() && l.n.both(m.addr(), o.addr()) {
			n++
		}
	}
	return n > len(l.members)/2
}

// Tick replaces a leader that is gone, and lets members in the leader's reach follow.
func (l *modelLog) Tick() {
	if l.leader != nil && !l.majority(l.leader) {
		l.leader = nil
	}
	if l.leader == nil {
		if l.electing == 0 {
			l.electing = l.w.Now + l.w.Between(electionLeast, electionMost)
		}
		if l.w.Now < l.electing {
			return
		}
		l.electing = 0
		start := l.w.Rand.IntN(len(l.members))
		for i := range l.members {
			if m := l.members[(start+i)%len(l.members)]; l.majority(m) {
				l.leader = m
				l.term++
				l.w.Logf("%s leads the log", m.addr())
				break
			}
		}
		return
	}
	for _, m := range l.members {
		if m.alive() && (m == l.leader || l.n.both(m.addr(), l.leader.addr())) {
			l.catchUp(m, uint64(len(l.entries)))
		}
	}
}

// catchUp brings a member to an index.
func (l *modelLog) catchUp(m Member, to uint64) {
	m.behind(to)
	for m.alive() && m.position() < to {
		m.take(l.entries[m.position()])
	}
}

// Propose takes an entry to the leader and to a majority; any leg of the way may fail.
func (l *modelLog) Propose(m Member, data []byte, done func(error)) {
	leader, term := l.leader, l.term
	at := m.wall()
	l.w.After(l.n.latency(), func() {
		if leader == nil || l.leader != leader || l.term != term || m != leader && !l.n.both(m.addr(), leader.addr()) {
			l.w.After(l.w.Between(10*time.Millisecond, 500*time.Millisecond), func() { done(errNoQuorum) })
			return
		}
		l.w.After(l.n.latency()+l.n.latency()+l.w.Between(0, 3*time.Millisecond), func() {
			if l.leader != leader || l.term != term || !l.majority(leader) {
				l.w.After(l.w.Between(100*time.Millisecond, 2*time.Second), func() { done(errUnknown) })
				return
			}
			e := Entry{Index: uint64(len(l.entries) + 1), At: at, By: m.(*node).id, Data: data}
			l.entries = append(l.entries, e)
			l.catchUp(leader, e.Index)
			for _, o := range l.members {
				if o != leader && o != m {
					l.w.After(l.n.latency(), func() { l.spread(o, e.Index) })
				}
			}
			l.w.After(l.n.latency(), func() { l.answer(m, leader, e.Index, done) })
		})
	})
}

// spread brings an entry to a member that the leader reaches.
func (l *modelLog) spread(m Member, index uint64) {
	if l.leader != nil && m.alive() && l.n.both(m.addr(), l.leader.addr()) {
		l.catchUp(m, index)
	}
}

// answer tells a proposer of its entry: once it has applied it, or not at all.
func (l *modelLog) answer(m, leader Member, index uint64, done func(error)) {
	if m == leader || l.leader == leader && l.n.both(m.addr(), leader.addr()) && !l.w.Chance(100) {
		if l.catchUp(m, index); m.position() >= index {
			done(nil)
			return
		}
	}
	l.w.After(l.w.Between(100*time.Millisecond, 2*time.Second), func() { done(errUnknown) })
}

// Confirm asks the leader, which asks a majority.
func (l *modelLog) Confirm(m Member, done func(error)) {
	leader, term := l.leader, l.term
	l.w.After(l.n.latency()+l.n.latency(), func() {
		ok := leader != nil && l.leader == leader && l.term == term && l.majority(leader) &&
			(m == leader || l.n.both(m.addr(), leader.addr()))
		if !ok {
			l.w.After(l.w.Between(10*time.Millisecond, 500*time.Millisecond), func() { done(errNoQuorum) })
			return
		}
		index := uint64(len(l.entries))
		l.w.After(l.n.latency(), func() {
			if l.catchUp(m, index); m.position() < index {
				done(errUnknown)
				return
			}
			done(nil)
		})
	})
}
