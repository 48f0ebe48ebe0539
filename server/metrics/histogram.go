package metrics

import "math/bits"

// Histogram counts durations in log-linear buckets: 64 to each power of two, so a quantile is off by at most 1.6 %.
// The range is 1 ns to about 1.07 s; longer durations land in the last bucket, as Valkey's histograms clamp at one
// second.
type Histogram struct {
	counts [histogramBuckets]uint64
	total  uint64
	max    uint64
}

const (
	histogramBits    = 6 // log2 of the buckets per power of two
	histogramMaxNs   = 1<<30 - 1
	histogramBuckets = (30 - histogramBits + 1) << histogramBits
)

// Record counts one duration in nanoseconds.
func (h *Histogram) Record(ns int64) {
	v := uint64(min(max(ns, 1), histogramMaxNs))
	h.counts[bucketOf(v)]++
	h.total++
	h.max = max(h.max, v)
}

// bucketOf: values below 2^(bits+1) have a bucket each; above, the top bits+1 bits select it.
func bucketOf(v uint64) int {
	shift := bits.Len64(v) - histogramBits - 1
	if shift <= 0 {
		return int(v)
	}
	return shift<<histogramBits + int(v>>shift)
}

// upper is the largest value of a bucket.
func upper(i int) uint64 {
	shift := i>>histogramBits - 1
	if shift <= 0 {
		return uint64(i)
	}
	return (uint64(i&(1<<histogramBits-1)|1<<histogramBits)+1)<<shift - 1
}

// Total is the number of durations recorded.
func (h *Histogram) Total() uint64 { return h.total }

// Quantile gives the duration in nanoseconds that the given percentage of all durations did not exceed.
func (h *Histogram) Quantile(percent float64) uint64 {
	if h.total == 0 {
		return 0
	}
	want := uint64(percent/100*float64(h.total) + 0.5)
	want = min(max(want, 1), h.total)
	seen := uint64(0)
	for i, n := range h.counts {
		if seen += n; seen >= want {
			return min(upper(i), h.max)
		}
	}
	return h.max
}

// Cumulative yields how many durations were not longer than each power of two of nanoseconds from 1024 on, where
// that is more than the one before: the reply of LATENCY HISTOGRAM. The bound comes in microseconds and belongs, as
// in Valkey, to the end of the bucket that the power of two begins: 1/128 beyond it.
func (h *Histogram) Cumulative(yield func(us, count uint64) bool) {
	seen, i := uint64(0), 0
	for bound := uint64(1024); i < histogramBuckets; bound <<= 1 {
		before := seen
		for end := bucketOf(bound); i < histogramBuckets && i <= end; i++ {
			seen += h.counts[i]
		}
		if seen > before && !yield((bound+bound>>7-1)/1000, seen) {
			return
		}
	}
}
