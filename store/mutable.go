package store

import (
	"strconv"

	"valkey/internal/invariant"
	"valkey/store/mem"
)

const (
	// mutableEmbedMax is how long a value that is being written to piecemeal stays within its entry: up to here moving it
	// is cheaper than a second allocation. Longer ones get one, with room to grow.
	mutableEmbedMax = 64

	doubleMax = 1 << 20 // values below double when they must grow, larger ones grow by an eighth
)

// Mutable makes a string value n bytes long and returns bytes from..to of it, to be written: the others stay, new ones
// are zero. Its encoding becomes Raw. Growing step by step costs, in all, time in proportion to the length.
func (db *DB) Mutable(e Entry, n, from, to int) (Entry, []byte) {
	invariant.Check(0 <= from && from <= to && to <= n, "store: %d..%d of %d bytes are to be written", from, to, n)
	db.before(e)
	used := db.s.allocated()
	e, b := db.mutable(e, n, from, to)
	db.account(db.s, used)
	return e, b[from:to]
}

func (db *DB) mutable(e Entry, n, from, to int) (Entry, []byte) {
	h := e.header()
	if h.encoding() == Int {
		var text [intTextMax]byte
		num, _ := e.Int()
		return db.reshape(e, h, strconv.AppendInt(text[:0], num, 10), n)
	}
	if h.has(flagOuter) {
		o := e.outer(h)
		if n > o.len { // what is behind the old end is cleared: a value that was longer may be pinned there
			from, to = min(from, o.len), n
		}
		switch {
		case n > o.cap:
			o = db.s.grow(o, n)
		case db.s.pinned(o) && !db.s.giveWay(o, from, to):
			o = db.s.replace(o, o.cap)
		}
		b := db.s.arena.Bytes(o.ref, n)
		if n > o.len {
			clear(b[o.len:])
		}
		o.len = n
		e.setHeader(h.withEncoding(Raw))
		putOuter(e.body(h), o)
		return e, b
	}
	return db.reshape(e, h, e.body(h), n)
}

// reshape brings an int or embedded value into the form that suits a raw value of n bytes.
func (db *DB) reshape(e Entry, h header, old []byte, n int) (Entry, []byte) {
	old = old[:min(n, len(old))]
	start := int(h.keyUnits())*8 + e.keyLen(h)
	raw := h.withEncoding(Raw) &^ (flagOuter | 0xffff<<valueShift)
	if n <= mutableEmbedMax || n <= embedMax && mem.Cap(start+n) == mem.Cap(start+h.bodyLen()) {
		raw |= header(n) << valueShift
	} else {
		raw |= flagOuter
	}
	fresh := e
	if mem.Cap(start+raw.bodyLen()) != mem.Cap(start+h.bodyLen()) || raw.has(flagOuter) {
		fresh = db.s.newEntry(raw, e.Key(), e.ExpireAt(), h.has(flagDeadline))
	}
	var b []byte
	if raw.has(flagOuter) {
		o := db.s.newOuter(old, n)
		o.len = n
		putOuter(fresh.body(fresh.header()), o)
		b = db.s.arena.Bytes(o.ref, n)
	} else {
		if fresh == e {
			e.setHeader(raw)
		}
		b = fresh.body(fresh.header())
		copy(b, old)
	}
	clear(b[len(old):])
	if fresh.ref != e.ref {
		at := e.ExpireAt()
		db.relink(e, fresh, db.s.Hash(e.Key()), at, at)
		db.s.freeEntry(e, h)
	}
	return fresh, b
}

// grow moves an outer value to a larger place.
func (s *Store) grow(o outer, n int) outer {
	room := n + n/8
	if n < doubleMax {
		room = 2 * n
	}
	return s.replace(o, room)
}

// replace moves an outer value to a place of that many bytes.
func (s *Store) replace(o outer, room int) outer {
	fresh := s.newOuter(s.arena.Bytes(o.ref, o.len), room)
	s.freeOuter(o)
	return fresh
}
