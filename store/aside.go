package store

import "slices"

// Aside is a second set of databases in the store's memory, numbered like the live ones: a data set that is being
// received while the old one still serves, or the one that is kept in case that fails. Keys in it are not evicted, do
// not expire by themselves, and belong to no cut.
type Aside struct {
	s   *Store
	dbs []*DB
}

// Aside makes a second, empty set of databases.
func (s *Store) Aside() *Aside {
	a := &Aside{s: s, dbs: make([]*DB, len(s.dbs))}
	s.asides = append(s.asides, a)
	return a
}

// DB returns database i of the set.
func (a *Aside) DB(i int) *DB {
	if a.dbs[i] == nil {
		a.dbs[i] = a.s.newDB(i)
	}
	return a.dbs[i]
}

// Swap exchanges the contents of all databases with those of the live ones. A cut that is running keeps the data set
// that it was made of.
func (a *Aside) Swap() {
	for i := range a.dbs {
		if a.dbs[i] != nil || a.s.dbs[i] != nil {
			mine, live := a.DB(i), a.s.DB(i)
			mine.table, live.table = live.table, mine.table
		}
	}
}

// Drop removes the set and what is in it; with lazy, the memory comes back through Reclaim. The set cannot be used any
// more.
func (a *Aside) Drop(lazy bool) {
	for _, db := range a.dbs {
		if db != nil {
			db.Flush(lazy)
		}
	}
	if at := slices.Index(a.s.asides, a); at >= 0 {
		a.s.asides = slices.Delete(a.s.asides, at, at+1)
	}
}
