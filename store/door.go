package store

import (
	"math/bits"

	"valkey/internal/invariant"
)

// The door that every write to an entry goes through while cuts are running. What changes an entry or takes it away
// calls before; what puts one into a database calls stamp.
//
// An entry has a cut's mark if the cut's walk has yet to pass it and must not hand it over then: it came after the
// cut, or its old value was handed over already. Entries that the walk has passed, or will never see, have none.

// before hands the entry's value over to the cuts that need it. Headers read earlier are stale after it.
func (db *DB) before(e Entry) {
	if db.s.marks != 0 {
		db.s.preserve(db.table, e)
	}
}

func (s *Store) preserve(t *table, e Entry) {
	invariant.Check(!s.saving, "store: a write from within the save of a cut")
	hash := s.Hash(e.Key())
	for m := s.marks; m != 0; m &= m - 1 {
		c := s.cuts[bits.TrailingZeros8(m)]
		h := e.header()
		if c.state != cutRunning || h.has(c.mark) || !c.has(t, hash) {
			continue
		}
		e.setHeader(h | c.mark)
		c.marks++
		c.hand(c.databases[t.place[c.slot]-1].DB, e)
	}
}

// stamp gives an entry that is about to enter the database the marks that it needs there, and no others.
func (db *DB) stamp(e Entry, hash uint64) {
	if db.s.marks == 0 {
		return
	}
	invariant.Check(!db.s.saving, "store: a write from within the save of a cut")
	h := e.header() &^ marksMask
	for m := db.s.marks; m != 0; m &= m - 1 {
		c := db.s.cuts[bits.TrailingZeros8(m)]
		if c.state == cutRunning && c.has(db.table, hash) {
			h |= c.mark
			c.marks++
		}
	}
	e.setHeader(h)
}

// unclean returns a cut that was aborted and has left marks, or nil.
func (s *Store) unclean() *Cut {
	for m := s.marks; m != 0; m &= m - 1 {
		if c := s.cuts[bits.TrailingZeros8(m)]; c.state == cutAborted {
			return c
		}
	}
	return nil
}

// wanted reports whether a running cut has yet to walk through a table.
func (s *Store) wanted(t *table) bool {
	for m := s.marks; m != 0; m &= m - 1 {
		if s.cuts[bits.TrailingZeros8(m)].wants(t) {
			return true
		}
	}
	return false
}
