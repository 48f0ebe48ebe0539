//go:build compat

package interop

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"valkey/testenv"
	"valkey/testenv/proxy"
)

const (
	tornCuts  = 12        // how often each link is broken off
	tornCopy  = 200_000   // bytes of a copy among which it breaks
	tornWrite = 30        // writes between two looks at the link
	tornSeed  = 0xfa17_01 // of the faults
)

// TestTornLinks breaks the link between each pair off again and again, in the dialogue, in the copy and in the stream,
// while writes go on: a replica that loads a copy in any of the ways must end with the primary's data and place.
func TestTornLinks(t *testing.T) {
	run := 0
	for _, c := range couples {
		loads := []string{"disabled", "swapdb", "on-empty-db"}
		if c.replica == testenv.Ours {
			loads = append(loads, "flush-before-load")
		}
		for _, load := range loads {
			for _, dual := range []string{"no", "yes"} {
				if dual == "yes" && c.primary == testenv.Redis {
					continue
				}
				run++
				seed := uint64(tornSeed + run)
				t.Run(fmt.Sprintf("%v to %v/%s/dual channel %s", c.primary, c.replica, load, dual), func(t *testing.T) {
					torn(t, c.primary, c.replica, load, dual, seed)
				})
			}
		}
	}
}

func torn(t *testing.T, from, to testenv.Program, load, dual string, seed uint64) {
	t.Helper()
	t.Parallel()
	t.Logf("seed %#x", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	args := slices.Clone(options)
	if dual == "yes" {
		args = append(args, "--dual-channel-replication-enabled", dual)
	}
	primary := from.Start(t, append(args, "--repl-backlog-size", "1mb")...)
	replica := to.Start(t, append(args, "--repl-diskless-load", load)...)
	link := proxy.New(t, primary.Addr)
	for range tornCuts {
		f := proxy.Fault{Kind: proxy.Kind(rng.IntN(2)), Dir: proxy.Down, After: rng.Int64N(60_000)}
		switch r := rng.IntN(10); {
		case r == 0:
			f.After = rng.Int64N(300) // the dialogue, as the replica hears it
		case r == 1:
			f.Dir, f.After = proxy.Up, rng.Int64N(300) // and as the primary does
		case r < 5:
			f.After = rng.Int64N(tornCopy)
		}
		link.Break(f)
	}
	p, r := primary.Client(t), replica.Client(t)
	w := testenv.NewWorkload(seed)
	w.Calm = seed%2 == 0 // few full syncs then
	testenv.Follow(t, r, link.Addr)
	testenv.Eventually(t, 4*deadline, "the link has broken as often as it should", func() bool {
		w.Write(t, p, tornWrite)
		return link.Accepted() > tornCuts
	})
	testenv.Linked(t, r)
	testenv.InSync(t, "after the faults", p, r)
	testenv.SamePlace(t, p, r)
	if dual == "yes" && testenv.Info(t, p, "sync_full") != "0" && testenv.Info(t, p, "sync_partial_ok") == "0" {
		t.Error("no copy came over a second connection")
	}
	t.Logf("%d connections, %s full, %s partial", link.Accepted(), testenv.Info(t, p, "sync_full"),
		testenv.Info(t, p, "sync_partial_ok"))
}
