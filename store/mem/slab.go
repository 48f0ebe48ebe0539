package mem

import "valkey/internal/invariant"

// A slab is a span cut into objects of one class. Objects that were used before and freed are chained through their
// first four bytes (the offset in units of the next one, plus one); those never used are above span.fresh, so that a
// new slab's pages are touched one by one. Slabs with room are in their class's list; full ones are in none.

func (a *Arena) allocSlab(class, size int) Ref {
	id := a.partial[class]
	if id == 0 {
		id = a.newSlab(class, size)
	}
	sp := &a.spans[id]
	var at uint32
	if sp.free != 0 {
		at = sp.free - 1
		sp.free = *At[uint32](a, sp.ref(at))
	} else {
		at = sp.fresh
		sp.fresh += uint32(size >> 3)
	}
	sp.used++
	a.used += int64(size)
	if sp.full(size) {
		a.unlinkPartial(id)
	}
	return sp.ref(at)
}

func (a *Arena) freeSlab(id uint32, r Ref, size int) {
	sp := &a.spans[id]
	invariant.Check(sp.used > 0, "mem: free into an empty slab")
	wasFull := sp.full(size)
	at := uint32(r - sp.ref(0))
	*At[uint32](a, r) = sp.free
	sp.free = at + 1
	sp.used--
	a.used -= int64(size)
	if wasFull {
		a.linkPartial(id)
	}
	// The last slab with room stays, lest a class around the edge takes and gives pages with every call.
	if sp.used == 0 && (sp.next != 0 || sp.prev != 0) {
		a.unlinkPartial(id)
		a.givePages(id, spanDirty)
	}
}

func (a *Arena) newSlab(class, size int) uint32 {
	id := a.takePages(uint64(slabPages(size)))
	sp := &a.spans[id]
	sp.state, sp.class = spanSlab, uint16(class)
	sp.free, sp.fresh, sp.used = 0, 0, 0
	for page := sp.start; page < sp.start+sp.pages; page++ {
		a.owner[page] = id
	}
	a.linkPartial(id)
	return id
}

// full reports whether a slab has room for no further object of its size.
func (sp *span) full(size int) bool {
	return sp.free == 0 && sp.fresh+uint32(size>>3) > sp.pages*pageUnits
}

func (sp *span) ref(at uint32) Ref { return Ref(sp.start)*pageUnits + Ref(at) }

func (a *Arena) linkPartial(id uint32) {
	sp := &a.spans[id]
	head := a.partial[sp.class]
	sp.prev, sp.next = 0, head
	if head != 0 {
		a.spans[head].prev = id
	}
	a.partial[sp.class] = id
}

func (a *Arena) unlinkPartial(id uint32) {
	sp := &a.spans[id]
	if sp.prev != 0 {
		a.spans[sp.prev].next = sp.next
	} else {
		a.partial[sp.class] = sp.next
	}
	if sp.next != 0 {
		a.spans[sp.next].prev = sp.prev
	}
	sp.prev, sp.next = 0, 0
}

// freeEmptySlabs gives the pages of the one empty slab that each class may keep.
func (a *Arena) freeEmptySlabs() {
	for class := range a.partial {
		if id := a.partial[class]; id != 0 && a.spans[id].used == 0 {
			a.unlinkPartial(id)
			a.givePages(id, spanDirty)
		}
	}
}
