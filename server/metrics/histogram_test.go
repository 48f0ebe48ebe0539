package metrics

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestHistogramQuantiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var h Histogram
	var all []uint64
	for range 20000 {
		v := uint64(1) << rng.IntN(29)
		v += rng.Uint64N(v)
		h.Record(int64(v))
		all = append(all, v)
	}
	slices.Sort(all)
	for _, p := range []float64{0.1, 10, 50, 90, 99, 99.9, 100} {
		want := all[max(1, min(len(all), int(p/100*float64(len(all))+0.5)))-1]
		if got := h.Quantile(p); got < want || float64(got) > float64(want)*1.016+1 {
			t.Errorf("p%v: got %d, want %d within 1.6 %%", p, got, want)
		}
	}
}

func TestHistogramBucketsAreContiguous(t *testing.T) {
	for i := 1; i < histogramBuckets-1; i++ {
		if bucketOf(upper(i)) != i || bucketOf(upper(i)+1) != i+1 {
			t.Fatalf("bucket %d ends at %d: its neighbours are %d and %d", i, upper(i), bucketOf(upper(i)), bucketOf(upper(i)+1))
		}
	}
}

func TestHistogramClampsAndAccumulates(t *testing.T) {
	var h Histogram
	h.Record(-5)
	h.Record(1 << 40)
	last := uint64(0)
	for _, count := range h.Cumulative {
		if count <= last {
			t.Fatalf("cumulative counts must grow: %d after %d", count, last)
		}
		last = count
	}
	if last != 2 || h.Total() != 2 {
		t.Fatalf("counted %d and %d of 2", last, h.Total())
	}
}
