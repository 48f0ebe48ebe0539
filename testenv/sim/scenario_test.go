package sim

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
)

// begin starts a fleet whose randomness all comes from its seed, raft's with it.
func begin(t *testing.T, s Shape) *Fleet {
	t.Helper()
	cryptotest.SetGlobalRandom(t, s.Seed)
	return New(s)
}

// small is a fleet of one primary, two replicas and three sentinels with a down-after of a second, settled.
func small(t *testing.T, seed uint64) *Fleet {
	t.Helper()
	f := begin(t, Shape{
		Seed: seed, Sentinels: 3, Primaries: 1, Replicas: 2, Quorum: 2, DownAfter: time.Second, Timeout: 10 * time.Second,
	})
	f.Run(12*time.Second + f.Between(0, 3*time.Second))
	f.mustSettle(t)
	return f
}

func (f *Fleet) mustSettle(t *testing.T) {
	t.Helper()
	why := ""
	settled := func() (ok bool) {
		ok, why = f.Settled(0)
		return ok && f.whole()
	}
	if !f.Until(40*time.Second, settled) {
		t.Fatalf("%s\nseed %d: %s%s", f.Story(), f.Shape.Seed, f.check.failed, why)
	}
}

// primary is the server that answers for the name, as the first sentinel that is there has it.
func (f *Fleet) primary() *server {
	for _, n := range f.Nodes {
		if n.Alive() {
			return f.Net.places[f.answer(n, 0)].(*server)
		}
	}
	return nil
}

// moved waits until the first and the last of the sentinels answer another address, and returns when they did.
func (f *Fleet) moved(t *testing.T, from string) (first, last time.Duration) {
	t.Helper()
	start := f.Now
	count := func() (n, all int) {
		for _, x := range f.Nodes {
			if x.Alive() {
				all++
				if f.answer(x, 0) != from {
					n++
				}
			}
		}
		return n, all
	}
	done := func(so func(n, all int) bool) time.Duration {
		for f.Now < start+30*time.Second && f.check.failed == "" {
			if so(count()) {
				return f.Now - start
			}
			if !f.Step(start + 30*time.Second) {
				break
			}
		}
		t.Fatalf("%s\nseed %d: nothing moved: %s", f.Story(), f.Shape.Seed, f.check.failed)
		return 0
	}
	first = done(func(n, _ int) bool { return n > 0 })
	return first, done(func(n, all int) bool { return n == all })
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// TestDeadPrimaryIsReplacedAtOnce measures the time above down-after in which the sentinels answer the new address.
func TestDeadPrimaryIsReplacedAtOnce(t *testing.T) {
	var first, last []time.Duration
	for seed := range uint64(40) {
		f := small(t, seed)
		old := f.primary()
		old.kill()
		a, b := f.moved(t, old.addr())
		first, last = append(first, a-time.Second), append(last, b-time.Second)
		f.mustSettle(t)
	}
	t.Logf("first: median %v, worst %v; last: median %v, worst %v", median(first), first[39], median(last), last[39])
	if median(first) > 100*time.Millisecond || median(last) > 120*time.Millisecond {
		t.Fatalf("medians %v and %v", first[20], last[20])
	}
	if first[39] > 400*time.Millisecond || last[39] > 400*time.Millisecond {
		t.Fatalf("worst %v and %v", first[39], last[39])
	}
}

// TestPrimaryAndLeaderDieTogether adds the time in which the log finds another leader.
func TestPrimaryAndLeaderDieTogether(t *testing.T) {
	var last []time.Duration
	for seed := range uint64(40) {
		f := small(t, seed)
		old := f.primary()
		f.leader().kill()
		old.kill()
		_, b := f.moved(t, old.addr())
		last = append(last, b-time.Second)
		f.Mend()
		f.mustSettle(t)
	}
	t.Logf("median %v, worst %v", median(last), last[39])
	if median(last) > 300*time.Millisecond || last[39] > 800*time.Millisecond {
		t.Fatalf("median %v, worst %v", last[20], last[39])
	}
}

// TestOperatorsFailoverLosesNothing asks for a failover while writes go in, either way.
func TestOperatorsFailoverLosesNothing(t *testing.T) {
	for seed := range uint64(20) {
		for _, coordinated := range []bool{false, true} {
			f := small(t, seed)
			old, n := f.primary(), f.Nodes[f.Rand.IntN(3)]
			req := n.ask(func(req uint64) monitor.Event {
				return monitor.StartFailover{Req: req, Name: name(0), Coordinated: coordinated}
			})
			_, last := f.moved(t, old.addr())
			if a, ok := n.answers[req]; !ok || a.Err != nil {
				t.Fatalf("seed %d: the answer is %+v", seed, a)
			}
			f.mustSettle(t)
			if f.check.lost != 0 || last > 200*time.Millisecond {
				t.Fatalf("%s\nseed %d: %d writes lost, %v", f.Story(), seed, f.check.lost, last)
			}
			if f.check.last.By != n.id {
				t.Fatalf("seed %d: another sentinel than the one that was asked drove it", seed)
			}
		}
	}
}

// TestDriverDiesAtEachStep kills the driver right after each entry of a failover: another goes on from there.
func TestDriverDiesAtEachStep(t *testing.T) {
	steps := map[string]func(f *ledger.Failover) bool{
		"chosen as driver":  func(f *ledger.Failover) bool { return f.State == ledger.Choosing },
		"named a candidate": func(f *ledger.Failover) bool { return f.State == ledger.Promoting },
		"promoted it":       func(f *ledger.Failover) bool { return f.State == ledger.Following },
	}
	for _, step := range sortedKeys(steps) {
		for seed := range uint64(8) {
			f := small(t, seed)
			old := f.primary()
			old.kill()
			var driver *node
			died := f.Until(20*time.Second, func() bool {
				for _, n := range f.Nodes {
					if p := n.book.Primary(name(0)); p.Failover != nil && steps[step](p.Failover) {
						driver = f.sentinel(p.Failover.Driver)
						return true
					}
				}
				return false
			})
			if !died {
				continue // the step was over in less than a moment
			}
			driver.kill()
			f.Until(20*time.Second, func() bool {
				p := f.Nodes[0].book.Primary(name(0))
				if !f.Nodes[0].Up {
					p = f.Nodes[1].book.Primary(name(0))
				}
				return p.Failover == nil && p.Addr != hostPort(old.addr())
			})
			if now := f.primary(); now == old || now.primary != "" || f.check.promotions != 1 {
				t.Fatalf("%s\nseed %d: the driver died when it had %s: %s", f.Story(), seed, step, f.check.failed)
			}
			f.Mend()
			f.mustSettle(t)
		}
	}
}

// TestMinorityDecidesNothing cuts one sentinel off with the primary: it goes on answering, and moves nothing.
func TestMinorityDecidesNothing(t *testing.T) {
	f := small(t, 3)
	old := f.primary()
	n := f.Nodes[0]
	for _, o := range f.Nodes[1:] {
		f.Net.cut(n.addr(), o.addr())
		f.Net.cut(o.addr(), n.addr())
	}
	old.kill()
	f.Run(100 * time.Millisecond)
	for _, s := range f.Servers {
		f.Net.cut(s.addr(), f.Nodes[1].addr())
		f.Net.cut(s.addr(), f.Nodes[2].addr())
	}
	// The two others see no server at all, so that they find no candidate; the one alone sees all and may not choose.
	f.Run(20 * time.Second)
	for _, n := range f.Nodes {
		if a := f.answer(n, 0); a != old.addr() {
			t.Fatalf("%s answers %s\n%s", n.addr(), a, f.Story())
		}
	}
	req := n.ask(func(req uint64) monitor.Event { return monitor.StartFailover{Req: req, Name: name(0)} })
	f.Run(time.Second)
	if a := n.answers[req]; !errors.Is(a.Err, monitor.ErrNoQuorum) {
		t.Fatalf("the answer to FAILOVER in a minority is %v", a.Err)
	}
	if u, _ := n.mon.Usable(name(0)); u.Group {
		t.Fatal("a sentinel in a minority says that it could decide")
	}
	f.Mend()
	f.mustSettle(t)
}

// TestTwoGroupsFreeze has a sentinel that sees nobody make a group by itself, as it is told to expect one, beside that
// of the others. When they meet, nothing is failed over until an operator says which group is the right one.
func TestTwoGroupsFreeze(t *testing.T) {
	f := begin(t, Shape{
		Seed: 6, Sentinels: 3, Primaries: 1, Replicas: 2, Quorum: 1, DownAfter: time.Second, Timeout: 10 * time.Second,
		Expect: 1,
	})
	f.check.apart = true
	alone := f.Nodes[2]
	for at := range f.Net.places {
		f.Net.cut(alone.addr(), at)
		f.Net.cut(at, alone.addr())
	}
	if !f.Until(30*time.Second, func() bool { return len(f.check.groups) == 2 }) {
		t.Fatalf("%s\nthere are %d groups", f.Story(), len(f.check.groups))
	}
	clear(f.Net.cuts)
	frozen := func() bool {
		return !slices.ContainsFunc(f.Nodes, func(n *node) bool { return !n.status().Frozen() })
	}
	if !f.Until(30*time.Second, frozen) {
		t.Fatalf("%s\nthe groups have not noticed each other", f.Story())
	}
	old := f.primary()
	old.kill()
	f.Run(20 * time.Second)
	for _, n := range f.Nodes {
		if a := f.answer(n, 0); a != old.addr() {
			t.Fatalf("%s\n%s answers %s", f.Story(), n.addr(), a)
		}
	}
	f.force(f.Nodes[0], nil)
	f.moved(t, old.addr())
	f.Mend()
	f.mustSettle(t)
}

// TestForgedHelloChangesNoAddress sends messages that would have moved a stock sentinel.
func TestForgedHelloChangesNoAddress(t *testing.T) {
	f := small(t, 4)
	old := f.primary()
	for _, n := range f.Nodes {
		id := strings.Repeat("f", 40)
		n.step(monitor.HelloHeard{Payload: "10.6.6.6,26379," + id + ",9999," + name(0) + ",10.6.6.7,6379,9999"})
	}
	f.Run(10 * time.Second)
	for _, n := range f.Nodes {
		if a := f.answer(n, 0); a != old.addr() || n.mon.State().CurrentEpoch > 10 {
			t.Fatalf("%s answers %s at epoch %d", n.addr(), a, n.mon.State().CurrentEpoch)
		}
		if list, _ := n.mon.Sentinels(name(0)); len(list) != 3 {
			t.Fatalf("%s knows %d sentinels: the forged one was not announced", n.addr(), len(list))
		}
	}
}

// TestForeignNodeIsNeverPromoted puts a replica of another fleet at a replica's address, with the largest offset.
func TestForeignNodeIsNeverPromoted(t *testing.T) {
	for seed := range uint64(10) {
		f := small(t, seed)
		old := f.primary()
		i := slices.IndexFunc(f.Servers, func(s *server) bool { return s != old })
		foreign := f.Servers[i]
		foreign.kill()
		foreign.start(true)
		foreign.follow("10.44.0.1:6379")
		foreign.offset, foreign.priority = 1<<40, 1
		f.Run(2 * time.Second)
		old.kill()
		f.moved(t, old.addr())
		if f.primary() == foreign {
			t.Fatalf("%s\nseed %d: the foreign node was promoted", f.Story(), seed)
		}
	}
}

// TestClocksMayJump moves every sentinel's wall clock by hours: nothing happens.
func TestClocksMayJump(t *testing.T) {
	f := small(t, 5)
	entries := f.check.entries
	for i, n := range f.Nodes {
		n.skew = time.Duration(i-1) * 5 * time.Hour
	}
	f.Run(30 * time.Second)
	if f.check.entries != entries {
		t.Fatalf("entries came of it:\n%s", f.Story())
	}
	for _, n := range f.Nodes {
		if tilted, _, total := n.mon.Tilt(); tilted || total != 0 {
			t.Fatalf("%s is in TILT", n.addr())
		}
	}
}

// TestStorm fails a hundred of two hundred primaries at once.
func TestStorm(t *testing.T) {
	f := begin(t, Shape{
		Seed: 1, Sentinels: 3, Primaries: 200, Replicas: 2, Quorum: 2, DownAfter: 2 * time.Second, Timeout: 10 * time.Second,
	})
	f.Run(15 * time.Second)
	var old []string
	for p := range 100 {
		old = append(old, f.answer(f.Nodes[0], p))
		f.of(p)[0].kill()
	}
	start := f.Now
	done := f.Until(15*time.Second, func() bool {
		for p := range old {
			for _, n := range f.Nodes {
				if l := n.book.Primary(name(p)); f.answer(n, p) == old[p] || l.Failover != nil {
					return false
				}
			}
		}
		return true
	})
	above := f.Now - start - f.Shape.DownAfter
	t.Logf("all ended %v above detection, %d entries", above, f.check.entries)
	if !done || above > 10*time.Second {
		t.Fatalf("%s\nnot all ended: %s", f.Story(), f.check.failed)
	}
}
