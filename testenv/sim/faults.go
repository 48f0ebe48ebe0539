package sim

import (
	"time"

	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
)

// Break breaks something, or lets an operator meddle, and mends some of it after a while.
func (f *Fleet) Break() {
	s := f.Servers[f.Rand.IntN(len(f.Servers))]
	n := f.Nodes[f.Rand.IntN(len(f.Nodes))]
	primary := f.Rand.IntN(f.Shape.Primaries)
	away := f.Between(100*time.Millisecond, 15*time.Second)
	if f.Chance(3) { // the primary is what matters
		if a := f.Net.places[f.answer(n, primary)]; a != nil {
			s = a.(*server)
		}
	}
	switch k := f.Rand.IntN(24); {
	case k < 6:
		f.breakServer(s, away)
	case k < 16:
		f.breakSentinel(n, away)
	case k == 16:
		f.dismiss(n, away)
	case k == 17:
		f.disaster()
	default:
		f.meddle(n, s, name(primary), away)
	}
}

// breakServer breaks a server.
func (f *Fleet) breakServer(s *server, away time.Duration) {
	switch f.Rand.IntN(6) {
	case 0:
		f.Logf("%s is stopped", s.addr())
		s.frozen = true
		f.After(away, func() { s.frozen = false })
	case 1:
		f.Logf("the connections of %s break", s.addr())
		s.breakConns("reset")
	default:
		f.Logf("%s is killed", s.addr())
		s.kill()
		empty := f.Chance(6)
		f.After(away, func() {
			if !s.up {
				f.Logf("%s starts again, empty: %t", s.addr(), empty)
				s.start(empty)
			}
		})
	}
}

// breakSentinel breaks a sentinel, its disk, or the network.
func (f *Fleet) breakSentinel(n *node, away time.Duration) {
	switch f.Rand.IntN(11) {
	case 0, 1:
		f.Logf("%s is killed", n.addr())
		n.kill()
		f.After(away, func() { f.revive(n) })
	case 2:
		f.wipe(n, away)
	case 3:
		f.Logf("%s is stopped", n.addr())
		n.Stop()
		f.After(away, n.thaw)
	case 4, 5:
		n.hold = true
	case 6, 7:
		f.partition(away)
	case 8:
		f.Logf("the clock of %s jumps", n.addr())
		n.skew += f.Between(-time.Hour, time.Hour)
	case 9:
		f.Logf("the connections of %s break", n.addr())
		n.unlink()
	case 10:
		n.Slow = f.Between(diskTime, 2*time.Second)
		f.Logf("the disk of %s takes %v", n.addr(), n.Slow)
		f.After(away, func() { n.Slow = diskTime })
	}
}

// revive starts a sentinel again.
func (f *Fleet) revive(n *node) {
	if !n.Up && !n.packed {
		f.Logf("%s starts", n.addr())
		n.start()
	}
}

// partition cuts some places off from the others, one way or both.
func (f *Fleet) partition(away time.Duration) {
	var all []string
	for _, n := range f.Nodes {
		all = append(all, n.addr())
	}
	for _, s := range f.Servers {
		all = append(all, s.addr())
	}
	side := map[string]bool{}
	for _, a := range all {
		side[a] = f.Chance(3)
	}
	oneWay := f.Chance(3)
	for _, a := range all {
		for _, b := range all {
			if side[a] && !side[b] {
				f.Net.cut(a, b)
				f.After(away, func() { f.Net.mend(a, b) })
				if !oneWay {
					f.Net.cut(b, a)
					f.After(away, func() { f.Net.mend(b, a) })
				}
			}
		}
	}
	f.Logf("cut off: %v, one way: %t", side, oneWay)
}

// meddle is what an operator does, or somebody who is up to no good.
func (f *Fleet) meddle(n *node, s *server, primary string, away time.Duration) {
	if !n.Up {
		return
	}
	switch f.Rand.IntN(6) {
	case 0, 1:
		coordinated := f.Chance(2)
		f.Logf("%s is asked to fail %s over, coordinated: %t", n.addr(), primary, coordinated)
		n.ask(func(req uint64) monitor.Event {
			return monitor.StartFailover{Req: req, Name: primary, Coordinated: coordinated}
		})
	case 2:
		f.Logf("%s forgets what it found out about %s", n.addr(), primary)
		n.ask(func(req uint64) monitor.Event { return monitor.ResetPrimaries{Req: req, Names: []string{primary}} })
	case 3:
		f.Logf("%s removes %s for a while", n.addr(), primary)
		a, watched := n.mon.Address(primary)
		if !watched {
			return
		}
		n.left[primary] = true
		n.ask(func(req uint64) monitor.Event { return monitor.RemovePrimary{Req: req, Name: primary} })
		f.After(away, func() { f.watchAgain(n, primary, a) })
	case 4:
		f.Logf("a forged hello makes %s the primary of %s", s.addr(), primary)
		id := hex(f.World)
		if f.Chance(2) {
			id = f.Nodes[f.Rand.IntN(len(f.Nodes))].id
		}
		text := "10.66.0.1,26379," + id + ",18446744073709551615," + primary + "," + s.host + ",6379,18446744073709551615"
		n.Do(func() { n.step(monitor.HelloHeard{Payload: text}) })
	case 5:
		f.Logf("%s follows nobody, says an operator", s.addr())
		if s.up && f.Chance(2) {
			s.promote()
		}
	}
}

// watchAgain has a sentinel watch a primary that it was told to remove, at the address that it last answered.
func (f *Fleet) watchAgain(n *node, primary string, a ledger.Addr) {
	f.After(time.Second, func() {
		if _, ok := n.mon.Address(primary); !ok || !n.Alive() {
			f.watchAgain(n, primary, a) // it was not there to be told, or died of something else before it saved it
		}
	})
	if !n.Alive() {
		return
	}
	n.ask(func(req uint64) monitor.Event {
		return monitor.WatchPrimary{Req: req, Name: primary, Addr: a, Quorum: f.Shape.Quorum}
	})
	n.ask(func(req uint64) monitor.Event {
		return monitor.SetPrimary{Req: req, Name: primary, Options: []monitor.Option{
			{Name: "down-after-milliseconds", Value: itoa(int(f.Shape.DownAfter.Milliseconds()))},
			{Name: "failover-timeout", Value: itoa(int(f.Shape.Timeout.Milliseconds()))},
		}}
	})
}
