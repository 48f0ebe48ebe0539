package snapshot_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"valkey/internal/vfs"
	"valkey/server/snapshot"
	"valkey/store"
	"valkey/store/rdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const databases = 3

func newStore(t testing.TB, seed byte) *store.Store {
	t.Helper()
	s, err := store.New(store.Options{
		Databases: databases, HashSeed: [16]byte{seed}, RandomSeed: uint64(seed), ReserveBytes: 1 << 30,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := s.PinnedBytes(); n != 0 {
			t.Errorf("%d bytes are still pinned", n)
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

type cell struct {
	db  int
	key string
}

type content struct {
	value string
	at    int64
}

// contents are all keys of a store.
func contents(s *store.Store) map[cell]content {
	m := map[cell]content{}
	for db := range s.Each {
		for cursor, more := uint64(0), true; more; more = cursor != 0 {
			cursor = db.Scan(cursor, func(e store.Entry) {
				var scratch [20]byte
				m[cell{db.ID(), string(e.Key())}] = content{string(e.Bytes(&scratch)), e.ExpireAt()}
			})
		}
	}
	return m
}

func compare(t *testing.T, what string, got, want map[cell]content) {
	t.Helper()
	for k, w := range want {
		if g, ok := got[k]; !ok || g != w {
			t.Fatalf("%s: %v is %.40v (%v), want %.40v", what, k, g, ok, w)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Fatalf("%s: %v is too much", what, k)
		}
	}
}

// load reads a snapshot into a store of its own, which has another order of keys.
func load(t *testing.T, data []byte, change func(*snapshot.LoadOptions)) (*store.Store, snapshot.Loaded, error) {
	t.Helper()
	s := newStore(t, 77)
	o := snapshot.LoadOptions{
		R: bytes.NewReader(data), Size: int64(len(data)), Store: s, Into: s, Locked: func(f func()) { f() },
		KeepExpired: true,
	}
	if change != nil {
		change(&o)
	}
	loaded, err := snapshot.Load(o)
	return s, loaded, err
}

// gate is an Out that takes nothing while it is shut.
type gate struct {
	mu   sync.Mutex
	out  bytes.Buffer
	open chan struct{}
}

func newGate(shut bool) *gate {
	g := &gate{open: make(chan struct{})}
	if !shut {
		close(g.open)
	}
	return g
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.out.Write(p)
}

// writer changes a store at random.
type writer struct {
	s   *store.Store
	rng *rand.Rand
}

func (w *writer) value() []byte {
	switch n := w.rng.IntN(20); {
	case n == 0: // pinned rather than copied
		return bytes.Repeat([]byte{byte('a' + w.rng.IntN(26))}, store.PinMin+w.rng.IntN(1000))
	case n == 1 && w.rng.IntN(10) == 0: // read in several pieces; half of it can be compressed
		b := make([]byte, 600_000+w.rng.IntN(100_000))
		for i := range len(b) / (1 + w.rng.IntN(3)) {
			b[i] = byte(w.rng.Uint32())
		}
		return b
	case n < 5:
		return fmt.Append(nil, w.rng.Int64N(1<<uint(w.rng.IntN(62)+1))-1000)
	default:
		return bytes.Repeat([]byte{byte('a' + w.rng.IntN(26))}, w.rng.IntN(200))
	}
}

func (w *writer) step() {
	db := w.s.DB(w.rng.IntN(databases))
	key := fmt.Append(nil, "key:", w.rng.IntN(3000))
	hash := w.s.Hash(key)
	switch n := w.rng.IntN(1000); {
	case n < 500:
		db.SetString(key, hash, w.value(), store.NoExpire)
	case n < 600:
		db.SetString(key, hash, w.value(), int64(w.rng.IntN(1<<40)))
	case n < 700:
		db.SetString(key, hash, w.value(), store.KeepTTL)
	case n < 800:
		if e := db.Find(key, hash); e.Exists() { // in place, or at the end
			from := w.rng.IntN(e.Len() + 1)
			to := from + w.rng.IntN(300)
			_, b := db.Mutable(e, max(e.Len(), to), from, to)
			for i := range b {
				b[i] = byte(w.rng.Uint32())
			}
		}
	case n < 980:
		db.Delete(key, hash)
	case n < 990:
		w.s.Swap(w.rng.IntN(databases), w.rng.IntN(databases))
	case n < 992:
		db.Flush(w.rng.IntN(2) == 0)
	default:
		w.s.Reclaim(w.rng.IntN(1000))
	}
}

// TestJobIsExact has a store written to at random while it is saved: what is loaded back is what there was at the cut,
// whether the reader keeps up, pauses the walk, or has old values spill.
func TestJobIsExact(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := newStore(t, byte(seed+1))
		w := &writer{s, rng}
		for range rng.IntN(6000) {
			w.step()
		}
		want := contents(s)
		out := newGate(seed%3 == 1)
		o := snapshot.Options{
			Store: s, Version: rdb.V80, Compress: rng.IntN(2) == 0, Checksum: true, Out: out,
			FS: vfs.NewMem(), Spill: "spill", Aux: []snapshot.Aux{{Name: "valkey-ver", Value: "x"}},
			Functions: [][]byte{[]byte("#!lua name=f")},
		}
		o.SetLimits(int64(1+rng.IntN(4000)), 8000, 16000, 1<<30, 1<<30)
		var ended []snapshot.Result
		o.Done = func(r snapshot.Result) { ended = append(ended, r) }
		j, err := snapshot.Start(o)
		if err != nil {
			t.Fatal(err)
		}
		for range 4000 {
			w.step()
			if rng.IntN(3) == 0 {
				j.Step(time.Duration(rng.IntN(20)) * time.Microsecond)
			}
		}
		if seed%3 == 1 {
			close(out.open)
		}
		r := j.Drain()
		if r.Err != nil || len(ended) != 1 || r.Keys != len(want) || r.Bytes != int64(out.out.Len()) {
			t.Fatalf("seed %d: %+v, %d keys, %d bytes, ended %d times", seed, r, len(want), out.out.Len(), len(ended))
		}
		if seed%3 == 1 && r.OldKeys > 500 && r.Spilled == 0 {
			t.Errorf("seed %d: nothing spilled: %+v", seed, r)
		}
		back, loaded, err := load(t, out.out.Bytes(), nil)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		compare(t, fmt.Sprint("seed ", seed), contents(back), want)
		if loaded.Aux["valkey-ver"] != "x" || len(loaded.Functions) != 1 || loaded.Keys != int64(len(want)) {
			t.Errorf("seed %d: loaded %+v", seed, loaded)
		}
	}
}

// TestWriteIntoLargeValues writes into values that wait to be encoded: at most the pieces that are touched are copied.
func TestWriteIntoLargeValues(t *testing.T) {
	const size = 2 << 20
	for _, compress := range []bool{false, true} {
		s := newStore(t, 1)
		fill(s, 2, size)
		want := contents(s)
		out := newGate(true)
		j, err := snapshot.Start(snapshot.Options{Store: s, Version: rdb.V80, Out: out, Compress: compress, Checksum: true})
		if err != nil {
			t.Fatal(err)
		}
		used := s.Used()
		key := []byte("k0")
		for from := 0; from < size; from += size / 10 {
			_, b := s.DB(0).Mutable(s.DB(0).Find(key, s.Hash(key)), size, from, from+1)
			b[0] ^= 0x55
			j.Step(0)
		}
		if kept := j.KeptBytes(); kept == 0 || kept > 11*32<<10 || s.Used() != used {
			t.Errorf("%d bytes kept for 10 bytes; %d in the store, then %d", kept, used, s.Used())
		}
		close(out.open)
		if r := j.Drain(); r.Err != nil {
			t.Fatal(r.Err)
		}
		back, _, err := load(t, out.out.Bytes(), nil)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, fmt.Sprint("compressed ", compress), contents(back), want)
		if j.KeptBytes() != 0 {
			t.Error("pieces of values that nobody reads are kept")
		}
	}
}

// BenchmarkWriteIntoLargeValue writes one byte each into parts of a value that waits to be encoded.
func BenchmarkWriteIntoLargeValue(b *testing.B) {
	const size = 64 << 20
	s := newStore(b, 1)
	fill(s, 1, size)
	out := newGate(true)
	j, err := snapshot.Start(snapshot.Options{Store: s, Version: rdb.V80, Out: out})
	if err != nil {
		b.Fatal(err)
	}
	key := []byte("k0")
	var longest time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		from := i * 40_000 % size
		_, p := s.DB(0).Mutable(s.DB(0).Find(key, s.Hash(key)), size, from, from+1)
		p[0]++
		longest = max(longest, time.Since(start))
	}
	b.ReportMetric(float64(longest.Microseconds()), "longest-µs")
	close(out.open)
	j.Drain()
}

// fill stores n keys of a size.
func fill(s *store.Store, n, size int) {
	for i := range n {
		key := fmt.Append(nil, "k", i)
		s.DB(0).SetString(key, s.Hash(key), bytes.Repeat([]byte{byte(i)}, size), store.NoExpire)
	}
}

// overwrite replaces all of them.
func overwrite(s *store.Store, n, size int) { fill(s, n, size) }

func TestWalkPauses(t *testing.T) {
	s := newStore(t, 1)
	fill(s, 2000, 100)
	out := newGate(true)
	o := snapshot.Options{Store: s, Version: rdb.V80, Out: out}
	o.SetLimits(1000, 10000, 0, 0, 0)
	woken := make(chan struct{}, 100)
	o.Wake = func() { woken <- struct{}{} }
	j, err := snapshot.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	for j.Step(time.Second) {
		continue
	}
	if _, over := j.Done(); over {
		t.Fatal("the walk did not wait for its reader")
	}
	close(out.open)
	<-woken // because there is room again
	if r := j.Drain(); r.Err != nil || r.Keys != 2000 {
		t.Errorf("%+v", r)
	}
}

// The walk waits for room, and it is the spill file that makes it: the encoder has not begun.
func TestSpillingWakesTheWalk(t *testing.T) {
	s := newStore(t, 1)
	fill(s, 3000, 500)
	begin, woken := make(chan struct{}), make(chan struct{}, 100)
	o := snapshot.Options{Store: s, Version: rdb.V80, Out: newGate(false), FS: vfs.NewMem(), Spill: "spill"}
	o.SetLimits(1000, 20000, 16000, 1<<30, 0)
	o.Open = func() error { <-begin; return nil }
	o.Wake = func() { woken <- struct{}{} }
	j, err := snapshot.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	for j.Step(time.Second) {
		continue
	}
	overwrite(s, 3000, 501)
	<-woken
	close(begin)
	if r := j.Drain(); r.Err != nil || r.Keys != 3000 || r.Spilled == 0 {
		t.Errorf("%+v", r)
	}
}

func TestLimits(t *testing.T) {
	tests := []struct {
		name  string
		limit func(*snapshot.Options)
		want  error
	}{
		{"memory", func(o *snapshot.Options) { o.SetLimits(1000, 2000, 1<<30, 20000, 0) }, snapshot.ErrBehind},
		{"no spill file", func(o *snapshot.Options) {
			o.Spill = ""
			o.SetLimits(1000, 2000, 4000, 0, 0)
		}, snapshot.ErrBehind},
		{"a disk without room to spill", func(o *snapshot.Options) {
			o.FS = vfs.NewFaulty(o.FS, 4, syscall.ENOSPC)
			o.SetLimits(1000, 2000, 4000, 1<<30, 0)
		}, syscall.ENOSPC},
		{"spill file", func(o *snapshot.Options) { o.SetLimits(1000, 2000, 4000, 0, 30000) }, snapshot.ErrSpillFull},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t, 1)
			fill(s, 3000, 500)
			failed := make(chan struct{})
			o := snapshot.Options{Store: s, Version: rdb.V80, Out: newGate(false), FS: vfs.NewMem(), Spill: "spill"}
			o.Open = func() error { <-failed; return nil } // nothing is taken until it is too much
			o.Failed = func(error) { close(failed) }
			tt.limit(&o)
			j, err := snapshot.Start(o)
			if err != nil {
				t.Fatal(err)
			}
			overwrite(s, 3000, 501)
			<-failed
			if r := j.Drain(); !errors.Is(r.Err, tt.want) {
				t.Errorf("%+v, want %v", r, tt.want)
			}
			if s.Cuts() != 0 {
				t.Error("the cut goes on")
			}
		})
	}
}

type failing struct{ after int }

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

var errBroken = errors.New("broken")

func TestOutFails(t *testing.T) {
	for after := 0; after < 100_000; after += 9973 {
		s := newStore(t, 1)
		fill(s, 3000, 500)
		var finished error
		o := snapshot.Options{
			Store: s, Version: rdb.V80, Out: &failing{after},
			Finish: func(err error) error { finished = err; return err },
		}
		o.SetLimits(1000, 4000, 0, 0, 0)
		j, err := snapshot.Start(o)
		if err != nil {
			t.Fatal(err)
		}
		if r := j.Drain(); !errors.Is(r.Err, errBroken) || !errors.Is(finished, errBroken) {
			t.Fatalf("after %d bytes: %+v, finished with %v", after, r, finished)
		}
	}
}

func TestAbort(t *testing.T) {
	for steps := range 20 {
		s := newStore(t, 1)
		fill(s, 1000, 500)
		fill(s, 10, store.PinMin) // pinned in drafts that nobody will encode
		o := snapshot.Options{Store: s, Version: rdb.V80, Out: io.Discard, KeyDelay: 1_000_000}
		if steps%2 == 0 {
			o.KeyDelay = 0
		}
		j, err := snapshot.Start(o)
		if err != nil {
			t.Fatal(err)
		}
		for range steps {
			j.Step(time.Nanosecond)
		}
		j.Abort(snapshot.ErrAborted)
		if r := j.Drain(); r.Err != nil && !errors.Is(r.Err, snapshot.ErrAborted) {
			t.Fatalf("%+v", r)
		}
	}
}

func TestTooManyCuts(t *testing.T) {
	s := newStore(t, 1)
	fill(s, 10, 10)
	var jobs []*snapshot.Job
	for {
		j, err := snapshot.Start(snapshot.Options{Store: s, Version: rdb.V80, Out: io.Discard})
		if err != nil {
			if !errors.Is(err, store.ErrCuts) || len(jobs) != store.CutsMax {
				t.Errorf("%d jobs: %v", len(jobs), err)
			}
			break
		}
		jobs = append(jobs, j)
	}
	for _, j := range jobs {
		if r := j.Drain(); r.Err != nil || r.Keys != 10 {
			t.Errorf("%+v", r)
		}
	}
}
