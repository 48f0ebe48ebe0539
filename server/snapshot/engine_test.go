package snapshot_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"valkey/configs"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/keys"
	enginestrings "valkey/server/engine/strings"
	"valkey/server/snapshot"
	"valkey/store/rdb"
)

// command draws one that changes something: values in place and anew, deadlines, names, whole databases.
func command(rng *rand.Rand) []string {
	key := func() string { return fmt.Sprint("k", rng.IntN(400)) }
	text := func() string { return strings.Repeat(string(rune('a'+rng.IntN(26))), rng.IntN(300)) }
	db := func() string { return fmt.Sprint(rng.IntN(databases)) }
	switch n := rng.IntN(1000); {
	case n < 300:
		return []string{"SET", key(), text()}
	case n < 400:
		return []string{"SET", key(), text(), "PX", fmt.Sprint(1 + rng.IntN(3000))}
	case n < 500:
		return []string{"APPEND", key(), text()}
	case n < 560:
		return []string{"SETRANGE", key(), fmt.Sprint(rng.IntN(500)), text()}
	case n < 640:
		return []string{"INCRBY", fmt.Sprint("n", rng.IntN(50)), fmt.Sprint(rng.Int32())}
	case n < 720:
		return []string{"PEXPIRE", key(), fmt.Sprint(rng.IntN(3000))}
	case n < 760:
		return []string{"PERSIST", key()}
	case n < 840:
		return []string{"DEL", key()}
	case n < 880:
		return []string{"RENAME", key(), key()}
	case n < 920:
		return []string{"COPY", key(), key(), "DB", db(), "REPLACE"}
	case n < 950:
		return []string{"MOVE", key(), db()}
	case n < 980:
		return []string{"GETEX", key(), "PX", "500"}
	case n < 990:
		return []string{"SWAPDB", db(), db()}
	case n < 994:
		return []string{"FLUSHDB", []string{"SYNC", "ASYNC"}[rng.IntN(2)]}
	case n < 995:
		return []string{"FLUSHALL"}
	default:
		return []string{"SET", key(), strings.Repeat("large", 20_000)} // pinned, not copied
	}
}

// TestEngineIsExact runs commands while the data is saved, lets time pass so that keys expire, and evicts: what is
// loaded back is what there was at the cut.
func TestEngineIsExact(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 2))
		s := enginetest.New(t, keys.Commands, enginestrings.Commands)
		run := func(n int, between func()) {
			for range n {
				s.Do(command(rng)...)
				if rng.IntN(50) == 0 {
					s.Advance(time.Duration(rng.IntN(300)) * time.Millisecond)
				}
				between()
			}
		}
		run(rng.IntN(3000), func() {})
		want := contents(s.Store)
		var out bytes.Buffer
		o := snapshot.Options{Store: s.Store, Version: rdb.V80, Checksum: true, Compress: true, Out: &out}
		o.SetLimits(2000, 20000, 0, 0, 0)
		j, err := snapshot.Start(o)
		if err != nil {
			t.Fatal(err)
		}
		if seed%4 == 0 {
			s.Config.MaxmemoryPolicy = configs.PolicyAllkeysRandom
			s.Config.Maxmemory = uint64(s.Store.Used()) * 3 / 4
		}
		run(3000, func() {
			if rng.IntN(20) == 0 {
				j.Step(time.Microsecond)
			}
		})
		if r := j.Drain(); r.Err != nil || r.Keys != len(want) {
			t.Fatalf("seed %d: %+v, want %d keys", seed, r, len(want))
		}
		back, _, err := load(t, out.Bytes(), nil)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		compare(t, fmt.Sprint("seed ", seed), contents(back), want)
	}
}
