package glob

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"*", "", false}, {"", "a", false}, {"a", "", false},
		{"*", "a", true}, {"**", "a", true}, {"a*", "a", true}, {"a**", "a", true}, {"*a", "ba", true}, {"*a", "ab", false},
		{"?", "a", true}, {"?", "ab", false}, {"a?c", "abc", true}, {"??", "a", false},
		{"a*b*c", "a--b--c", true}, {"a*b*c", "a--c--b", false}, {"*?", "a", true}, {"*?*?", "a", false},
		{"h[ae]llo", "hello", true}, {"h[ae]llo", "hillo", false}, {"h[^e]llo", "hallo", true}, {"h[^e]llo", "hello", false},
		{"h[a-c]llo", "hbllo", true}, {"h[c-a]llo", "hbllo", true}, {"h[a-c]llo", "hdllo", false},
		{"[a\\]]", "]", true}, {"[a\\-z]", "-", true}, {"[a\\-z]", "m", false}, {"[a-]", "b", false}, {"[a-]", "^", true},
		{"[abc", "b", true}, {"[abc", "d", false}, {"[", "a", false}, {"[^", "a", true},
		{"[]", "a", false}, {"[^]", "a", true},
		{"x[abc", "xb", true}, {"[abc*", "bz", false},
		{"\\*", "*", true}, {"\\*", "a", false}, {"\\\\", "\\", true}, {"\\", "\\", true}, {"a\\", "a\\", true},
		{"[\xf0-\x05]", "\xff", true}, {"[\x01-\xff]", "\x7f", false},
		{"Hello", "hello", false}, {"*\x00*", "a\x00b", true},
	} {
		if got := Match([]byte(tc.pattern), []byte(tc.text)); got != tc.want {
			t.Errorf("Match(%q, %q) = %v", tc.pattern, tc.text, got)
		}
	}
}

func TestMatchFold(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"Hello", "hELLO", true}, {"h[A-C]llo", "hBllo", true}, {"h[A-C]llo", "hbllo", true}, {"[X]", "x", true},
		{"[\\X]", "x", false}, {"\\X", "x", true}, {"[", "a", false}, {"@", "`", false}, {"[Z-a]", "b", false},
	} {
		if got := MatchFold([]byte(tc.pattern), []byte(tc.text)); got != tc.want {
			t.Errorf("MatchFold(%q, %q) = %v", tc.pattern, tc.text, got)
		}
	}
}

func TestStarLimit(t *testing.T) {
	text := bytes.Repeat([]byte("a"), 50_000)
	if !Match([]byte(strings.Repeat("*?", starsMax)), text) {
		t.Error("a pattern at the limit does not match")
	}
	if Match([]byte(strings.Repeat("*?", starsMax+1)), text) {
		t.Error("a pattern beyond the limit matches")
	}
	if Match([]byte(strings.Repeat("a*", 25_000)+"b"), text) {
		t.Error("an abusive pattern matches")
	}
}

// slow is the definition by recursion, without the limit: the model that match is compared with.
func slow(pattern, s []byte, fold bool) bool {
	if len(pattern) == 0 || len(s) == 0 {
		return len(pattern) == 0 && len(s) == 0
	}
	if pattern[0] == '*' {
		rest := skipStars(pattern)
		for i := range s {
			if slow(rest, s[i:], fold) {
				return true
			}
		}
		return len(rest) == 0
	}
	rest, ok := matchOne(pattern, s[0], fold)
	return ok && (slow(rest, s[1:], fold) || len(s) == 1 && len(skipStars(rest)) == 0)
}

func TestModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(alphabet string, max int) []byte {
		b := make([]byte, rng.IntN(max+1))
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return b
	}
	for range 200_000 {
		pattern, text := draw("aaAb*?[]^-\\", 9), draw("abAB-", 9)
		fold := rng.IntN(2) == 0
		if got, want := match(pattern, text, fold), slow(pattern, text, fold); got != want {
			t.Fatalf("match(%q, %q, %v) = %v, the model says %v", pattern, text, fold, got, want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	pattern, text := []byte("user:*:[a-f]?\\*"), []byte("user:1000:a0*")
	if n := testing.AllocsPerRun(100, func() { MatchFold(pattern, text) }); n != 0 {
		t.Errorf("%v allocations a match", n)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte("a*[^b-d]\\*?"), []byte("aaxx*y"))
	f.Add([]byte("[a-"), []byte("b"))
	f.Fuzz(func(t *testing.T, pattern, text []byte) {
		if len(pattern) > 64 || len(text) > 64 || bytes.Count(pattern, []byte("*")) > 4 {
			Match(pattern, text)
			MatchFold(pattern, text)
			return
		}
		for _, fold := range []bool{false, true} {
			if got, want := match(pattern, text, fold), slow(pattern, text, fold); got != want {
				t.Errorf("match(%q, %q, %v) = %v, the model says %v", pattern, text, fold, got, want)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	pattern, text := []byte("user:*:name"), []byte("user:1234567:name")
	for b.Loop() {
		Match(pattern, text)
	}
}
