package repl_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"valkey/server/repl"
)

// model is the stream as a slice that forgets nothing.
type model struct {
	base     int64 // offset of all[0]
	all      []byte
	promised int64 // how much of its end must be kept whoever reads
}

func (m *model) end() int64 { return m.base + int64(len(m.all)) }

type modelReader struct {
	r  *repl.Reader
	at int64
}

// Whatever is appended, read, ended and trimmed: readers see the bytes of the stream from their place on, the backlog
// holds no less than its limit when there was that much, and not much more than that and its readers need.
func TestHistoryEqualsASlice(t *testing.T) {
	for seed := range uint64(25) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runModel(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func runModel(t *testing.T, rnd *rand.Rand) {
	limit := int64(16<<10 + rnd.IntN(300<<10))
	h := repl.New(repl.NewID(), limit)
	m := &model{base: int64(rnd.IntN(1000))}
	h.Adopt(repl.NewID(), m.base)
	var readers []*modelReader
	for range 400 {
		switch k := rnd.IntN(10); {
		case k < 5:
			p := make([]byte, 1+rnd.IntN(1<<rnd.IntN(18)))
			for i := range p {
				p[i] = byte(rnd.Uint32())
			}
			h.AppendRaw(p)
			m.all = append(m.all, p...)
			m.promised += int64(len(p))
		case k == 5:
			from := h.First() - 1 + rnd.Int64N(h.Len()+1)
			readers = append(readers, &modelReader{h.Read(from), from})
		case k == 6 && len(readers) > 0:
			i := rnd.IntN(len(readers))
			h.End(readers[i].r)
			if b := readers[i].r.Next(10); len(b) > 0 {
				t.Fatal("an ended reader reads on")
			}
			readers = append(readers[:i], readers[i+1:]...)
		case k == 7 && rnd.IntN(4) == 0:
			limit = int64(16<<10 + rnd.IntN(300<<10))
			h.SetLimit(limit)
		case len(readers) > 0:
			pull(t, m, readers[rnd.IntN(len(readers))], rnd)
		}
		checkModel(t, h, m, limit, readers)
	}
	for _, r := range readers {
		for pull(t, m, r, rnd) > 0 {
		}
		if r.at != m.end() {
			t.Fatalf("a reader ends at %d of %d", r.at, m.end())
		}
	}
}

func pull(t *testing.T, m *model, r *modelReader, rnd *rand.Rand) int {
	t.Helper()
	limit := 1 + rnd.IntN(100<<10)
	b := r.r.Next(limit)
	if len(b) == 0 {
		return 0
	}
	want := m.all[r.at-m.base:]
	if len(b) > limit || !bytes.HasPrefix(want, b) {
		t.Fatalf("%d bytes at %d are not those of the stream", len(b), r.at)
	}
	n := 1 + rnd.IntN(len(b))
	r.r.Sent(n)
	r.at += int64(n)
	return n
}

func checkModel(t *testing.T, h *repl.History, m *model, limit int64, readers []*modelReader) {
	t.Helper()
	if h.Offset() != m.end() {
		t.Fatalf("offset %d, want %d", h.Offset(), m.end())
	}
	m.promised = min(limit, m.promised)
	needed := m.promised
	for _, r := range readers {
		needed = max(needed, m.end()-r.at)
		if r.r.Offset() != r.at {
			t.Fatalf("a reader at %d, want %d", r.r.Offset(), r.at)
		}
		if n, _ := r.r.Behind(); int64(n) != m.end()-r.at {
			t.Fatalf("a reader %d behind, want %d", n, m.end()-r.at)
		}
	}
	if h.Len() < needed {
		t.Fatalf("%d bytes kept, %d are needed", h.Len(), needed)
	}
	if h.First() != h.Offset()-h.Len()+1 || int64(h.Memory()) < h.Len() {
		t.Fatalf("first %d, %d kept in %d bytes", h.First(), h.Len(), h.Memory())
	}
	for _, off := range []int64{h.First() - 1, h.First(), h.Offset() + 1, h.Offset() + 2} {
		want := repl.Continue
		if off < h.First() || off > h.Offset()+1 {
			want = repl.OutsideBacklog
		}
		if got := h.Can(h.ID(), off); got != want {
			t.Fatalf("offset %d of [%d, %d]: %v", off, h.First(), h.Offset()+1, got)
		}
	}
}

// The backlog stays near its limit, without allocating, as long as its readers keep up.
func TestAppendAllocatesNothing(t *testing.T) {
	h := repl.New(repl.NewID(), 1<<20)
	h.Activate()
	r := h.Read(0)
	p := bytes.Repeat([]byte("x"), 1000)
	step := func() {
		for range 100 {
			h.Append(0, p)
			for b := r.Next(1 << 20); len(b) > 0; b = r.Next(1 << 20) {
				r.Sent(len(b))
			}
		}
	}
	for range 50 {
		step()
	}
	if n := testing.AllocsPerRun(100, step); n > 0 {
		t.Errorf("%v allocations a hundred commands", n)
	}
	if h.Len() > 1<<20+128<<10 {
		t.Errorf("%d bytes kept", h.Len())
	}
}

// A reader that lags keeps all that it needs; when it is gone the backlog comes back to its limit.
func TestLaggingReaderHoldsTheBacklog(t *testing.T) {
	h := repl.New(repl.NewID(), 64<<10)
	h.Activate()
	r := h.Read(0)
	p := bytes.Repeat([]byte("y"), 10_000)
	for range 1000 {
		h.AppendRaw(p)
	}
	if h.Len() != 10_000_000 {
		t.Errorf("%d bytes kept", h.Len())
	}
	h.End(r)
	for range 10 {
		h.Trim()
	}
	if h.Len() > 100<<10 || h.Memory() > 150<<10 {
		t.Errorf("%d bytes kept in %d", h.Len(), h.Memory())
	}
}

// The database is selected when it changes, and again when a new reader needs to be told.
func TestSelect(t *testing.T) {
	h := repl.New(repl.NewID(), 1<<20)
	h.Activate()
	r := h.Read(0)
	h.Append(0, []byte("a "))
	h.Append(0, []byte("b "))
	h.Append(repl.AnyDB, []byte("multi "))
	h.Append(11, []byte("c "))
	h.Append(repl.AnyDB, []byte("exec "))
	h.ForceSelect()
	h.Append(repl.AnyDB, []byte("ping "))
	h.Append(11, []byte("d "))
	if h.DB() != 11 {
		t.Errorf("database %d", h.DB())
	}
	got := strings.NewReplacer("\r\n", " ").Replace(string(r.Next(1000)))
	want := "*2 $6 SELECT $1 0 a b multi *2 $6 SELECT $2 11 c exec ping *2 $6 SELECT $2 11 d "
	if got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// Without a backlog only the count goes on; a backlog begins where it is.
func TestInactive(t *testing.T) {
	h := repl.New(repl.NewID(), 1<<20)
	h.Append(0, []byte("a"))
	h.Append(0, []byte("b"))
	if h.Offset() != 2 || h.Active() || h.First() != 0 || h.Can(h.ID(), 3) != repl.NoBacklog {
		t.Errorf("offset %d, first %d", h.Offset(), h.First())
	}
	h.Activate()
	if h.First() != 3 || h.Len() != 0 || h.Can(h.ID(), 3) != repl.Continue {
		t.Errorf("first %d, %d bytes", h.First(), h.Len())
	}
	h.Append(5, []byte("c"))
	h.Stop()
	h.Activate()
	r := h.Read(h.Offset())
	h.Append(5, []byte("d"))
	if got := string(r.Next(100)); !strings.Contains(got, "SELECT") {
		t.Errorf("a new backlog begins with %q", got)
	}
}

// Ids: what a shifted, continued or adopted history answers to those who come with the old one.
func TestIDs(t *testing.T) {
	a, b := strings.Repeat("a", 40), strings.Repeat("b", 40)
	h := repl.New(a, 1<<20)
	h.Activate()
	h.AppendRaw([]byte("0123456789"))
	h.Follow(b)
	if id, at := h.Second(); id != a || at != 11 || h.ID() != b {
		t.Fatalf("second %s %d", id, at)
	}
	h.AppendRaw([]byte("more"))
	for _, c := range []struct {
		id     string
		offset int64
		want   repl.Verdict
	}{
		{a, 11, repl.Continue}, {a, 12, repl.BeyondSecond}, {a, 1, repl.Continue}, {a, 0, repl.OutsideBacklog},
		{b, 15, repl.Continue}, {b, 16, repl.OutsideBacklog}, {strings.ToUpper(b), 12, repl.Continue},
		{"?", -1, repl.OtherHistory}, {repl.NoID, -1, repl.OtherHistory},
	} {
		if got := h.Can(c.id, c.offset); got != c.want {
			t.Errorf("%s %d: %v, want %v", c.id, c.offset, got, c.want)
		}
	}
	h.Shift()
	if id, at := h.Second(); id != b || at != 15 || h.ID() == b || len(h.ID()) != 40 {
		t.Errorf("shifted to %s after %s %d", h.ID(), id, at)
	}
	h.Adopt(a, 1000)
	if id, at := h.Second(); id != repl.NoID || at != -1 || h.First() != 1001 {
		t.Errorf("adopted: second %s %d, first %d", id, at, h.First())
	}
}

func TestRebase(t *testing.T) {
	a := strings.Repeat("a", 40)
	h := repl.New(a, 64<<10)
	h.Activate()
	h.AppendRaw(bytes.Repeat([]byte("0123456789"), 50_000)) // more than one block, and more than the backlog keeps
	h.Rebase(1_000_000)
	if h.Offset() != 1_500_000 || h.First() != h.Offset()-h.Len()+1 {
		t.Errorf("offset %d, first %d of %d", h.Offset(), h.First(), h.Len())
	}
	h.AppendRaw([]byte("end"))
	r := h.Read(1_499_995)
	var got []byte
	for b := r.Next(100); len(b) > 0; b = r.Next(100) {
		got = append(got, b...)
		r.Sent(len(b))
	}
	h.End(r)
	if string(got) != "56789end" {
		t.Errorf("read %q", got)
	}
}

// Readers in goroutines of their own, one of them ended in the middle of what it does, see the stream while it grows
// and its blocks are used again.
func TestReadersBesideTheWriter(t *testing.T) {
	const total = 8 << 20
	h := repl.New(repl.NewID(), 32<<10)
	h.Activate()
	var group sync.WaitGroup
	ended := h.Read(0)
	for i := range 4 {
		r := h.Read(0)
		if i == 0 {
			r = ended
		}
		group.Go(func() {
			for at := 0; at < total && !(i == 0 && at > total/4); {
				b := r.Next(1000 + 7000*i)
				for k := range b {
					if b[k] != byte((at+k)/3) {
						t.Errorf("reader %d: byte %d is %d", i, at+k, b[k])
						return
					}
				}
				r.Sent(len(b))
				at += len(b)
			}
		})
	}
	p := make([]byte, 0, 3000)
	for at := 0; at < total; at += len(p) {
		p = p[:min(cap(p), total-at)]
		for i := range p {
			p[i] = byte((at + i) / 3)
		}
		h.AppendRaw(p)
	}
	group.Wait()
	h.End(ended)
}
