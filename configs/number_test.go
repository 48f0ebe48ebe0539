package configs

import "testing"

func TestParseMemory(t *testing.T) {
	for in, want := range map[string]uint64{
		"0": 0, "1": 1, "1b": 1, "1k": 1000, "1kb": 1024, "1M": 1000000, "1mB": 1 << 20, "2g": 2e9, "3GB": 3 << 30,
		"": 0, "gb": 0, "007": 7, "18446744073709551615": 1<<64 - 1, "17179869183gb": 17179869183 << 30,
	} {
		if got, ok := ParseMemory(in); !ok || got != want {
			t.Errorf("%q is %d, %v", in, got, ok)
		}
	}
	for _, in := range []string{"-1", "1x", "1 kb", "1kbb", "18446744073709551616", "17179869184gb", "1.5gb", "+1", "x"} {
		if got, ok := ParseMemory(in); ok {
			t.Errorf("%q was taken as %d", in, got)
		}
	}
	for in, want := range map[uint64]string{
		0: "0", 1023: "1023", 1024: "1kb", 1 << 20: "1mb", 3 << 30: "3gb", 1536: "1536",
	} {
		if got := formatMemory(in); got != want {
			t.Errorf("%d is written %q", in, got)
		}
	}
}
