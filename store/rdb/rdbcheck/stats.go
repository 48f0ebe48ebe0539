package rdbcheck

import (
	"fmt"
	"io"
	"maps"
	"math/bits"
	"slices"

	"valkey/store/rdb"
)

// Format is how statistics are printed.
type Format uint8

// The formats.
const (
	Table Format = iota
	CSV
	Info // a line for each number
)

// Formats are the names of the formats.
var Formats = map[string]Format{"table": Table, "csv": CSV, "info": Info}

// kinds are the types as the statistics call them, in their order there.
var kinds = []string{"string", "list", "set", "zset", "hash", "module", "stream"}

// kindOf returns the place in kinds of a form.
func kindOf(t rdb.Type) int {
	switch t {
	case rdb.TypeString:
		return 0
	case rdb.TypeList, rdb.TypeListZiplist, rdb.TypeListQuicklist, rdb.TypeListQuicklist2:
		return 1
	case rdb.TypeSet, rdb.TypeSetIntset, rdb.TypeSetListpack:
		return 2
	case rdb.TypeZSet, rdb.TypeZSet2, rdb.TypeZSetZiplist, rdb.TypeZSetListpack:
		return 3
	case rdb.TypeHash, rdb.TypeHash2, rdb.TypeHashZipmap, rdb.TypeHashZiplist, rdb.TypeHashListpack:
		return 4
	case rdb.TypeModulePreGA, rdb.TypeModule2:
		return 5
	default:
		return 6
	}
}

// profile is what is known of the values of a type in a database.
type profile struct {
	keys, expires, expired, keyBytes uint64

	counts, sizes histogram
}

// stats are the profiles of the databases that have keys, and of the first.
type stats struct{ databases map[int]*[7]profile }

func newStats() *stats { return &stats{databases: map[int]*[7]profile{0: {}}} }

func (s *stats) of(db int, t rdb.Type) *profile {
	p := s.databases[db]
	if p == nil {
		p = new([7]profile)
		s.databases[db] = p
	}
	return &p[kindOf(t)]
}

// rows are the statistics of a profile: a number, or one with two decimals.
var rows = []struct {
	name string
	of   func(p *profile) any
}{
	{"keys.total", func(p *profile) any { return p.keys }},
	{"expire_keys.total", func(p *profile) any { return p.expires }},
	{"already_expired.total", func(p *profile) any { return p.expired }},
	{"keys.size", func(p *profile) any { return p.keyBytes }},
	{"keys.value_size", func(p *profile) any { return p.sizes.sum }},
	{"elements.total", func(p *profile) any { return p.counts.sum }},
	{"elements.size", func(p *profile) any { return p.sizes.sum }},
	{"elements.num.max", func(p *profile) any { return p.counts.max }},
	{"elements.num.avg", func(p *profile) any { return ratio(p.counts.sum, p.keys) }},
	{"elements.num.p99", func(p *profile) any { return p.counts.percentile(99) }},
	{"elements.num.p90", func(p *profile) any { return p.counts.percentile(90) }},
	{"elements.num.p50", func(p *profile) any { return p.counts.percentile(50) }},
	{"elements.size.max", func(p *profile) any { return p.sizes.max }},
	{"elements.size.avg", func(p *profile) any { return ratio(p.sizes.sum, p.counts.sum) }},
	{"elements.size.p99", func(p *profile) any { return p.sizes.percentile(99) }},
	{"elements.size.p90", func(p *profile) any { return p.sizes.percentile(90) }},
	{"elements.size.p50", func(p *profile) any { return p.sizes.percentile(50) }},
}

func ratio(a, b uint64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func text(v any) string {
	if f, ok := v.(float64); ok {
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprint(v)
}

// Print writes the statistics, if Options asked for them.
func (r *Report) Print(w io.Writer, f Format) {
	if r.stats == nil {
		return
	}
	for _, db := range slices.Sorted(maps.Keys(r.stats.databases)) {
		p := r.stats.databases[db]
		if f != Info {
			row(w, f, fmt.Sprintf("db.%d.type.name", db), func(i int) string { return kinds[i] })
		}
		for _, s := range rows {
			if f != Info {
				row(w, f, fmt.Sprintf("db.%d.%s", db, s.name), func(i int) string { return text(s.of(&p[i])) })
				continue
			}
			for i, kind := range kinds {
				put(w, "[info] db.%d.type.%s.%s:%s\n", db, kind, s.name, text(s.of(&p[i])))
			}
		}
	}
}

// row writes a line with a column for each type.
func row(w io.Writer, f Format, name string, column func(i int) string) {
	if f == CSV {
		put(w, "%s", name)
	} else {
		put(w, "%-30s", name)
	}
	for i := range kinds {
		if f == CSV {
			put(w, ",%s", column(i))
		} else {
			put(w, "\t%-5s", column(i))
		}
	}
	put(w, "\n")
}

// histogram counts numbers. Beyond 2048 only their upper bits tell them apart, one in a thousand.
type histogram struct {
	counts   map[uint64]uint64
	n        uint64
	sum, max uint64
}

const histogramBits = 11

func (h *histogram) add(v uint64) {
	if h.counts == nil {
		h.counts = make(map[uint64]uint64)
	}
	low := max(0, bits.Len64(v)-histogramBits)
	h.counts[v>>low<<low]++
	h.n++
	h.sum += v
	h.max = max(h.max, v)
}

// percentile returns the least number that so many of a hundred do not exceed.
func (h *histogram) percentile(p uint64) float64 {
	left := (h.n*p + 99) / 100
	for _, v := range slices.Sorted(maps.Keys(h.counts)) {
		if n := h.counts[v]; n < left {
			left -= n
		} else {
			return float64(v)
		}
	}
	return 0
}
