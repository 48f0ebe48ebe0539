package rdb_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"valkey/store/rdb"
)

// texts are values of different worth to a compressor.
func texts(r *rand.Rand) [][]byte {
	noise := make([]byte, 1+r.IntN(5000))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	var words []byte
	for range r.IntN(500) {
		words = append(words, []string{"alpha ", "beta ", "\"gamma\":", "0123456789"}[r.IntN(4)]...)
	}
	mixed := append(bytes.Clone(noise), words...)
	return [][]byte{
		noise, words, append(mixed, noise...),
		bytes.Repeat([]byte{byte(r.Uint32())}, 1+r.IntN(70_000)),
		bytes.Repeat(noise[:min(len(noise), 1+r.IntN(300))], 1+r.IntN(20)),
		[]byte(strings.Repeat("x", r.IntN(8))),
	}
}

func TestCompressedTextComesBack(t *testing.T) {
	var z rdb.Compressor
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		if seed%10 == 9 {
			z.SetBase(1<<31 - uint32(r.IntN(20_000)))
		}
		for i, text := range texts(r) {
			head := []byte("head")
			limit := len(text) + len(text)/32 + 1
			if r.IntN(2) == 0 {
				limit = len(text) - 4
			}
			packed, ok := z.Compress(head, text, limit)
			if !ok {
				if limit > len(text) {
					t.Fatalf("seed %d, text %d: %d bytes do not fit into %d", seed, i, len(text), limit)
				}
				continue
			}
			if !bytes.HasPrefix(packed, head) || len(packed)-len(head) > limit {
				t.Fatalf("seed %d, text %d: %d bytes, at most %d", seed, i, len(packed)-len(head), limit)
			}
			packed = packed[len(head):]
			back := make([]byte, len(text))
			if !rdb.Decompress(back, packed) || !bytes.Equal(back, text) {
				t.Fatalf("seed %d, text %d: %d bytes do not come back", seed, i, len(text))
			}
			if len(text) > rdb.RatioMax*len(packed) {
				t.Fatalf("seed %d, text %d: %d bytes became %d, beyond the bound", seed, i, len(text), len(packed))
			}
			if len(text) > 0 && (rdb.Decompress(back[:len(back)-1], packed) ||
				rdb.Decompress(make([]byte, len(text)+1), packed)) {
				t.Fatalf("seed %d, text %d: decompressed into a wrong length", seed, i)
			}
		}
	}
}

func TestWhatRepeatsGetsSmall(t *testing.T) {
	var z rdb.Compressor
	for _, c := range []struct {
		text string
		at   int // most bytes
	}{
		{strings.Repeat("a", 1000), 20},
		{strings.Repeat("key:value,", 100), 40},
		{strings.Repeat("0123456789abcdefghij", 3), 26},
	} {
		packed, ok := z.Compress(nil, []byte(c.text), len(c.text))
		if !ok || len(packed) > c.at {
			t.Errorf("%.20q and so on: %d bytes became %d", c.text, len(c.text), len(packed))
		}
	}
}

func FuzzDecompress(f *testing.F) {
	var z rdb.Compressor
	for _, text := range texts(rand.New(rand.NewPCG(1, 1))) {
		packed, _ := z.Compress(nil, text, 2*len(text)+1)
		f.Add(packed, len(text))
	}
	f.Fuzz(func(t *testing.T, packed []byte, size int) {
		if size < 0 || size > 1<<20 {
			return
		}
		dst := make([]byte, size)
		if rdb.Decompress(dst, packed) && size > rdb.RatioMax*len(packed) {
			t.Fatalf("%d bytes became %d", len(packed), size)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	const keys = 20_000
	s := newStore(b)
	db := s.DB(0)
	r := rand.New(rand.NewPCG(1, 1))
	value := make([]byte, 64)
	for i := range keys {
		for j := range value {
			value[j] = '0' + byte(r.IntN(64))
		}
		key := fmt.Appendf(nil, "key:%012d", i)
		db.SetString(key, s.Hash(key), value, -1)
	}
	b.Run("draft", func(b *testing.B) {
		var d rdb.Draft
		for b.Loop() {
			d.Reset()
			for e := range entries(db) {
				d.Entry(e, rdb.AgingNone)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/key")
	})
	var d rdb.Draft
	for e := range entries(db) {
		d.Entry(e, rdb.AgingNone)
	}
	for _, compress := range []bool{false, true} {
		b.Run(fmt.Sprintf("seal/compress=%v", compress), func(b *testing.B) {
			z := rdb.NewSealer(nowhere{}, rdb.SealOptions{Version: rdb.V80, Compress: compress, Checksum: true})
			for b.Loop() {
				if err := z.Seal(&d); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/key")
		})
	}
	file := save(b, s, rdb.SealOptions{Version: rdb.V80, Compress: true, Checksum: true}, rdb.AgingNone)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			rd := rdb.NewReader(bytes.NewReader(file), rdb.ReadOptions{})
			for {
				if _, err := rd.Next(); err != nil {
					break
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/key")
	})
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
