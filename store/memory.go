package store

import (
	"valkey/store/index"
	"valkey/store/mem"
)

// Memory is where the store's memory goes, in bytes.
type Memory struct {
	Used     int // handed out by the arena, without Kept: Index + Dataset
	Kept     int // given up by commands, but held for a cut or a pin, or not yet reclaimed since
	Index    int // hash tables, those of flushed databases included
	Dataset  int // entries and values
	Resident int // held from the system
	Reserved int // address space: the most there can ever be
}

// Used returns the bytes in use, what maxmemory compares.
func (s *Store) Used() int { return s.allocated() - s.kept }

// allocated returns the bytes in use, less those that wait for a pin to be freed.
func (s *Store) allocated() int { return s.arena.Used() - s.freedPins }

// Memory returns where the memory goes.
func (s *Store) Memory() Memory {
	m := Memory{Used: s.Used(), Kept: s.freedPins + s.kept, Resident: s.arena.Resident(), Reserved: s.arena.Reserved()}
	for t := range s.tables {
		m.Index += t.keys.Bytes() + t.volatile.Bytes()
	}
	for _, g := range s.graves {
		if !g.kept {
			m.Index += g.keys.Bytes() + g.volatile.Bytes()
		}
	}
	m.Dataset = m.Used - m.Index
	return m
}

// Overhead returns the bytes that the database's two indexes take.
func (db *DB) Overhead() (keys, volatile int) { return db.keys.Bytes(), db.volatile.Bytes() }

// Stats returns the shape of the database's two indexes, for DEBUG HTSTATS; walk asks for what needs a walk through
// them.
func (db *DB) Stats(walk bool) (keys, volatile index.Stats) {
	return db.keys.Stats(walk), db.volatile.Stats(walk)
}

// MemoryUsage returns the bytes that an entry takes: key, value, and its share of the indexes.
func (db *DB) MemoryUsage(e Entry) int {
	h := e.header()
	n := e.allocated(h) + share(&db.keys)
	if e.ExpireAt() != NoExpire {
		n += share(&db.volatile)
	}
	return n
}

func share(ix *index.Index) int { return ix.Bytes() / max(1, ix.Len()) }

// allocated returns the bytes that the entry and its value take.
func (e Entry) allocated(h header) int {
	n := mem.Cap(e.size(h))
	if h.has(flagOuter) {
		n += e.outer(h).cap
	}
	return n
}
