package configs

import (
	"slices"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for _, tc := range []struct {
		line string
		want []string
		bad  bool
	}{
		{line: ""}, {line: " \t "},
		{line: "a b\tc", want: []string{"a", "b", "c"}},
		{line: `a "b c" 'd e'`, want: []string{"a", "b c", "d e"}},
		{line: `"" ''`, want: []string{"", ""}},
		{line: `"\x41\n\r\t\b\a\q\"\\"`, want: []string{"A\n\r\t\b\aq\"\\"}},
		{line: `"\xg1\x4"`, want: []string{"xg1x4"}},
		{line: `'\'\n'`, want: []string{`'\n`}},
		{line: `a"b c"`, want: []string{"ab c"}}, {line: `a\n`, want: []string{`a\n`}},
		{line: `"a`, bad: true}, {line: `'a`, bad: true}, {line: `"a"b`, bad: true}, {line: `'a'b`, bad: true},
		{line: `"a\"`, bad: true}, {line: `'a\'`, bad: true}, {line: `"`, bad: true}, {line: `"\`, bad: true},
	} {
		got, ok := splitWords(tc.line)
		if ok == tc.bad || !slices.Equal(got, tc.want) {
			t.Errorf("splitWords(%q) = %q, %v", tc.line, got, ok)
		}
	}
}

func FuzzSplitWords(f *testing.F) {
	f.Add(`save "900 1" 'x\'y' "\x00"`)
	f.Add(`a"b`)
	f.Fuzz(func(t *testing.T, s string) {
		if back, ok := splitWords(quote(s)); !ok || len(back) != 1 || back[0] != s {
			t.Fatalf("%q is quoted as %q and comes back as %q", s, quote(s), back)
		}
		words, ok := splitWords(s)
		if !ok {
			return
		}
		var again string
		for _, w := range words {
			again += quote(w) + " "
		}
		if back, ok := splitWords(again); !ok || !slices.Equal(back, words) {
			t.Fatalf("%q comes back as %q", words, back)
		}
	})
}
