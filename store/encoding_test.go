package store

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestParseInt(t *testing.T) {
	good := []int64{0, 1, -1, 9, 10, -10, 99, 1 << 31, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}
	for n, step := int64(1), 0; step < 19; n, step = n*10, step+1 {
		good = append(good, n, n-1, n+1, -n, -n+1)
	}
	for _, n := range good {
		text := strconv.FormatInt(n, 10)
		if got, ok := parseInt([]byte(text)); !ok || got != n {
			t.Errorf("parseInt(%q) = %d, %v", text, got, ok)
		}
		if digits(n) != len(text) {
			t.Errorf("digits(%d) = %d", n, digits(n))
		}
	}
	for _, text := range []string{
		"", "-", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1x", "0x1", "1.0", "1e3", "--1", "9223372036854775808",
		"-9223372036854775809", "99999999999999999999", "18446744073709551616", "123456789012345678901", "\x00", "1\x00",
	} {
		if n, ok := parseInt([]byte(text)); ok {
			t.Errorf("parseInt(%q) = %d", text, n)
		}
	}
}

// TestEncoding holds what OBJECT ENCODING replies after various ways to store a value; the lengths are the limits where
// Valkey 9.1.2 changes its mind, looked up with the real one.
func TestEncoding(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		key, text string
		at        int64
		want      Encoding
	}{
		{"k", "123", NoExpire, Int},
		{"k", "-9223372036854775808", NoExpire, Int},
		{"k", "9223372036854775808", NoExpire, Embstr},
		{"k", "0123", NoExpire, Embstr},
		{"k", "", NoExpire, Embstr},
		{"k", x(112), NoExpire, Embstr},
		{"k", x(113), NoExpire, Raw},
		{"k", x(104), 1, Embstr},
		{"k", x(105), 1, Raw},
		{x(31), x(82), NoExpire, Embstr},
		{x(31), x(83), NoExpire, Raw},
		{x(32), x(79), NoExpire, Embstr},
		{x(32), x(80), NoExpire, Raw},
		{x(300), "a", NoExpire, Raw},
		{x(300), "1", NoExpire, Int},
		{"k", x(5000), NoExpire, Raw},
	} {
		s := newStore(t, 1)
		db := s.DB(0)
		key := []byte(c.key)
		e := db.SetString(key, s.Hash(key), []byte(c.text), c.at)
		if e.Encoding() != c.want {
			t.Errorf("key of %d, value of %d, deadline %d: %v, want %v", len(key), len(c.text), c.at, e.Encoding(), c.want)
		}
		if c.at == NoExpire { // the deadline that comes later decides alike
			again := db.SetExpire(e, 1)
			want := c.want
			if want == Embstr {
				want = textEncoding(len(c.text), len(key), true)
			}
			if again.Encoding() != want {
				t.Errorf("key of %d, value of %d, deadline added: %v, want %v", len(key), len(c.text), again.Encoding(), want)
			}
		}
	}
}

func TestEncodingOfChanges(t *testing.T) {
	s := newStore(t, 1)
	db := s.DB(0)
	key := []byte("k")
	hash := s.Hash(key)
	text := func(e Entry) string {
		var scratch [20]byte
		return string(e.Bytes(&scratch))
	}
	expect := func(what string, e Entry, enc Encoding, value string) {
		t.Helper()
		if e.Encoding() != enc || text(e) != value || e.Len() != len(value) {
			t.Errorf("%s: %v %q (%d)", what, e.Encoding(), text(e), e.Len())
		}
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	expect("text of digits", db.SetText(key, hash, []byte("42"), NoExpire), Embstr, "42")
	expect("number", db.SetInt(key, hash, 42, NoExpire), Int, "42")
	e, b := db.Mutable(db.Find(key, hash), 4, 0, 4)
	copy(b[2:], "ab")
	expect("appended to", e, Raw, "42ab")
	if n, ok := e.Int(); ok || db.SetIntAt(e, 1) {
		t.Errorf("42ab is a number: %d", n)
	}
	expect("overwritten", db.Overwrite(e, hash, []byte("-7"), KeepTTL), Int, "-7")
	e = db.Find(key, hash)
	if n, ok := e.Int(); !ok || n != -7 || !db.SetIntAt(e, math.MinInt64) {
		t.Errorf("not a number that can change in place: %d", n)
	}
	expect("in place", e, Int, "-9223372036854775808")
	long := strings.Repeat("y", 100_000)
	expect("long", db.SetString(key, hash, []byte(long), 5), Raw, long)
	e, b = db.Mutable(db.Find(key, hash), 100_002, 0, 100_002)
	expect("longer", e, Raw, long+"\x00\x00")
	b[100_001] = 'z'
	expect("written", e, Raw, long+"\x00z")
	e, _ = db.Mutable(e, 3, 0, 0)
	expect("cut", e, Raw, "yyy")
	e, _ = db.Mutable(e, 5, 0, 0)
	expect("grown again", e, Raw, "yyy\x00\x00")
	if e.ExpireAt() != 5 {
		t.Errorf("deadline %d", e.ExpireAt())
	}
}

func TestNames(t *testing.T) {
	got := fmt.Sprint(String, List, Set, ZSet, Hash, Stream, Type(15), Raw, Int, Embstr, Encoding(15))
	if got != "string list set zset hash stream unknown raw int embstr unknown" {
		t.Error(got)
	}
}
