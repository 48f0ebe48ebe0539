package index

import (
	"math/bits"

	"valkey/internal/invariant"
	"valkey/store/mem"
)

const (
	// fillMax and fillMin are the average entries per bucket above which one bucket is split, and below which one is
	// merged. Seven of ten slots is where memory and the number of overflowing buckets balance; the gap keeps a table
	// whose size swings from working in circles.
	fillMax = 7
	fillMin = 4

	segmentBits    = 10
	segmentBuckets = 1 << segmentBits // 64 KiB: the most that growing within the first segment ever copies
	bucketUnits    = bucketBytes / 8

	prefetchBuckets = 2048 // 128 KiB of buckets, and some 14,000 entries
)

// Index is a set of references, found by hash. The zero value is not usable; make one with New.
type Index struct {
	arena *mem.Arena
	hash  func(mem.Ref) uint64

	segments []mem.Ref // all of segmentBuckets, but the first has room for firstCap only
	firstCap int
	buckets  uint64
	mask     uint64 // the largest power of two ≤ buckets, less one
	count    int
	overflow int // buckets outside the segments
}

// New returns an empty index. It takes no memory before the first Insert. The function returns the hash of an entry,
// which must never change while the entry is in the index.
func New(a *mem.Arena, hash func(mem.Ref) uint64) Index {
	return Index{arena: a, hash: hash}
}

// Len returns how many references the index holds.
func (ix *Index) Len() int { return ix.count }

// Bytes returns the memory that the index itself takes.
func (ix *Index) Bytes() int {
	if ix.buckets == 0 {
		return 0
	}
	return (ix.firstCap + (len(ix.segments)-1)*segmentBuckets + ix.overflow) * bucketBytes
}

func tagOf(hash uint64) byte { return byte(hash >> 56) }

func (ix *Index) at(r mem.Ref) *bucket { return mem.At[bucket](ix.arena, r) }

// refOf returns where bucket n is.
func (ix *Index) refOf(n uint64) mem.Ref {
	return ix.segments[n>>segmentBits] + mem.Ref(n&(segmentBuckets-1)*bucketUnits)
}

// home returns the number of the bucket that the hash belongs to; the table must have one.
func (ix *Index) home(hash uint64) uint64 {
	n := hash & (ix.mask<<1 | 1)
	if n >= ix.buckets {
		n = hash & ix.mask
	}
	return n
}

// Probe walks through the references whose tag agrees with a hash: the wanted one if it is there, and one in about 36
// times a stranger.
type Probe struct {
	ix    *Index
	b     *bucket
	match uint32
	tag   byte
}

// Probe starts a search. The index must not be changed before the last call to Next.
func (ix *Index) Probe(hash uint64) Probe {
	if ix.count == 0 {
		return Probe{}
	}
	b := ix.at(ix.refOf(ix.home(hash)))
	tag := tagOf(hash)
	return Probe{ix: ix, b: b, match: b.match(tag), tag: tag}
}

// Next returns the next candidate, or zero when there is none.
func (p *Probe) Next() mem.Ref {
	for p.match == 0 {
		if p.b == nil {
			return 0
		}
		next := p.b.next()
		if next == 0 {
			return 0
		}
		p.b = p.ix.at(next)
		p.match = p.b.match(p.tag)
	}
	slot := bits.TrailingZeros32(p.match)
	p.match &= p.match - 1
	return p.b.ref(slot)
}

// Insert adds a reference, which must not be in the index already. Its entry must be in place: a split may ask for
// its hash.
func (ix *Index) Insert(hash uint64, r mem.Ref) {
	invariant.Check(r != 0 && r <= refMask, "index: insert of reference %d", r)
	if uint64(ix.count) >= ix.buckets*fillMax {
		ix.grow()
	}
	ix.push(ix.at(ix.refOf(ix.home(hash))), r, tagOf(hash))
	ix.count++
}

// push adds a reference to the chain that begins with b. Only the last bucket of a chain has room.
func (ix *Index) push(b *bucket, r mem.Ref, tag byte) {
	for b.linked() {
		b = ix.at(b.ref(slots - 1))
	}
	n := b.count()
	if n < slots {
		b.set(n, r, tag)
		b[metaAt] = byte(n + 1)
		return
	}
	link := ix.arena.Alloc(bucketBytes)
	ix.overflow++
	next := ix.at(link)
	next.set(0, b.ref(slots-1), b[tagsAt+slots-1])
	next.set(1, r, tag)
	next[metaAt] = 2
	b.setRef(slots-1, link)
	b[metaAt] = slots - 1 | lastLink
}

// find returns the bucket and slot that hold r; the bucket is nil when none does.
func (ix *Index) find(hash uint64, r mem.Ref) (b *bucket, slot int) {
	if ix.count == 0 {
		return nil, 0
	}
	tag := tagOf(hash)
	for b = ix.at(ix.refOf(ix.home(hash))); ; b = ix.at(b.ref(slots - 1)) {
		for m := b.match(tag); m != 0; m &= m - 1 {
			if slot = bits.TrailingZeros32(m); b.ref(slot) == r {
				return b, slot
			}
		}
		if !b.linked() {
			return nil, 0
		}
	}
}

// Replace puts another reference with the same hash into the place of old. It reports whether old was there.
func (ix *Index) Replace(hash uint64, old, r mem.Ref) bool {
	b, slot := ix.find(hash, old)
	if b == nil {
		return false
	}
	b.setRef(slot, r)
	return true
}

// Delete removes a reference and reports whether it was there. The entry is asked for its hash only by later merges,
// so it may be freed before the call.
func (ix *Index) Delete(hash uint64, r mem.Ref) bool {
	b, slot := ix.find(hash, r)
	if b == nil {
		return false
	}
	ix.fill(ix.at(ix.refOf(ix.home(hash))), b, slot)
	ix.count--
	if uint64(ix.count) < ix.buckets*fillMin {
		ix.shrink()
	}
	return true
}

// fill closes the hole at a slot with the last entry of the chain that begins with last, and frees the chain's last
// bucket when that empties it.
func (ix *Index) fill(last, hole *bucket, slot int) {
	var parent *bucket
	for last.linked() {
		parent, last = last, ix.at(last.ref(slots-1))
	}
	n := last.count() - 1
	hole.set(slot, last.ref(n), last[tagsAt+n])
	last[metaAt] = byte(n)
	if n == 0 && parent != nil {
		ix.arena.Free(parent.ref(slots-1), bucketBytes)
		ix.overflow--
		parent[metaAt] &^= lastLink
	}
}

// PrefetchBucket asks for the cache line of the bucket that the hash belongs to. It and PrefetchEntry do nothing
// while the table is so small that its entries are likely in a cache anyway.
func (ix *Index) PrefetchBucket(hash uint64) {
	if ix.buckets >= prefetchBuckets {
		ix.arena.Prefetch(ix.refOf(ix.home(hash)))
	}
}

// PrefetchEntry asks for the first two cache lines of the entries that the hash may mean. The bucket should be at
// hand by now.
func (ix *Index) PrefetchEntry(hash uint64) {
	if ix.buckets < prefetchBuckets {
		return
	}
	b := ix.at(ix.refOf(ix.home(hash)))
	for m := b.match(tagOf(hash)); m != 0; m &= m - 1 {
		r := b.ref(bits.TrailingZeros32(m))
		ix.arena.Prefetch(r)
		ix.arena.Prefetch(r + bucketUnits)
	}
}
