package store

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"valkey/internal/invariant"
)

func TestNewRefuses(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("a store without databases")
	}
}

func TestFlushLazily(t *testing.T) {
	s := newStore(t, 2)
	for i := range 5000 {
		put(s, 0, strconv.Itoa(i), strings.Repeat("v", i), int64(i%2*5)-1)
		put(s, 1, strconv.Itoa(i), "stays", NoExpire)
	}
	alone := s.DB(1).Overhead
	if n := s.DB(0).Flush(true); n != 5000 || s.Pending() != 5000 || s.DB(0).Len() != 0 || s.DB(0).Volatile() != 0 {
		t.Fatalf("flushed %d, pending %d", n, s.Pending())
	}
	put(s, 0, "fresh", "v", NoExpire)
	steps := 0
	for last := s.Pending(); s.Pending() > 0; steps++ {
		s.Reclaim(100)
		if last-s.Pending() > 200 {
			t.Errorf("one step freed %d keys", last-s.Pending())
		}
		last = s.Pending()
		if err := s.Check(); steps%10 == 0 && err != nil {
			t.Fatal(err)
		}
	}
	if steps < 25 || s.Reclaimed() != 5000 {
		t.Errorf("%d steps, %d reclaimed", steps, s.Reclaimed())
	}
	s.ResetReclaimed()
	keys, volatile := alone()
	if m := s.Memory(); s.Reclaimed() != 0 || m.Index != keys+volatile+64 {
		t.Errorf("%+v, database 1 has %d + %d bytes of index", m, keys, volatile)
	}
	if s.DB(0).Len() != 1 || s.DB(1).Len() != 5000 {
		t.Errorf("%d, %d keys", s.DB(0).Len(), s.DB(1).Len())
	}
	before := s.Memory().Resident
	s.Purge()
	if after := s.Memory().Resident; after > before/2 {
		t.Errorf("resident %d, before the purge %d", after, before)
	}
}

func TestSwap(t *testing.T) {
	s := newStore(t, 3)
	put(s, 0, "a", "v", NoExpire)
	put(s, 0, "b", "v", 3)
	s.Swap(0, 2)
	s.Swap(1, 1)
	two := s.DB(2)
	if s.DB(0).Len() != 0 || two.Len() != 2 || two.Volatile() != 1 || two.ID() != 2 || !find(s, 2, "a").Exists() {
		t.Error("not swapped")
	}
	var ids []int
	for db := range s.Each {
		ids = append(ids, db.ID())
	}
	if len(ids) != 3 || s.Databases() != 3 {
		t.Errorf("databases %v", ids)
	}
}

func TestMemoryUsage(t *testing.T) {
	s := newStore(t, 1)
	db := s.DB(0)
	total := 0
	for i := range 1000 {
		put(s, 0, strconv.Itoa(i), strings.Repeat("v", i*20), int64(i%2)-1)
	}
	db.Scan(0, func(e Entry) {
		if n := db.MemoryUsage(e); n < e.Len()+len(e.Key())+8 {
			t.Errorf("%s: %d bytes for %d", e.Key(), n, e.Len())
		}
	})
	for i := range 1000 {
		total += db.MemoryUsage(find(s, 0, strconv.Itoa(i)))
	}
	if used := s.Used(); total > used || total < used-4000 { // the shares of the index are rounded down
		t.Errorf("entries add up to %d, %d used", total, used)
	}
	keys, volatile := db.Stats(true)
	if keys.Entries != 1000 || volatile.Entries != 500 || keys.Longest == 0 {
		t.Errorf("%+v %+v", keys, volatile)
	}
	if m := s.Memory(); m.Dataset+m.Index != m.Used || m.Used > m.Resident || m.Resident > m.Reserved {
		t.Errorf("%+v", m)
	}
}

// TestMoveBig looks whether renaming and expiring leave a big value where it is.
func TestMoveBig(t *testing.T) {
	s := newStore(t, 2)
	var scratch [20]byte
	e := put(s, 0, "k", strings.Repeat("v", 1<<20), NoExpire)
	at := &e.Bytes(&scratch)[0]
	e = s.DB(0).SetExpire(e, 5)
	e = s.DB(0).Move(e, s.Hash([]byte("k")), s.DB(1), []byte("other"), s.Hash([]byte("other")))
	e = s.DB(1).Move(e, s.Hash([]byte("other")), s.DB(0), []byte("other"), s.Hash([]byte("other")))
	if &e.Bytes(&scratch)[0] != at || e.ExpireAt() != 5 || e.Type() != String {
		t.Error("the value has moved")
	}
	twin := s.DB(0).Copy(e, s.DB(1), []byte("twin"), s.Hash([]byte("twin")))
	if &twin.Bytes(&scratch)[0] == at || !bytes.Equal(twin.Bytes(&scratch), e.Bytes(&scratch)) || twin.ExpireAt() != 5 {
		t.Error("the copy is none")
	}
}

// TestAppendAmortised appends byte by byte and counts how often the value moves.
func TestAppendAmortised(t *testing.T) {
	s := newStore(t, 1)
	var scratch [20]byte
	e := put(s, 0, "k", "", NoExpire)
	moves := 0
	var last *byte
	for n := 1; n <= 5<<18; n++ {
		e, _ = s.DB(0).Mutable(e, n, 0, n)
		if now := &e.Bytes(&scratch)[0]; now != last {
			moves++
			last = now
		}
	}
	if moves > 60 {
		t.Errorf("moved %d times", moves)
	}
}

func TestPrefetch(t *testing.T) {
	s := newStore(t, 1)
	db := s.DB(0)
	for i := range 100 {
		hash := s.Hash([]byte(strconv.Itoa(i)))
		db.Prefetch(hash)
		db.PrefetchEntry(hash)
		put(s, 0, strconv.Itoa(i), "v", NoExpire)
		db.Prefetch(hash)
		db.PrefetchEntry(hash)
	}
	if s.Prefault(1<<20) == 0 || s.Prefault(1<<20) != 0 {
		t.Error("prefault did not touch, or touched twice")
	}
}

func TestAllocations(t *testing.T) {
	if invariant.Enabled {
		t.Skip("assertions allocate")
	}
	s := newStore(t, 1)
	db := s.DB(0)
	for i := range 20_000 {
		put(s, 0, strconv.Itoa(i), "value", NoExpire)
	}
	key, fresh, number := []byte("123"), []byte("none"), []byte("number")
	text, long := bytes.Repeat([]byte("v"), 64), bytes.Repeat([]byte("v"), 10_000)
	db.SetInt(number, s.Hash(number), 1, NoExpire)
	var scratch [20]byte
	for name, op := range map[string]func(){
		"get":        func() { db.Find(key, s.Hash(key)).Bytes(&scratch) },
		"get int":    func() { db.Find(number, s.Hash(number)).Bytes(&scratch) },
		"overwrite":  func() { db.SetString(key, s.Hash(key), text, NoExpire) },
		"long":       func() { db.SetString(key, s.Hash(key), long, NoExpire) },
		"incr":       func() { db.SetIntAt(db.Find(number, s.Hash(number)), 1<<40) },
		"set delete": func() { db.SetString(fresh, s.Hash(fresh), text, 5); db.Delete(fresh, s.Hash(fresh)) },
		"expire":     func() { db.Persist(db.SetExpire(db.Find(key, s.Hash(key)), 7)) },
		"append":     func() { db.Mutable(db.Find(key, s.Hash(key)), 500, 0, 500) },
		"touch":      func() { db.Find(key, s.Hash(key)).Touch() },
		"victim":     func() { s.Victim(AllKeysLRU, 5) },
	} {
		if n := testing.AllocsPerRun(200, op); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
