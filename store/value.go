package store

import (
	"encoding/binary"

	"valkey/store/mem"
)

// value is a string value on its way into an entry. It goes by pointer: copied, its parts would be written one way
// and read another, which costs more than all the rest of an overwrite.
type value struct {
	enc  Encoding
	num  int64
	text []byte
}

// setText makes v a value of bytes that are stored as they are.
func (v *value) setText(text []byte, key int, deadline bool) {
	v.enc = textEncoding(len(text), key, deadline)
	v.text = text
}

// setString makes v a value of bytes, or the number that they spell.
func (v *value) setString(text []byte, key int, deadline bool) {
	if n, ok := parseInt(text); ok {
		v.enc, v.num = Int, n
		return
	}
	v.setText(text, key, deadline)
}

// outer reports whether the value needs an allocation of its own.
func (v *value) outer() bool { return v.enc != Int && len(v.text) > embedMax }

func (v *value) bodyLen() int {
	switch {
	case v.enc == Int:
		return 8
	case v.outer():
		return outerBytes
	default:
		return len(v.text)
	}
}

// apply returns the header with this value's form instead of its own.
func (v *value) apply(h header) header {
	h = h.withEncoding(v.enc) &^ (flagOuter | 0xffff<<valueShift | 15)
	switch {
	case v.enc == Int:
		return h
	case v.outer():
		return h | flagOuter
	default:
		return h | header(len(v.text))<<valueShift
	}
}

// put writes the value into a body of bodyLen bytes.
func (s *Store) put(body []byte, v *value) {
	switch {
	case v.enc == Int:
		binary.LittleEndian.PutUint64(body, uint64(v.num))
	case v.outer():
		putOuter(body, s.newOuter(v.text, len(v.text)))
	default:
		copy(body, v.text)
	}
}

// newOuter returns a copy of text with room for n bytes.
func (s *Store) newOuter(text []byte, n int) outer {
	n = mem.Cap(n)
	r := s.arena.Alloc(n)
	copy(s.arena.Bytes(r, n), text)
	return outer{ref: r, len: len(text), cap: n}
}

// newEntry allocates an entry and fills in everything but the body. The header brings type, encoding, age and the
// length of a short value; room asks for a place for the deadline.
func (s *Store) newEntry(h header, key []byte, at int64, room bool) Entry {
	h &^= flagDeadline | flagLongKey | shortKeyMax<<keyShift
	if room || at != NoExpire {
		h |= flagDeadline
	}
	if len(key) > shortKeyMax {
		h |= flagLongKey
	} else {
		h |= header(len(key)) << keyShift
	}
	start := int(h.keyUnits()) * 8
	e := Entry{s, s.arena.Alloc(start + len(key) + h.bodyLen())}
	e.setHeader(h)
	if h.has(flagDeadline) {
		e.setDeadline(at)
	}
	if h.has(flagLongKey) {
		*mem.At[uint64](s.arena, e.ref+h.keyUnits()-1) = uint64(len(key))
	}
	copy(s.arena.Bytes(e.ref+h.keyUnits(), len(key)), key)
	return e
}

// freeValue frees what the body refers to. Further types add their case here and in copyBody.
func (s *Store) freeValue(e Entry, h header) {
	if h.has(flagOuter) {
		s.freeOuter(e.outer(h))
	}
}

// freeEntry frees the entry alone.
func (s *Store) freeEntry(e Entry, h header) { s.arena.Free(e.ref, e.size(h)) }

// copyBody fills the body of a new entry with a copy of another's value.
func (s *Store) copyBody(to []byte, from Entry, h header) {
	if h.has(flagOuter) {
		o := from.outer(h)
		putOuter(to, s.newOuter(s.arena.Bytes(o.ref, o.len), o.len))
		return
	}
	copy(to, from.body(h))
}
