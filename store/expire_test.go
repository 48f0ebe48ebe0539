package store

import (
	"math"
	"strconv"
	"testing"
)

// expireAll returns a cycle that deletes what it is given and counts by database.
func expireAll(t *testing.T, now int64, count map[int]int) ExpireCycle {
	return ExpireCycle{
		Effort:   1,
		Overtime: func() bool { return false },
		Expired: func(db *DB, e Entry) {
			if e.ExpireAt() >= now {
				t.Errorf("%s expired at %d, its deadline is %d", e.Key(), now, e.ExpireAt())
			}
			count[db.ID()]++
			db.Remove(e)
		},
	}
}

func TestActiveExpire(t *testing.T) {
	s := newStore(t, 20)
	for i := range 3000 {
		key := strconv.Itoa(i)
		put(s, 0, key, "v", NoExpire)
		put(s, 3, key, "v", int64(i))
		put(s, 19, key, "v", 10_000)
	}
	count := make(map[int]int)
	for range 200 {
		s.ActiveExpire(1001, expireAll(t, 1001, count))
	}
	// What is due at this very moment has not passed its deadline.
	if count[3] != 1001 || count[0] != 0 || count[19] != 0 {
		t.Errorf("expired by database: %v", count)
	}
	if got := s.DB(19).AverageTTL(); got != 8999 {
		t.Errorf("average time to live %d", got)
	}
	if got := s.DB(3).AverageTTL(); math.Abs(float64(got)-1000) > 100 {
		t.Errorf("average time to live %d, want about 1000", got)
	}
	if s.DB(0).AverageTTL() != 0 || s.StalePercent() > 1 {
		t.Errorf("average %d, stale %.1f", s.DB(0).AverageTTL(), s.StalePercent())
	}
	s.DB(19).Flush(false)
	s.ActiveExpire(1001, expireAll(t, 1001, count))
	if s.DB(19).AverageTTL() != 0 {
		t.Errorf("an empty database has an average time to live of %d", s.DB(19).AverageTTL())
	}
}

func TestActiveExpireOvertime(t *testing.T) {
	s := newStore(t, 2)
	for i := range 10_000 {
		put(s, 0, strconv.Itoa(i), "v", 1)
	}
	count := make(map[int]int)
	c := expireAll(t, 2, count)
	c.Fast = true
	if res := s.ActiveExpire(2, c); res.Sampled != 0 {
		t.Errorf("a fast call worked without need: %+v", res)
	}
	c.Fast = false
	c.Overtime = func() bool { return true }
	res := s.ActiveExpire(2, c)
	if !res.Overtime || res.Expired == 0 || res.Expired > 1000 || res.Expired != count[0] {
		t.Errorf("%+v, expired %v", res, count)
	}
	if s.StalePercent() == 0 {
		t.Error("nothing is stale")
	}
	c.Fast = true
	c.Overtime = func() bool { return false }
	if res = s.ActiveExpire(2, c); res.Overtime || s.DB(0).Len() != 0 {
		t.Errorf("a fast call after one that ran out of time: %+v, %d keys left", res, s.DB(0).Len())
	}
	if res = s.ActiveExpire(2, c); res.Sampled != 0 {
		t.Errorf("nothing left to do: %+v", res)
	}
}

// TestActiveExpireKept has a callback that deletes nothing, as a replica's would: the call must end.
func TestActiveExpireKept(t *testing.T) {
	s := newStore(t, 1)
	for i := range 1000 {
		put(s, 0, strconv.Itoa(i), "v", 1)
	}
	seen := make(map[string]bool)
	res := s.ActiveExpire(2, ExpireCycle{
		Overtime: func() bool { return false },
		Expired:  func(_ *DB, e Entry) { seen[string(e.Key())] = true },
	})
	if len(seen) != 1000 || res.Expired != 1000 {
		t.Errorf("saw %d keys, %+v", len(seen), res)
	}
}
