package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"valkey/internal/invariant"
)

// fill puts so many keys into a database of the machine and of its model.
func (m *machine) fill(i, from, to int) {
	for n := from; n < to; n++ {
		key, rec := []byte("key:"+strconv.Itoa(n)), record{"value " + strconv.Itoa(n), int64(n%3) - 1}
		m.db(i).SetString(key, m.s.Hash(key), []byte(rec.text), rec.at)
		m.model[i][string(key)] = rec
	}
}

// TestCutGrowth has the tables grow and shrink by much between the steps of the walk, so that buckets split and merge
// on both sides of where it stands.
func TestCutGrowth(t *testing.T) {
	for seed := range uint64(6) {
		m := newMachine(t, 1)
		r := rand.New(rand.NewPCG(seed, 1))
		m.fill(0, 0, 1+r.IntN(3000))
		m.fill(1, 0, r.IntN(500))
		m.beginCut()
		for i, top := 0, 10_000; len(m.cuts) > 0; i++ {
			if r.IntN(2) == 0 {
				m.fill(r.IntN(2), top, top+r.IntN(4000))
				top += 4000
			} else {
				share := 1 + r.IntN(8)
				for db := range 2 {
					for key := range m.model[db] {
						if r.IntN(share) == 0 {
							m.db(db).Delete([]byte(key), m.s.Hash([]byte(key)))
							delete(m.model[db], key)
						}
					}
				}
			}
			if len(m.cuts) < CutsMax && i < 6 {
				m.beginCut()
			}
			for at := range slices.Backward(m.cuts) {
				if !m.cuts[at].cut.Step(r.IntN(400)) {
					m.closeCut(at, false)
				}
			}
			if i%4 > 0 {
				continue
			}
			if err := m.s.Check(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		m.finish()
	}
}

func TestCutsMax(t *testing.T) {
	s := newStore(t, 1)
	e := put(s, 0, "k", "v", NoExpire)
	put(s, 0, "stays", "v", NoExpire)
	var cuts []*Cut
	saves := 0
	for range CutsMax {
		c, err := s.Cut(func(int, Entry) { saves++ })
		if err != nil {
			t.Fatal(err)
		}
		cuts = append(cuts, c)
	}
	if _, err := s.Cut(nil); !errors.Is(err, ErrCuts) {
		t.Fatalf("one cut too many: %v", err)
	}
	cuts[3].Abort() // it has left no mark, so there is room at once
	c, err := s.Cut(func(int, Entry) { saves++ })
	if err != nil || s.Cuts() != CutsMax {
		t.Fatalf("%v, %d cuts", err, s.Cuts())
	}
	s.DB(0).Remove(s.DB(0).SetExpire(e, 5))
	if saves != CutsMax {
		t.Errorf("a change and a removal have saved %d times in %d cuts", saves, CutsMax)
	}
	e = find(s, 0, "stays")
	s.DB(0).SetExpire(e, 5)
	c.Abort()
	c.Abort()
	if _, err := s.Cut(nil); !errors.Is(err, ErrCuts) || !s.Reclaimable() || s.Cuts() != CutsMax-1 {
		t.Fatalf("the marks of a cut that was aborted are not cleared, but its bit is free: %v", err)
	}
	for s.Reclaim(1) {
		continue
	}
	c, err = s.Cut(func(int, Entry) {})
	if err != nil || s.Reclaimable() {
		t.Fatal(err)
	}
	for c.Step(1) {
		continue
	}
	if c.Saved() != 1 || c.Keys() != 1 {
		t.Errorf("saved %d of %d", c.Saved(), c.Keys())
	}
}

// TestCutAbortsItself aborts from within save, called by the walk and called by a write.
func TestCutAbortsItself(t *testing.T) {
	for _, write := range []bool{false, true} {
		s := newStore(t, 1)
		for i := range 100 {
			put(s, 0, strconv.Itoa(i), "v", NoExpire)
		}
		var c *Cut
		c, err := s.Cut(func(int, Entry) {
			if c.Saved() == 30 {
				c.Abort()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if write || i < 5 { // some marks for the walk to run into
				put(s, 0, strconv.Itoa(i), "changed", NoExpire)
			}
		}
		for c.Step(100) {
			continue
		}
		if err := s.Check(); err != nil || c.Saved() != 30 || !c.Done() {
			t.Fatalf("%v; saved %d", err, c.Saved())
		}
		for s.Reclaim(10) {
			continue
		}
		if s.marks != 0 {
			t.Errorf("marks %b", s.marks)
		}
	}
}

// TestCutSaveMustNotWrite shows that a save that writes is caught, by whichever door.
func TestCutSaveMustNotWrite(t *testing.T) {
	if !invariant.Enabled {
		t.Skip("assertions are off")
	}
	for name, write := range map[string]func(*Store){
		"insert":    func(s *Store) { put(s, 0, "new", "v", NoExpire) },
		"overwrite": func(s *Store) { put(s, 0, "k", "v", NoExpire) },
	} {
		s := newStore(t, 1)
		put(s, 0, "k", "v", NoExpire)
		c, err := s.Cut(func(int, Entry) { write(s) })
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s from within save is not caught", name)
				}
			}()
			c.Step(1)
		}()
	}
}

// TestCutFlush flushes what a cut still wants: it is gone from what is used at once, and from memory after the walk.
func TestCutFlush(t *testing.T) {
	for _, lazy := range []bool{false, true} {
		s := newStore(t, 2)
		for i := range 5000 {
			put(s, 0, strconv.Itoa(i), strings.Repeat("v", 50), int64(i%2)-1)
			put(s, 1, strconv.Itoa(i), "v", NoExpire)
		}
		used := s.Used()
		var seen [2]int
		c, err := s.Cut(func(db int, _ Entry) { seen[db]++ })
		if err != nil {
			t.Fatal(err)
		}
		s.Swap(0, 1)
		if s.DB(1).Flush(lazy) != 5000 || s.Pending() != 5000 || seen != [2]int{} {
			t.Fatalf("%d pending, %v saved", s.Pending(), seen)
		}
		if m := s.Memory(); m.Used > used/2 || m.Used+m.Kept != used || m.Index+m.Dataset != m.Used {
			t.Errorf("%d used before; %+v", used, m)
		}
		for s.Reclaim(1000) {
			continue
		}
		if s.Pending() != 5000 || s.Reclaimable() {
			t.Fatal("reclaimed what the cut wants")
		}
		for c.Step(500) {
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
			s.Reclaim(100)
		}
		for s.Reclaim(1000) {
			continue
		}
		if m := s.Memory(); seen != [2]int{5000, 5000} || s.Pending() != 0 || m.Kept != 0 {
			t.Errorf("saved %v, %d pending, %+v", seen, s.Pending(), m)
		}
	}
}

// TestCutOrder looks whether databases come in the order of their numbers, and whether a key that is untouched comes
// from the walk and not from a write.
func TestCutOrder(t *testing.T) {
	s := newStore(t, 4)
	for i := range 4000 {
		put(s, i%4, strconv.Itoa(i), "v", NoExpire)
	}
	s.Swap(0, 3)
	last := 0
	c, err := s.Cut(func(db int, _ Entry) {
		if db < last {
			t.Errorf("database %d after %d", db, last)
		}
		last = db
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Swap(1, 2)
	put(s, 0, "new", "v", NoExpire)
	find(s, 0, "3").Touch()
	for c.Step(300) {
		s.Swap(0, 1)
	}
	if last != 3 || c.Saved() != 4000 {
		t.Errorf("last %d, %d saved", last, c.Saved())
	}
}

// TestPin looks whether a pinned value stays as it is under each kind of write, and is freed in the end.
func TestPin(t *testing.T) {
	long, other := strings.Repeat("x", PinMin), []byte(strings.Repeat("y", PinMin))
	for name, write := range map[string]func(*DB, Entry){
		"overwrite":     func(db *DB, e Entry) { db.Overwrite(e, db.s.Hash(e.Key()), other, 5) },
		"in place":      func(db *DB, e Entry) { db.Overwrite(e, db.s.Hash(e.Key()), other, NoExpire) },
		"short":         func(db *DB, e Entry) { db.Overwrite(e, db.s.Hash(e.Key()), []byte("y"), NoExpire) },
		"write into":    func(db *DB, e Entry) { _, b := db.Mutable(e, PinMin, 0, 1); b[0] = 'y' },
		"grow":          func(db *DB, e Entry) { _, b := db.Mutable(e, 3*PinMin, 0, 1); b[0] = 'y' },
		"shrink":        func(db *DB, e Entry) { _, b := db.Mutable(e, PinMin/2, 0, 1); b[0] = 'y' },
		"remove":        func(db *DB, e Entry) { db.Remove(e) },
		"flush":         func(db *DB, e Entry) { db.Flush(false) },
		"give deadline": func(db *DB, e Entry) { db.SetExpire(e, 3) },
	} {
		s := newStore(t, 1)
		e := put(s, 0, "k", long, NoExpire)
		p, ok := s.Pin(e, nil)
		again, _ := s.Pin(e, nil)
		if !ok || s.PinnedBytes() < PinMin || s.PinnedBytes() >= 2*PinMin || again.ref != p.ref {
			t.Fatalf("%s: %d bytes pinned", name, s.PinnedBytes())
		}
		write(s.DB(0), e)
		put(s, 0, "other", long, NoExpire) // would take the place of what was freed
		put(s, 0, "other", "short", NoExpire)
		if string(p.Bytes()) != long {
			t.Errorf("%s: the pinned value has changed", name)
		}
		s.Unpin(p)
		if string(p.Bytes()) != long {
			t.Errorf("%s: freed by the first of two", name)
		}
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.Unpin(again)
		s.DB(0).Flush(false)
		if m := s.Memory(); m.Used != 0 || m.Kept != 0 || s.PinnedBytes() != 0 || len(s.pins) != 0 {
			t.Errorf("%s: in the end %+v, %d pinned", name, m, s.PinnedBytes())
		}
	}
	s := newStore(t, 1)
	for _, text := range []string{"12", "short", long[1:]} {
		if _, ok := s.Pin(put(s, 0, "k", text, NoExpire), nil); ok {
			t.Errorf("%.9s can be pinned", text)
		}
	}
}

// TestPinChanging looks whether a write to a pinned value is told what it changes there, and copies nothing for it.
func TestPinChanging(t *testing.T) {
	const size = 1 << 20
	s := newStore(t, 1)
	db := s.DB(0)
	e := put(s, 0, "k", strings.Repeat("x", size), NoExpire)
	e, _ = db.Mutable(e, size+10_000, 0, 0)
	e, _ = db.Mutable(e, size, 0, 0) // with room behind it
	var told []string
	tell := func(_ *Pinned, from, to int) { told = append(told, fmt.Sprintf("%d..%d", from, to)) }
	first, _ := s.Pin(e, tell)
	used := s.Used()
	write := func(what string, n, from, to int, want ...string) {
		t.Helper()
		told = nil
		var b []byte
		e, b = db.Mutable(e, n, from, to)
		for i := range b {
			b[i] = 'y'
		}
		if fmt.Sprint(told) != fmt.Sprint(want) || s.Used() != used {
			t.Errorf("%s: told of %v, want %v; %d bytes, then %d", what, told, want, used, s.Used())
		}
	}
	write("within", size, 7, 9, "7..9")
	write("to the end and behind it", size+5, size-2, size+5, fmt.Sprintf("%d..%d", size-2, size))
	write("appended", size+9, size+5, size+9)
	second, _ := s.Pin(e, tell)
	write("two hold it", size+9, 1, size+9, fmt.Sprintf("1..%d", size), fmt.Sprintf("1..%d", size+9))
	write("shorter", 100, 0, 0)
	write("longer again", 300, 200, 201, "100..300", "100..300")
	third, _ := s.Pin(e, nil)
	if told = nil; third != nil {
		t.Error("a short value is pinned")
	}
	e, _ = db.Mutable(e, size, 0, 0)
	third, _ = s.Pin(e, nil)
	told = nil
	if e, _ = db.Mutable(e, size, 0, size); len(told) != 0 || s.Memory().Kept == 0 {
		t.Errorf("one holder wants the value whole; told of %v, %+v", told, s.Memory())
	}
	for _, p := range []*Pinned{first, second, third} {
		s.Unpin(p)
	}
	if m := s.Memory(); m.Kept != 0 || s.PinnedBytes() != 0 {
		t.Errorf("in the end %+v, %d pinned", m, s.PinnedBytes())
	}
}

func TestAside(t *testing.T) {
	s := newStore(t, 2)
	live := s.DB(0)
	put(s, 0, "old", "v", NoExpire)
	a := s.Aside()
	key := []byte("new")
	a.DB(0).SetString(key, s.Hash(key), key, NoExpire)
	a.DB(1).SetString(key, s.Hash(key), key, 5)
	if live.Len() != 1 || s.DB(1).Len() != 0 || find(s, 0, "new").Exists() || a.DB(1).ID() != 1 {
		t.Error("what is aside can be seen")
	}
	c, err := s.Cut(func(_ int, e Entry) {
		if string(e.Key()) != "old" {
			t.Errorf("cut %q", e.Key())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	a.Swap()
	if live.Len() != 1 || !find(s, 0, "new").Exists() || find(s, 1, "new").ExpireAt() != 5 || a.DB(0).Len() != 1 {
		t.Error("not swapped")
	}
	a.Drop(false)
	if s.Pending() != 1 || s.Memory().Kept == 0 {
		t.Error("the cut has lost what it was made of")
	}
	for c.Step(1) {
		continue
	}
	for s.Reclaim(1) {
		continue
	}
	if err := s.Check(); err != nil || c.Saved() != 1 || s.Memory().Kept != 0 || len(s.asides) != 0 {
		t.Errorf("%v, %d saved, %+v", err, c.Saved(), s.Memory())
	}
}

func TestReserve(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 1000, 7 * 1024, 7*1024 + 1, 50_000} {
		s := newStore(t, 1)
		db := s.DB(0)
		db.Reserve(n, n/2)
		before, volatileBefore := db.Stats(false)
		for i := range n {
			put(s, 0, strconv.Itoa(i), "v", int64(i%2)*2-1)
		}
		after, volatileAfter := db.Stats(false)
		if n > 0 && (before.Buckets != after.Buckets || before.Capacity < n || before.Capacity >= n+7) ||
			n > 1 && volatileBefore.Buckets != volatileAfter.Buckets {
			t.Errorf("%d keys: %+v, then %+v; volatile %+v, then %+v", n, before, after, volatileBefore, volatileAfter)
		}
		db.Reserve(10*n, n) // not empty: nothing
		if again, _ := db.Stats(false); n > 0 && again.Buckets != after.Buckets {
			t.Errorf("%d keys: %d buckets, then %d", n, after.Buckets, again.Buckets)
		}
		for i := range n {
			put(s, 0, "more"+strconv.Itoa(i), "v", NoExpire)
		}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			s.DB(0).Delete([]byte(strconv.Itoa(i)), s.Hash([]byte(strconv.Itoa(i))))
		}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		if db.Flush(false); s.Used() != 0 {
			t.Errorf("%d keys: %d bytes left", n, s.Used())
		}
	}
}

// TestCutAllocations looks whether writes allocate while a cut runs, and whether the walk does.
func TestCutAllocations(t *testing.T) {
	if invariant.Enabled {
		t.Skip("assertions allocate")
	}
	s := newStore(t, 1)
	db := s.DB(0)
	for i := range 50_000 {
		put(s, 0, strconv.Itoa(i), "value", NoExpire)
	}
	db.SetInt([]byte("number"), s.Hash([]byte("number")), 1, NoExpire)
	keys := make([][]byte, 300)
	for i := range keys {
		keys[i] = fmt.Append(nil, i)
	}
	text, number := []byte("another text"), []byte("number")
	sum := 0
	var scratch [20]byte
	c, err := s.Cut(func(_ int, e Entry) { sum += len(e.Bytes(&scratch)) })
	if err != nil {
		t.Fatal(err)
	}
	c.Step(1000) // the first step makes room for the group
	next := 0
	key := func() ([]byte, uint64) {
		next++
		k := keys[next%len(keys)]
		return k, s.Hash(k)
	}
	for _, op := range []struct {
		name string
		run  func()
	}{
		{"step", func() { c.Step(100) }},
		{"get", func() { db.Find(key()).Bytes(&scratch) }},
		{"expire", func() { db.Persist(db.SetExpire(db.Find(key()), 7)) }},
		{"overwrite", func() { k, h := key(); db.SetString(k, h, text, NoExpire) }},
		{"incr", func() { db.SetIntAt(db.Find(number, s.Hash(number)), 7) }},
		{"delete and set", func() { k, h := key(); db.Delete(k, h); db.SetString(k, h, k, 5) }},
		{"step", func() { c.Step(100) }},
	} {
		if n := testing.AllocsPerRun(200, op.run); n != 0 {
			t.Errorf("%s: %v allocations", op.name, n)
		}
	}
	if c.Done() {
		t.Error("the cut was over before the end")
	}
}

func TestAgesRestored(t *testing.T) {
	s := newStore(t, 1)
	s.SetClock(1_000_000_000)
	e := put(s, 0, "k", "v", NoExpire)
	e.SetIdle(77)
	if e.SetFreq(9); e.Idle() != 77 {
		t.Errorf("idle for %d s", e.Idle())
	}
	s.SetAging(Aging{LFU: true, LogFactor: 10, DecayMinutes: 1})
	e.SetFreq(200)
	if e.SetIdle(5); e.Freq() != 200 || string(e.Key()) != "k" {
		t.Errorf("%q has %d", e.Key(), e.Freq())
	}
}
