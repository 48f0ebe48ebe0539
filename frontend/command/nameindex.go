package command

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// A nameIndex finds a number by name, without regard to ASCII case. It is on the path of every call a client makes,
// so a name becomes three words compared at once instead of bytes compared one by one, and the table they are
// probed in is a few cache lines of small numbers.
type nameIndex struct {
	slots []uint16 // position in keys plus one; 0 is empty; the length is a power of two
	shift uint     // takes a hash's top bits to a slot
	keys  []nameKey
	names []string // of the keys, for those longer than their words
}

// A nameKey is a name in lower case as words. The words overlap where the name is not a multiple of eight bytes
// long; with the length they are unambiguous up to wordsLen.
type nameKey struct {
	a, b, c uint64
	len     int32
	id      int32
}

// wordsLen is the length up to which three words hold a whole name. Only a renamed command can be longer.
const wordsLen = 24

// indexLoad is how many slots there are for each name at least: collisions cost more than a few kilobytes.
const indexLoad = 4

// nameWords reads a name as words in lower case.
func nameWords(name []byte) (a, b, c uint64) {
	switch n := len(name); {
	case n >= 8:
		a, b = binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[n-8:])
		if n > 16 {
			c = lower8(binary.LittleEndian.Uint64(name[8:]))
		}
		return lower8(a), lower8(b), c
	case n >= 4:
		a = uint64(binary.LittleEndian.Uint32(name)) | uint64(binary.LittleEndian.Uint32(name[n-4:]))<<32
	case n > 0:
		a = uint64(name[0]) | uint64(name[n/2])<<8 | uint64(name[n-1])<<16
	}
	return lower8(a), 0, 0
}

// lower8 lowers the ASCII capitals among eight bytes at once. Adding to the low seven bits of each byte carries into
// its top bit exactly when the byte is at least 'A' (or above 'Z'); bytes that are not ASCII stay as they are.
func lower8(w uint64) uint64 {
	const each = 0x0101010101010101
	low := w & (0x7f * each)
	fromA, aboveZ := low+(0x80-'A')*each, low+(0x7f-'Z')*each
	capital := (fromA ^ aboveZ) & ^w & (0x80 * each)
	return w | capital>>2
}

func hashWords(a, b, c uint64, n int) uint64 {
	return ((a ^ bits.RotateLeft64(b, 29) ^ bits.RotateLeft64(c, 47)) + uint64(n)) * 0x9e3779b97f4a7c15
}

// find returns the number stored for a name, or -1.
func (x *nameIndex) find(name []byte) int32 {
	if len(x.slots) == 0 {
		return -1
	}
	a, b, c := nameWords(name)
	mask := uint64(len(x.slots) - 1)
	for s := hashWords(a, b, c, len(name)) >> (x.shift & 63); ; s++ {
		at := x.slots[s&mask]
		if at == 0 {
			return -1
		}
		k := &x.keys[at-1]
		if k.a == a && k.b == b && k.c == c && int(k.len) == len(name) &&
			(len(name) <= wordsLen || equalFold(name, x.names[at-1])) {
			return k.id
		}
	}
}

func (x *nameIndex) has(name string) bool { return x.find([]byte(name)) >= 0 }

// add stores a number for a name that the index does not have.
func (x *nameIndex) add(name string, id int32) {
	a, b, c := nameWords([]byte(name))
	x.keys = append(x.keys, nameKey{a: a, b: b, c: c, len: int32(len(name)), id: id})
	x.names = append(x.names, name)
	x.rebuild()
}

func (x *nameIndex) remove(name string) {
	i := slices.IndexFunc(x.names, func(n string) bool { return equalFold([]byte(name), n) })
	x.keys = slices.Delete(x.keys, i, i+1)
	x.names = slices.Delete(x.names, i, i+1)
	x.rebuild()
}

// rebuild fills the slots anew; it only ever runs while a server starts.
func (x *nameIndex) rebuild() {
	width := bits.Len(uint(len(x.keys)*indexLoad)) + 1
	x.slots, x.shift = make([]uint16, 1<<width), uint(64-width)
	mask := uint64(len(x.slots) - 1)
	for i := range x.keys {
		k := &x.keys[i]
		s := hashWords(k.a, k.b, k.c, int(k.len)) >> x.shift
		for x.slots[s&mask] != 0 {
			s++
		}
		x.slots[s&mask] = uint16(i + 1)
	}
}

// equalFold compares without regard to ASCII case.
func equalFold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if lowerByte(c) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
