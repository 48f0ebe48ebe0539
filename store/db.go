package store

import (
	"encoding/binary"

	"valkey/internal/invariant"
	"valkey/store/mem"
)

const (
	// NoExpire is the deadline of a key that has none.
	NoExpire int64 = -1
	// KeepTTL stands for a deadline and keeps the one there is.
	KeepTTL int64 = -2
)

// DB is one database.
type DB struct {
	s  *Store
	id int
	*table
}

func (s *Store) newDB(id int) *DB { return &DB{s: s, id: id, table: s.newTable()} }

// ID returns the number of the database.
func (db *DB) ID() int { return db.id }

// Len returns how many keys there are, expired ones included.
func (db *DB) Len() int { return db.keys.Len() }

// Volatile returns how many keys have a deadline.
func (db *DB) Volatile() int { return db.volatile.Len() }

// Prefetch asks for the memory of the hash's bucket, PrefetchEntry, some time later, for that of the entry. They only
// make the next Find faster.
func (db *DB) Prefetch(hash uint64) { db.keys.PrefetchBucket(hash) }

// PrefetchEntry is the second step of Prefetch.
func (db *DB) PrefetchEntry(hash uint64) { db.keys.PrefetchEntry(hash) }

// Find returns the entry of a key as it is, expired or not, without touching its age.
func (db *DB) Find(key []byte, hash uint64) Entry {
	p := db.keys.Probe(hash)
	for r := p.Next(); r != 0; r = p.Next() {
		if e := (Entry{db.s, r}); e.hasKey(key) {
			return e
		}
	}
	return Entry{}
}

// SetString gives a key a string value, replacing one of any type, or creating the key. A number in canonical form is
// stored as one. at is a deadline in milliseconds, NoExpire, or KeepTTL.
func (db *DB) SetString(key []byte, hash uint64, text []byte, at int64) Entry {
	if e := db.Find(key, hash); e.Exists() {
		return db.Overwrite(e, hash, text, at)
	}
	return db.Insert(key, hash, text, at)
}

// Insert is SetString for a key that is known not to exist.
func (db *DB) Insert(key []byte, hash uint64, text []byte, at int64) Entry {
	var v value
	v.setString(text, len(key), at >= 0)
	return db.insert(key, hash, &v, at)
}

// Overwrite is SetString for a key that has just been found.
func (db *DB) Overwrite(e Entry, hash uint64, text []byte, at int64) Entry {
	h := e.header()
	var v value
	v.setString(text, e.keyLen(h), at >= 0 || e.ExpireAt() >= 0)
	return db.overwrite(e, h, hash, &v, at)
}

// SetIntAt overwrites a value with encoding Int by another number; deadline and age stay. It reports whether it could.
func (db *DB) SetIntAt(e Entry, n int64) bool {
	h := e.header()
	if h.encoding() != Int {
		return false
	}
	db.before(e)
	binary.LittleEndian.PutUint64(e.body(h), uint64(n))
	return true
}

// SetText is SetString, but stores a number as the text it is, as INCRBYFLOAT does.
func (db *DB) SetText(key []byte, hash uint64, text []byte, at int64) Entry {
	var v value
	e := db.Find(key, hash)
	if !e.Exists() {
		v.setText(text, len(key), at >= 0)
		return db.insert(key, hash, &v, at)
	}
	v.setText(text, len(key), at >= 0 || e.ExpireAt() >= 0)
	return db.overwrite(e, e.header(), hash, &v, at)
}

// SetInt is SetString for a number.
func (db *DB) SetInt(key []byte, hash uint64, n int64, at int64) Entry {
	v := value{enc: Int, num: n}
	if e := db.Find(key, hash); e.Exists() {
		return db.overwrite(e, e.header(), hash, &v, at)
	}
	return db.insert(key, hash, &v, at)
}

func (db *DB) insert(key []byte, hash uint64, v *value, at int64) Entry {
	if invariant.Enabled {
		invariant.Check(!db.Find(key, hash).Exists(), "store: insert of %q, which exists", key)
	}
	used := db.s.allocated()
	at = max(at, NoExpire)
	h := v.apply(makeHeader(String, v.enc, db.s.freshAge()))
	e := db.s.newEntry(h, key, at, false)
	db.s.put(e.body(e.header()), v)
	db.link(e, hash, at)
	db.account(db.s, used)
	return e
}

// link puts an entry into the indexes.
func (db *DB) link(e Entry, hash uint64, at int64) {
	db.stamp(e, hash)
	db.keys.Insert(hash, e.ref)
	if at != NoExpire {
		db.volatile.Insert(hash, e.ref)
	}
}

// overwrite replaces the value and the deadline and keeps the age. The entry stays where it is when its memory suits.
func (db *DB) overwrite(e Entry, h header, hash uint64, v *value, at int64) Entry {
	if db.s.marks != 0 {
		db.s.preserve(db.table, e)
		h = e.header()
	}
	used := db.s.allocated()
	was := e.ExpireAt()
	if at == KeepTTL {
		at = was
	}
	key := e.Key()
	start := int(h.keyUnits())*8 + len(key)
	now, then := v.bodyLen(), h.bodyLen()
	suits := (at == NoExpire || h.has(flagDeadline)) && (now == then || mem.Cap(start+now) == mem.Cap(start+then))
	fresh := e
	if suits {
		db.s.rewrite(e, h, v)
		if h.has(flagDeadline) {
			e.setDeadline(at)
		}
	} else {
		fresh = db.s.newEntry(v.apply(h), key, at, false)
		db.s.put(fresh.body(fresh.header()), v)
	}
	db.relink(e, fresh, hash, was, at)
	if !suits {
		db.s.freeValue(e, h)
		db.s.freeEntry(e, h)
	}
	db.account(db.s, used)
	return fresh
}

// rewrite replaces the value within an entry whose memory suits, and within an outer value's when that does too.
func (s *Store) rewrite(e Entry, h header, v *value) {
	if v.outer() && h.has(flagOuter) {
		if o := e.outer(h); mem.Cap(len(v.text)) == o.cap && !s.pinned(o) {
			copy(s.arena.Bytes(o.ref, o.cap), v.text)
			o.len = len(v.text)
			e.setHeader(v.apply(h))
			putOuter(e.body(h), o)
			return
		}
	}
	var old outer
	if h.has(flagOuter) {
		old = e.outer(h)
	}
	h = v.apply(h)
	e.setHeader(h)
	s.put(e.body(h), v)
	if old.ref != 0 {
		s.freeOuter(old) // last: the new text may lie in it
	}
}

// relink brings the indexes up to date after an entry has moved from e to fresh, or its deadline from was to at.
func (db *DB) relink(e, fresh Entry, hash uint64, was, at int64) {
	moved := e.ref != fresh.ref
	if moved {
		ok := db.keys.Replace(hash, e.ref, fresh.ref)
		invariant.Check(ok, "store: an entry is not in its database")
	}
	switch {
	case was == NoExpire && at == NoExpire:
	case was == NoExpire:
		db.volatile.Insert(hash, fresh.ref)
	case at == NoExpire:
		db.volatile.Delete(hash, e.ref)
	case moved:
		db.volatile.Replace(hash, e.ref, fresh.ref)
	}
}

// unlink takes an entry out of the indexes.
func (db *DB) unlink(e Entry, hash uint64) {
	db.before(e)
	ok := db.keys.Delete(hash, e.ref)
	invariant.Check(ok, "store: an entry is not in its database")
	if e.ExpireAt() != NoExpire {
		db.volatile.Delete(hash, e.ref)
	}
}

// Delete removes a key and reports whether it was there.
func (db *DB) Delete(key []byte, hash uint64) bool {
	e := db.Find(key, hash)
	if !e.Exists() {
		return false
	}
	db.remove(e, hash)
	return true
}

// Unlink is Delete that leaves what takes long to free to Reclaim. No string does: its memory comes back in one step,
// and goes to the system in slices anyway.
func (db *DB) Unlink(key []byte, hash uint64) bool { return db.Delete(key, hash) }

// Remove deletes an entry.
func (db *DB) Remove(e Entry) { db.remove(e, db.s.Hash(e.Key())) }

func (db *DB) remove(e Entry, hash uint64) {
	used := db.s.allocated()
	db.unlink(e, hash)
	h := e.header()
	db.s.freeValue(e, h)
	db.s.freeEntry(e, h)
	db.account(db.s, used)
}
