package core

import (
	"fmt"
	"maps"
	"slices"
)

// roster is the part of the agreed state that is not the machine's: who belongs to the group, and what has been applied
// for whom. Like the machine it changes only as entries are applied, so that it is the same at equal indexes.
type roster struct {
	group   GroupID
	fenced  []GroupID // groups in whose place an operator put this one
	members map[uint64]*member
	gone    []departed // the last listMax that left
}

// member is one that belongs.
type member struct {
	id      string
	addr    string
	leaving bool // an operator wants it removed
	window  window
}

// departed is an identity that left, so that its owner can be told.
type departed struct {
	raft  uint64
	final bool
}

func newRoster(group GroupID) *roster {
	return &roster{group: group, members: map[uint64]*member{}}
}

func (r *roster) remove(raft uint64) {
	m := r.members[raft]
	if m == nil {
		return
	}
	delete(r.members, raft)
	r.gone = append(r.gone, departed{raft, m.leaving})
	if n := len(r.gone); n > listMax {
		r.gone = slices.Delete(r.gone, 0, n-listMax)
	}
}

// departed looks an identity up among those that left.
func (r *roster) departed(raft uint64) (final, found bool) {
	i := slices.IndexFunc(r.gone, func(d departed) bool { return d.raft == raft })
	if i < 0 {
		return false, false
	}
	return r.gone[i].final, true
}

// rosterVersion is the first byte of a group's snapshot.
const rosterVersion = 1

// encode gives a group's snapshot: the roster, then the machine's state.
func (r *roster) encode(machine []byte) []byte {
	e := encoder{make([]byte, 0, len(machine)+256*(1+len(r.members)))}
	e.byte(rosterVersion)
	e.fixed(uint64(r.group))
	e.groups(r.fenced)
	e.uint(uint64(len(r.members)))
	for _, raft := range slices.Sorted(maps.Keys(r.members)) {
		m := r.members[raft]
		e.fixed(raft)
		e.string(m.id)
		e.string(m.addr)
		e.bool(m.leaving)
		e.uint(m.window.top)
		for _, w := range m.window.bits {
			e.fixed(w)
		}
	}
	e.uint(uint64(len(r.gone)))
	for _, g := range r.gone {
		e.fixed(g.raft)
		e.bool(g.final)
	}
	e.b = append(e.b, machine...)
	return e.b
}

// decodeRoster reads a group's snapshot.
func decodeRoster(b []byte) (r *roster, machine []byte, err error) {
	d := decoder{b: b}
	if v := d.byte(); d.err == nil && v != rosterVersion {
		return nil, nil, fmt.Errorf("quorum: snapshot of version %d, this one knows %d", v, rosterVersion)
	}
	r = newRoster(GroupID(d.fixed()))
	r.fenced = d.groups()
	for range d.count(8 + 8*proposalsMax/64) {
		raft := d.fixed()
		m := &member{id: d.name(), addr: d.name(), leaving: d.bool(), window: window{top: d.uint()}}
		for i := range m.window.bits {
			m.window.bits[i] = d.fixed()
		}
		r.members[raft] = m
	}
	for range d.count(9) {
		r.gone = append(r.gone, departed{d.fixed(), d.bool()})
	}
	return r, d.b, d.err
}
