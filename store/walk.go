package store

import "valkey/store/mem"

// Scan hands over the entries of one bucket and returns the cursor that continues, zero at the end; see package index
// for what it guarantees and for the order, that of reversed hashes. emit may delete the entry that it is given, and
// write nothing else.
func (db *DB) Scan(cursor uint64, emit func(Entry)) uint64 {
	return db.keys.Scan(cursor, func(r mem.Ref) { emit(Entry{db.s, r}) })
}

// ScanVolatile is Scan over the keys with a deadline alone.
func (db *DB) ScanVolatile(cursor uint64, emit func(Entry)) uint64 {
	return db.volatile.Scan(cursor, func(r mem.Ref) { emit(Entry{db.s, r}) })
}

// Random returns a random entry, each as likely as another; none when the database is empty.
func (db *DB) Random() Entry { return Entry{db.s, db.keys.Random(db.s.random())} }

// RandomVolatile is Random among the keys with a deadline.
func (db *DB) RandomVolatile() Entry { return Entry{db.s, db.volatile.Random(db.s.random())} }
