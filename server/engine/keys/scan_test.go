package keys_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/server/engine/enginetest"
	"valkey/server/engine/keys"
	stringsfamily "valkey/server/engine/strings"
)

const (
	scanKeys  = 2000
	scanSeeds = 5
)

// TestScanGuarantee walks a database that grows and shrinks meanwhile: every key that is there all the time is
// replied.
func TestScanGuarantee(t *testing.T) {
	for seed := range uint64(scanSeeds) {
		r := rand.New(rand.NewPCG(seed, 0))
		s := enginetest.New(t, keys.Commands, stringsfamily.Commands)
		for i := range scanKeys {
			s.Do("SET", "stays"+strconv.Itoa(i), "v")
			s.Do("SET", "comes and goes"+strconv.Itoa(i), "v")
		}
		seen := make(map[string]bool)
		grows := seed%2 == 0
		cursor, calls := "0", 0
		for cursor != "0" || calls == 0 {
			calls++
			var found []string
			cursor, found = scan(t, s, "SCAN", cursor, "COUNT", strconv.Itoa(1+r.IntN(30)), "MATCH", "stays*")
			for _, key := range found {
				seen[key] = true
			}
			for range 50 {
				key := "comes and goes" + strconv.Itoa(r.IntN(2*scanKeys))
				if grows {
					s.Do("SET", key, "v")
				} else {
					s.Do("DEL", key)
				}
			}
		}
		for i := range scanKeys {
			if !seen["stays"+strconv.Itoa(i)] {
				t.Fatalf("seed %d: stays%d was never replied in %d calls", seed, i, calls)
			}
		}
	}
}

// TestScanIsBounded holds a call to its share of work: however few keys there are left in how large a table, and
// however many are asked for.
func TestScanIsBounded(t *testing.T) {
	s := enginetest.New(t, keys.Commands, stringsfamily.Commands)
	for i := range scanKeys {
		s.Do("SET", strconv.Itoa(i), "v")
	}
	if cursor, found := scan(t, s, "SCAN", "0", "COUNT", "10"); cursor == "0" || len(found) > 50 {
		t.Errorf("COUNT 10 replies %d keys, cursor %s", len(found), cursor)
	}
	huge := fmt.Sprint(int64(1) << 62)
	if cursor, found := scan(t, s, "SCAN", "0", "COUNT", huge); cursor != "0" || len(found) != scanKeys {
		t.Errorf("a huge COUNT replies %d keys, cursor %s", len(found), cursor)
	}
	if cursor, found := scan(t, s, "SCAN", "0", "COUNT", "10", "MATCH", "none"); cursor == "0" || len(found) != 0 {
		t.Errorf("what does not match counts too: %d keys, cursor %s", len(found), cursor)
	}
}

// TestScanExpires removes what has expired on its way, in the buckets it visits and no others.
func TestScanExpires(t *testing.T) {
	s := enginetest.New(t, keys.Commands, stringsfamily.Commands)
	s.Engine.SetActiveExpire(false)
	for i := range scanKeys {
		s.Do("SET", strconv.Itoa(i), "v", "PX", "1")
	}
	s.Advance(2 * time.Millisecond)
	calls := 0
	for cursor := "0"; cursor != "0" || calls == 0; calls++ {
		var found []string
		if cursor, found = scan(t, s, "SCAN", cursor); len(found) > 0 {
			t.Fatalf("expired keys are replied: %q", found)
		}
	}
	if got := s.Do("DBSIZE"); got != "(integer) 0" {
		t.Errorf("after %d calls there are %s keys left", calls, got)
	}
}

func scan(t *testing.T, s *enginetest.Server, args ...string) (cursor string, keys []string) {
	t.Helper()
	cursor, list, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(s.Do(args...), "["), "]"), ", ")
	if !ok {
		t.Fatalf("%q: no scan's reply", args)
	}
	for quoted := range strings.SplitSeq(strings.Trim(list, "[]"), ", ") {
		if key, err := strconv.Unquote(quoted); err == nil {
			keys = append(keys, key)
		}
	}
	return strings.Trim(cursor, `"`), keys
}
