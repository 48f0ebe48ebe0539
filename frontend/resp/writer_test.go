package resp

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestWriter(t *testing.T) {
	cases := []struct {
		name         string
		write        func(w *Writer)
		resp2, resp3 string // resp3 empty: the same
	}{
		{"ok", func(w *Writer) { w.OK() }, "+OK\r\n", ""},
		{"simple", func(w *Writer) { w.Simple("PONG") }, "+PONG\r\n", ""},
		{"error", func(w *Writer) { w.Error("ERR no") }, "-ERR no\r\n", ""},
		{"error with line ends", func(w *Writer) { w.Error("ERR a\r\nb") }, "-ERR a  b\r\n", ""},
		{"int", func(w *Writer) { w.Int(-42) }, ":-42\r\n", ""},
		{"smallest int", func(w *Writer) { w.Int(math.MinInt64) }, ":-9223372036854775808\r\n", ""},
		{"bulk", func(w *Writer) { w.Bulk([]byte("a\r\nb")) }, "$4\r\na\r\nb\r\n", ""},
		{"nil bulk", func(w *Writer) { w.Bulk(nil) }, "$0\r\n\r\n", ""},
		{"long bulk", func(w *Writer) { w.BulkString("0123456789") }, "$10\r\n0123456789\r\n", ""},
		{"bulk int", func(w *Writer) { w.BulkInt(math.MinInt64) }, "$20\r\n-9223372036854775808\r\n", ""},
		{"null", func(w *Writer) { w.Null() }, "$-1\r\n", "_\r\n"},
		{"null array", func(w *Writer) { w.NullArray() }, "*-1\r\n", "_\r\n"},
		{"array", func(w *Writer) { w.Array(12) }, "*12\r\n", ""},
		{"map", func(w *Writer) { w.Map(2) }, "*4\r\n", "%2\r\n"},
		{"set", func(w *Writer) { w.Set(2) }, "*2\r\n", "~2\r\n"},
		{"push", func(w *Writer) { w.Push(3) }, "*3\r\n", ">3\r\n"},
		{"double", func(w *Writer) { w.Double(1.5) }, "$3\r\n1.5\r\n", ",1.5\r\n"},
		{"true", func(w *Writer) { w.Bool(true) }, ":1\r\n", "#t\r\n"},
		{"false", func(w *Writer) { w.Bool(false) }, ":0\r\n", "#f\r\n"},
		{"verbatim", func(w *Writer) { w.Verbatim("txt", "hi") }, "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"},
		{"big number", func(w *Writer) { w.BigNumber("12345678901234567890") },
			"$20\r\n12345678901234567890\r\n", "(12345678901234567890\r\n"},
		{"raw", func(w *Writer) { w.Raw([]byte(":1\r\n")) }, ":1\r\n", ""},
		{"later", func(w *Writer) {
			outer := w.Later()
			w.Int(1)
			inner := w.Later()
			w.Int(2)
			w.EndSet(inner, 1)
			empty := w.Later()
			w.EndArray(empty, 0)
			w.EndMap(outer, 100)
		}, "*200\r\n:1\r\n*1\r\n:2\r\n*0\r\n", "%100\r\n:1\r\n~1\r\n:2\r\n*0\r\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.resp3 == "" {
				c.resp3 = c.resp2
			}
			for proto, want := range map[int]string{2: c.resp2, 3: c.resp3} {
				w := Writer{Buf: []byte(">>"), Proto: proto}
				c.write(&w)
				if got := string(w.Buf); got != ">>"+want {
					t.Errorf("RESP%d: got %q, want %q", proto, got, want)
				}
			}
		})
	}
}

func TestWriterAllocatesNothing(t *testing.T) {
	w := Writer{Buf: make([]byte, 0, 1024), Proto: 3}
	value := []byte("value")
	if n := testing.AllocsPerRun(100, func() {
		w.Buf = w.Buf[:0]
		m := w.Later()
		w.OK()
		w.Bulk(value)
		w.Int(123456)
		w.BulkInt(-5)
		w.Double(0.1)
		w.Error("ERR no")
		w.Null()
		w.EndArray(m, 7)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDoubleText(t *testing.T) {
	cases := []struct {
		f    float64
		want string
	}{
		{0, "0"},
		{math.Copysign(0, -1), "-0"},
		{math.NaN(), "nan"},
		{math.Inf(1), "inf"},
		{math.Inf(-1), "-inf"},
		{3, "3"},
		{-17, "-17"},
		{3.14, "3.14"},
		{-0.5, "-0.5"},
		{0.30000000000000004, "0.30000000000000004"},
		{1e15, "1000000000000000"},
		{1e18, "1000000000000000000"},
		{4611686018427387904, "4611686018427387904"}, // 2^62, the last integer
		{9223372036854775808, "9223372036854776000"},
		{1e20, "1e+20"},
		{1e21, "1e+21"},
		{1.5e300, "1.5e+300"},
		{-1.7976931348623157e308, "-1.7976931348623157e+308"},
		{5e-324, "5e-324"},
		{0.001, "0.001"},
		{0.000001, "0.000001"},
		{0.0000001, "1e-7"},
		{0.001234, "0.001234"},
		{0.00001234, "1.234e-5"},
		{1.23456789e-8, "1.23456789e-8"},
		// Where Grisu2 misses the shortest or the nearest digits.
		{4.990752767256525e-19, "4.9907527672565255e-19"},
		{686425302438963.2, "686425302438963.3"},
		{-7.106426066689783e-48, "-7.106426066689782e-48"},
		{0.3061770121304421, "0.30617701213044213"},
		{-3.4635784277749586e+211, "-3.4635784277749587e+211"},
	}
	for _, c := range cases {
		if got := string(AppendDouble(nil, c.f)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.f, got, c.want)
		}
	}
}

func TestDoubleReadsBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		f := math.Float64frombits(rng.Uint64())
		text := AppendDouble(nil, f)
		got, err := strconv.ParseFloat(string(text), 64)
		if !math.IsNaN(f) && (err != nil || got != f) {
			t.Fatalf("%x became %s", f, text)
		}
		if len(text) > doubleLenMax {
			t.Fatalf("%s has %d bytes", text, len(text))
		}
	}
}

func TestParseInt(t *testing.T) {
	good := map[string]int64{
		"0": 0, "7": 7, "-1": -1, "123456": 123456,
		"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	}
	for text, want := range good {
		if got, ok := ParseInt([]byte(text)); !ok || got != want {
			t.Errorf("%q: got %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "0x1", "a", "9223372036854775808",
		"-9223372036854775809", "10000000000000000000", "99999999999999999999", "100000000000000000000000"} {
		if got, ok := ParseInt([]byte(text)); ok {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}

func TestAppendCommand(t *testing.T) {
	if got := string(AppendCommand(nil, "GET", "k")); got != "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" {
		t.Errorf("got %q", got)
	}
	if got := string(AppendCommand([]byte("x"), []byte("PING"))); got != "x*1\r\n$4\r\nPING\r\n" {
		t.Errorf("got %q", got)
	}
}

func BenchmarkWriter(b *testing.B) {
	w := Writer{Buf: make([]byte, 0, 16<<10), Proto: 2}
	value := bytes.Repeat([]byte("x"), 64)
	for b.Loop() {
		w.Buf = w.Buf[:0]
		w.Bulk(value)
		w.OK()
		w.Int(12345)
	}
}

func BenchmarkDouble(b *testing.B) {
	buf := make([]byte, 0, 64)
	for b.Loop() {
		buf = AppendDouble(buf[:0], 3.14159)
	}
}

func TestSplitWordsLeavesTheLineAlone(t *testing.T) {
	line := []byte(`save "a\x41" 'b'`)
	before := string(line)
	words, ok := SplitWords(line, nil)
	if !ok || len(words) != 3 || string(words[1]) != "aA" || string(words[2]) != "b" {
		t.Errorf("got %q, %v", words, ok)
	}
	if string(line) != before {
		t.Errorf("the line became %q", line)
	}
	if words, ok := SplitWords([]byte(strings.Repeat(" ", 5)), nil); !ok || len(words) != 0 {
		t.Errorf("blanks: %q, %v", words, ok)
	}
}
