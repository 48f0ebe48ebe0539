package acl

import (
	"math/rand/v2"
	"testing"

	"valkey/internal/glob"
)

// TestKeyPatternIsGlob: what is compared at once gives the answers of the matcher that it stands in for.
func TestKeyPatternIsGlob(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	word := func(letters string, most int) string {
		b := make([]byte, rng.IntN(most+1))
		for i := range b {
			b[i] = letters[rng.IntN(len(letters))]
		}
		return string(b)
	}
	prefixes := 0
	for range 100_000 {
		p := newKeyPattern(word(`ab*?[\`, 3)+word("*", 2), readsAndWrites)
		key := word("ab*?", 4)
		if p.matches([]byte(key)) != glob.Match([]byte(p.pattern), []byte(key)) {
			t.Fatalf("%q with %q: %v", p.pattern, key, p.matches([]byte(key)))
		}
		if p.isPrefix {
			prefixes++
		}
	}
	if prefixes == 0 {
		t.Error("no pattern was a prefix")
	}
}
