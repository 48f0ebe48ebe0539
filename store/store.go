package store

import (
	"fmt"

	"valkey/store/mem"
	"valkey/store/siphash"
)

// Options says how a store is made.
type Options struct {
	Databases  int      // how many there are, at least 1
	HashSeed   [16]byte // decides where keys live, and with it the order of SCAN
	RandomSeed uint64   // of every random choice the store makes

	ReserveBytes int // address space for the data, see mem.Options; zero is the default
}

// Store holds all databases and the memory they share.
type Store struct {
	arena *mem.Arena
	key   siphash.Key
	dbs   []*DB // nil until first used
	rng   uint64

	aging   Aging
	seconds uint32 // the clock as entries keep it, for LRU
	minutes uint16 // and for LFU

	cuts  [CutsMax]*Cut // running, or aborted and not yet clean
	marks uint8         // a bit for each of them: a write pays for cuts only when it is not zero

	saving bool // a cut's owner is looking at an entry, and must not write

	pins        map[mem.Ref]pin
	pinnedBytes int
	freedPins   int // bytes of pinned values that no entry has any more

	asides    []*Aside
	graves    []grave
	kept      int // bytes of the graves that do not count as used
	reclaimed uint64
	expiry    expiry
	pool      pool
}

// New makes an empty store.
func New(o Options) (*Store, error) {
	if o.Databases < 1 {
		return nil, fmt.Errorf("store: %d databases", o.Databases)
	}
	arena, err := mem.New(mem.Options{ReserveBytes: o.ReserveBytes})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &Store{
		arena: arena,
		key:   siphash.NewKey(o.HashSeed),
		dbs:   make([]*DB, o.Databases),
		rng:   o.RandomSeed,
		aging: Aging{LogFactor: 10, DecayMinutes: 1},
	}, nil
}

// Close gives the store's memory back to the system; nothing of the store may be used afterwards.
func (s *Store) Close() error { return s.arena.Close() }

// Hash returns the hash of a key, which most methods of DB want beside the key.
func (s *Store) Hash(key []byte) uint64 { return s.key.Sum64(key) }

// Databases returns how many databases there are.
func (s *Store) Databases() int { return len(s.dbs) }

// DB returns database i, making it when it is used for the first time.
func (s *Store) DB(i int) *DB {
	if s.dbs[i] == nil {
		s.dbs[i] = s.newDB(i)
	}
	return s.dbs[i]
}

// Each yields the databases that have been used, in order.
func (s *Store) Each(yield func(*DB) bool) {
	for _, db := range s.dbs {
		if db != nil && !yield(db) {
			return
		}
	}
}

// Swap exchanges the contents of two databases.
func (s *Store) Swap(i, j int) {
	a, b := s.DB(i), s.DB(j)
	a.table, b.table = b.table, a.table
}

// Prefault readies the next n bytes of fresh memory, so that writes do not wait for the system. Unlike everything
// else it may run in another goroutine. It returns how many bytes it had to ready.
func (s *Store) Prefault(n int) int { return s.arena.Prefault(n) }

// random steps the store's generator (splitmix64).
func (s *Store) random() uint64 {
	s.rng += 0x9e3779b97f4a7c15
	z := s.rng
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
