package info

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFieldNamesAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, s := range sections() {
		for _, f := range s.fields {
			if where, ok := seen[f.name]; ok {
				t.Errorf("%s is in %s and in %s", f.name, where, s.name)
			}
			seen[f.name] = s.name
			if !regexp.MustCompile(`^[a-z0-9_]+$`).MatchString(f.name) || f.value == nil {
				t.Errorf("field %q", f.name)
			}
		}
	}
	if len(seen) < 190 {
		t.Errorf("only %d fields", len(seen))
	}
}

func TestAppendValue(t *testing.T) {
	for _, tc := range []struct {
		v    any
		want string
	}{
		{"text", "text"}, {-1, "-1"}, {int64(5), "5"}, {uint64(1) << 63, "9223372036854775808"}, {true, "1"}, {false, "0"},
		{percent(99.999), "100.00%"}, {ratio(1.005), "1.00"},
		{cpu(1234567 * time.Microsecond), "1.234567"}, {cpu(0), "0.000000"},
		{human(0), "0B"}, {human(1023), "1023B"}, {human(1024), "1.00K"}, {human(1 << 20), "1.00M"},
		{human(3 << 29), "1.50G"}, {human(1 << 40), "1.00T"}, {human(1 << 63), "8192.00P"},
	} {
		if got := string(appendValue(nil, tc.v)); got != tc.want {
			t.Errorf("%v (%T): %s, want %s", tc.v, tc.v, got, tc.want)
		}
	}
}

// titles gives the headings of a report.
func titles(report string) (out []string) {
	for line := range strings.SplitSeq(report, "\r\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			out = append(out, title)
		}
	}
	return out
}

func wantTitles(keep func(section) bool) (out []string) {
	for _, s := range sections() {
		if keep(s) {
			out = append(out, s.title)
		}
	}
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("INFO %s: %q, want %q", what, got, want)
	}
}
