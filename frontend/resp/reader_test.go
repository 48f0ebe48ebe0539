package resp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReader(t *testing.T) {
	cases := []struct {
		in   string
		want Value
	}{
		{"+OK\r\n", Value{Kind: KindSimple, Str: "OK"}},
		{"-ERR no\r\n", Value{Kind: KindError, Str: "ERR no"}},
		{":-5\r\n", Value{Kind: KindInt, Int: -5}},
		{"$3\r\na\r\n\r\n", Value{Kind: KindBulk, Str: "a\r\n"}},
		{"$0\r\n\r\n", Value{Kind: KindBulk}},
		{"$-1\r\n", Value{Kind: KindNull}},
		{"*-1\r\n", Value{Kind: KindNull}},
		{"_\r\n", Value{Kind: KindNull}},
		{"*0\r\n", Value{Kind: KindArray}},
		{"*2\r\n:1\r\n*1\r\n+x\r\n", Value{Kind: KindArray, Elems: []Value{
			{Kind: KindInt, Int: 1}, {Kind: KindArray, Elems: []Value{{Kind: KindSimple, Str: "x"}}}}}},
		{"%1\r\n+k\r\n:1\r\n", Value{Kind: KindMap, Elems: []Value{
			{Kind: KindSimple, Str: "k"}, {Kind: KindInt, Int: 1}}}},
		{"~1\r\n#t\r\n", Value{Kind: KindSet, Elems: []Value{{Kind: KindBool, Int: 1}}}},
		{">1\r\n#f\r\n", Value{Kind: KindPush, Elems: []Value{{Kind: KindBool}}}},
		{",1.5\r\n", Value{Kind: KindDouble, Str: "1.5", Double: 1.5}},
		{",-inf\r\n", Value{Kind: KindDouble, Str: "-inf", Double: math.Inf(-1)}},
		{"=6\r\ntxt:hi\r\n", Value{Kind: KindVerbatim, Str: "txt:hi"}},
		{"(123\r\n", Value{Kind: KindBigNumber, Str: "123"}},
		{"!5\r\nERR x\r\n", Value{Kind: KindBulkError, Str: "ERR x"}},
		{"+" + strings.Repeat("x", 40_000) + "\r\n", Value{Kind: KindSimple, Str: strings.Repeat("x", 40_000)}},
	}
	for _, c := range cases {
		for _, in := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
			r := NewReader(in)
			got, err := r.Read()
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%.40q: got %v, %v", c.in, got, err)
			}
			if _, err := r.Read(); !errors.Is(err, io.EOF) {
				t.Errorf("%.40q: at the end: %v", c.in, err)
			}
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, in := range []string{
		"x\r\n", "+OK\n", "$x\r\n", "$-2\r\n", "$536870913\r\n", "$1\r\nabc", "*-2\r\n", "*99999999\r\n",
		"%9223372036854775807\r\n",
		"#x\r\n", "_x\r\n", ",x\r\n", ":\r\n", "+" + strings.Repeat("x", LineMax+readerBuffer+1),
		strings.Repeat("*1\r\n", DepthMax+1) + ":1\r\n",
	} {
		if v, err := NewReader(strings.NewReader(in)).Read(); !errors.Is(err, ErrReply) {
			t.Errorf("%.40q: got %v, %v", in, v, err)
		}
	}
}

func TestReaderTruncated(t *testing.T) {
	in := "*3\r\n$3\r\nabc\r\n%1\r\n+k\r\n,1.5\r\n:1\r\n"
	for n := 1; n < len(in); n++ {
		if _, err := NewReader(strings.NewReader(in[:n])).Read(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", in[:n], err)
		}
	}
}

// What Writer writes, Reader reads, in both versions.
func TestReaderReadsWriter(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		w := Writer{Proto: 2 + rng.IntN(2)}
		want := randomValue(rng, &w, 0)
		got, err := NewReader(bytes.NewReader(w.Buf)).Read()
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q: got %v, %v, want %v", w.Buf, got, err, want)
		}
	}
}

// randomValue writes a value and returns what a reader should make of it.
func randomValue(rng *rand.Rand, w *Writer, depth int) Value {
	switch n := rng.IntN(9); {
	case n == 0:
		w.Simple("fine")
		return Value{Kind: KindSimple, Str: "fine"}
	case n == 1:
		i := rng.Int64() >> rng.IntN(64)
		w.Int(i)
		return Value{Kind: KindInt, Int: i}
	case n == 2:
		w.Null()
		return Value{Kind: KindNull}
	case n == 3 && w.Proto == 3:
		f := math.Float64frombits(rng.Uint64())
		w.Double(f)
		return Value{Kind: KindDouble, Str: string(AppendDouble(nil, f)), Double: f}
	case n == 4 && w.Proto == 3:
		w.Bool(true)
		return Value{Kind: KindBool, Int: 1}
	case n < 6 || depth > 4:
		text := strings.Repeat("é\r\n", rng.IntN(30))
		w.BulkString(text)
		return Value{Kind: KindBulk, Str: text}
	default:
		v := Value{Kind: KindArray}
		m := w.Later()
		count := rng.IntN(12)
		for range count {
			v.Elems = append(v.Elems, randomValue(rng, w, depth+1))
		}
		w.EndArray(m, count)
		return v
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("*2\r\n$1\r\na\r\n%1\r\n+k\r\n_\r\n"))
	f.Add([]byte("=6\r\ntxt:hi\r\n>1\r\n,nan\r\n"))
	f.Add([]byte("!5\r\nERR x\r\n|1\r\n+a\r\n#t\r\n(12\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewReader(bytes.NewReader(in))
		for {
			if _, err := r.Read(); err != nil {
				return
			}
		}
	})
}
