package mem

import (
	"fmt"
	"math/bits"
)

// spanState is what the pages of a span are used for.
type spanState uint8

const (
	spanDirty spanState = iota // free, its memory still ours
	spanClean                  // free, its memory given back to the system: reads as zero, costs a fault
	spanSlab
	spanLarge
	spanNone // a record without pages
)

// span is the record of a run of pages. Free neighbours of the same state are always merged.
type span struct {
	start, pages uint32
	prev, next   uint32 // in a class's list of slabs with room, or in a bin of free spans
	free, fresh  uint32 // slab only: see slab.go
	used         uint32 // slab only: objects in use
	class        uint16
	state        spanState
}

const (
	exactBins = 64 // spans of fewer pages than this have a bin for each length
	binCount  = 256
	binTries  = 8 // how many spans of the own, inexact bin are tried before a larger bin is taken
)

// bins holds free spans by length: exact ones for short spans, then eight for each doubling.
type bins struct {
	heads  [binCount]uint32
	filled [binCount / 64]uint64
}

// binOf returns the bin for a length and whether every span in that bin has at least that length.
func binOf(pages uint32) (bin int, exact bool) {
	if pages < exactBins {
		return int(pages), true
	}
	width := bits.Len32(pages) // 7 for 64..127
	shift := width - 4
	step := int(pages>>shift) & 7
	return exactBins + (width-7)*8 + step, pages&(1<<shift-1) == 0
}

// firstFrom returns the first bin at or after bin that holds a span.
func (b *bins) firstFrom(bin int) (int, bool) {
	if bin >= binCount {
		return 0, false
	}
	word := bin / 64
	m := b.filled[word] &^ (1<<(bin%64) - 1)
	for m == 0 {
		if word++; word == len(b.filled) {
			return 0, false
		}
		m = b.filled[word]
	}
	return word*64 + bits.TrailingZeros64(m), true
}

// takePages returns the id of a span of that many pages, state and content unspecified: used memory first, then
// memory given back earlier, then never used.
func (a *Arena) takePages(n uint64) uint32 {
	if n < uint64(a.pages) {
		pages := uint32(n)
		for state := spanDirty; state <= spanClean; state++ {
			if id := a.findFree(state, pages); id != 0 {
				a.unlinkFree(id)
				a.split(id, pages, state)
				return id
			}
		}
		if top := a.top.Load(); uint64(top)+n <= uint64(a.pages) {
			id := a.newSpan(top, pages)
			a.top.Store(top + pages)
			return id
		}
	}
	panic(fmt.Sprintf("mem: out of memory: %d pages wanted, %d of %d never used", n, a.pages-a.top.Load(), a.pages))
}

func (a *Arena) findFree(state spanState, pages uint32) uint32 {
	b := &a.free[state]
	bin, exact := binOf(pages)
	if !exact {
		id := b.heads[bin]
		for range binTries {
			if id == 0 {
				break
			}
			if a.spans[id].pages >= pages {
				return id
			}
			id = a.spans[id].next
		}
		bin++
	}
	if bin, ok := b.firstFrom(bin); ok {
		return b.heads[bin]
	}
	return 0
}

// split cuts a span in no list to its first pages; the rest becomes a free span of that state.
func (a *Arena) split(id, pages uint32, state spanState) {
	sp := &a.spans[id]
	if rest := sp.pages - pages; rest > 0 {
		sp.pages = pages
		a.setEnds(id)
		a.linkFree(a.newSpan(sp.start+pages, rest), state)
	}
}

// givePages makes a span in no list free, merged with its free neighbours of the same state.
func (a *Arena) givePages(id uint32, state spanState) {
	sp := &a.spans[id]
	if left := a.owner[sp.start-1]; left != 0 && a.spans[left].state == state {
		a.unlinkFree(left)
		sp.start -= a.spans[left].pages
		sp.pages += a.spans[left].pages
		a.dropSpan(left)
	}
	if end := sp.start + sp.pages; end < a.top.Load() {
		if right := a.owner[end]; a.spans[right].state == state {
			a.unlinkFree(right)
			sp.pages += a.spans[right].pages
			a.dropSpan(right)
		}
	}
	a.setEnds(id)
	a.linkFree(id, state)
}

func (a *Arena) setEnds(id uint32) {
	sp := &a.spans[id]
	a.owner[sp.start], a.owner[sp.start+sp.pages-1] = id, id
}

func (a *Arena) linkFree(id uint32, state spanState) {
	sp := &a.spans[id]
	sp.state = state
	b := &a.free[state]
	bin, _ := binOf(sp.pages)
	head := b.heads[bin]
	sp.prev, sp.next = 0, head
	if head != 0 {
		a.spans[head].prev = id
	}
	b.heads[bin] = id
	b.filled[bin/64] |= 1 << (bin % 64)
	*a.freePages(state) += int64(sp.pages)
}

func (a *Arena) unlinkFree(id uint32) {
	sp := &a.spans[id]
	b := &a.free[sp.state]
	bin, _ := binOf(sp.pages)
	if sp.prev != 0 {
		a.spans[sp.prev].next = sp.next
	} else if b.heads[bin] = sp.next; sp.next == 0 {
		b.filled[bin/64] &^= 1 << (bin % 64)
	}
	if sp.next != 0 {
		a.spans[sp.next].prev = sp.prev
	}
	*a.freePages(sp.state) -= int64(sp.pages)
	sp.prev, sp.next = 0, 0
}

func (a *Arena) freePages(state spanState) *int64 {
	if state == spanClean {
		return &a.cleanPages
	}
	return &a.dirtyPages
}

func (a *Arena) newSpan(start, pages uint32) uint32 {
	id := a.spanFree
	if id != 0 {
		a.spanFree = a.spans[id].next
	} else {
		id = a.spanNext
		a.spanNext++
	}
	a.spans[id] = span{start: start, pages: pages, state: spanNone}
	a.setEnds(id)
	return id
}

func (a *Arena) dropSpan(id uint32) {
	a.spans[id] = span{state: spanNone, next: a.spanFree}
	a.spanFree = id
}
