package mem

import "fmt"

// Check verifies the whole arena and returns the first thing found wrong. It reads every slab's list of freed
// objects, so it takes time in proportion to the arena.
func (a *Arena) Check() error {
	var used, dirty, clean int64
	last := spanNone
	top := a.top.Load()
	for page := uint32(1); page < top; {
		id := a.owner[page]
		sp := &a.spans[id]
		if id == 0 || sp.start != page || sp.pages == 0 || page+sp.pages > top {
			return fmt.Errorf("mem: page %d belongs to span %d %+v", page, id, *sp)
		}
		if a.owner[page+sp.pages-1] != id {
			return fmt.Errorf("mem: the last page of span %d %+v belongs to %d", id, *sp, a.owner[page+sp.pages-1])
		}
		switch sp.state {
		case spanDirty:
			dirty += int64(sp.pages)
		case spanClean:
			clean += int64(sp.pages)
		case spanLarge:
			used += int64(sp.pages) << pageShift
		case spanSlab:
			n, err := a.checkSlab(id)
			if err != nil {
				return err
			}
			used += n
		default:
			return fmt.Errorf("mem: span %d %+v has pages but no use", id, *sp)
		}
		if sp.state == last && sp.state <= spanClean {
			return fmt.Errorf("mem: span %d %+v is not merged with its neighbour", id, *sp)
		}
		last = sp.state
		page += sp.pages
	}
	if used != a.used || dirty != a.dirtyPages || clean != a.cleanPages {
		return fmt.Errorf("mem: counted %d used, %d dirty, %d clean; recorded %d, %d, %d",
			used, dirty, clean, a.used, a.dirtyPages, a.cleanPages)
	}
	return a.checkLists(dirty, clean)
}

// checkSlab returns the bytes in use in a slab.
func (a *Arena) checkSlab(id uint32) (int64, error) {
	sp := &a.spans[id]
	units := classUnits(int(sp.class))
	for page := sp.start; page < sp.start+sp.pages; page++ {
		if a.owner[page] != id {
			return 0, fmt.Errorf("mem: page %d of slab %d belongs to %d", page, id, a.owner[page])
		}
	}
	if sp.fresh%units != 0 || sp.fresh > sp.pages*pageUnits {
		return 0, fmt.Errorf("mem: slab %d %+v: bad fresh offset", id, *sp)
	}
	seen := make([]bool, sp.fresh/units)
	freed := uint32(0)
	for at := sp.free; at != 0; freed++ {
		if at--; at%units != 0 || at >= sp.fresh || seen[at/units] {
			return 0, fmt.Errorf("mem: slab %d %+v: bad or repeated free object at %d", id, *sp, at)
		}
		seen[at/units] = true
		at = *At[uint32](a, sp.ref(at))
	}
	if sp.used+freed != sp.fresh/units {
		return 0, fmt.Errorf("mem: slab %d %+v: %d freed objects", id, *sp, freed)
	}
	return int64(sp.used) * int64(units) * 8, nil
}

// classUnits returns the object size of a class in units, found by asking classOf.
func classUnits(class int) uint32 {
	if class <= smallClasses {
		return uint32(class)
	}
	for n := smallMax + 1; ; n = Cap(n) + 1 {
		if c, size := classOf(n); c == class {
			return uint32(size >> 3)
		}
	}
}

// checkLists verifies that the lists hold the right spans, and that the bins hold all free pages.
func (a *Arena) checkLists(dirty, clean int64) error {
	for class, id := range a.partial {
		for prev := uint32(0); id != 0; prev, id = id, a.spans[id].next {
			if sp := &a.spans[id]; sp.state != spanSlab || int(sp.class) != class || sp.prev != prev {
				return fmt.Errorf("mem: span %d %+v is in the list of class %d after %d", id, *sp, class, prev)
			}
		}
	}
	for state := range a.free {
		var pages int64
		for bin, id := range a.free[state].heads {
			if filled := a.free[state].filled[bin/64]>>(bin%64)&1 == 1; filled != (id != 0) {
				return fmt.Errorf("mem: bin %d of state %d: marked filled %v, head %d", bin, state, filled, id)
			}
			for prev := uint32(0); id != 0; prev, id = id, a.spans[id].next {
				sp := &a.spans[id]
				if want, _ := binOf(sp.pages); sp.state != spanState(state) || want != bin || sp.prev != prev {
					return fmt.Errorf("mem: span %d %+v is in bin %d of state %d after %d", id, *sp, bin, state, prev)
				}
				pages += int64(sp.pages)
			}
		}
		if want := [2]int64{dirty, clean}[state]; pages != want {
			return fmt.Errorf("mem: bins of state %d hold %d pages of %d", state, pages, want)
		}
	}
	return nil
}
