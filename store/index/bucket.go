package index

import (
	"encoding/binary"

	"valkey/store/mem"
)

const (
	slots       = 10
	bucketBytes = 64

	tagsAt = 50
	metaAt = 60

	refMask = 1<<mem.RefBits - 1

	// lastLink in a bucket's meta byte says that the last slot refers to a further bucket; the low bits are the count of
	// entries in this bucket alone.
	lastLink  = 0x80
	countMask = 0x0f
)

// bucket is one cache line. Entries are dense: slots 0 to count-1.
//
//	0..49   ten references of 5 bytes, little endian
//	50..59  ten tags
//	60      count and lastLink
//	61..63  free
type bucket [bucketBytes]byte

func (b *bucket) count() int { return int(b[metaAt] & countMask) }

func (b *bucket) linked() bool { return b[metaAt]&lastLink != 0 }

func (b *bucket) ref(slot int) mem.Ref {
	at := uint(5*slot) & 63
	return mem.Ref(binary.LittleEndian.Uint64(b[at:at+8]) & refMask)
}

func (b *bucket) setRef(slot int, r mem.Ref) {
	at := uint(5*slot) & 63
	binary.LittleEndian.PutUint32(b[at:at+4], uint32(r))
	b[at+4] = byte(r >> 32)
}

// next returns the bucket linked to this one, or zero.
func (b *bucket) next() mem.Ref {
	if !b.linked() {
		return 0
	}
	return b.ref(slots - 1)
}

func (b *bucket) set(slot int, r mem.Ref, tag byte) {
	b.setRef(slot, r)
	b[tagsAt+slot] = tag
}

// match returns a bit for each slot whose tag is the given one; bits of empty slots are clear.
func (b *bucket) match(tag byte) uint32 {
	const low, high = 0x0101010101010101, 0x8080808080808080
	pattern := uint64(tag) * low
	// A zero byte of x is a match. Unlike the shorter form of this test, it never marks a byte because of its neighbour.
	x := binary.LittleEndian.Uint64(b[tagsAt:tagsAt+8]) ^ pattern
	x = ^(x&^high + ^uint64(high) | x) & high
	y := uint32(binary.LittleEndian.Uint16(b[tagsAt+8:tagsAt+10]) ^ uint16(pattern))
	y = ^(y&0x7f7f + 0x7f7f | y) & 0x8080
	// The multiplication gathers the top bits of eight bytes into one byte.
	m := uint32((x>>7)*0x0102040810204080>>56) | y>>7&1<<8 | y>>15<<9
	return m & (1<<(b[metaAt]&countMask) - 1)
}
