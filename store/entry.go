package store

import (
	"encoding/binary"
	"strconv"

	"valkey/store/mem"
)

// Entry is a key with its value, in the store's memory. The zero Entry is none. It is good until the next write to
// the store, and so is every slice taken from it.
//
// In memory an entry is
//
//	header       8 bytes, see header.go
//	deadline     8 bytes, milliseconds, -1 for none; only with flagDeadline
//	key length   8 bytes; only with flagLongKey
//	key
//	body         an int (8 bytes), the bytes of a short value, or a reference to a value of its own (outerBytes)
type Entry struct {
	s   *Store
	ref mem.Ref
}

// outer describes a value with an allocation of its own: re-keying an entry or giving it a deadline does not move it.
type outer struct {
	ref      mem.Ref
	len, cap int
}

const outerBytes = 24

// Exists reports whether the entry is one at all.
func (e Entry) Exists() bool { return e.ref != 0 }

func (e Entry) header() header { return header(*mem.At[uint64](e.s.arena, e.ref)) }

func (e Entry) setHeader(h header) { *mem.At[uint64](e.s.arena, e.ref) = uint64(h) }

// Type returns the type of the value.
func (e Entry) Type() Type { return e.header().typ() }

// Encoding returns what OBJECT ENCODING says of the value.
func (e Entry) Encoding() Encoding { return e.header().encoding() }

// Key returns the key, a slice into the store.
func (e Entry) Key() []byte {
	h := e.header()
	return e.s.arena.Bytes(e.ref+h.keyUnits(), e.keyLen(h))
}

func (e Entry) keyLen(h header) int {
	if h.has(flagLongKey) {
		return int(*mem.At[uint64](e.s.arena, e.ref+h.keyUnits()-1))
	}
	return h.shortKey()
}

// hasKey reports whether the entry's key is the given one.
func (e Entry) hasKey(key []byte) bool {
	h := e.header()
	return e.keyLen(h) == len(key) && string(e.s.arena.Bytes(e.ref+h.keyUnits(), len(key))) == string(key)
}

// ExpireAt returns the deadline in milliseconds, or NoExpire.
func (e Entry) ExpireAt() int64 {
	if !e.header().has(flagDeadline) {
		return NoExpire
	}
	return int64(*mem.At[uint64](e.s.arena, e.ref+1))
}

func (e Entry) setDeadline(at int64) { *mem.At[uint64](e.s.arena, e.ref+1) = uint64(at) }

// body returns the bytes behind the key.
func (e Entry) body(h header) []byte {
	start := int(h.keyUnits())*8 + e.keyLen(h)
	return e.s.arena.Bytes(e.ref, start+h.bodyLen())[start:]
}

// size returns the bytes of the entry itself, without an outer value.
func (e Entry) size(h header) int { return int(h.keyUnits())*8 + e.keyLen(h) + h.bodyLen() }

func (e Entry) outer(h header) outer {
	b := e.body(h)
	return outer{
		ref: mem.Ref(binary.LittleEndian.Uint64(b)),
		len: int(binary.LittleEndian.Uint64(b[8:])),
		cap: int(binary.LittleEndian.Uint64(b[16:])),
	}
}

func putOuter(b []byte, o outer) {
	binary.LittleEndian.PutUint64(b, uint64(o.ref))
	binary.LittleEndian.PutUint64(b[8:], uint64(o.len))
	binary.LittleEndian.PutUint64(b[16:], uint64(o.cap))
}

// Bytes returns a string value: a slice into the store, or the digits of an int, written into scratch.
func (e Entry) Bytes(scratch *[20]byte) []byte {
	h := e.header()
	switch {
	case h.encoding() == Int:
		return strconv.AppendInt(scratch[:0], int64(binary.LittleEndian.Uint64(e.body(h))), 10)
	case h.has(flagOuter):
		o := e.outer(h)
		return e.s.arena.Bytes(o.ref, o.len)
	default:
		return e.body(h)
	}
}

// Int returns a string value as a number, and whether it is one: in the canonical form that INCR accepts.
func (e Entry) Int() (int64, bool) {
	h := e.header()
	if h.encoding() == Int {
		return int64(binary.LittleEndian.Uint64(e.body(h))), true
	}
	if h.has(flagOuter) {
		o := e.outer(h)
		return parseInt(e.s.arena.Bytes(o.ref, o.len))
	}
	return parseInt(e.body(h))
}

// Len returns the length of a string value.
func (e Entry) Len() int {
	h := e.header()
	switch {
	case h.encoding() == Int:
		return digits(int64(binary.LittleEndian.Uint64(e.body(h))))
	case h.has(flagOuter):
		return e.outer(h).len
	default:
		return h.shortValue()
	}
}
