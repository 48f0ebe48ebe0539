package store

import (
	"slices"

	"valkey/store/mem"
)

// releasePerEntry is how many bytes Reclaim may give back to the system in place of freeing one entry: about the same
// work.
const releasePerEntry = 2 << 10

// grave is what is left of a flushed database.
type grave struct {
	*table
	kept bool // a cut wanted it when it was flushed: its bytes do not count as used
}

// Flush empties the database and returns how many keys it had. With lazy, their memory comes back through Reclaim. So
// it does, too, when a cut has yet to walk through the database: then it is no longer counted as used, lest keys be
// evicted, or commands refused, for what only the cut holds.
func (db *DB) Flush(lazy bool) int {
	s, t, n := db.s, db.table, db.Len()
	if t.bytes == 0 { // an empty one may have been given room
		return 0
	}
	db.table = s.newTable()
	t.buried = true
	kept := s.wanted(t)
	switch {
	case kept:
		s.kept += t.bytes
	case !lazy:
		for s.bury(t, n+1) {
			continue
		}
		return n
	}
	s.graves = append(s.graves, grave{t, kept})
	return n
}

// Reclaim frees some of what was flushed, about as many entries as told, cleans up after cuts that were aborted, and
// gives freed memory back to the system. It reports whether there is more that it can do.
func (s *Store) Reclaim(entries int) (more bool) {
	for i, g := range s.graves {
		if s.wanted(g.table) {
			continue
		}
		keys, bytes := g.keys.Len(), g.bytes
		more = s.bury(g.table, entries)
		s.reclaimed += uint64(keys - g.keys.Len())
		if g.kept {
			s.kept -= bytes - g.bytes
		}
		if !more {
			s.graves = slices.Delete(s.graves, i, i+1)
		}
		return true
	}
	if c := s.unclean(); c != nil {
		c.walk(entries)
		return true
	}
	budget := entries * releasePerEntry
	return s.arena.Release(budget) >= budget
}

// Reclaimable reports whether flushed keys, or the marks of cuts that were aborted, wait for Reclaim: what should not
// wait for the next tick.
func (s *Store) Reclaimable() bool {
	for _, g := range s.graves {
		if !s.wanted(g.table) {
			return true
		}
	}
	return s.unclean() != nil
}

// bury frees about n entries of a table and reports whether there are more.
func (s *Store) bury(t *table, n int) (more bool) {
	used := s.allocated()
	defer t.account(s, used)
	if t.volatile.Drain(n, func(mem.Ref) {}) {
		return true
	}
	return t.keys.Drain(n, func(r mem.Ref) {
		e := Entry{s, r}
		h := e.header()
		s.freeValue(e, h)
		s.freeEntry(e, h)
	})
}

// Pending returns how many flushed keys are not yet freed.
func (s *Store) Pending() int {
	n := 0
	for _, g := range s.graves {
		n += g.keys.Len()
	}
	return n
}

// Reclaimed returns how many keys Reclaim has freed since the last ResetReclaimed.
func (s *Store) Reclaimed() uint64 { return s.reclaimed }

// ResetReclaimed sets that count to zero.
func (s *Store) ResetReclaimed() { s.reclaimed = 0 }

// Purge gives all freed memory back to the system, however long that takes.
func (s *Store) Purge() { s.arena.Purge() }
