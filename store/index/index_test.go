package index

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"valkey/internal/invariant"
	"valkey/store/mem"
)

// table is an index over entries of 8 bytes: each is its own hash.
type table struct {
	Index
	arena *mem.Arena
}

func newTable(t testing.TB) *table {
	t.Helper()
	a, err := mem.New(mem.Options{ReserveBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return &table{New(a, func(r mem.Ref) uint64 { return *mem.At[uint64](a, r) }), a}
}

func (x *table) add(hash uint64) mem.Ref {
	r := x.arena.Alloc(8)
	*mem.At[uint64](x.arena, r) = hash
	x.Insert(hash, r)
	return r
}

func (x *table) has(hash uint64, r mem.Ref) bool {
	p := x.Probe(hash)
	for got := p.Next(); got != 0; got = p.Next() {
		if got == r {
			return true
		}
	}
	return false
}

func (x *table) check(t testing.TB) {
	t.Helper()
	if err := x.Check(); err != nil {
		t.Fatal(err)
	}
	if err := x.arena.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		var b bucket
		for i := range b {
			b[i] = byte(r.IntN(4)) // few values, so that neighbours often match too
		}
		b[metaAt] = byte(r.IntN(slots + 1))
		tag := byte(r.IntN(4))
		want := uint32(0)
		for slot := range b.count() {
			if b[tagsAt+slot] == tag {
				want |= 1 << slot
			}
		}
		if got := b.match(tag); got != want {
			t.Fatalf("match(%d) of %v: %010b, want %010b", tag, b, got, want)
		}
	}
}

func TestBucketRefs(t *testing.T) {
	var b bucket
	ref := func(slot int) mem.Ref { return refMask - mem.Ref(slot*0x0101010101) }
	for slot := range slots {
		b.set(slot, ref(slot), byte(slot))
	}
	for slot := range slots {
		if b.ref(slot) != ref(slot) || b[tagsAt+slot] != byte(slot) {
			t.Errorf("slot %d: reference %x, tag %d", slot, b.ref(slot), b[tagsAt+slot])
		}
	}
	if b[metaAt] != 0 {
		t.Error("references spill into the meta byte")
	}
}

// TestModel inserts and deletes at random against a map, in long swings, with hashes that share tags and buckets.
func TestModel(t *testing.T) {
	for _, hashes := range []struct {
		name string
		mask uint64
	}{
		{"random", ^uint64(0)},
		{"few", 0x0f000000000000ff},
		{"one", 0},
	} {
		t.Run(hashes.name, func(t *testing.T) {
			x := newTable(t)
			r := rand.New(rand.NewPCG(2, 2))
			steps := 60_000
			if hashes.mask != ^uint64(0) {
				steps = 3000 // chains are long: that they work at all is the point
			}
			model := make(map[mem.Ref]uint64)
			var refs []mem.Ref
			for step := range steps {
				growing := step/(steps/4)%2 == 0
				if len(refs) == 0 || (r.IntN(10) < 8) == growing {
					hash := r.Uint64() & hashes.mask
					ref := x.add(hash)
					model[ref] = hash
					refs = append(refs, ref)
				} else {
					i := r.IntN(len(refs))
					ref := refs[i]
					refs[i] = refs[len(refs)-1]
					refs = refs[:len(refs)-1]
					hash := model[ref]
					delete(model, ref)
					if !x.has(hash, ref) || !x.Delete(hash, ref) || x.has(hash, ref) || x.Delete(hash, ref) {
						t.Fatalf("step %d: deleting %d went wrong", step, ref)
					}
					x.arena.Free(ref, 8)
				}
				if step%(steps/20) == 0 {
					x.check(t)
				}
			}
			for ref, hash := range model {
				if !x.has(hash, ref) {
					t.Fatalf("%d is lost", ref)
				}
			}
			if x.Len() != len(model) {
				t.Fatalf("%d entries, want %d", x.Len(), len(model))
			}
			seen := 0
			for x.Drain(7, func(ref mem.Ref) { x.arena.Free(ref, 8); seen++ }) {
				continue
			}
			x.check(t)
			if seen != len(model) || x.Len() != 0 || x.Bytes() != 0 || x.arena.Used() != 0 {
				t.Fatalf("drained %d of %d, %d left, %d bytes used", seen, len(model), x.Len(), x.arena.Used())
			}
		})
	}
}

// TestShrink looks whether a table that has been emptied gives its memory back.
func TestShrink(t *testing.T) {
	x := newTable(t)
	var refs []mem.Ref
	for i := range uint64(50_000) {
		refs = append(refs, x.add(i*0x9e3779b97f4a7c15))
	}
	most := x.Bytes()
	for i, ref := range refs {
		x.Delete(uint64(i)*0x9e3779b97f4a7c15, ref)
		if i == len(refs)*3/4 {
			x.check(t)
			if x.Bytes() > most/2 {
				t.Errorf("one in four left, %d bytes of %d", x.Bytes(), most)
			}
		}
	}
	if x.Bytes() != 0 {
		t.Errorf("empty, but %d bytes", x.Bytes())
	}
}

func TestReplace(t *testing.T) {
	x := newTable(t)
	old := x.add(42)
	fresh := x.arena.Alloc(8)
	*mem.At[uint64](x.arena, fresh) = 42
	if x.Replace(42, fresh, old) || !x.Replace(42, old, fresh) || x.has(42, old) || !x.has(42, fresh) {
		t.Error("replace did not replace")
	}
	x.check(t)
}

// TestScanGuarantee grows and shrinks a table while it is being scanned: what is there the whole time is seen at
// least once, and Visited knows what has been seen.
func TestScanGuarantee(t *testing.T) {
	for seed := range uint64(60) {
		x := newTable(t)
		r := rand.New(rand.NewPCG(seed, 3))
		stays := make(map[mem.Ref]uint64)
		var passing []mem.Ref
		for range 1 + r.IntN(400) {
			hash := r.Uint64()
			stays[x.add(hash)] = hash
		}
		seen := make(map[mem.Ref]bool)
		trend := r.IntN(3)
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			cursor = x.Scan(cursor, func(ref mem.Ref) { seen[ref] = true })
			if cursor != 0 {
				for ref, hash := range stays {
					if Visited(hash, cursor) && !seen[ref] {
						t.Fatalf("seed %d: %x counts as visited at %x, but was not seen", seed, hash, cursor)
					}
				}
			}
			for range r.IntN(60) {
				if len(passing) == 0 || r.IntN(3) < trend {
					passing = append(passing, x.add(r.Uint64()))
					continue
				}
				last := len(passing) - 1
				hash := *mem.At[uint64](x.arena, passing[last])
				x.Delete(hash, passing[last])
				passing = passing[:last]
			}
			if r.IntN(20) == 0 {
				trend = r.IntN(3)
			}
			if len(passing) > 20_000 {
				trend = 0
			}
		}
		for ref, hash := range stays {
			if !seen[ref] {
				t.Fatalf("seed %d: %x was never seen", seed, hash)
			}
		}
	}
}

// TestGatherGuarantee walks while the table grows and shrinks by much: what stays is gathered exactly once, what
// passes at most once unless it comes anew, and nothing from behind the cursor.
func TestGatherGuarantee(t *testing.T) {
	for seed := range uint64(30) {
		x := newTable(t)
		r := rand.New(rand.NewPCG(seed, 7))
		stays := make(map[mem.Ref]int)
		var passing []mem.Ref
		for range r.IntN(3000) {
			stays[x.add(r.Uint64())] = 0
		}
		var refs []mem.Ref
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			from := cursor
			refs, cursor = x.Gather(cursor, 1+r.IntN(10), refs[:0])
			for _, ref := range refs {
				hash := *mem.At[uint64](x.arena, ref)
				if Visited(hash, from) || cursor != 0 && !Visited(hash, cursor) {
					t.Fatalf("seed %d: %x gathered between %x and %x", seed, hash, from, cursor)
				}
				if _, ok := stays[ref]; ok {
					stays[ref]++
				}
			}
			for range r.IntN(3) * 500 {
				if grow := r.IntN(2) == 0; grow || len(passing) == 0 {
					passing = append(passing, x.add(r.Uint64()))
				}
			}
			for n := r.IntN(3) * len(passing) / 2; n > 0; n-- {
				last := len(passing) - 1
				x.Delete(*mem.At[uint64](x.arena, passing[last]), passing[last])
				passing = passing[:last]
			}
		}
		for ref, times := range stays {
			if times != 1 {
				t.Fatalf("seed %d: %x was gathered %d times", seed, *mem.At[uint64](x.arena, ref), times)
			}
		}
		if x.Len() == 0 {
			continue
		}
		if all, next := x.Gather(0, x.Len(), nil); next != 0 || len(all) != x.Len() {
			t.Fatalf("gathered %d of %d at once", len(all), x.Len())
		}
	}
}

// TestScanOnce scans a table that does not change: every entry is seen exactly once, in the order of reversed hashes.
func TestScanOnce(t *testing.T) {
	x := newTable(t)
	r := rand.New(rand.NewPCG(4, 4))
	for n := range 300 {
		seen, last := 0, uint64(0)
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			var most uint64
			from := cursor
			cursor = x.Scan(cursor, func(ref mem.Ref) {
				hash := *mem.At[uint64](x.arena, ref)
				if Visited(hash, from) {
					t.Errorf("%x comes after the cursor had passed it", hash)
				}
				most = max(most, bits.Reverse64(hash))
				seen++
			})
			if most != 0 && most < last {
				t.Error("out of order")
			}
			last = max(last, most)
		}
		if seen != n {
			t.Fatalf("saw %d of %d", seen, n)
		}
		x.add(r.Uint64())
	}
}

// TestScanDeletes deletes everything from within the scan's callback.
func TestScanDeletes(t *testing.T) {
	x := newTable(t)
	r := rand.New(rand.NewPCG(5, 5))
	for range 5000 {
		x.add(r.Uint64())
	}
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		cursor = x.Scan(cursor, func(ref mem.Ref) {
			if !x.Delete(*mem.At[uint64](x.arena, ref), ref) {
				t.Fatal("handed over twice")
			}
		})
	}
	if x.Len() != 0 {
		t.Errorf("%d left", x.Len())
	}
}

func TestScanAnyCursor(t *testing.T) {
	x := newTable(t)
	for i := range uint64(1000) {
		x.add(i * 0x9e3779b97f4a7c15)
	}
	r := rand.New(rand.NewPCG(6, 6))
	for range 1000 {
		steps := 0
		for cursor := r.Uint64(); cursor != 0; steps++ {
			cursor = x.Scan(cursor, func(mem.Ref) {})
			if steps > 1000 {
				t.Fatal("a scan from a made-up cursor does not end")
			}
		}
	}
}

// TestRandomFair draws often and compares how often each entry came with what chance allows.
func TestRandomFair(t *testing.T) {
	x := newTable(t)
	r := rand.New(rand.NewPCG(7, 7))
	const entries, draws = 100, 200_000
	for range entries {
		x.add(r.Uint64())
	}
	drawn := make(map[mem.Ref]int)
	for range draws {
		drawn[x.Random(r.Uint64())]++
	}
	chi := 0.0
	const want = float64(draws) / entries
	for _, n := range drawn {
		chi += (float64(n) - want) * (float64(n) - want) / want
	}
	if len(drawn) != entries || chi > 160 { // 99 degrees of freedom: beyond 160 one time in ten thousand
		t.Errorf("%d of %d drawn, chi square %.0f", len(drawn), entries, chi)
	}
}

func TestSample(t *testing.T) {
	x := newTable(t)
	x.Sample(1, 5, func(mem.Ref) { t.Error("sampled from nothing") })
	if x.Random(1) != 0 {
		t.Error("drew from nothing")
	}
	for i := range uint64(100) {
		x.add(i * 0x9e3779b97f4a7c15)
		for _, want := range []int{1, 5, 64, 1000} {
			seen := make(map[mem.Ref]bool)
			x.Sample(i, want, func(ref mem.Ref) { seen[ref] = true })
			if len(seen) > min(want, x.Len()) || len(seen) < min(want, x.Len(), 5) {
				t.Errorf("sampled %d of %d, wanted %d", len(seen), x.Len(), want)
			}
		}
	}
}

func TestStats(t *testing.T) {
	x := newTable(t)
	for i := range uint64(10_000) {
		x.add(i * 0x9e3779b97f4a7c15)
	}
	s := x.Stats(true)
	entries, chains := 0, 0
	for length, n := range s.Histogram {
		entries += length * n
		chains += n
	}
	if entries != s.Entries || chains != s.Buckets || s.Entries != x.Len() || s.Bytes != x.Bytes() {
		t.Errorf("%d entries in %d chains: %+v", entries, chains, s)
	}
}

func TestAllocations(t *testing.T) {
	if invariant.Enabled {
		t.Skip("assertions allocate")
	}
	x := newTable(t)
	r := rand.New(rand.NewPCG(8, 8))
	var refs []mem.Ref
	for range 30_000 {
		refs = append(refs, x.add(r.Uint64()))
	}
	i := 0
	n := testing.AllocsPerRun(2000, func() {
		hash := *mem.At[uint64](x.arena, refs[i])
		x.PrefetchBucket(hash)
		x.PrefetchEntry(hash)
		x.Replace(hash, refs[i], refs[i])
		x.Delete(hash, refs[i])
		x.Insert(hash, refs[i])
		x.Random(hash)
		i++
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
