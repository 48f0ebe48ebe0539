package store

import (
	"valkey/internal/invariant"
	"valkey/store/mem"
)

// PinMin is the length from which on a string can be pinned; to copy a shorter one costs less than the care.
const PinMin = 64 << 10

// Pinned is a value whose bytes stay as they are until Unpin. The bytes may be read by any goroutine, everything else
// is for the one that the store belongs to.
type Pinned struct {
	ref  mem.Ref
	text []byte
}

// Bytes returns the value as it was when it was pinned.
func (p Pinned) Bytes() []byte { return p.text }

// pin is what the store knows of a pinned value.
type pin struct {
	cap   int
	count int  // how many Pinned there are
	freed bool // no entry has it any more: the last Unpin frees it
}

// Pin keeps the bytes of a string value of PinMin or more as they are, whatever happens to the entry: a write copies
// the value first, and the last Unpin frees what nobody has any more. It reports whether the value is one that can be
// pinned.
func (s *Store) Pin(e Entry) (Pinned, bool) {
	h := e.header()
	if h.typ() != String || !h.has(flagOuter) {
		return Pinned{}, false
	}
	o := e.outer(h)
	if o.len < PinMin {
		return Pinned{}, false
	}
	if s.pins == nil {
		s.pins = make(map[mem.Ref]pin)
	}
	p := s.pins[o.ref]
	if p.count == 0 {
		p.cap = o.cap
		s.pinnedBytes += o.cap
	}
	p.count++
	s.pins[o.ref] = p
	return Pinned{ref: o.ref, text: s.arena.Bytes(o.ref, o.len)}, true
}

// Unpin ends a Pin; the bytes must not be read any more.
func (s *Store) Unpin(pinned Pinned) {
	p := s.pins[pinned.ref]
	invariant.Check(p.count > 0, "store: unpin of what is not pinned")
	if p.count--; p.count > 0 {
		s.pins[pinned.ref] = p
		return
	}
	delete(s.pins, pinned.ref)
	s.pinnedBytes -= p.cap
	if p.freed {
		s.freedPins -= p.cap
		s.arena.Free(pinned.ref, p.cap)
	}
}

// PinnedBytes returns the bytes of all pinned values, each counted once.
func (s *Store) PinnedBytes() int { return s.pinnedBytes }

func (s *Store) pinned(o outer) bool { return len(s.pins) != 0 && s.pins[o.ref].count > 0 }

// freeOuter frees an outer value, at once or when it is no longer pinned.
func (s *Store) freeOuter(o outer) {
	if s.pinned(o) {
		p := s.pins[o.ref]
		p.freed = true
		s.pins[o.ref] = p
		s.freedPins += o.cap
		return
	}
	s.arena.Free(o.ref, o.cap)
}

// Pin is Store.Pin.
func (e Entry) Pin() (Pinned, bool) { return e.s.Pin(e) }
