package index

import (
	"math/bits"

	"valkey/store/mem"
)

const (
	// randomSpan is the chain length up to which Random is exactly fair; randomTries bounds how long it looks.
	randomSpan  = 32
	randomTries = 1000

	// sampleBucketsPerEntry bounds how many buckets Sample visits for each entry that it is asked for.
	sampleBucketsPerEntry = 10
)

// Scan hands over the references of one bucket and returns the cursor of the next, zero after the last; a scan begins
// with zero. Any number is a good cursor. emit may delete what it is given from this index, and nothing else.
func (ix *Index) Scan(cursor uint64, emit func(mem.Ref)) (next uint64) {
	if ix.count == 0 {
		return 0
	}
	n, depth := ix.place(cursor)
	// emit may delete, deletions move entries: take the references first.
	var room [chainUsual]mem.Ref
	for _, r := range ix.chain(ix.at(ix.refOf(n)), room[:0]) {
		emit(r)
	}
	return after(cursor, depth)
}

// place returns the bucket where a cursor stands, and of how many bits of a hash the bucket is made.
func (ix *Index) place(cursor uint64) (n uint64, depth int) {
	n, depth = cursor&ix.mask, bits.Len64(ix.mask)
	if n+ix.mask+1 < ix.buckets { // this bucket is split already
		return cursor & (ix.mask<<1 | 1), depth + 1
	}
	return n, depth
}

// after returns the cursor behind a bucket.
func after(cursor uint64, depth int) uint64 {
	return bits.Reverse64(bits.Reverse64(cursor|^uint64(0)<<depth) + 1)
}

// Gather is Scan for a walk that must see everything exactly once: it appends the references of the next buckets, up
// to n of them, without those that the walk has visited already (a merge can have brought them to where the cursor
// stands). It asks for the memory of what it returns, and of the buckets of the next call, so that the misses overlap.
func (ix *Index) Gather(cursor uint64, n int, refs []mem.Ref) (gathered []mem.Ref, next uint64) {
	if ix.count == 0 {
		return refs, 0
	}
	for range n {
		b, depth := ix.place(cursor)
		begin := len(refs)
		refs = ix.chain(ix.at(ix.refOf(b)), refs)
		if cursor>>depth != 0 { // it stands within the bucket, not where the bucket begins
			refs = ix.unvisited(refs, begin, cursor)
		}
		for _, r := range refs[begin:] {
			ix.arena.Prefetch(r)
			ix.arena.Prefetch(r + bucketUnits)
		}
		if cursor = after(cursor, depth); cursor == 0 {
			return refs, 0
		}
	}
	for ahead := cursor; n > 0; n-- {
		b, depth := ix.place(ahead)
		ix.arena.Prefetch(ix.refOf(b))
		ahead = after(ahead, depth)
	}
	return refs, cursor
}

// unvisited drops those of refs[begin:] that a walk has visited.
func (ix *Index) unvisited(refs []mem.Ref, begin int, cursor uint64) []mem.Ref {
	keep := refs[:begin]
	for _, r := range refs[begin:] {
		if !Visited(ix.hash(r), cursor) {
			keep = append(keep, r)
		}
	}
	return keep
}

// Visited reports whether a scan that stands at cursor has been where the hash belongs. Cursor zero is the start of a
// scan.
func Visited(hash, cursor uint64) bool {
	return bits.Reverse64(hash) < bits.Reverse64(cursor)
}

func (ix *Index) chain(b *bucket, refs []mem.Ref) []mem.Ref {
	for {
		for slot := range b.count() {
			refs = append(refs, b.ref(slot))
		}
		if !b.linked() {
			return refs
		}
		b = ix.at(b.ref(slots - 1))
	}
}

// Random returns a reference, each with the same probability, or zero when the index is empty. rng is the source of its
// choice: a random number.
func (ix *Index) Random(rng uint64) mem.Ref {
	if ix.count == 0 {
		return 0
	}
	// A random bucket's random entry would favour those in short chains. Instead a place within the longest usual chain is
	// drawn, and drawn again when this bucket's chain does not reach that far.
	for range randomTries {
		b := ix.at(ix.refOf(below(&rng, ix.buckets)))
		length := ix.length(b)
		place := int(below(&rng, uint64(max(randomSpan, length))))
		if place < length {
			return ix.nth(b, place)
		}
	}
	n := below(&rng, ix.buckets)
	for ix.length(ix.at(ix.refOf(n))) == 0 {
		n = (n + 1) % ix.buckets
	}
	return ix.at(ix.refOf(n)).ref(0)
}

// Sample hands over up to n references of neighbouring buckets, beginning at a random one.
func (ix *Index) Sample(rng uint64, n int, emit func(mem.Ref)) {
	if ix.count == 0 {
		return
	}
	var room [chainUsual]mem.Ref
	at := below(&rng, ix.buckets)
	for range min(uint64(n*sampleBucketsPerEntry), ix.buckets) {
		for _, r := range ix.chain(ix.at(ix.refOf(at)), room[:0]) {
			if n == 0 {
				return
			}
			n--
			emit(r)
		}
		at = (at + 1) % ix.buckets
	}
}

// below returns a number below n and steps the generator (splitmix64).
func below(rng *uint64, n uint64) uint64 {
	*rng += 0x9e3779b97f4a7c15
	z := *rng
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	hi, _ := bits.Mul64(z^z>>31, n)
	return hi
}

func (ix *Index) length(b *bucket) int {
	n := b.count()
	for b.linked() {
		b = ix.at(b.ref(slots - 1))
		n += b.count()
	}
	return n
}

func (ix *Index) nth(b *bucket, n int) mem.Ref {
	for n >= b.count() {
		n -= b.count()
		b = ix.at(b.ref(slots - 1))
	}
	return b.ref(n)
}
