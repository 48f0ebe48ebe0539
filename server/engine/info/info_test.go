package info

import (
	"slices"
	"strings"
	"testing"

	"valkey/frontend/session/report"
)

// titles gives the headings of a report.
func titles(text string) (out []string) {
	for line := range strings.SplitSeq(text, "\r\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			out = append(out, title)
		}
	}
	return out
}

func wantTitles(keep func(report.Section) bool) (out []string) {
	for _, s := range sections(&reading{}) {
		if keep(s) {
			out = append(out, s.Title)
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
