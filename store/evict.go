package store

import (
	"math"

	"valkey/store/index"
	"valkey/store/mem"
)

// Policy is what to evict when memory runs short.
type Policy uint8

// The policies of maxmemory-policy.
const (
	NoEviction Policy = iota
	AllKeysLRU
	AllKeysLFU
	AllKeysRandom
	VolatileLRU
	VolatileLFU
	VolatileRandom
	VolatileTTL
)

// Volatile reports whether the policy evicts only keys with a deadline.
func (p Policy) Volatile() bool { return p >= VolatileLRU }

// LFU reports whether the policy wants entries to age by frequency.
func (p Policy) LFU() bool { return p == AllKeysLFU || p == VolatileLFU }

// poolSize is how many candidates are kept from one eviction to the next: with few samples a time, the pool makes the
// choice nearly as good as if all keys had been compared.
const poolSize = 16

// pool holds the best victims seen so far, the best last. They are names, not entries: by the time a candidate is
// picked, it may be gone.
type pool struct {
	candidates [poolSize]candidate
	count      int
	nextDB     int // for the random policies
}

type candidate struct {
	score uint64
	db    int
	key   []byte
}

// Victim returns the key that the policy would evict next, and its database. Each call samples so many keys of every
// database. There is none when no key qualifies.
func (s *Store) Victim(p Policy, samples int) (*DB, Entry, bool) {
	switch p {
	case NoEviction:
		return nil, Entry{}, false
	case AllKeysRandom, VolatileRandom:
		return s.randomVictim(p)
	}
	for {
		found := false
		for _, db := range s.dbs {
			if db != nil && db.evictable(p).Len() > 0 {
				found = true
				s.samplePool(db, p, samples)
			}
		}
		if !found {
			return nil, Entry{}, false
		}
		// A round that yields ghosts only leaves the pool empty, so the next one keeps what it samples.
		for s.pool.count > 0 {
			s.pool.count--
			c := &s.pool.candidates[s.pool.count]
			db := s.DB(c.db)
			e := db.Find(c.key, s.Hash(c.key))
			if e.Exists() && (!p.Volatile() || e.ExpireAt() != NoExpire) {
				return db, e, true
			}
		}
	}
}

func (s *Store) randomVictim(p Policy) (*DB, Entry, bool) {
	for range s.dbs {
		s.pool.nextDB = (s.pool.nextDB + 1) % len(s.dbs)
		if db := s.dbs[s.pool.nextDB]; db != nil {
			if r := db.evictable(p).Random(s.random()); r != 0 {
				return db, Entry{s, r}, true
			}
		}
	}
	return nil, Entry{}, false
}

func (db *DB) evictable(p Policy) *index.Index {
	if p.Volatile() {
		return &db.volatile
	}
	return &db.keys
}

func (s *Store) samplePool(db *DB, p Policy, samples int) {
	db.evictable(p).Sample(s.random(), samples, func(r mem.Ref) {
		e := Entry{s, r}
		score := e.coldness()
		if p == VolatileTTL {
			score = math.MaxUint64 - uint64(e.ExpireAt())
		}
		s.pool.offer(score, db.id, e.Key())
	})
}

// offer keeps a candidate if there is room or it beats the worst.
func (p *pool) offer(score uint64, db int, key []byte) {
	at := 0
	for at < p.count && p.candidates[at].score < score {
		at++
	}
	var spare []byte
	switch {
	case p.count < poolSize:
		spare = p.candidates[p.count].key
		copy(p.candidates[at+1:p.count+1], p.candidates[at:p.count])
		p.count++
	case at == 0:
		return
	default:
		spare = p.candidates[0].key
		at--
		copy(p.candidates[:at], p.candidates[1:at+1])
	}
	p.candidates[at] = candidate{score: score, db: db, key: append(spare[:0], key...)}
}
