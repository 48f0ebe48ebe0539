package resp

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// parsed is everything that a stream yields: requests, then perhaps an error.
type parsed struct {
	requests [][]string
	err      string
	used     int
}

// parseStream feeds stream to one parser, cut at the given places, as a server does: what is taken leaves the buffer.
func parseStream(stream []byte, cuts []int, lim *Limits) parsed {
	var p Parser
	var out parsed
	var buf []byte
	from := 0
	for _, to := range append(cuts, len(stream)) {
		buf = append(bytes.Clone(buf), stream[from:to]...) // a new array each time: nothing may point into the old one
		from = to
		for {
			args, n, err := p.Next(buf, nil, lim)
			if err != nil {
				out.err = err.Error()
				return out
			}
			if n == 0 {
				break
			}
			if len(args) > 0 {
				var request []string
				for _, a := range args {
					request = append(request, string(a))
				}
				out.requests = append(out.requests, request)
			}
			out.used += n
			buf = buf[n:]
		}
	}
	return out
}

var streams = []struct {
	name string
	in   string
	want string // requests as %q, then the error
}{
	{"array", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", `[["GET" "k"]] ""`},
	{"empty argument", "*2\r\n$3\r\nGET\r\n$0\r\n\r\n", `[["GET" ""]] ""`},
	{"binary argument", "*1\r\n$4\r\n\r\n\x00\xff\r\n", `[["\r\n\x00\xff"]] ""`},
	{"pipeline", "*1\r\n$4\r\nPING\r\nPING\r\n*1\r\n$4\r\nping\r\n", `[["PING"] ["PING"] ["ping"]] ""`},
	{"two-digit length", "*1\r\n$10\r\n0123456789\r\n", `[["0123456789"]] ""`},
	{"blank lines", "\r\n\n  \r\n*1\r\n$4\r\nPING\r\n", `[["PING"]] ""`},
	{"array of none", "*0\r\n*-10\r\nPING\r\n", `[["PING"]] ""`},
	{"incomplete", "*2\r\n$3\r\nGET\r\n$1\r\n", `[] ""`},
	{"huge count", "*3000000000\r\n", `[] "Protocol error: invalid multibulk length"`},
	{"count is no number", "*1x\r\n", `[] "Protocol error: invalid multibulk length"`},
	{"count with leading zero", "*01\r\n", `[] "Protocol error: invalid multibulk length"`},
	{"count is missing", "*\r\n", `[] "Protocol error: invalid multibulk length"`},
	{"count line without LF", "*1\rx", `[] "Protocol error: invalid CRLF in request"`},
	{"no dollar", "*1\r\nfooz\r\n", `[] "Protocol error: expected '$', got 'f'"`},
	{"NUL for a dollar", "*1\r\n\x00ooz\r\n", `[] "Protocol error: expected '$', got '\x00'"`},
	{"negative length", "*1\r\n$-10\r\n", `[] "Protocol error: invalid bulk length"`},
	{"huge length", "*1\r\n$2000000000\r\n", `[] "Protocol error: invalid bulk length"`},
	{"length is no number", "*1\r\n$blabla\r\n", `[] "Protocol error: invalid bulk length"`},
	{"length line without LF", "*1\r\n$1\rx", `[] "Protocol error: invalid CRLF in request"`},
	{"argument without CRLF", "*1\r\n$3\r\nfooXX", `[] "Protocol error: invalid CRLF in request"`},
	{"good one before a bad one", "*1\r\n$4\r\nPING\r\n*x\r\n",
		`[["PING"]] "Protocol error: invalid multibulk length"`},
	{"inline", "SET  k\tv\r\n", `[["SET" "k" "v"]] ""`},
	{"inline with LF", "GET k\n", `[["GET" "k"]] ""`},
	{"inline CR inside", "a\rb\n", `[["a" "b"]] ""`},
	{"double quotes", `SET "a b" "\x41\n\"\q\xg"` + "\n", `[["SET" "a b" "A\n\"qxg"]] ""`},
	{"single quotes", `SET 'a\'\n' ''` + "\n", `[["SET" "a'\\n" ""]] ""`},
	{"quotes inside a word", `a"b c"d'e'` + "\n", `[["ab cde"]] ""`},
	{"escape at the end of the line", `"foo\"` + "\n", `[["foo\\"]] ""`},
	{"open double quote", "set \"\"\"test-key\"\"\" test-value\"\r\n",
		`[] "Protocol error: unbalanced quotes in request"`},
	{"open single quote", "set 'x\n", `[] "Protocol error: unbalanced quotes in request"`},
	{"NUL hides the line's end", "\x00\nPING\n", `[] ""`},
}

func TestStreams(t *testing.T) {
	for _, c := range streams {
		t.Run(c.name, func(t *testing.T) {
			got := parseStream([]byte(c.in), nil, &Limits{})
			if text := fmt.Sprintf("%q %q", got.requests, got.err); text != c.want {
				t.Errorf("got %s, want %s", text, c.want)
			}
		})
	}
}

func TestTornAtEveryByte(t *testing.T) {
	for _, c := range streams {
		in := []byte(c.in)
		want := parseStream(in, nil, &Limits{})
		every := make([]int, len(in))
		for i := range in {
			every[i] = i
			if got := parseStream(in, []int{i}, &Limits{}); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: cut at %d: got %v, want %v", c.name, i, got, want)
			}
		}
		if got := parseStream(in, every, &Limits{}); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: byte by byte: got %v, want %v", c.name, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("x", InlineMax)
	unauth := Limits{Unauthenticated: true}
	cases := []struct {
		name string
		in   string
		lim  Limits
		want string
	}{
		{"longest inline", long, Limits{}, ""},
		{"too long inline", long + "x", Limits{}, "Protocol error: too big inline request"},
		{"long inline in one piece", long + long + "\n", Limits{}, ""},
		{"garbage after NUL", "\x00\n" + long, Limits{}, "Protocol error: too big inline request"},
		{"longest count", "*" + long[1:], Limits{}, ""},
		{"too long count", "*" + long, Limits{}, "Protocol error: too big mbulk count string"},
		{"longest length", "*1\r\n$" + long[1:], Limits{}, ""},
		{"too long length", "*1\r\n$" + long, Limits{}, "Protocol error: too big bulk count string"},
		{"most arguments", "*2147483647\r\n", Limits{}, ""},
		{"too many arguments", "*2147483648\r\n", Limits{}, "Protocol error: invalid multibulk length"},
		{"own ArgsMax", "*6\r\n", Limits{ArgsMax: 5}, "Protocol error: invalid multibulk length"},
		{"own BulkMax", "*1\r\n$6\r\nabcdef\r\n", Limits{BulkMax: 5}, "Protocol error: invalid bulk length"},
		{"longest argument", "*1\r\n$536870912\r\n", Limits{}, ""},
		{"too long argument", "*1\r\n$536870913\r\n", Limits{}, "Protocol error: invalid bulk length"},
		{"unauthenticated, 10", "*10\r\n", unauth, ""},
		{"unauthenticated, 11", "*11\r\n", unauth, "Protocol error: unauthenticated multibulk length"},
		{"unauthenticated, out of range", "*3000000000\r\n", unauth, "Protocol error: invalid multibulk length"},
		{"unauthenticated, 16384", "*1\r\n$16384\r\n", unauth, ""},
		{"unauthenticated, 16385", "*1\r\n$16385\r\n", unauth, "Protocol error: unauthenticated bulk length"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := parseStream([]byte(c.in), nil, &c.lim); got.err != c.want {
				t.Errorf("got %q, want %q", got.err, c.want)
			}
		})
	}
}

// An error is asked for again after the requests before it have run; by then the limits may allow what they refused.
func TestErrorIsRepeatedUntilLimitsChange(t *testing.T) {
	in := []byte("*11\r\n" + strings.Repeat("$1\r\na\r\n", 11))
	var p Parser
	for range 2 {
		_, _, err := p.Next(in, nil, &Limits{Unauthenticated: true})
		var protocol *ProtocolError
		if !errors.As(err, &protocol) || protocol != errUnauthCount {
			t.Fatalf("got %v", err)
		}
	}
	args, n, err := p.Next(in, nil, &Limits{})
	if len(args) != 11 || n != len(in) || err != nil {
		t.Fatalf("got %d arguments, %d bytes, %v", len(args), n, err)
	}
}

func TestWant(t *testing.T) {
	var p Parser
	in := []byte("*2\r\n$3\r\nSET\r\n$100000\r\nabc")
	if _, n, err := p.Next(in, nil, &Limits{}); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if got := p.Want(); got != 100000+2-3 {
		t.Errorf("got %d", got)
	}
	rest := append(bytes.Repeat([]byte("x"), p.Want()-2), '\r', '\n')
	args, n, err := p.Next(append(in, rest...), nil, &Limits{})
	if len(args) != 2 || n != len(in)+len(rest) || err != nil {
		t.Fatal(len(args), n, err)
	}
	if got := p.Want(); got != 0 {
		t.Errorf("complete: got %d", got)
	}
}

// Time is linear: a million arguments, a byte at a time, would take hours if each call began from the front.
func TestMillionArgumentsDrippingIn(t *testing.T) {
	const count = 1_000_000
	in := append(fmt.Appendf(nil, "*%d\r\n", count), bytes.Repeat([]byte("$1\r\na\r\n"), count)...)
	var p Parser
	for i := range in {
		args, n, err := p.Next(in[:i+1], nil, &Limits{})
		switch {
		case err != nil:
			t.Fatal(err)
		case i+1 < len(in) && n != 0:
			t.Fatalf("taken after %d bytes", i+1)
		case i+1 == len(in) && (n != len(in) || len(args) != count):
			t.Fatalf("%d bytes, %d arguments", n, len(args))
		}
	}
	if cap(p.spans) > spansKept {
		t.Errorf("%d spans stay allocated", cap(p.spans))
	}
}

func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var in []byte
		var want [][]string
		for range 1 + rng.IntN(5) {
			var request []string
			for range 1 + rng.IntN(20) {
				arg := make([]byte, rng.IntN(30))
				for i := range arg {
					arg[i] = byte(rng.IntN(256))
				}
				request = append(request, string(arg))
			}
			in = AppendCommand(in, request...)
			want = append(want, request)
		}
		cut := rng.IntN(len(in))
		got := parseStream(in, []int{cut}, &Limits{})
		if fmt.Sprintf("%q", got.requests) != fmt.Sprintf("%q", want) || got.err != "" || got.used != len(in) {
			t.Fatalf("cut at %d of %d: got %v, want %v", cut, len(in), got, want)
		}
	}
}

func TestArgumentsCannotGrowIntoEachOther(t *testing.T) {
	var p Parser
	for _, in := range []string{"*2\r\n$1\r\na\r\n$1\r\nb\r\n", "a b\n"} {
		args, _, _ := p.Next([]byte(in), nil, &Limits{})
		_ = append(args[0], "xxxxxxxx"...)
		if string(args[1]) != "b" {
			t.Errorf("%q: append to the first argument wrote over the second: %q", in, args[1])
		}
	}
}

func TestParserAllocatesNothing(t *testing.T) {
	in := []byte("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n")
	var p Parser
	var lim Limits
	argv := make([][]byte, 0, 8)
	if n := testing.AllocsPerRun(100, func() {
		_, _, _ = p.Next(in[:20], argv, &lim)
		_, _, _ = p.Next(in, argv, &lim)
		_, _, _ = p.Next(in, argv, &lim)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParser(f *testing.F) {
	for _, c := range streams {
		f.Add([]byte(c.in), uint16(len(c.in)/2), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16, unauth bool) {
		lim := &Limits{InlineMax: 64, ArgsMax: 32, BulkMax: 64, Unauthenticated: unauth}
		want := parseStream(in, nil, lim)
		if want.err == "" && want.used > len(in) {
			t.Fatalf("used %d of %d", want.used, len(in))
		}
		for _, request := range want.requests {
			if again := parseStream(AppendCommand(nil, request...), nil, &Limits{}); len(again.requests) != 1 {
				t.Fatalf("request %q does not survive its own encoding", request)
			}
		}
		if len(in) > 64 {
			return // a line that grows beyond the limit is refused when torn and may be taken when whole
		}
		every := make([]int, len(in))
		for i := range every {
			every[i] = i
		}
		for _, cuts := range [][]int{{int(cut) % (len(in) + 1)}, every} {
			if got := parseStream(in, cuts, lim); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("cut at %v: got %v, want %v", cuts, got, want)
			}
		}
	})
}

func BenchmarkParser(b *testing.B) {
	in := bytes.Repeat(AppendCommand(nil, "SET", "key:000000123456", strings.Repeat("x", 64)), 16)
	var p Parser
	var lim Limits
	argv := make([][]byte, 0, 8)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		for rest := in; len(rest) > 0; {
			_, n, _ := p.Next(rest, argv, &lim)
			rest = rest[n:]
		}
	}
}
