package index

import "fmt"

// histogramMax is the longest chain that a histogram tells apart.
const histogramMax = 50

// Stats describes the shape of an index.
type Stats struct {
	Entries  int
	Buckets  int // those in segments
	Overflow int // those linked to others
	Bytes    int
	Capacity int // entries that fit before it grows

	// The rest is filled by a walk through the whole table.
	Longest   int
	Histogram [histogramMax + 1]int // chains by how many entries they have; the last counts all longer ones
}

// Stats returns the shape of the index; walk asks for the fields that need a walk through it.
func (ix *Index) Stats(walk bool) Stats {
	s := Stats{Entries: ix.count, Buckets: int(ix.buckets), Overflow: ix.overflow, Bytes: ix.Bytes(),
		Capacity: int(ix.buckets) * fillMax}
	if !walk {
		return s
	}
	for n := range ix.buckets {
		length := ix.length(ix.at(ix.refOf(n)))
		s.Longest = max(s.Longest, length)
		s.Histogram[min(length, histogramMax)]++
	}
	return s
}

// Check verifies the whole index and returns the first thing found wrong.
func (ix *Index) Check() error {
	entries, overflow := 0, 0
	for n := range ix.buckets {
		b := ix.at(ix.refOf(n))
		for head := true; ; head = false {
			count := b.count()
			if count > slots || b.linked() && count != slots-1 || !head && count == 0 {
				return fmt.Errorf("index: bucket %d: a link of its chain has %d entries (linked: %v)", n, count, b.linked())
			}
			for slot := range count {
				hash := ix.hash(b.ref(slot))
				if ix.home(hash) != n || b[tagsAt+slot] != tagOf(hash) {
					return fmt.Errorf("index: bucket %d, slot %d: hash %x, tag %x", n, slot, hash, b[tagsAt+slot])
				}
			}
			entries += count
			if !b.linked() {
				break
			}
			overflow++
			b = ix.at(b.ref(slots - 1))
		}
	}
	if entries != ix.count || overflow != ix.overflow {
		return fmt.Errorf("index: counted %d entries, %d overflow buckets; recorded %d, %d",
			entries, overflow, ix.count, ix.overflow)
	}
	return nil
}
