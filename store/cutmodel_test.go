package store

import (
	"errors"
	"maps"
)

// sighting is what the model knows of a cut: what there was when it began, less what has been handed over.
type sighting struct {
	cut  *Cut
	left [modelDatabases]map[string]record
	keys int
}

// held is a value that a test has pinned.
type held struct {
	pinned  *Pinned
	want    string
	changed []bool // bytes that Changing has heard of; nil without one
}

// same reports whether the value is what was pinned, except for what is known to have changed.
func (h *held) same() bool {
	b := h.pinned.Bytes()
	if h.changed == nil || len(b) != len(h.want) {
		return string(b) == h.want
	}
	for i, c := range b {
		if c != h.want[i] && !h.changed[i] {
			return false
		}
	}
	return true
}

// cutting is for everything that concerns cuts.
func (m *machine) cutting() {
	switch op := m.next(12); {
	case op < 2:
		m.beginCut()
	case op == 2 && len(m.cuts) > 0 && m.next(4) == 0:
		at := m.next(len(m.cuts))
		m.cuts[at].cut.Abort()
		m.closeCut(at, true)
	case op == 3:
		m.pin()
	case op == 4 && len(m.pins) > 0:
		m.unpin(m.next(len(m.pins)))
	case op < 8:
		m.s.Reclaim(1 + m.next(200))
	case len(m.cuts) > 0:
		at := m.next(len(m.cuts))
		if !m.cuts[at].cut.Step(m.next(m.keys / 4)) {
			m.closeCut(at, false)
		}
	}
}

func (m *machine) beginCut() {
	x := &sighting{}
	for i := range x.left {
		x.left[i] = maps.Clone(m.model[i])
		x.keys += len(m.model[i])
	}
	var err error
	x.cut, err = m.s.Cut(func(i int, e Entry) {
		m.t.Helper()
		want, ok := x.left[i][string(e.Key())]
		if !ok {
			m.t.Fatalf("%.20q of database %d was not there, or was handed over before", e.Key(), i)
		}
		delete(x.left[i], string(e.Key()))
		m.compare(e, e.Key(), want, true)
	})
	if err != nil {
		// A cut that was aborted may still have its bit.
		if !errors.Is(err, ErrCuts) || m.s.marks != 1<<CutsMax-1 {
			m.t.Fatalf("cut: %v with %d running", err, len(m.cuts))
		}
		return
	}
	m.cuts = append(m.cuts, x)
	listed := 0
	for _, d := range x.cut.Databases() {
		volatile := 0
		for _, rec := range m.model[d.DB] {
			if rec.at != NoExpire {
				volatile++
			}
		}
		if d.Keys != len(m.model[d.DB]) || d.Volatile != volatile {
			m.t.Fatalf("%+v, want %d keys, %d volatile", d, len(m.model[d.DB]), volatile)
		}
		listed += d.Keys
	}
	if listed != x.keys || x.cut.Keys() != x.keys || m.s.Cuts() != len(m.cuts) {
		m.t.Fatalf("a cut of %d keys lists %d, want %d", x.cut.Keys(), listed, x.keys)
	}
}

// closeCut looks whether a cut that is over has handed over everything, unless it was aborted.
func (m *machine) closeCut(at int, aborted bool) {
	m.t.Helper()
	x := m.cuts[at]
	m.cuts = append(m.cuts[:at], m.cuts[at+1:]...)
	left := 0
	for i := range x.left {
		left += len(x.left[i])
	}
	if left > 0 && !aborted || x.cut.Saved() != x.keys-left || !x.cut.Done() ||
		x.cut.Step(1) || m.s.Cuts() != len(m.cuts) {
		m.t.Fatalf("a cut of %d keys: %d left, %d saved", x.keys, left, x.cut.Saved())
	}
}

// pin pins a long value, if a few looks find one.
func (m *machine) pin() {
	for range 20 {
		e := m.db(m.next(len(m.model))).Random()
		if !e.Exists() {
			continue
		}
		var scratch [20]byte
		text := string(e.Bytes(&scratch))
		h := &held{want: text}
		var changing Changing
		if m.next(2) == 0 {
			h.changed = make([]bool, len(text))
			changing = func(p *Pinned, from, to int) {
				if p != h.pinned || from < 0 || from >= to || to > len(text) || !h.same() {
					m.t.Fatalf("told late, or that %d..%d of %d bytes change", from, to, len(text))
				}
				for i := from; i < to; i++ {
					h.changed[i] = true
				}
			}
		}
		p, ok := m.s.Pin(e, changing)
		if ok != (len(text) >= PinMin) {
			m.t.Fatalf("a value of %d bytes pinned: %v", len(text), ok)
		}
		if ok {
			h.pinned = p
			m.pins = append(m.pins, h)
			return
		}
	}
}

func (m *machine) unpin(at int) {
	if !m.pins[at].same() {
		m.t.Fatal("a pinned value has changed")
	}
	m.s.Unpin(m.pins[at].pinned)
	m.pins = append(m.pins[:at], m.pins[at+1:]...)
}

// finishCuts lets all cuts and pins come to their end.
func (m *machine) finishCuts() {
	for len(m.cuts) > 0 {
		at := m.next(len(m.cuts))
		for m.cuts[at].cut.Step(100) {
			continue
		}
		m.closeCut(at, false)
	}
	for len(m.pins) > 0 {
		m.unpin(0)
	}
}
