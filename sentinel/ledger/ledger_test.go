package ledger

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// randomRecord makes records that are often, not always, allowed.
func randomRecord(rng *rand.Rand, l *Ledger, by string) Record {
	name := fmt.Sprintf("m%d", rng.IntN(3))
	ref, fence := Ref{Name: name, Incarnation: 1}, uint64(1)
	addr := Addr{Host: "10.0.0.1", Port: 1 + rng.IntN(3)}
	var reports []string
	if p := l.Primary(name); p != nil {
		ref = p.Ref
		reports = p.Reports
		if rng.IntN(4) > 0 && p.Failover != nil {
			fence = p.Failover.Fence
		}
		if rng.IntN(4) > 0 {
			addr = p.Addr
		}
	}
	switch kind(1 + rng.IntN(int(kindLineage))) {
	case kindUnwatch:
		if rng.IntN(6) > 0 {
			break
		}
		return &Unwatch{Ref: ref}
	case kindForget:
		if rng.IntN(6) > 0 {
			break
		}
		return &Forget{Member: fmt.Sprintf("S%d", rng.IntN(5))}
	case kindReport:
		return &Report{Ref: ref, Addr: addr, Reason: "no reply", Silence: time.Duration(rng.IntN(1e9))}
	case kindWithdraw:
		return &Withdraw{ref}
	case kindDown:
		return &Down{Ref: ref, Quorum: 1 + rng.IntN(3), Counted: append([]string(nil), reports...)}
	case kindUp:
		return &Up{ref}
	case kindIntent:
		return &Intent{Ref: ref, Kind: Kind(rng.IntN(3)), EpochSeen: Epoch(rng.IntN(50))}
	case kindTakeover:
		return &Takeover{Ref: ref, Fence: fence, Why: "test of " + by}
	case kindCandidate:
		return &Candidate{
			Ref: ref, Fence: fence, Addr: Addr{Host: "10.0.0.1", Port: 1 + rng.IntN(3)}, RunID: "r", Way: Way(rng.IntN(2)),
			Considered: []Seen{{Addr: addr, Priority: 1, Offset: rng.Uint64(), Excluded: "lag"}},
		}
	case kindFallback:
		return &Fallback{Ref: ref, Fence: fence, Why: "x"}
	case kindPromoted:
		return &Promoted{Ref: ref, Fence: fence}
	case kindAbort:
		return &Abort{Ref: ref, Fence: fence, Why: "x"}
	case kindLineage:
		return &Lineage{Ref: ref, Addr: addr, ID: fmt.Sprintf("h%d", rng.IntN(9))}
	case kindEnd:
		return &End{Ref: ref, Fence: fence, TimedOut: rng.IntN(2) == 0}
	}
	return &Watch{Name: name, Addr: addr, ConfigEpoch: Epoch(rng.IntN(5))}
}

// TestEqualEverywhere applies random entries to one ledger, and the same to others that were restored from its
// snapshots at random moments: their hashes and snapshots stay equal, epochs only grow, and an address changes only in
// the records that may change it.
func TestEqualEverywhere(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		a, b := New(), New()
		at := time.Unix(1700000000, 0)
		for i := range uint64(600) {
			by := fmt.Sprintf("S%d", rng.IntN(4))
			records := []Record{randomRecord(rng, a, by)}
			for rng.IntN(3) == 0 {
				records = append(records, randomRecord(rng, a, by))
			}
			data := Encode(records...)
			if back, err := Decode(data); err != nil || !reflect.DeepEqual(back, records) {
				t.Fatalf("seed %d: %#v came back as %#v, %v", seed, records, back, err)
			}
			epoch := a.Epoch()
			was := map[Ref]Addr{}
			for _, p := range a.Primaries() {
				was[p.Ref] = p.Addr
			}
			at = at.Add(time.Millisecond)
			ra, rb := a.Apply(i+1, at, by, data), b.Apply(i+1, at, by, data)
			if a.Hash() != b.Hash() || fmt.Sprint(ra.Err) != fmt.Sprint(rb.Err) || len(ra.Changes) != len(rb.Changes) {
				t.Fatalf("seed %d: entry %d: %v and %v", seed, i+1, ra.Err, rb.Err)
			}
			if a.Epoch() < epoch {
				t.Fatalf("seed %d: the epoch fell from %d to %d", seed, epoch, a.Epoch())
			}
			for _, ch := range ra.Changes {
				_, watch := ch.Record.(*Watch)
				_, promoted := ch.Record.(*Promoted)
				if ch.Was != ch.Primary.Addr && !watch && !promoted {
					t.Fatalf("seed %d: entry %d: %T moved the address", seed, i+1, ch.Record)
				}
				was[ch.Primary.Ref] = ch.Primary.Addr
			}
			for _, p := range a.Primaries() {
				if was[p.Ref] != p.Addr {
					t.Fatalf("seed %d: entry %d: %s moved without a change", seed, i+1, p.Name)
				}
				a.check(p)
			}
			if rng.IntN(50) == 0 {
				b = New()
				if err := b.Restore(a.Snapshot()); err != nil {
					t.Fatal(err)
				}
			}
			if i%16 == 0 && string(a.Snapshot()) != string(b.Snapshot()) {
				t.Fatalf("seed %d: entry %d: snapshots differ", seed, i+1)
			}
		}
	}
}

func TestOneCandidateAnEpoch(t *testing.T) {
	promotions := 0
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 2))
		l, chosen := New(), map[Epoch]string{}
		for i := range uint64(1000) {
			by := fmt.Sprintf("S%d", rng.IntN(3))
			r := l.Apply(i+1, time.Unix(0, 0), by, Encode(randomRecord(rng, l, by)))
			for _, ch := range r.Changes {
				if _, ok := ch.Record.(*Promoted); !ok {
					continue
				}
				e := ch.Primary.ConfigEpoch
				if old, ok := chosen[e]; ok {
					t.Fatalf("seed %d: epoch %d promoted %s, then %s", seed, e, old, ch.Primary.Addr)
				}
				chosen[e] = ch.Primary.Addr.String()
			}
		}
		promotions += len(chosen)
	}
	if promotions < 30 {
		t.Fatalf("%d promotions: the test is blind", promotions)
	}
}

func TestHistoryKeepsTheLastThousand(t *testing.T) {
	l := New()
	index := uint64(0)
	apply := func(by string, r Record) {
		index++
		if res := l.Apply(index, time.Unix(int64(index), 0), by, Encode(r)); res.Err != nil {
			t.Fatal(res.Err)
		}
	}
	apply("S1", &Watch{Name: "m", Addr: Addr{"h", 1}})
	for range historyMax {
		apply("S1", &Report{Ref: Ref{"m", 1}, Addr: Addr{"h", 1}, Reason: "no reply"})
		apply("S1", &Withdraw{Ref{"m", 1}})
	}
	h := l.History("m")
	if len(h) != historyMax || h[0].Index != index-historyMax+1 || h[historyMax-1].Index != index {
		t.Fatalf("history of %d from %d to %d at index %d", len(h), h[0].Index, h[len(h)-1].Index, index)
	}
}

// However many primaries there are, their histories together have a limit: the oldest decisions go, everywhere alike.
func TestHistoriesHaveALimitTogether(t *testing.T) {
	l := New()
	index := uint64(0)
	apply := func(r Record) {
		index++
		if res := l.Apply(index, time.Unix(int64(index), 0), "S1", Encode(r)); res.Err != nil {
			t.Fatal(res.Err)
		}
	}
	const primaries, limit = 8, 100_000
	l.historyLimit = limit
	ref := func(i int) Ref { return Ref{fmt.Sprint("m", i), uint64(i + 1)} }
	for i := range primaries {
		apply(&Watch{Name: ref(i).Name, Addr: Addr{"h", 1}})
	}
	reason := strings.Repeat("x", 50)
	for range 200 {
		for i := range primaries {
			apply(&Report{Ref: ref(i), Addr: Addr{"h", 1}, Reason: reason})
			apply(&Withdraw{ref(i)})
		}
	}
	kept, first, sum := 0, index, 0
	for i := range primaries {
		h := l.History(ref(i).Name)
		for j := range h {
			sum += h[j].size()
		}
		kept, first = kept+len(h), min(first, h[0].Index)
	}
	if sum != l.historyBytes || sum > limit || sum < limit*3/4 {
		t.Errorf("histories of %d bytes, counted as %d", sum, l.historyBytes)
	}
	if want := int(index - first + 1); kept != want {
		t.Errorf("%d decisions are kept from %d to %d, want all %d", kept, first, index, want)
	}
	snapshot := l.Snapshot()
	if len(snapshot) > limit+primaries*1000 {
		t.Errorf("a snapshot of %d bytes", len(snapshot))
	}
	again := New()
	if again.historyLimit != historyBytesMax {
		t.Errorf("the limit is %d", again.historyLimit)
	}
	if err := again.Restore(snapshot); err != nil || again.historyBytes != l.historyBytes {
		t.Errorf("restored with %d bytes of histories, %v", again.historyBytes, err)
	}
	index++
	l.Apply(index, time.Unix(0, 0), "S1", Encode(&Unwatch{Ref: ref(0)}))
	if l.historyBytes >= again.historyBytes {
		t.Error("the history of a primary that is closed counts")
	}
}

// The largest ledger fits a snapshot: as many primaries as there may be, all of them down and failing over, watched by
// as many sentinels as a group takes.
func TestLargestSnapshot(t *testing.T) {
	host := strings.Repeat("h", 253)
	l, index := New(), uint64(1)<<40
	by := func(i int) string { return fmt.Sprintf("%040x", i) }
	apply := func(i int, r Record) uint64 {
		index++
		if res := l.Apply(index, time.Unix(0, 1<<60), by(i), Encode(r)); res.Err != nil {
			t.Fatal(res.Err)
		}
		return index
	}
	const sentinels = 64
	ref := Ref{Name: strings.Repeat("n", 1000)}
	from := Addr{host, 65535}
	for i := range sentinels {
		if at := apply(i, &Watch{Name: ref.Name, Addr: from, ConfigEpoch: 1 << 31}); i == 0 {
			ref.Incarnation = at
		}
	}
	var all []string
	for i := range sentinels {
		apply(i, &Report{Ref: ref, Addr: from, Reason: strings.Repeat("r", 100), Silence: time.Hour})
		all = append(all, by(i))
	}
	apply(0, &Down{Ref: ref, Quorum: sentinels, Counted: all})
	fence := apply(0, &Intent{Ref: ref, Kind: Forced})
	apply(0, &Candidate{Ref: ref, Fence: fence, Addr: Addr{host, 1}, RunID: by(1), Way: HandOver})
	apply(0, &Fallback{Ref: ref, Fence: fence, Why: strings.Repeat("w", 200)})
	l.history = map[string][]Decision{}
	one := len(l.Snapshot())
	if sum := primariesMax*one + historyBytesMax; one < 10_000 || sum > SnapshotMax {
		t.Errorf("a primary takes %d bytes, so %d in all, more than %d", one, sum, SnapshotMax)
	}
}

func TestLimits(t *testing.T) {
	watch := func(name string) Record { return &Watch{Name: name, Addr: Addr{"h", 1}} }
	long := strings.Repeat("x", nameBytesMax+1)
	many := make([]Record, recordsMax+1)
	for i := range many {
		many[i] = watch("m")
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"a name":              {Encode(watch(long)), errDamaged},
		"records":             {Encode(many...), errDamaged},
		"records that fit":    {Encode(many[1:]...), nil},
		"a name that fits":    {Encode(watch(long[1:])), nil},
		"bytes":               {make([]byte, entryBytesMax+1), errLarge},
		"a newer version":     {[]byte{entryVersion + 1}, ErrNewer},
		"bytes after the end": {append(Encode(watch("m")), 0), errDamaged},
	} {
		if _, err := Decode(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestWatchersAndPrimariesHaveALimit(t *testing.T) {
	l, index := New(), uint64(0)
	watch := func(by, name string) error {
		index++
		return l.Apply(index, time.Unix(0, 0), by, Encode(&Watch{Name: name, Addr: Addr{"h", 1}})).Err
	}
	for i := range listMax {
		if err := watch(fmt.Sprintf("S%d", i), "m"); err != nil {
			t.Fatal(err)
		}
	}
	if err := watch("one more", "m"); !errors.Is(err, ErrRefused) {
		t.Errorf("watcher %d: %v", listMax+1, err)
	}
	for i := range primariesMax - 1 {
		if err := watch("S1", fmt.Sprintf("m%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := watch("S1", "one more"); !errors.Is(err, ErrRefused) {
		t.Errorf("primary %d: %v", primariesMax+1, err)
	}
	if err := New().Restore(l.Snapshot()); err != nil {
		t.Error(err)
	}
}

// TestLongDetailSurvivesASnapshot holds history's text to what a snapshot can hold.
func TestLongDetailSurvivesASnapshot(t *testing.T) {
	l := New()
	ref := Ref{"m", 1}
	l.Apply(1, time.Unix(0, 0), "S1", Encode(&Watch{Name: "m", Addr: Addr{"h", 1}}))
	l.Apply(2, time.Unix(0, 0), "S1", Encode(&Intent{Ref: ref, Kind: Forced}))
	seen := make([]Seen, 500)
	for i := range seen {
		seen[i] = Seen{Addr: Addr{"10.0.0.1", i + 1}}
	}
	r := l.Apply(3, time.Unix(0, 0), "S1", Encode(&Candidate{Ref: ref, Fence: 2, Addr: Addr{"h", 2}, Considered: seen}))
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	if err := New().Restore(l.Snapshot()); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedSnapshotChangesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	l := New()
	for i := range uint64(200) {
		l.Apply(i+1, time.Unix(0, 0), "S1", Encode(randomRecord(rng, l, "S1")))
	}
	good := l.Snapshot()
	target := New()
	empty := string(target.Snapshot())
	for i := range good {
		bad := append([]byte{}, good...)
		bad[i] ^= 0x41
		if err := target.Restore(bad); err == nil {
			t.Fatalf("byte %d of %d: a damaged snapshot was taken", i, len(good))
		}
		if err := target.Restore(good[:i]); err == nil {
			t.Fatalf("a snapshot cut at %d was taken", i)
		}
	}
	if string(target.Snapshot()) != empty {
		t.Fatal("a refused snapshot left something behind")
	}
}

func FuzzApply(f *testing.F) {
	rng := rand.New(rand.NewPCG(9, 9))
	l := New()
	for i := range uint64(300) {
		data := Encode(randomRecord(rng, l, "S1"))
		l.Apply(i+1, time.Unix(0, 0), "S1", data)
		f.Add(data)
	}
	base := l.Snapshot()
	f.Fuzz(func(t *testing.T, data []byte) {
		a, b := New(), New()
		if err := errors.Join(a.Restore(base), b.Restore(base)); err != nil {
			t.Fatal(err)
		}
		a.Apply(1000, time.Unix(0, 0), "S1", data)
		b.Apply(1000, time.Unix(0, 0), "S1", data)
		if a.Hash() != b.Hash() || string(a.Snapshot()) != string(b.Snapshot()) {
			t.Fatal("two ledgers differ")
		}
		if err := New().Restore(a.Snapshot()); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzRestore(f *testing.F) {
	l := New()
	l.Apply(1, time.Unix(0, 0), "S1", Encode(&Watch{Name: "m", Addr: Addr{"h", 1}}))
	f.Add(l.Snapshot())
	f.Fuzz(func(t *testing.T, data []byte) {
		l := New()
		if l.Restore(data) == nil && string(l.Snapshot()) != string(data) {
			t.Fatal("a snapshot that was taken is not what it gives back")
		}
	})
}
