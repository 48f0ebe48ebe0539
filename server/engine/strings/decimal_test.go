package strings

import (
	"math"
	"math/big"
	"strconv"
	"testing"
)

func TestParseDecimal(t *testing.T) {
	for _, c := range []struct {
		text, want string // want is empty where the text is no number
	}{
		{"0", "0"}, {"-0", "0"}, {"1", "1"}, {"-1.50", "-1.5"}, {"+2", "2"}, {".5", "0.5"}, {"5.", "5"}, {"1e3", "1000"},
		{"1E-3", "0.001"}, {"0x1F", "31"}, {"0X1.8P1", "3"}, {"-0x.8", "-0.5"}, {"0.1", "0.1"},
		{"1e-20", "0"}, {"-1e-20", "0"}, {"123456789012345678901234567890", "123456789012345678899921813504"},
		{"1e-4950", "0"}, {"0e-9999", "0"},
		{"", ""}, {"-", ""}, {".", ""}, {"e3", ""}, {"1e", ""}, {"1e+", ""}, {"1 ", ""}, {" 1", ""}, {"1_0", ""}, {"0b1", ""},
		{"0x", ""}, {"0x1e", "30"}, {"1p3", ""}, {"nan", ""}, {"infini", ""}, {"--1", ""}, {"1e4933", ""}, {"1e-4970", ""},
		{"1e-99999999", ""}, {"1e99999999999999999999", ""}, {"1.2.3", ""}, {"0x1p16384", ""},
	} {
		f, ok := parseDecimal([]byte(c.text))
		if !ok {
			if c.want != "" {
				t.Errorf("%q is no number, want %s", c.text, c.want)
			}
			continue
		}
		if got := string(appendDecimal(nil, f)); got != c.want {
			t.Errorf("%q is %s, want %q", c.text, got, c.want)
		}
	}
	for text, sign := range map[string]int{"inf": 1, "-Inf": -1, "+INFINITY": 1} {
		if f, ok := parseDecimal([]byte(text)); !ok || !f.IsInf() || f.Sign() != sign {
			t.Errorf("%q is %v, %v", text, f, ok)
		}
	}
}

// FuzzParseDecimal compares what is read with what the standard library reads, where both have a say.
func FuzzParseDecimal(f *testing.F) {
	for _, seed := range []string{"1.5", "-1e10", "0x1p-2", "inf", "1_000", "00.10", "9e999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parseDecimal([]byte(text))
		if !ok {
			return
		}
		want, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(want, 0) {
			if _, err := strconv.ParseFloat(text+"p0", 64); err != nil { // it wants an exponent behind hexadecimal digits
				t.Fatalf("%q: read as %v, but: %v", text, got, err)
			}
			return
		}
		if near, _ := got.Float64(); err == nil && math.Abs(near-want) > math.Abs(want)*1e-15 {
			t.Fatalf("%q: read as %v, want %v", text, near, want)
		}
		if got.IsInf() {
			return
		}
		b := appendDecimal(nil, got)
		if _, ok := parseDecimal(b); !ok && len(b) <= decimalTextMax {
			t.Fatalf("%q: written as %q, which is no number", text, b)
		}
		if _, ok := new(big.Float).SetString(string(b)); !ok {
			t.Fatalf("%q: written as %q", text, b)
		}
	})
}
