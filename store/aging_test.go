package store

import "testing"

const minute = msPerMinute

func put(s *Store, db int, key, text string, at int64) Entry {
	return s.DB(db).SetString([]byte(key), s.Hash([]byte(key)), []byte(text), at)
}

func find(s *Store, db int, key string) Entry {
	return s.DB(db).Find([]byte(key), s.Hash([]byte(key)))
}

func TestIdle(t *testing.T) {
	s := newStore(t, 1)
	s.SetClock(1_000_000_000)
	e := put(s, 0, "k", "v", NoExpire)
	s.SetClock(1_000_000_000 + 12_999)
	if e.Idle() != 12 {
		t.Errorf("idle for %d s, want 12", e.Idle())
	}
	e = put(s, 0, "k", "a longer value does not change the age", 5)
	e = s.DB(0).SetExpire(e, 7)
	if e.Idle() != 12 {
		t.Errorf("idle for %d s after an overwrite, want 12", e.Idle())
	}
	e.Touch()
	if e.Idle() != 0 || find(s, 0, "k").Idle() != 0 {
		t.Errorf("idle for %d s after a touch", e.Idle())
	}
	e = s.DB(0).Move(e, s.Hash([]byte("k")), s.DB(0), []byte("other"), s.Hash([]byte("other")))
	s.SetClock(1_000_000_000 + 20_000)
	if e.Idle() != 8 {
		t.Errorf("idle for %d s after a rename, want 8", e.Idle())
	}
	e.Touch()
	s.SetClock(1_000_000_000 + 20_000 + (ageMask+4)*1000) // the clock wraps after 194 days
	if e.Idle() != 3 {
		t.Errorf("idle for %d s after a wrap, want 3", e.Idle())
	}
}

func TestFreq(t *testing.T) {
	s := newStore(t, 1)
	s.SetAging(Aging{LFU: true, LogFactor: 10, DecayMinutes: 1})
	s.SetClock(100 * minute)
	e := put(s, 0, "k", "v", NoExpire)
	if e.Freq() != lfuFresh {
		t.Errorf("a new key has %d", e.Freq())
	}
	e.Touch() // up to where new keys begin, every use counts
	if e.Freq() != lfuFresh+1 {
		t.Errorf("after one use, %d", e.Freq())
	}
	for range 1000 {
		e.Touch()
	}
	// valkey.conf tells what to expect of factor 10: 18 after a thousand uses, 255 after a million at most.
	if f := e.Freq(); f < 14 || f > 22 {
		t.Errorf("after 1000 uses, %d", f)
	}
	for range 500_000 {
		e.Touch()
	}
	if e.Freq() != lfuMax {
		t.Errorf("after 500,000 uses, %d", e.Freq())
	}
	s.SetClock(110 * minute)
	if e.Freq() != lfuMax-10 {
		t.Errorf("after 10 minutes without use, %d", e.Freq())
	}
	s.SetAging(Aging{LFU: true, LogFactor: 10, DecayMinutes: 5})
	if e.Freq() != lfuMax-2 {
		t.Errorf("with a decay time of 5 minutes, %d", e.Freq())
	}
	s.SetAging(Aging{LFU: true, LogFactor: 10, DecayMinutes: 0})
	if e.Freq() != lfuMax {
		t.Errorf("without decay, %d", e.Freq())
	}
	s.SetAging(Aging{LFU: true, LogFactor: 0, DecayMinutes: 1})
	s.SetClock((110 + 1000) * minute)
	if e.Freq() != 0 {
		t.Errorf("after 1000 minutes, %d", e.Freq())
	}
	for range 7 { // with factor 0 every use counts
		e.Touch()
	}
	if e.Freq() != 7 {
		t.Errorf("after 7 uses, %d", e.Freq())
	}
}
