package core

import (
	"fmt"
	"time"
)

// envelope is what stands in the log round an entry.
type envelope struct {
	kind byte
	raft uint64 // the proposer's identity in the group
	seq  uint64 // the proposal's: boot<<bootShift + a count, so that it grows over restarts
	at   int64  // the proposer's wall clock, in nanoseconds
	data []byte
}

// bootShift leaves room for 2^40 proposals between two starts.
const bootShift = 40

// The kinds of entries. One that is not known is of a newer version: it is refused by every member of this one.
const (
	entryData   = 1 // for the machine
	entryRemove = 2 // an operator removes the member whose myid is the data
)

func (v *envelope) encode() []byte {
	e := encoder{make([]byte, 0, len(v.data)+40)}
	e.byte(v.kind)
	e.fixed(v.raft)
	e.uint(v.seq)
	e.fixed(uint64(v.at))
	e.b = append(e.b, v.data...)
	return e.b
}

func decodeEnvelope(b []byte) (envelope, error) {
	d := decoder{b: b}
	v := envelope{kind: d.byte(), raft: d.fixed(), seq: d.uint(), at: int64(d.fixed())}
	v.data = d.b
	if d.err == nil && v.kind != entryData && v.kind != entryRemove {
		return v, fmt.Errorf("quorum: entry of unknown kind %d", v.kind)
	}
	return v, d.err
}

// entry gives what the machine sees. Who proposed it is what the agreed state says of the identity, not the entry.
func (v *envelope) entry(index uint64, by *member) Entry {
	return Entry{Index: index, At: time.Unix(0, v.at), By: by.id, Data: v.data}
}

// window remembers which proposals of one member have been applied: the highest, and of the proposalsMax up to it which
// ones. A member has no older one under way.
type window struct {
	top  uint64
	bits [proposalsMax / 64]uint64 // bit seq%proposalsMax; clear above top
}

// take notes a proposal as applied, and reports false if it was before, or is too old to tell.
func (w *window) take(seq uint64) bool {
	if seq > w.top {
		if seq-w.top >= proposalsMax {
			w.bits = [proposalsMax / 64]uint64{}
		} else {
			for s := w.top + 1; s < seq; s++ {
				w.clear(s)
			}
		}
		w.top = seq
		w.set(seq)
		return true
	}
	if w.top-seq >= proposalsMax || w.has(seq) {
		return false
	}
	w.set(seq)
	return true
}

// seen reports whether a proposal was applied.
func (w *window) seen(seq uint64) bool {
	return seq <= w.top && w.top-seq < proposalsMax && w.has(seq)
}

func (w *window) has(seq uint64) bool { return w.bits[seq%proposalsMax/64]&(1<<(seq%64)) != 0 }
func (w *window) set(seq uint64)      { w.bits[seq%proposalsMax/64] |= 1 << (seq % 64) }
func (w *window) clear(seq uint64)    { w.bits[seq%proposalsMax/64] &^= 1 << (seq % 64) }
