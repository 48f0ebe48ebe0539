package store

import (
	"strconv"
	"testing"
)

// TestVictim fills a store so that the number of a key is its age and deadline, and looks which half the victims come
// from.
func TestVictim(t *testing.T) {
	const keys = 1000
	for _, c := range []struct {
		policy   Policy
		low      bool // the low numbers are to go first
		random   bool
		volatile bool
	}{
		{policy: AllKeysLRU, low: true},
		{policy: AllKeysLFU, low: true},
		{policy: AllKeysRandom, random: true},
		{policy: VolatileLRU, low: true, volatile: true},
		{policy: VolatileLFU, low: true, volatile: true},
		{policy: VolatileRandom, random: true, volatile: true},
		{policy: VolatileTTL, low: true, volatile: true},
	} {
		s := newStore(t, 4)
		s.SetAging(Aging{LFU: c.policy.LFU(), LogFactor: 0})
		if c.policy.Volatile() != c.volatile {
			t.Errorf("policy %d: volatile %v", c.policy, c.policy.Volatile())
		}
		for i := range keys {
			s.SetClock(int64(i) * msPerSecond)
			put(s, 1, "stays"+strconv.Itoa(i), "v", NoExpire)
			e := put(s, 1+2*(i%2), strconv.Itoa(i), "v", int64(i))
			for range i / 5 { // no use counts for LRU, whose clock stands
				e.Touch()
			}
		}
		s.SetClock(keys * msPerSecond)
		low, evicted := 0, 0
		for range keys / 4 {
			db, e, ok := s.Victim(c.policy, 5)
			if !ok {
				t.Fatalf("policy %d: no victim", c.policy)
			}
			if n, err := strconv.Atoi(string(e.Key())); err == nil {
				evicted++
				if n < keys/2 {
					low++
				}
			} else if c.volatile {
				t.Fatalf("policy %d evicts %s, which has no deadline", c.policy, e.Key())
			}
			db.Remove(e)
		}
		share := float64(low) / float64(evicted)
		if evicted == 0 || c.low && share < 0.8 || c.random && (share < 0.3 || share > 0.7) {
			t.Errorf("policy %d: %d of %d victims come from the lower half", c.policy, low, evicted)
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestVictimNone(t *testing.T) {
	s := newStore(t, 2)
	put(s, 0, "k", "v", NoExpire)
	for _, p := range []Policy{NoEviction, VolatileLRU, VolatileLFU, VolatileRandom, VolatileTTL} {
		if _, _, ok := s.Victim(p, 5); ok {
			t.Errorf("policy %d found a victim", p)
		}
	}
	// A candidate that is gone, or has lost its deadline, does not come back.
	put(s, 1, "a", "v", 1)
	put(s, 1, "b", "v", 2)
	if _, e, _ := s.Victim(VolatileTTL, 5); string(e.Key()) != "a" {
		t.Errorf("victim %s", e.Key())
	}
	s.DB(1).Persist(find(s, 1, "b"))
	s.DB(1).Delete([]byte("a"), s.Hash([]byte("a")))
	if _, e, ok := s.Victim(VolatileTTL, 5); ok {
		t.Errorf("victim %s", e.Key())
	}
}

func TestPoolOrder(t *testing.T) {
	var p pool
	for _, score := range []uint64{5, 3, 9, 3, 7} {
		p.offer(score, 0, []byte{byte(score)})
	}
	for i := range uint64(40) {
		p.offer(i, 0, []byte{byte(i)})
	}
	if p.count != poolSize {
		t.Fatalf("%d candidates", p.count)
	}
	for i, c := range p.candidates {
		if want := uint64(40 - poolSize + i); c.score != want || c.key[0] != byte(want) {
			t.Errorf("candidate %d: score %d, key %v", i, c.score, c.key)
		}
	}
	p.offer(1, 0, []byte("worse than all"))
	if p.candidates[0].score != 40-poolSize {
		t.Error("a worse candidate pushed a better one out")
	}
}
