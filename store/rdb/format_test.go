package rdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"valkey/store"
	"valkey/store/rdb"
)

func newStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.New(store.Options{Databases: 16, ReserveBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// fill puts keys of every form that a string has into two databases.
func fill(s *store.Store, r *rand.Rand, n int) {
	s.SetClock(1_700_000_000_000)
	for i := range n {
		db := s.DB(r.IntN(2) * 5)
		key := fmt.Appendf(nil, "%s:%d", strings.Repeat("k", r.IntN(70)), i)
		at := store.NoExpire
		if r.IntN(3) == 0 {
			at = r.Int64N(1 << 45)
		}
		hash := s.Hash(key)
		switch r.IntN(5) {
		case 0:
			db.SetInt(key, hash, r.Int64()>>r.IntN(64), at)
		case 1:
			db.SetString(key, hash, bytes.Repeat([]byte("ab"), r.IntN(3000)), at)
		case 2:
			db.SetText(key, hash, fmt.Appendf(nil, "%d", r.IntN(1000)), at)
		default:
			text := make([]byte, r.IntN(1<<r.IntN(17)))
			for j := range text {
				text[j] = byte(r.Uint32())
			}
			db.SetString(key, hash, text, at)
		}
	}
	big := bytes.Repeat([]byte("0123456789abcdef"), store.PinMin/8)
	s.DB(0).SetString([]byte("big"), s.Hash([]byte("big")), big, store.NoExpire)
}

// entries yields every entry of a database.
func entries(db *store.DB) func(func(store.Entry) bool) {
	return func(yield func(store.Entry) bool) {
		more := true
		for cursor := db.Scan(0, func(e store.Entry) { more = more && yield(e) }); more && cursor != 0; {
			cursor = db.Scan(cursor, func(e store.Entry) { more = more && yield(e) })
		}
	}
}

// save writes a store as a file.
func save(t testing.TB, s *store.Store, o rdb.SealOptions, aging rdb.Aging) []byte {
	t.Helper()
	var out bytes.Buffer
	z := rdb.NewSealer(&out, o)
	if err := z.Begin(); err != nil {
		t.Fatal(err)
	}
	var d rdb.Draft
	d.Aux("valkey-ver", "9.1.2")
	d.Aux("redis-bits", "64")
	d.Function([]byte("#!lua name=lib\n"))
	for db := range s.Each {
		d.SelectDB(db.ID())
		d.ResizeDB(db.Len(), db.Volatile())
		for e := range entries(db) {
			d.Entry(e, aging)
			if d.Len() > 1<<16 {
				seal(t, s, z, &d)
			}
		}
	}
	seal(t, s, z, &d)
	if err := z.End(); err != nil {
		t.Fatal(err)
	}
	if int64(out.Len()) != z.Written() {
		t.Fatalf("%d bytes written, Written says %d", out.Len(), z.Written())
	}
	return out.Bytes()
}

func seal(t testing.TB, s *store.Store, z *rdb.Sealer, d *rdb.Draft) {
	t.Helper()
	if err := z.Seal(d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Pins() {
		s.Unpin(p)
	}
	d.Reset()
}

// load reads a file into a store.
func load(r io.Reader, s *store.Store, o rdb.ReadOptions) (*rdb.Reader, []rdb.Item, error) {
	rd := rdb.NewReader(r, o)
	var others []rdb.Item
	for {
		it, err := rd.Next()
		switch {
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return rd, others, nil
		case err != nil:
			return rd, others, err
		case it.Kind != rdb.ItemKey:
			others = append(others, it)
		case !it.Put(s.DB(it.DB), s.Hash(it.Key)).Exists():
			return rd, others, fmt.Errorf("%q is there twice", it.Key)
		}
	}
}

func contents(s *store.Store, lfu bool) map[string]string {
	all := make(map[string]string)
	for db := range s.Each {
		for e := range entries(db) {
			var scratch [20]byte
			age := e.Idle()
			if lfu {
				age = e.Freq()
			}
			all[fmt.Sprintf("%d/%s", db.ID(), e.Key())] = fmt.Sprintf("%d %d %s", e.ExpireAt(), age, e.Bytes(&scratch))
		}
	}
	return all
}

func equal(t *testing.T, a, b *store.Store, lfu bool) {
	t.Helper()
	was, is := contents(a, lfu), contents(b, lfu)
	for k, v := range was {
		if is[k] != v && len(v) < 200 {
			t.Errorf("%s was %s, is %s", k, v, is[k])
		} else if is[k] != v {
			t.Errorf("%s is different: %d bytes, were %d", k, len(is[k]), len(v))
		}
	}
	if len(was) != len(is) {
		t.Errorf("%d keys, were %d", len(is), len(was))
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		a, b := newStore(t), newStore(t)
		a.SetAging(store.Aging{LFU: seed&4 != 0, LogFactor: 10, DecayMinutes: 1})
		b.SetAging(store.Aging{LFU: seed&4 != 0, LogFactor: 10, DecayMinutes: 1})
		fill(a, r, 3000)
		a.SetClock(1_700_000_600_000)
		b.SetClock(1_700_000_600_000)
		o := rdb.SealOptions{Version: rdb.V11, Compress: seed&1 != 0, Checksum: seed&2 != 0}
		aging := rdb.AgingIdle
		if seed&4 != 0 {
			o.Version, aging = rdb.V80, rdb.AgingFreq
		}
		file := save(t, a, o, aging)
		// What comes behind the file is not the Reader's.
		rd, others, err := load(io.MultiReader(bytes.NewReader(file), strings.NewReader("tail")), b, rdb.ReadOptions{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		rest, _ := io.ReadAll(io.MultiReader(bytes.NewReader(rd.Rest()), strings.NewReader("")))
		if rd.Offset() != int64(len(file)) || !strings.HasPrefix("tail", string(rest)) {
			t.Fatalf("seed %d: %d bytes used of %d, then %q", seed, rd.Offset(), len(file), rest)
		}
		if rd.Version() != o.Version || rd.Unsummed() == o.Checksum {
			t.Fatalf("seed %d: version %d, unsummed %v", seed, rd.Version(), rd.Unsummed())
		}
		if len(others) != 7 || string(others[0].Name) != "valkey-ver" || string(others[0].Text) != "9.1.2" ||
			others[2].Kind != rdb.ItemFunction || others[4].Keys != uint64(a.DB(0).Len()) ||
			others[4].Volatile != uint64(a.DB(0).Volatile()) || others[5].DB != 5 {
			t.Fatalf("seed %d: items %+v", seed, others)
		}
		equal(t, a, b, aging == rdb.AgingFreq)
		if a.PinnedBytes() != 0 {
			t.Fatalf("%d bytes are pinned", a.PinnedBytes())
		}
	}
}

// oneByte brings a byte at a time.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

func TestAStreamOfSingleBytesIsRead(t *testing.T) {
	a, b := newStore(t), newStore(t)
	fill(a, rand.New(rand.NewPCG(1, 1)), 100)
	file := save(t, a, rdb.SealOptions{Version: rdb.V80, Compress: true, Checksum: true}, rdb.AgingNone)
	rd, _, err := load(oneByte{bytes.NewReader(file)}, b, rdb.ReadOptions{})
	if err != nil || rd.Offset() != int64(len(file)) || len(rd.Rest()) != 0 {
		t.Fatal(rd.Offset(), err)
	}
	equal(t, a, b, false)
}

// small writes a file of a few keys of every form.
func small(t testing.TB) []byte {
	t.Helper()
	s := newStore(t)
	db := s.DB(3)
	for i, v := range []string{
		"", "1", "-129", "70000", "12345678901", "text", strings.Repeat("ab", 40), "0x" + strings.Repeat("z", 90),
	} {
		key := fmt.Appendf(nil, "key%d", i)
		db.SetString(key, s.Hash(key), []byte(v), int64(i)-1)
	}
	return save(t, s, rdb.SealOptions{Version: rdb.V80, Compress: true, Checksum: true}, rdb.AgingIdle)
}

func TestAFileThatEndsTooEarlyIsRefused(t *testing.T) {
	file := small(t)
	for n := range file {
		_, _, err := load(bytes.NewReader(file[:n]), newStore(t), rdb.ReadOptions{})
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d of %d bytes: %v", n, len(file), err)
		}
	}
	if _, _, err := load(bytes.NewReader(file), newStore(t), rdb.ReadOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestAFlippedBitIsFound(t *testing.T) {
	file := small(t)
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 1 << (i % 8)
		if _, _, err := load(bytes.NewReader(bad), newStore(t), rdb.ReadOptions{}); err == nil {
			t.Fatalf("a bit of byte %d is flipped, and nothing is said", i)
		}
	}
}

func TestTheChecksumMayBeIgnored(t *testing.T) {
	file := small(t)
	file[len(file)-1] ^= 1
	var corrupt *rdb.CorruptError
	_, _, err := load(bytes.NewReader(file), newStore(t), rdb.ReadOptions{})
	if !errors.As(err, &corrupt) || corrupt.Offset != int64(len(file)) {
		t.Fatal(err)
	}
	if _, _, err := load(bytes.NewReader(file), newStore(t), rdb.ReadOptions{IgnoreChecksum: true}); err != nil {
		t.Fatal(err)
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		header        string
		ok, ifRelaxed bool
	}{
		{"REDIS0001", true, true}, {"REDIS0011", true, true}, {"REDIS0012", false, true}, {"REDIS0079", false, true},
		{"REDIS0080", false, false}, {"VALKEY011", false, false}, {"VALKEY079", false, false}, {"VALKEY080", true, true},
		{"VALKEY081", false, true}, {"REDIS0000", false, false}, {"REDIS00x1", false, false}, {"MYFILE011", false, false},
	} {
		for _, relaxed := range []bool{false, true} {
			want := c.ok || relaxed && c.ifRelaxed
			file := c.header + "\xff\x00\x00\x00\x00\x00\x00\x00\x00"
			_, _, err := load(strings.NewReader(file), newStore(t), rdb.ReadOptions{Relaxed: relaxed})
			if (err == nil) != want || !want && !rdb.Refused(err) {
				t.Errorf("%s, relaxed %v: %v", c.header, relaxed, err)
			}
		}
	}
}

func TestChecksumOfTheFormat(t *testing.T) {
	if got := rdb.Checksum(0, []byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Fatalf("%016x", got)
	}
}
