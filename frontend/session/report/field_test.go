package report

import (
	"testing"
	"time"
)

func TestAppendValue(t *testing.T) {
	for _, tc := range []struct {
		v    any
		want string
	}{
		{"text", "text"}, {-1, "-1"}, {int64(5), "5"}, {uint64(1) << 63, "9223372036854775808"}, {true, "1"}, {false, "0"},
		{Percent(99.999), "100.00%"}, {Ratio(1.005), "1.00"},
		{CPU(1234567 * time.Microsecond), "1.234567"}, {CPU(0), "0.000000"},
		{Human(0), "0B"}, {Human(1023), "1023B"}, {Human(1024), "1.00K"}, {Human(1 << 20), "1.00M"},
		{Human(3 << 29), "1.50G"}, {Human(1 << 40), "1.00T"}, {Human(1 << 63), "8192.00P"},
	} {
		if got := string(appendValue(nil, tc.v)); got != tc.want {
			t.Errorf("%v (%T): %s, want %s", tc.v, tc.v, got, tc.want)
		}
	}
}
