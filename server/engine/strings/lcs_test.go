package strings_test

import (
	"runtime"
	gostrings "strings"
	"testing"

	"valkey/server/engine/enginetest"
	"valkey/server/engine/strings"
)

// TestLCSMemory holds the garbage of a call to what the walk back needs, not to a number for each pair of prefixes.
func TestLCSMemory(t *testing.T) {
	s := enginetest.New(t, strings.Commands)
	const size = 2000
	s.Do("MSET", "a", gostrings.Repeat("ab", size/2), "b", gostrings.Repeat("ba", size/2))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got := s.Do("LCS", "a", "b", "LEN"); got != "(integer) 1999" {
		t.Errorf("LCS: %s", got)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > size*size/2 {
		t.Errorf("LCS of two strings of %d bytes allocates %d bytes", size, got)
	}
}
