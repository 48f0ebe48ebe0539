package index

import "math/bits"

// reserveMax is the most entries that Reserve makes room for, some 150 MB of buckets: a size that was read from a
// damaged file must not take all memory.
const reserveMax = 1 << 24

// Reserve gives an empty index the buckets for so many entries, so that inserting them splits none. What is beyond a
// bound grows as always. Fresh memory is not touched, so that making room for millions takes a millisecond or so.
func (ix *Index) Reserve(entries int) {
	if ix.count != 0 || entries <= 0 {
		return
	}
	want := (min(entries, reserveMax) + fillMax - 1) / fillMax
	if ix.buckets == 0 && want > 1 {
		// The first segment at once has the size that it would have grown to.
		ix.firstCap = 1 << bits.Len(uint(min(want, segmentBuckets)-1))
		ix.segments = append(ix.segments[:0], ix.arena.Alloc(ix.firstCap*bucketBytes))
		ix.setBuckets(1)
		ix.at(ix.refOf(0))[metaAt] = 0
	}
	for ix.buckets < uint64(want) {
		if n := ix.buckets; n >= segmentBuckets && n%segmentBuckets == 0 {
			ix.segments = append(ix.segments, ix.arena.AllocZero(segmentBuckets*bucketBytes))
			ix.setBuckets(min(n+segmentBuckets, uint64(want)))
			continue
		}
		ix.addBucket()
	}
}
