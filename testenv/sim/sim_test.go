package sim

import (
	"flag"
	"testing"
	"time"

	"valkey/testenv/virtual"
)

var (
	seeds = flag.Int("seeds", 25, "how many seeds TestSeeds runs")
	first = flag.Uint64("seed", 1, "the first of them")
)

// shapeOf makes a fleet's shape from its seed.
func shapeOf(seed uint64) Shape {
	w := virtual.NewWorld(seed)
	s := Shape{
		Seed: seed, Sentinels: 3 + 2*w.Rand.IntN(2), Primaries: 1 + w.Rand.IntN(2), Replicas: 1 + w.Rand.IntN(3),
		DownAfter: w.Between(300*time.Millisecond, 3*time.Second), Timeout: w.Between(2*time.Second, 20*time.Second),
	}
	s.Quorum = 1 + w.Rand.IntN(s.Sentinels/2+1)
	return s
}

// TestSeeds breaks fleets, a seed each, and holds every step to the rules of check.go. In the end, when everything is
// mended, the fleet has to come to one answer.
func TestSeeds(t *testing.T) {
	promotions := 0
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		f := New(shapeOf(seed))
		f.Run(3 * time.Second)
		for range 6 + f.Rand.IntN(10) {
			f.Break()
			f.Run(f.Between(50*time.Millisecond, 6*time.Second))
		}
		f.Run(15 * time.Second)
		f.Mend()
		f.Run(time.Second)
		why := ""
		settled := f.Until(3*time.Minute, func() bool {
			for p := range f.Shape.Primaries {
				ok, missing := f.Settled(p)
				if why = missing; !ok {
					return false
				}
			}
			return true
		})
		promotions += f.check.promotions
		switch {
		case f.check.failed != "":
			t.Fatalf("%s\nseed %d, %+v: %s", f.Story(), seed, f.Shape, f.check.failed)
		case !settled:
			t.Fatalf("%s\nseed %d, %+v: no peace after three minutes: %s", f.Story(), seed, f.Shape, why)
		}
	}
	if promotions < *seeds {
		t.Fatalf("%d promotions in %d seeds: the simulation is blind", promotions, *seeds)
	}
	t.Logf("%d seeds, %d promotions", *seeds, promotions)
}
