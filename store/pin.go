package store

import (
	"slices"

	"valkey/internal/invariant"
	"valkey/store/mem"
)

// PinMin is the length from which on a string can be pinned; to copy a shorter one costs less than the care.
const PinMin = 64 << 10

// Pinned is a value whose bytes stay where they are until Unpin. The bytes may be read by any goroutine, everything
// else is for the one that the store belongs to.
type Pinned struct {
	ref      mem.Ref
	text     []byte
	changing Changing
}

// Changing hears that a write is about to change bytes from..to, counted from 0, of a value that was pinned with it.
// The bytes are as they were until it returns; who reads in another goroutine has to be kept from them since.
type Changing func(p *Pinned, from, to int)

// Bytes returns the value as it was when it was pinned, except for what Changing has heard of.
func (p *Pinned) Bytes() []byte { return p.text }

// pin is what the store knows of a pinned value.
type pin struct {
	cap     int
	holders []*Pinned
	freed   bool // no entry has it any more: the last Unpin frees it
}

// Pin keeps the bytes of a string value of PinMin or more where they are, whatever happens to the entry: the last Unpin
// frees what nobody has any more. A write that would change some of them in place tells changing first; without one
// it copies the whole value instead. Pin reports whether the value is one that can be pinned.
func (s *Store) Pin(e Entry, changing Changing) (*Pinned, bool) {
	h := e.header()
	if h.typ() != String || !h.has(flagOuter) {
		return nil, false
	}
	o := e.outer(h)
	if o.len < PinMin {
		return nil, false
	}
	if s.pins == nil {
		s.pins = make(map[mem.Ref]pin)
	}
	p := s.pins[o.ref]
	if len(p.holders) == 0 {
		p.cap = o.cap
		s.pinnedBytes += o.cap
	}
	pinned := &Pinned{ref: o.ref, text: s.arena.Bytes(o.ref, o.len), changing: changing}
	p.holders = append(p.holders, pinned)
	s.pins[o.ref] = p
	return pinned, true
}

// Unpin ends a Pin; the bytes must not be read any more.
func (s *Store) Unpin(pinned *Pinned) {
	p := s.pins[pinned.ref]
	at := slices.Index(p.holders, pinned)
	invariant.Check(at >= 0, "store: unpin of what is not pinned")
	if p.holders = slices.Delete(p.holders, at, at+1); len(p.holders) > 0 {
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

func (s *Store) pinned(o outer) bool { return len(s.pins) != 0 && len(s.pins[o.ref].holders) > 0 }

// giveWay tells those who have pinned a value that bytes from..to of it change. It reports false if one of them wants
// the value whole.
func (s *Store) giveWay(o outer, from, to int) bool {
	holders := s.pins[o.ref].holders
	for _, p := range holders {
		if p.changing == nil {
			return false
		}
	}
	for _, p := range holders {
		if end := min(to, len(p.text)); from < end {
			p.changing(p, from, end)
		}
	}
	return true
}

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
func (e Entry) Pin(changing Changing) (*Pinned, bool) { return e.s.Pin(e, changing) }
