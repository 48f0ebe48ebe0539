package quorum_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"testing/cryptotest"
	"time"

	"valkey/internal/vfs"
	"valkey/quorum/core"
)

var (
	simSeeds = flag.Int("seeds", 20, "how many seeds TestSim runs")
	simSeed  = flag.Uint64("seed", 1, "the first of them")
)

// TestSim lets fleets live through faults of every kind, and checks all the time what fleet checks: equal entries at
// equal indexes, nothing applied twice, one group only. In the end, with the faults gone, everyone must be a voter of
// one group again, and have every entry that was ever acknowledged.
func TestSim(t *testing.T) {
	for seed := *simSeed; seed < *simSeed+uint64(*simSeeds); seed++ {
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, seed)
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("seed %d: %v", seed, p)
				}
			}()
			newSim(t, seed).live()
		})
		if !ok {
			t.Fatalf("repeat with: go test ./quorum -run TestSim -seeds 1 -seed %d", seed)
		}
	}
}

// sim is a fleet and a source of misfortune.
type sim struct {
	*fleet
	proposals int
	padding   int
	quiet     bool // the load is over
	wiped     bool // one lost its disk, and not all are voters again yet: another would be one too many
}

func newSim(t *testing.T, seed uint64) *sim {
	s := &sim{fleet: newFleet(t, seed, 0, 0)}
	size := 3 + s.Rand.IntN(3)
	s.expect = size/2 + 1 + s.Rand.IntN(size-size/2)
	for i := range size {
		s.add(string(rune('a' + i)))
	}
	worst := time.Duration(1+s.Rand.IntN(60)) * time.Millisecond
	s.Delay = func() time.Duration {
		d := time.Duration(s.Rand.Int64N(int64(worst))) + 50*time.Microsecond
		if s.Rand.IntN(200) == 0 {
			d *= 20 // a straggler
		}
		return d
	}
	if s.Rand.IntN(2) == 0 {
		s.padding = 8 << 10 // so much that snapshots are made, and sent to those who were away
	}
	if s.Rand.IntN(2) == 0 {
		s.forget = 10 * time.Second
	}
	s.Loss, s.Double = s.Rand.Float64()*0.1, s.Rand.Float64()*0.05
	return s
}

func (s *sim) live() {
	for _, n := range s.nodes {
		s.After(time.Duration(s.Rand.Int64N(int64(3*time.Second))), n.start)
	}
	s.load()
	for end := s.Now + time.Duration(20+s.Rand.IntN(40))*time.Second; s.Now < end; {
		s.run(time.Duration(s.Rand.Int64N(int64(1500 * time.Millisecond))))
		s.misfortune(14)
	}
	s.recover()
}

// load proposes and reads, everywhere, all the time.
func (s *sim) load() {
	s.After(time.Duration(s.Rand.Int64N(int64(200*time.Millisecond))), func() {
		if s.quiet {
			return
		}
		n := s.nodes[s.Rand.IntN(len(s.nodes))]
		if n.Up && !n.Stopped {
			if s.Rand.IntN(4) == 0 {
				s.confirm(n)
			} else {
				s.proposals++
				n.propose(fmt.Sprintf("%s-%d", n.id, s.proposals), s.padding, func(core.Answer) {})
			}
		}
		s.load()
	})
}

// confirm checks that a confirmed read sees what was acknowledged before it was asked for.
func (s *sim) confirm(n *node) {
	before := make([]string, 0, len(s.acked))
	for data := range s.acked {
		before = append(before, data)
	}
	n.Ask(func(token any) core.Input { return core.Confirm{Token: token} }, func(a core.Answer) {
		if a.Err != nil {
			return
		}
		for _, data := range before {
			if !n.machine.have[data] {
				s.t.Fatalf("%v %s: confirmed, without %q, which was acknowledged before", s.Now, n.id, data)
			}
		}
	})
}

// misfortune does one of the first kinds of something bad, or undoes it.
func (s *sim) misfortune(kinds int) {
	n, other := s.nodes[s.Rand.IntN(len(s.nodes))], s.nodes[s.Rand.IntN(len(s.nodes))]
	s.wiped = s.wiped && !s.whole()
	switch s.Rand.IntN(kinds) {
	case 0, 1:
		if n.Up {
			n.crash()
		}
	case 2, 3, 4:
		if !n.Up {
			n.start()
		}
	case 5:
		s.cut[[2]string{n.id, other.id}] = true
	case 6:
		s.cut[[2]string{n.id, other.id}], s.cut[[2]string{other.id, n.id}] = true, true
	case 7, 8:
		clear(s.cut)
	case 9:
		if n.Up && !n.Stopped {
			n.Stop()
			s.After(time.Duration(s.Rand.Int64N(int64(4*time.Second))), func() {
				if n.Stopped {
					n.Resume()
				}
			})
		}
	case 10:
		n.Slow = time.Duration(1+s.Rand.IntN(1500)) * time.Millisecond
	case 11:
		n.Slow = time.Millisecond
		if l := s.leader(); l != nil && s.Rand.IntN(2) == 0 {
			l.Step(core.Transfer{Token: 0, ID: other.id})
		}
	case 12:
		if !s.wiped && s.whole() {
			s.wiped = true
			n.crash()
			n.mem = vfs.NewMem()
		}
	case 13:
		if n.Up && !n.Stopped && s.whole() {
			n.Ask(func(token any) core.Input { return core.Remove{Token: token, At: s.wall(), ID: other.id} },
				func(core.Answer) {})
		}
	}
}

// recover ends all misfortune and wants a fleet as good as new.
func (s *sim) recover() {
	clear(s.cut)
	s.quiet, s.Loss, s.Double = true, 0, 0
	for _, n := range s.nodes {
		n.Slow = time.Millisecond
		if n.Stopped {
			n.Resume()
		}
		if !n.Up {
			n.start()
		}
	}
	healed := func() bool {
		for _, n := range s.nodes {
			if s.status(n).Removed { // whom an operator removed comes back with a new process
				n.crash()
				n.start()
			}
		}
		return s.whole()
	}
	s.until(2*time.Minute, "every member is a voter again", healed)
	for _, n := range s.nodes {
		n.propose("last-"+n.id, 0, func(core.Answer) {})
	}
	s.run(10 * time.Second)
	s.until(2*time.Minute, "every member is a voter still", healed)
	if len(s.acked) == 0 {
		s.t.Fatal("nothing was ever acknowledged")
	}
	for _, n := range s.nodes {
		for data := range s.acked {
			if !n.machine.have[data] {
				s.t.Fatalf("%s: %q was acknowledged and is lost", n.id, data)
			}
		}
	}
	if first := s.nodes[0].machine.hash; s.nodes[1].machine.hash != first {
		s.t.Fatal("machines differ")
	}
}

// TestSimForming is nothing but the first seconds of fleets, where everything that can go wrong with pledges does:
// lines are cut and repaired, cards come late, disks are slow, processes die and sleep, and names that come late are
// lower.
func TestSimForming(t *testing.T) {
	for seed := *simSeed; seed < *simSeed+2*uint64(*simSeeds); seed++ {
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, seed)
			s := newSim(t, seed)
			s.expect, s.quiet = len(s.nodes)/2+1, true
			for _, n := range s.nodes {
				s.After(time.Duration(s.Rand.Int64N(int64(3*time.Second))), n.start)
				n.Slow = time.Duration(1+s.Rand.IntN(1000)) * time.Millisecond
			}
			for end := s.Now + 15*time.Second; s.Now < end; {
				s.run(time.Duration(s.Rand.Int64N(int64(400 * time.Millisecond))))
				s.misfortune(11)
			}
			s.recover()
			if len(s.formed) != 1 {
				t.Errorf("groups formed: %v", s.formed)
			}
		})
		if !ok {
			t.Fatalf("repeat with: go test ./quorum -run TestSimForming -seeds 1 -seed %d", seed)
		}
	}
}

// TestSilentLeader measures how long a leader that is silent, with its connections up, is missed: nothing is closed, so
// only time tells.
func TestSilentLeader(t *testing.T) {
	var all []time.Duration
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, seed)
			f := newFleet(t, seed, 3, 3)
			for _, n := range f.nodes {
				n.start()
			}
			f.until(20*time.Second, "a whole fleet", f.whole)
			f.run(time.Duration(f.Rand.Int64N(int64(time.Second))))
			l := f.leader()
			l.Stop()
			began := f.Now
			f.until(5*time.Second, "another leader", func() bool { return f.leader() != nil && f.leader() != l })
			all = append(all, f.Now-began)
		})
	}
	slices.Sort(all)
	median, most, worst := all[len(all)/2], all[len(all)*9/10], all[len(all)-1]
	t.Logf("another leader after %v (median), %v (9 of 10), %v (worst)", median, most, worst)
	if worst > time.Second {
		t.Error("it took more than a second")
	}
}
