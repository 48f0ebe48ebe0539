package monitor

import (
	"fmt"

	"valkey/sentinel/ledger"
)

// applied follows one change of what is agreed about the group: it tells of it, and begins what comes next.
func (g *group) applied(ch ledger.Change, before *ledger.Primary) {
	p, me := ch.Primary, g.m.id
	g.changes++
	if g.refused > 0 { // what was refused may be right by now
		g.refused, g.retryAt = 0, 0
	}
	if g.agreed() == nil {
		g.follow("")
		g.forgetFailover()
		return
	}
	now := g.m.now
	switch r := ch.Record.(type) {
	case *ledger.Lineage:
		g.heard = "" // what INFO says from now on is newer
	case *ledger.Report:
		if s := g.sentinel(ch.By); s != nil {
			s.reported = now
		}
	case *ledger.Down:
		g.downAgreed = now
		g.m.event(Warning, "+odown", g.asPrimary(), " #quorum %d/%d", len(r.Counted), r.Quorum)
	case *ledger.Up:
		g.downAgreed = 0
		g.m.event(Warning, "-odown", g.asPrimary(), "")
	case *ledger.Intent:
		g.begun(p.Failover, me)
	case *ledger.Takeover:
		g.newState()
		if p.Failover.Driver == me {
			g.askSince = now
			g.m.do(Note{Warning, "this sentinel goes on with the failover of " + g.primary.label() + ": " + r.Why})
		}
	case *ledger.Candidate:
		g.newState()
		i := g.candidate(p.Failover)
		i.promoted = true
		if p.Failover.Driver == me {
			g.m.event(Warning, "+selected-slave", i, "")
			g.m.event(Notice, "+failover-state-send-slaveof-noone", i, "")
		}
	case *ledger.Fallback:
		g.newState()
		if p.Failover.Driver == me {
			g.m.do(Note{Warning, "the primary does not hand over, its replica is promoted as it is: " + r.Why})
		}
	case *ledger.Promoted:
		g.promotedTo(p, ch.Was)
	case *ledger.Abort:
		if before != nil && before.Failover != nil && before.Failover.Driver == me {
			g.m.event(Warning, "-failover-abort-"+r.Why, g.primary, "")
		}
		g.forgetFailover()
		g.fruitless++
		g.startAfter = now + min(retryDelay<<min(g.fruitless-1, 8), retryDelayMax)
	case *ledger.End:
		if g.deferred {
			if r.TimedOut {
				g.m.event(Warning, "+failover-end-for-timeout", g.primary, "")
			}
			g.m.event(Warning, "+failover-end", g.primary, "")
			g.deferred = false
			g.switchTo(p.Addr)
		}
		g.forgetFailover()
	}
	g.follow(ch.By)
}

// asPrimary is the instance that answers for the name under a primary's label, also where it is a replica to a driver.
func (g *group) asPrimary() *instance {
	i := *g.current()
	i.kind = Primary
	return &i
}

// begun tells of a failover that began.
func (g *group) begun(f *ledger.Failover, me string) {
	g.failoverAt = g.m.now
	g.newState()
	if f.Driver == me {
		g.m.event(Warning, "+try-failover", g.primary, "")
	}
	g.vote(f.Driver, f.Epoch)
	if f.Driver != me {
		return
	}
	if !g.primary.down() || g.askSince == 0 {
		g.askSince = g.m.now
	}
	g.m.event(Warning, "+elected-leader", g.primary, "")
	if g.m.crashAfter.election {
		g.m.do(Crash{})
	}
	g.m.event(Warning, "+failover-state-select-slave", g.primary, "")
}

// vote remembers who acts in an epoch, as stock Sentinel remembers its vote.
func (g *group) vote(id string, e ledger.Epoch) {
	g.leader, g.leaderEpoch = id, e
	g.m.tell(Warning, "+vote-for-leader", g, fmt.Sprintf("%s %d", id, e))
	g.m.do(Save{})
}

// promotedTo takes the candidate as the primary: an observer at once, the driver in what it answers and announces, and
// in its own view when the replicas follow.
func (g *group) promotedTo(p *ledger.Primary, was ledger.Addr) {
	g.newState()
	g.followStart, g.fruitless, g.startAfter, g.downAgreed = g.m.now, 0, 0, 0
	f := p.Failover
	if f.Driver == g.m.id && !g.m.same(g.primary.addr, p.Addr) {
		g.deferred = true
		g.configEpoch = p.ConfigEpoch
		g.m.do(Save{})
		i := g.candidate(f)
		i.promoted = true
		g.m.event(Warning, "+promoted-slave", i, "")
		if g.m.crashAfter.promotion {
			g.m.do(Crash{})
		}
		g.m.event(Warning, "+failover-state-reconf-slaves", g.primary, "")
		g.runReconfig("leader", was, p.Addr)
	}
	g.helloNow()
}

// newState begins a state of the failover: nothing has been done in it yet.
func (g *group) newState() {
	g.stateSince, g.step, g.verdictSince, g.driverlessSince = g.m.now, stepState{}, 0, 0
}

// forgetFailover clears what is only there while one goes on.
func (g *group) forgetFailover() {
	g.newState()
	g.failoverAt, g.askSince = 0, 0
	for _, i := range append([]*instance{g.primary}, g.replicas...) {
		i.promoted, i.reconf = false, reconfNone
	}
}
