package mem

import (
	"math/rand/v2"
	"testing"
)

func newArena(t testing.TB, o Options) *Arena {
	t.Helper()
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func check(t testing.TB, a *Arena) {
	t.Helper()
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestCap(t *testing.T) {
	last := 0
	for n := 1; n <= 3*mediumMax; n++ {
		c := Cap(n)
		switch {
		case c < n, c < last, Cap(c) != c, c%8 != 0:
			t.Fatalf("Cap(%d) = %d after %d, Cap of that %d", n, c, last, Cap(c))
		case n <= smallMax && c-n >= 8, n > smallMax && float64(c-n) > 0.125*float64(n):
			t.Fatalf("Cap(%d) = %d wastes too much", n, c)
		}
		if n <= mediumMax {
			class, size := classOf(n)
			if size != c || class >= classes || classUnits(class)*8 != uint32(size) {
				t.Fatalf("classOf(%d) = %d, %d; Cap %d", n, class, size, c)
			}
		}
		last = c
	}
}

// block is what the model knows of an allocation.
type block struct {
	ref  Ref
	n    int
	seed byte
}

func (b block) fill(a *Arena) {
	for _, p := range pattern(b) {
		a.Bytes(b.ref, b.n)[p] = b.seed + byte(p)
	}
}

func (b block) intact(a *Arena) bool {
	for _, p := range pattern(b) {
		if a.Bytes(b.ref, b.n)[p] != b.seed+byte(p) {
			return false
		}
	}
	return true
}

// pattern names some bytes of a block, its edges among them.
func pattern(b block) []int { return []int{0, b.n / 3, b.n / 2, b.n - 1} }

func size(r *rand.Rand) int {
	switch r.IntN(10) {
	case 0:
		return 1 + r.IntN(4*mediumMax)
	case 1:
		return 1 + r.IntN(mediumMax)
	default:
		return 1 + r.IntN(smallMax)
	}
}

// TestModel allocates and frees at random and looks whether any allocation ever changes another's bytes.
func TestModel(t *testing.T) {
	a := newArena(t, Options{})
	r := rand.New(rand.NewPCG(1, 1))
	var blocks []block
	used := 0
	for step := range 40_000 {
		growing := step/4000%2 == 0
		if len(blocks) == 0 || r.IntN(10) < 5 == growing || r.IntN(10) < 2 {
			b := block{n: size(r), seed: byte(step) | 1}
			b.ref = a.Alloc(b.n)
			b.fill(a)
			used += Cap(b.n)
			blocks = append(blocks, b)
		} else {
			i := r.IntN(len(blocks))
			b := blocks[i]
			if !b.intact(a) {
				t.Fatalf("step %d: block %+v changed", step, b)
			}
			a.Free(b.ref, b.n)
			used -= Cap(b.n)
			blocks[i] = blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
		}
		if r.IntN(500) == 0 {
			a.Release(r.IntN(4 << 20))
		}
		if step%1000 == 0 {
			check(t, a)
		}
	}
	if a.Used() != used {
		t.Fatalf("used %d, want %d", a.Used(), used)
	}
	for _, b := range blocks {
		if !b.intact(a) {
			t.Fatalf("block %+v changed", b)
		}
		a.Free(b.ref, b.n)
	}
	check(t, a)
	a.Purge()
	check(t, a)
	if a.Used() != 0 || a.Resident() != pageBytes {
		t.Fatalf("after freeing all: used %d, resident %d", a.Used(), a.Resident())
	}
}

// TestSpansMerge frees neighbours in every order and looks whether they become one span again, and whether it is
// reused.
func TestSpansMerge(t *testing.T) {
	const big = 10 * mediumMax
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		a := newArena(t, Options{ReserveBytes: reserveMin})
		var refs [3]Ref
		for i := range refs {
			refs[i] = a.Alloc(big)
		}
		fence := a.Alloc(big)
		for _, i := range order {
			a.Free(refs[i], big)
			check(t, a)
		}
		top := a.top.Load()
		if whole := a.Alloc(3 * big); whole != refs[0] || a.top.Load() != top {
			t.Errorf("order %v: three neighbours did not make one span", order)
		}
		a.Free(fence, big)
		check(t, a)
	}
}

// TestRelease looks whether freed memory goes back to the system in slices, and comes back as zeros.
func TestRelease(t *testing.T) {
	a := newArena(t, Options{})
	const big = 40 << 20
	r := a.Alloc(big)
	b := a.Bytes(r, big)
	for i := range b {
		b[i] = 1
	}
	small := a.Alloc(100) // keeps a page in use above
	a.Free(r, big)
	full := a.Resident()
	given, steps := 0, 0
	for n := a.Release(3 << 20); n > 0; n = a.Release(3 << 20) {
		if n > 4<<20 {
			t.Errorf("one step gave %d bytes", n)
		}
		given += n
		steps++
		check(t, a)
	}
	if steps < 10 || a.Resident() != full-given || given != big-retainMinPages<<pageShift {
		t.Errorf("%d steps gave %d bytes; resident %d of %d", steps, given, a.Resident(), full)
	}
	a.Purge()
	r = a.Alloc(big)
	for i, v := range a.Bytes(r, big) {
		if v != 0 && i%pageBytes != 0 {
			t.Fatalf("byte %d is %d after a release", i, v)
		}
	}
	a.Free(r, big)
	a.Free(small, 100)
}

// TestOutOfMemory fills an arena to its end.
func TestOutOfMemory(t *testing.T) {
	a := newArena(t, Options{ReserveBytes: 1}) // the least there is
	if a.Reserved() != reserveMin {
		t.Errorf("reserved %d", a.Reserved())
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
		check(t, a)
	}()
	for range reserveMin / (1 << 20) {
		a.Alloc(1 << 20)
	}
}

// TestPrefault touches memory ahead while the owner allocates and writes: no byte may change under its hands.
func TestPrefault(t *testing.T) {
	a := newArena(t, Options{})
	done := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				a.Prefault(1 << 20)
			}
		}
	}()
	var blocks []block
	for i := range 20_000 {
		b := block{n: 1 + i%2000, seed: byte(i)}
		b.ref = a.Alloc(b.n)
		b.fill(a)
		blocks = append(blocks, b)
	}
	close(stop)
	<-done
	for _, b := range blocks {
		if !b.intact(a) {
			t.Fatalf("block %+v changed", b)
		}
	}
	a.Prefault(1 << 20)
	if a.Prefault(1<<20) != 0 || a.Resident() < int(a.top.Load())<<pageShift+1<<20 {
		t.Errorf("resident %d, top %d", a.Resident(), int(a.top.Load())<<pageShift)
	}
}

func TestRepeatedFreeIsFound(t *testing.T) {
	a := newArena(t, Options{ReserveBytes: reserveMin})
	x, y := a.Alloc(24), a.Alloc(24)
	a.Alloc(24)
	a.Free(x, 24)
	a.Free(y, 24)
	a.Free(x, 24)
	if a.Check() == nil {
		t.Error("an object was freed twice, and Check did not notice")
	}
}

func TestAlignment(t *testing.T) {
	a := newArena(t, Options{})
	for n := 64; n <= 2*mediumMax; n += 64 {
		for range 3 {
			if r := a.Alloc(n); r*8%64 != 0 {
				t.Fatalf("%d bytes at %d", n, r*8)
			}
		}
	}
}

func BenchmarkAllocFree(b *testing.B) {
	a := newArena(b, Options{})
	var refs [1024]Ref
	for i := range refs {
		refs[i] = a.Alloc(88)
	}
	i := 0
	for b.Loop() {
		at := i * 7919 % len(refs)
		a.Free(refs[at], 88)
		refs[at] = a.Alloc(88)
		i++
	}
}

// TestAllocZero takes memory that was never used, that is dirty, and that the system had back.
func TestAllocZero(t *testing.T) {
	a := newArena(t, Options{})
	sizes := []int{8, 100, 4096, mediumMax, mediumMax + 1, 64 << 10, 100_001}
	for round := range 3 {
		var refs []Ref
		for _, n := range sizes {
			r := a.AllocZero(n)
			refs = append(refs, r)
			for i, c := range a.Bytes(r, n) {
				if c != 0 {
					t.Fatalf("round %d, %d bytes: %d at %d", round, n, c, i)
				}
			}
			b := a.Bytes(r, n)
			for i := range b {
				b[i] = 0xee
			}
		}
		for i, r := range refs {
			a.Free(r, sizes[i])
		}
		if round == 1 {
			a.Purge()
		}
	}
	if err := a.Check(); err != nil || a.Used() != 0 {
		t.Fatalf("%v, %d used", err, a.Used())
	}
}
