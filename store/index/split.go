package index

import (
	"math/bits"

	"valkey/store/mem"
)

// chainUsual is the longest chain that a split or scan handles without asking the Go heap for memory. At a fill of
// seven of ten, a chain that long is a matter of a bad hash, not of chance.
const chainUsual = 48

// item is an entry of a chain taken apart.
type item struct {
	ref mem.Ref
	tag byte
}

// grow splits one bucket into two.
func (ix *Index) grow() {
	fresh := ix.buckets
	if fresh == 0 {
		ix.addBucket()
		return
	}
	old := fresh & ix.mask // the top bit is clear: the bucket whose hashes the new one shares
	bit := (ix.mask + 1)   // tells the two apart
	ix.addBucket()
	var room [chainUsual]item
	from, to := ix.at(ix.refOf(old)), ix.at(ix.refOf(fresh))
	items := ix.takeAll(from, room[:0])
	for _, it := range items {
		ix.arena.Prefetch(it.ref) // all misses at once instead of one after the other
	}
	for _, it := range items {
		if ix.hash(it.ref)&bit != 0 {
			ix.push(to, it.ref, it.tag)
		} else {
			ix.push(from, it.ref, it.tag)
		}
	}
}

// shrink merges the last bucket into the one that it was split from.
func (ix *Index) shrink() {
	if ix.buckets == 1 {
		if ix.count == 0 {
			ix.dropBucket()
		}
		return
	}
	last := ix.buckets - 1
	into := ix.at(ix.refOf(last &^ (1 << (bits.Len64(last) - 1))))
	var room [chainUsual]item
	for _, it := range ix.takeAll(ix.at(ix.refOf(last)), room[:0]) {
		ix.push(into, it.ref, it.tag)
	}
	ix.dropBucket()
}

// takeAll empties a chain, appends what was in it and frees its overflow buckets.
func (ix *Index) takeAll(b *bucket, items []item) []item {
	head := b
	var self mem.Ref // of b, unless it is the head
	for {
		for slot := range b.count() {
			items = append(items, item{b.ref(slot), b[tagsAt+slot]})
		}
		next := b.next()
		if self != 0 {
			ix.arena.Free(self, bucketBytes)
			ix.overflow--
		}
		if next == 0 {
			break
		}
		self, b = next, ix.at(next)
	}
	head[metaAt] = 0
	return items
}

// addBucket makes room for one more, empty bucket. The first segment grows by doubling, later ones come whole.
func (ix *Index) addBucket() {
	n := int(ix.buckets)
	switch {
	case n == 0:
		ix.segments = append(ix.segments[:0], ix.arena.Alloc(bucketBytes))
		ix.firstCap = 1
	case n < segmentBuckets && n == ix.firstCap:
		ix.resizeFirst(2 * n)
	case n >= segmentBuckets && n%segmentBuckets == 0:
		ix.segments = append(ix.segments, ix.arena.Alloc(segmentBuckets*bucketBytes))
	}
	ix.setBuckets(ix.buckets + 1)
	ix.at(ix.refOf(ix.buckets - 1))[metaAt] = 0
}

// dropBucket gives up the last bucket, which must be empty.
func (ix *Index) dropBucket() {
	ix.setBuckets(ix.buckets - 1)
	n := int(ix.buckets)
	switch {
	case n == 0:
		ix.arena.Free(ix.segments[0], bucketBytes*ix.firstCap)
		ix.segments, ix.firstCap = ix.segments[:0], 0
	case n < segmentBuckets && n <= ix.firstCap/4:
		ix.resizeFirst(ix.firstCap / 2)
	case n >= segmentBuckets && n%segmentBuckets == 0:
		last := len(ix.segments) - 1
		ix.arena.Free(ix.segments[last], segmentBuckets*bucketBytes)
		ix.segments = ix.segments[:last]
	}
}

func (ix *Index) resizeFirst(to int) {
	r := ix.arena.Alloc(to * bucketBytes)
	n := min(to, ix.firstCap) * bucketBytes
	copy(ix.arena.Bytes(r, n), ix.arena.Bytes(ix.segments[0], n))
	ix.arena.Free(ix.segments[0], ix.firstCap*bucketBytes)
	ix.segments[0], ix.firstCap = r, to
}

func (ix *Index) setBuckets(n uint64) {
	ix.buckets = n
	if n != 0 {
		ix.mask = 1<<(bits.Len64(n)-1) - 1
	}
}

// Drain empties the index from its end and hands over at least n references, unless fewer are left, and all of a
// chain at once. It reports whether there is more. Between the first and the last call nothing else may be done with
// the index.
func (ix *Index) Drain(n int, emit func(mem.Ref)) (more bool) {
	var room [chainUsual]item
	for ix.buckets > 0 {
		if n <= 0 {
			return true
		}
		items := ix.takeAll(ix.at(ix.refOf(ix.buckets-1)), room[:0])
		for _, it := range items {
			ix.arena.Prefetch(it.ref)
		}
		ix.dropBucket()
		ix.count -= len(items)
		n -= len(items) + 1 // an empty bucket is work too
		for _, it := range items {
			emit(it.ref)
		}
	}
	return false
}
