package sim

import (
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"valkey/testenv/virtual"
)

var (
	seeds = flag.Int("seeds", 25, "how many seeds TestSeeds runs")
	first = flag.Uint64("seed", 1, "the first of them")
)

// shapeOf makes a fleet's shape from its seed. Where the quorum is too small for its default, more than half of the
// sentinels are expected, as the documents ask of the operator.
func shapeOf(seed uint64) Shape {
	w := virtual.NewWorld(seed)
	s := Shape{
		Seed: seed, Sentinels: 3 + 2*w.Rand.IntN(2), Primaries: 1 + w.Rand.IntN(2), Replicas: 1 + w.Rand.IntN(3),
		DownAfter: w.Between(300*time.Millisecond, 3*time.Second), Timeout: w.Between(2*time.Second, 20*time.Second),
		Stagger: w.Between(0, 3*time.Second), Loss: 0.05 * w.Rand.Float64(), Double: 0.05 * w.Rand.Float64(),
	}
	if s.Quorum = 1 + w.Rand.IntN(s.Sentinels/2+1); 2*s.Quorum-1 <= s.Sentinels/2 {
		s.Expect = s.Sentinels/2 + 1
	}
	if w.Chance(2) {
		s.Forget = w.Between(10*time.Second, 30*time.Second)
	}
	return s
}

// live lets a fleet live through faults, in half of the seeds from its first moment on, and through the time after them
// in which it has to come to one answer.
func (f *Fleet) live() error {
	if f.Chance(2) {
		f.Run(f.Shape.Stagger + 5*time.Second)
	} else {
		for range 3 + f.Rand.IntN(6) {
			f.breakSentinel(f.Nodes[f.Rand.IntN(len(f.Nodes))], f.Between(100*time.Millisecond, 15*time.Second))
			f.Run(f.Between(0, 800*time.Millisecond))
		}
	}
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
		why = "the sentinels are not all voters of one group"
		return f.whole()
	})
	switch {
	case f.check.failed != "":
		return errors.New(f.check.failed)
	case !settled:
		return fmt.Errorf("no peace after three minutes: %s", why)
	}
	return nil
}

// TestSeeds breaks fleets, a seed each, and holds every step to the rules of check.go. In the end, when everything is
// mended, the fleet has to come to one answer.
func TestSeeds(t *testing.T) {
	promotions, late, forced, rescued := 0, 0, 0, 0
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		f := begin(t, shapeOf(seed))
		if err := f.live(); err != nil {
			t.Fatalf("%s\nseed %d, %+v: %v", f.Story(), seed, f.Shape, err)
		}
		c := f.check
		promotions, late, forced, rescued = promotions+c.promotions, late+c.late, forced+len(c.forced), rescued+c.rescued
	}
	if promotions < *seeds {
		t.Fatalf("%d promotions in %d seeds: the simulation is blind", promotions, *seeds)
	}
	t.Logf("%d seeds: %d promotions, %d orders sent late, %d groups by force, %d of them because none formed",
		*seeds, promotions, late, forced, rescued)
}

// TestSameSeedSameStory runs seeds twice: a failure must be repeatable.
func TestSameSeedSameStory(t *testing.T) {
	for seed := range uint64(3) {
		var stories [2]string
		for i := range stories {
			f := begin(t, shapeOf(seed))
			if err := f.live(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			stories[i] = f.Story()
		}
		if stories[0] != stories[1] {
			t.Fatalf("seed %d has two stories:\n%s\n\n%s", seed, stories[0], stories[1])
		}
	}
}
