package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

const (
	benchGroup = 32 // commands whose memory is asked for together, as the engine does within a batch
	benchKey   = 16
	benchText  = 64
	walkStep   = 1000 // entries of a cut's step
)

// keyOf writes the key with that number into key.
func keyOf(key []byte, n int) []byte {
	key = append(key[:0], "key:000000000000"...)
	for i := len(key) - 1; n > 0; i-- {
		key[i] = byte('0' + n%10)
		n /= 10
	}
	return key
}

// bench is a store full of keys.
type bench struct {
	s    *Store
	db   *DB
	keys int
	text []byte
	rng  *rand.Rand
}

func newBench(b *testing.B, keys int) *bench {
	s := newStore(b, 1)
	x := &bench{s: s, db: s.DB(0), keys: keys, rng: rand.New(rand.NewPCG(1, 1))}
	x.text = bytes.Repeat([]byte("v"), benchText)
	key := make([]byte, benchKey)
	for i := range keys {
		key = keyOf(key, i)
		x.db.SetString(key, s.Hash(key), x.text, NoExpire)
	}
	return x
}

func (x *bench) get(b *testing.B) {
	var scratch [20]byte
	key := make([]byte, benchKey)
	for b.Loop() {
		key = keyOf(key, x.rng.IntN(x.keys))
		copy(x.text, x.db.Find(key, x.s.Hash(key)).Bytes(&scratch))
	}
	m := x.s.Memory()
	b.ReportMetric(float64(m.Used)/float64(x.keys), "B-used/key")
	b.ReportMetric(float64(m.Resident)/float64(x.keys), "B-resident/key")
}

func (x *bench) set(b *testing.B) {
	key := make([]byte, benchKey)
	for b.Loop() {
		key = keyOf(key, x.rng.IntN(x.keys))
		x.db.SetString(key, x.s.Hash(key), x.text, NoExpire)
	}
}

func (x *bench) getGrouped(b *testing.B) {
	var keys [benchGroup][]byte
	var hashes [benchGroup]uint64
	var scratch [20]byte
	for i := range keys {
		keys[i] = make([]byte, benchKey)
	}
	for n := 0; b.Loop(); n++ {
		if n%benchGroup != 0 {
			continue
		}
		for i := range keys {
			keys[i] = keyOf(keys[i], x.rng.IntN(x.keys))
			hashes[i] = x.s.Hash(keys[i])
			x.db.Prefetch(hashes[i])
		}
		for _, hash := range hashes {
			x.db.PrefetchEntry(hash)
		}
		for i, hash := range hashes {
			copy(x.text, x.db.Find(keys[i], hash).Bytes(&scratch))
		}
	}
}

func (x *bench) incr(b *testing.B) {
	key := []byte("counter")
	x.db.SetInt(key, x.s.Hash(key), 1, NoExpire)
	for b.Loop() {
		e := x.db.Find(key, x.s.Hash(key))
		n, _ := e.Int()
		x.db.SetIntAt(e, n+1)
	}
}

func (x *bench) setDelete(b *testing.B) {
	key := []byte("not among the keys")
	for b.Loop() {
		x.db.SetString(key, x.s.Hash(key), x.text, NoExpire)
		x.db.Delete(key, x.s.Hash(key))
	}
}

// walk is one cut of everything, with a save that copies key and value into a buffer, as a draft does.
func (x *bench) walk(b *testing.B) {
	buf := make([]byte, 0, 1<<20)
	var scratch [20]byte
	worst := time.Duration(0)
	for b.Loop() {
		c, err := x.s.Cut(func(_ int, e Entry) {
			if len(buf) > 1<<19 {
				buf = buf[:0]
			}
			buf = append(append(append(buf, 0, byte(benchKey)), e.Key()...), e.Bytes(&scratch)...)
		})
		if err != nil {
			b.Fatal(err)
		}
		for more := true; more; {
			start := time.Now()
			more = c.Step(walkStep)
			worst = max(worst, time.Since(start))
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(x.keys), "ns/key")
	b.ReportMetric(float64(worst.Microseconds()), "worst-step-µs")
}

// setCut is set while a cut is running that has walked half of the way.
func (x *bench) setCut(b *testing.B) {
	c, err := x.s.Cut(func(int, Entry) {})
	if err != nil {
		b.Fatal(err)
	}
	for c.Saved() < x.keys/2 {
		c.Step(walkStep)
	}
	x.set(b)
	for c.Step(walkStep) {
		continue
	}
}

// BenchmarkStore measures with everything in the caches, and with far more than they hold.
func BenchmarkStore(b *testing.B) {
	for _, keys := range []int{1000, 1_000_000, 5_000_000} {
		x := newBench(b, keys)
		for _, op := range []struct {
			name string
			run  func(*testing.B)
		}{{"get", x.get}, {"get-grouped", x.getGrouped}, {"set", x.set}, {"incr", x.incr}, {"set-delete", x.setDelete},
			{"set-cut", x.setCut}, {"walk", x.walk}} {
			b.Run(fmt.Sprintf("%s/%d", op.name, keys), op.run)
		}
	}
}
