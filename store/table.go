package store

import (
	"valkey/store/index"
	"valkey/store/mem"
)

// table is the contents of a database: what SWAPDB exchanges and a flush takes away. It keeps its identity while it
// goes from one database to another, which is how a cut finds its own again.
type table struct {
	keys     index.Index
	volatile index.Index // the same entries, those with a deadline

	ttlMs  float64 // running average of the time to live, see expire.go
	cursor uint64  // where active expiry stands

	// bytes is what the table takes of the arena: its indexes, entries and values.
	bytes int

	// place is the table's place in the order of each running cut's walk, plus one; zero where it is not in the cut.
	place [CutsMax]int

	buried bool // it is a grave: nothing is looked up in it any more
}

func (s *Store) newTable() *table {
	return &table{keys: index.New(s.arena, s.hashOf), volatile: index.New(s.arena, s.hashOf)}
}

// hashOf is what the indexes ask for the hash of an entry.
func (s *Store) hashOf(r mem.Ref) uint64 { return s.Hash(Entry{s, r}.Key()) }

// account brings the table's bytes up to date after something in it was changed; used is what allocated returned
// before.
func (t *table) account(s *Store, used int) { t.bytes += s.allocated() - used }

// Reserve makes room in the indexes of an empty database for so many keys, and keys with a deadline, so that filling
// it splits nothing. The numbers are taken as a hint: a database that is not empty, and what goes beyond a bound,
// grows step by step as always.
func (db *DB) Reserve(keys, volatile int) {
	if db.Len() != 0 {
		return
	}
	used := db.s.allocated()
	db.keys.Reserve(keys)
	db.volatile.Reserve(volatile)
	db.account(db.s, used)
}
