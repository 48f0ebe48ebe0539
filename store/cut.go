package store

import (
	"errors"
	"math/bits"

	"valkey/internal/invariant"
	"valkey/store/index"
	"valkey/store/mem"
)

// A cut is the data set of one moment, handed over while writing goes on. A walk hands over what is as it was; a write
// to what the walk has not reached hands over the old value first and leaves a mark, so that the walk passes it by.
// DESIGN.md says why it works this way.

// CutsMax is how many cuts can run at once: each has a bit in the header of an entry.
const CutsMax = 5

// ErrCuts means that there is no room for one more cut.
var ErrCuts = errors.New("store: too many cuts at once")

const (
	// walkBuckets is how many buckets a walk takes at a time: enough entries for their cache misses to overlap.
	walkBuckets = 8
	// bucketWork is what looking into a bucket counts against the entries that a step may walk.
	bucketWork = 1
)

// CutDB is a database as a cut found it.
type CutDB struct{ DB, Keys, Volatile int }

// Cut is a point in time of all databases, on its way out. It belongs to the goroutine that the store belongs to.
type Cut struct {
	s    *Store
	slot int
	mark header
	save func(db int, e Entry)

	databases []CutDB
	tables    []*table // those of databases, in the order of the walk; dropped when the cut is over
	at        int      // which table the walk is in
	cursor    uint64   // and where in it
	group     []mem.Ref

	keys, saved int
	marks       int // at least as many as there are marks in entries
	state       cutState
}

type cutState uint8

const (
	cutRunning cutState = iota
	cutAborted          // no more saving, but its marks have to be cleared before its bit is good for another cut
	cutOver
)

// Cut begins a cut: the databases as they are now. save is called once for every key that there is, with the number
// that the database has now and the entry with its value and deadline of now: by Step, or by a write that is about to
// change the entry. It may read the entry, which is good until it returns, pin it, and abort the cut, and must not
// write to the store. Keys that have expired are handed over like others.
func (s *Store) Cut(save func(db int, e Entry)) (*Cut, error) {
	slot := bits.TrailingZeros8(^s.marks)
	if slot >= CutsMax {
		return nil, ErrCuts
	}
	c := &Cut{s: s, slot: slot, mark: 1 << (markShift + slot), save: save}
	for db := range s.Each {
		if db.Len() == 0 {
			continue
		}
		c.databases = append(c.databases, CutDB{DB: db.id, Keys: db.Len(), Volatile: db.Volatile()})
		c.tables = append(c.tables, db.table)
		db.place[slot] = len(c.tables)
		c.keys += db.Len()
	}
	s.cuts[slot] = c
	s.marks |= 1 << slot
	return c, nil
}

// Cuts returns how many cuts are running.
func (s *Store) Cuts() int {
	n := 0
	for _, c := range s.cuts {
		if c != nil && c.state == cutRunning {
			n++
		}
	}
	return n
}

// Step walks about so many entries further and reports whether there is more. Databases are walked in the order of
// their numbers at the cut.
func (c *Cut) Step(entries int) (more bool) {
	if c.state == cutRunning {
		c.walk(entries)
	}
	return c.state == cutRunning
}

// Abort ends the cut; nothing is saved from now on. Reclaim removes what marks it leaves.
func (c *Cut) Abort() {
	if c.state != cutRunning {
		return
	}
	c.state = cutAborted
	c.save = nil
	if c.marks == 0 {
		c.finish()
	}
}

// Keys returns how many keys there were at the cut.
func (c *Cut) Keys() int { return c.keys }

// Saved returns how many keys have been handed over so far.
func (c *Cut) Saved() int { return c.saved }

// Done reports whether the cut is over: all keys were handed over, or it was aborted.
func (c *Cut) Done() bool { return c.state != cutRunning }

// Databases returns the databases that had keys at the cut, in the order of their numbers then.
func (c *Cut) Databases() []CutDB { return c.databases }

// walk hands over, or, in a cut that was aborted, only clears marks.
func (c *Cut) walk(entries int) {
	for entries > 0 && c.at < len(c.tables) {
		t, db := c.tables[c.at], c.databases[c.at].DB
		if t.buried && c.state == cutAborted { // nobody will look at its marks, and it may be half gone
			c.at, c.cursor = c.at+1, 0
			continue
		}
		buckets := min(walkBuckets, entries/walkBuckets+1)
		group, next := t.keys.Gather(c.cursor, buckets, c.group[:0])
		c.group = group
		if c.cursor = next; next == 0 {
			c.at++
		}
		entries -= len(group) + buckets*bucketWork
		for _, r := range group {
			c.pass(db, Entry{c.s, r})
		}
	}
	if c.at == len(c.tables) {
		c.finish()
	}
}

// pass is the walk's step over one entry.
func (c *Cut) pass(db int, e Entry) {
	switch h := e.header(); {
	case h.has(c.mark):
		e.setHeader(h &^ c.mark)
		c.marks--
	case c.state == cutRunning:
		c.hand(db, e)
	}
}

// hand gives an entry to the cut's owner.
func (c *Cut) hand(db int, e Entry) {
	c.saved++
	c.s.saving = true
	c.save(db, e)
	c.s.saving = false
}

// finish lets go of everything; no entry has the cut's mark any more.
func (c *Cut) finish() {
	if c.state == cutOver {
		return
	}
	invariant.Check(c.state == cutAborted || c.saved == c.keys, "store: a cut of %d keys saved %d", c.keys, c.saved)
	for _, t := range c.tables {
		t.place[c.slot] = 0
	}
	c.s.cuts[c.slot] = nil
	c.s.marks &^= 1 << c.slot
	c.state, c.tables, c.group, c.save, c.at = cutOver, nil, nil, nil, 0
}

// has reports whether an entry of a table still belongs to what the walk has to look at.
func (c *Cut) has(t *table, hash uint64) bool {
	switch at := t.place[c.slot] - 1; {
	case at == c.at:
		return !index.Visited(hash, c.cursor)
	default:
		return at > c.at
	}
}

// wants reports whether the walk has not been through all of a table, so that its entries have to stay.
func (c *Cut) wants(t *table) bool { return c.state == cutRunning && t.place[c.slot] > c.at }
