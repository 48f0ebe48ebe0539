package rdbcheck_test

import (
	"bytes"
	"strings"
	"testing"

	"valkey/store"
	"valkey/store/rdb"
	"valkey/store/rdb/rdbcheck"
)

// file writes a file of a few keys in two databases.
func file(t *testing.T, o rdb.SealOptions) []byte {
	s, err := store.New(store.Options{Databases: 4, ReserveBytes: 1 << 28})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(db int, key, value string, at int64) {
		s.DB(db).SetString([]byte(key), s.Hash([]byte(key)), []byte(value), at)
	}
	put(0, "a", "1", store.NoExpire)
	put(0, "old", strings.Repeat("x", 3000), 1000)
	put(3, "later", "text", 3000)
	var d rdb.Draft
	d.Aux("valkey-ver", "9.1.2")
	d.Aux("lua", "return 1")
	d.Function([]byte("#!lua name=a"))
	for _, db := range []int{0, 3} {
		d.SelectDB(db)
		for cursor := uint64(0); ; {
			if cursor = s.DB(db).Scan(cursor, func(e store.Entry) { d.Entry(e, rdb.AgingNone) }); cursor == 0 {
				break
			}
		}
	}
	var out bytes.Buffer
	z := rdb.NewSealer(&out, o)
	for _, err := range []error{z.Begin(), z.Seal(&d), z.End()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// check returns what is told of a file, and its statistics.
func check(p []byte, f rdbcheck.Format) (told, stats string, r *rdbcheck.Report) {
	var out, more strings.Builder
	r = rdbcheck.Check(bytes.NewReader(p), rdbcheck.Options{Name: "x.rdb", NowMs: 2000, Stats: true}, &out)
	r.Print(&more, f)
	return out.String(), more.String(), r
}

func TestASoundFile(t *testing.T) {
	p := file(t, rdb.SealOptions{Version: rdb.V80, Compress: true, Checksum: true})
	told, stats, r := check(p, rdbcheck.Info)
	for _, want := range []string{
		"[offset 0] Checking RDB file x.rdb\n", "AUX FIELD valkey-ver = '9.1.2'\n", "Selecting DB ID 3\n", "Checksum OK\n",
		"Check RDB returned error code 0", `\o/ RDB looks OK! \o/`, "[info] 3 keys read\n[info] 2 expires\n" +
			"[info] 1 already expired\n[info] 1 functions\n[info] 1 lua scripts read\n",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("no %q in:\n%s", want, told)
		}
	}
	if !r.Sound || r.Relaxed {
		t.Errorf("%+v", r)
	}
	for _, want := range []string{
		"[info] db.0.type.string.keys.total:2\n", "[info] db.0.type.string.already_expired.total:1\n",
		"[info] db.0.type.string.keys.size:4\n", "[info] db.0.type.string.elements.size:3001\n",
		"[info] db.0.type.string.elements.size.p50:1.00\n", "[info] db.0.type.string.elements.size.p99:3000.00\n",
		"[info] db.0.type.string.elements.size.avg:1500.50\n", "[info] db.0.type.stream.keys.total:0\n",
		"[info] db.3.type.string.elements.num.max:1\n",
	} {
		if !strings.Contains(stats, want) {
			t.Errorf("no %q in:\n%s", want, stats)
		}
	}
	if strings.Contains(stats, "db.1.") {
		t.Errorf("a database without keys:\n%s", stats)
	}
}

func TestTableAndCSV(t *testing.T) {
	p := file(t, rdb.SealOptions{Version: rdb.V11})
	told, stats, _ := check(p, rdbcheck.CSV)
	if !strings.Contains(told, "saved with checksum disabled") ||
		!strings.Contains(stats, "db.0.type.name,string,list,set,zset,hash,module,stream\ndb.0.keys.total,2,0,0,0,0,0,0\n") {
		t.Errorf("%s%s", told, stats)
	}
	_, stats, _ = check(p, rdbcheck.Table)
	if !strings.Contains(stats, "db.0.keys.total               \t2    \t0    \t") {
		t.Error(stats)
	}
}

func TestADamagedFile(t *testing.T) {
	p := file(t, rdb.SealOptions{Version: rdb.V80, Checksum: true})
	flipped := bytes.Clone(p)
	flipped[len(p)-1] ^= 1
	for name, c := range map[string]struct {
		file []byte
		want []string
	}{
		"cut": {p[:len(p)-12], []string{"Unexpected EOF reading RDB file", "Reading key 'later'",
			"While doing: read-object-value"}},
		"checksum":  {flipped, []string{"While doing: check-sum", "[info] 3 keys read"}},
		"signature": {[]byte("NOTHING HERE"), []string{"While doing: start", "[offset 9] the signature"}},
		"empty":     {nil, []string{"[offset 0] Unexpected EOF reading RDB file"}},
		"foreign": {[]byte("REDIS0075\x96\x01"), []string{"[offset 9] Foreign RDB version 75 detected",
			"[offset 10] Unknown object type 150 in RDB file with foreign version 75"}},
		"future": {[]byte("VALKEY987\x96\x01"), []string{"[offset 9] Future RDB version 987 detected",
			"[offset 10] Unknown object type 150 in RDB file with future version 987"}},
		"slots": {[]byte("VALKEY080\xf3\x01a"), []string{"Invalid slot import job name length"}},
	} {
		told, _, r := check(c.file, rdbcheck.Info)
		for _, want := range append(c.want, "--- RDB ERROR DETECTED ---", "error code 1") {
			if !strings.Contains(told, want) {
				t.Errorf("%s: no %q in:\n%s", name, want, told)
			}
		}
		if r.Sound || strings.Contains(told, "looks OK") {
			t.Errorf("%s is sound:\n%s", name, told)
		}
	}
}

func TestAFileForRelaxedServers(t *testing.T) {
	told, _, r := check([]byte("VALKEY987\xff"+strings.Repeat("\x00", 8)), rdbcheck.Info)
	if !r.Sound || !r.Relaxed || !strings.Contains(told, "loading requires config 'rdb-version-check relaxed'") {
		t.Errorf("%+v\n%s", r, told)
	}
}
