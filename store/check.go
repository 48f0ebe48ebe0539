package store

import (
	"fmt"
	"math/bits"

	"valkey/store/mem"
)

// tables yields what the databases hold, the live ones and those aside.
func (s *Store) tables(yield func(*table) bool) {
	for db := range s.Each {
		if !yield(db.table) {
			return
		}
	}
	for _, a := range s.asides {
		for _, db := range a.dbs {
			if db != nil && !yield(db.table) {
				return
			}
		}
	}
}

// Check verifies the whole store and returns the first thing found wrong. It visits every entry.
func (s *Store) Check() error {
	if err := s.arena.Check(); err != nil {
		return err
	}
	dataset := 0
	var left [CutsMax]int
	for t := range s.tables {
		n, err := s.check(t, &left)
		if err != nil {
			return err
		}
		dataset += n
	}
	kept := 0
	for _, g := range s.graves {
		if !g.buried {
			return fmt.Errorf("store: a grave is not buried")
		}
		if g.kept {
			kept += g.bytes
		}
		if s.wanted(g.table) {
			if _, err := s.check(g.table, &left); err != nil {
				return fmt.Errorf("grave: %w", err)
			}
		}
		if !g.kept {
			dataset += g.bytes - g.keys.Bytes() - g.volatile.Bytes()
		}
	}
	if m := s.Memory(); m.Dataset != dataset || s.kept != kept {
		return fmt.Errorf("store: entries take %d bytes, graves of cuts %d; %d, %d are accounted for",
			dataset, kept, m.Dataset, s.kept)
	}
	return s.checkCuts(left)
}

// check verifies a table, returns what its entries take, and adds to left how many of them each cut has still to save.
func (s *Store) check(t *table, left *[CutsMax]int) (dataset int, err error) {
	if err := t.keys.Check(); err != nil {
		return 0, fmt.Errorf("store: keys: %w", err)
	}
	if err := t.volatile.Check(); err != nil {
		return 0, fmt.Errorf("store: volatile keys: %w", err)
	}
	volatile := make(map[mem.Ref]bool)
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		cursor = t.volatile.Scan(cursor, func(r mem.Ref) { volatile[r] = true })
	}
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		cursor = t.keys.Scan(cursor, func(r mem.Ref) {
			e := Entry{s, r}
			if volatile[r] != (e.ExpireAt() != NoExpire) && err == nil {
				err = fmt.Errorf("store: %q: deadline %d, volatile: %v", e.Key(), e.ExpireAt(), volatile[r])
			}
			if wrong := s.checkMarks(t, e, left); wrong != nil && err == nil {
				err = wrong
			}
			dataset += e.allocated(e.header())
		})
	}
	if len(volatile) != t.volatile.Len() && err == nil {
		err = fmt.Errorf("store: %d volatile keys found of %d", len(volatile), t.volatile.Len())
	}
	if n := dataset + t.keys.Bytes() + t.volatile.Bytes(); n != t.bytes && err == nil {
		err = fmt.Errorf("store: a table takes %d bytes, %d are accounted for", n, t.bytes)
	}
	return dataset, err
}

// checkMarks verifies that an entry has marks only of cuts whose walk will come by. In a grave, marks of cuts that
// were aborted may stay: it is in no cut that comes later.
func (s *Store) checkMarks(t *table, e Entry, left *[CutsMax]int) error {
	h := e.header()
	if stray := uint8(h&marksMask>>markShift) &^ s.marks; stray != 0 && !t.buried {
		return fmt.Errorf("store: %q has marks %b of no cut", e.Key(), stray)
	}
	hash := s.Hash(e.Key())
	for m := s.marks; m != 0; m &= m - 1 {
		c := s.cuts[bits.TrailingZeros8(m)]
		switch to := c.has(t, hash); {
		case h.has(c.mark) && !to && !t.buried:
			return fmt.Errorf("store: %q has the mark of cut %d, which will not pass it", e.Key(), c.slot)
		case to && !h.has(c.mark):
			left[c.slot]++
		}
	}
	return nil
}

// checkCuts compares what the cuts have saved and have left with what they were made of.
func (s *Store) checkCuts(left [CutsMax]int) error {
	for slot, c := range s.cuts {
		if (c != nil) != (s.marks>>slot&1 == 1) {
			return fmt.Errorf("store: cut %d: %v, but the bits are %b", slot, c != nil, s.marks)
		}
		if c == nil || c.state != cutRunning {
			continue
		}
		if c.saved+left[slot] != c.keys {
			return fmt.Errorf("store: cut %d has saved %d keys and has %d to go of %d", slot, c.saved, left[slot], c.keys)
		}
		for at, t := range c.tables {
			if t.place[slot] != at+1 {
				return fmt.Errorf("store: cut %d: table %d thinks it is %d", slot, at, t.place[slot]-1)
			}
		}
	}
	return nil
}
