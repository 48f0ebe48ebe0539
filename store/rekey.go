package store

import "valkey/internal/invariant"

// SetExpire gives an entry a deadline in milliseconds (0 or more), or takes it away with NoExpire.
func (db *DB) SetExpire(e Entry, at int64) Entry {
	if at == NoExpire && e.ExpireAt() == NoExpire {
		return e
	}
	db.before(e)
	used := db.s.allocated()
	e = db.setExpire(e, at)
	db.account(db.s, used)
	return e
}

func (db *DB) setExpire(e Entry, at int64) Entry {
	h := e.header()
	was := e.ExpireAt()
	if h.has(flagDeadline) {
		if (was == NoExpire) != (at == NoExpire) {
			db.relink(e, e, db.s.Hash(e.Key()), was, at)
		}
		e.setDeadline(at)
		return e
	}
	// The entry moves to get the room, with Valkey's own consequence for its encoding.
	key := e.Key()
	if h.encoding() == Embstr {
		h = h.withEncoding(textEncoding(h.shortValue(), len(key), true))
	}
	fresh := db.s.newEntry(h, key, at, true)
	copy(fresh.body(fresh.header()), e.body(e.header()))
	db.relink(e, fresh, db.s.Hash(key), was, at)
	db.s.freeEntry(e, e.header())
	return fresh
}

// Persist takes the deadline away.
func (db *DB) Persist(e Entry) Entry { return db.SetExpire(e, NoExpire) }

// Move takes an entry of a database to another database (or the same) under a key that does not exist there, without
// copying a big value. The deadline goes with it; its age starts anew. hash is that of the old key.
func (db *DB) Move(e Entry, hash uint64, to *DB, key []byte, newHash uint64) Entry {
	if invariant.Enabled {
		invariant.Check(!to.Find(key, newHash).Exists(), "store: move to %q, which exists", key)
	}
	at := e.ExpireAt()
	used := db.s.allocated()
	db.unlink(e, hash)
	db.account(db.s, used)
	h := e.header()
	db.bytes -= e.allocated(h)
	used = db.s.allocated() - e.allocated(h)
	fresh := db.move(e, h, to, key, newHash, at)
	to.account(db.s, used)
	return fresh
}

// move puts an entry that is in no database into one.
func (db *DB) move(e Entry, h header, to *DB, key []byte, newHash uint64, at int64) Entry {
	if e.hasKey(key) {
		e.setHeader(h.withAge(db.s.freshAge()))
		to.link(e, newHash, at)
		return e
	}
	fresh := db.s.newEntry(rekeyed(h, len(key), at).withAge(db.s.freshAge()), key, at, false)
	copy(fresh.body(fresh.header()), e.body(h))
	to.link(fresh, newHash, at)
	db.s.freeEntry(e, h)
	return fresh
}

// Copy makes a copy of an entry, with its deadline, in a database under a key that does not exist there.
func (db *DB) Copy(e Entry, to *DB, key []byte, newHash uint64) Entry {
	if invariant.Enabled {
		invariant.Check(!to.Find(key, newHash).Exists(), "store: copy to %q, which exists", key)
	}
	used := db.s.allocated()
	at := e.ExpireAt()
	h := e.header()
	fresh := db.s.newEntry(rekeyed(h, len(key), at).withAge(db.s.freshAge()), key, at, false)
	db.s.copyBody(fresh.body(fresh.header()), e, h)
	to.link(fresh, newHash, at)
	to.account(db.s, used)
	return fresh
}

// rekeyed returns the header for the same value under a key of another length.
func rekeyed(h header, key int, at int64) header {
	if h.encoding() == Embstr {
		return h.withEncoding(textEncoding(h.shortValue(), key, at != NoExpire))
	}
	return h
}
