package monitor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"valkey/sentinel/ledger"
)

func itoa(n int) string { return strconv.Itoa(n) }

// watch asks the instance what is due and judges its silence.
func (i *instance) watch() {
	g, now := i.group, i.m.now
	if i.kind != Sentinel {
		g.at(i.ask(i.infoPeriod()))
	}
	i.hello()
	if i.m.tilted {
		g.at(i.m.tiltSince + i.m.timings.TiltPeriod)
		return
	}
	i.judge(now)
}

// infoPeriod is how often the instance is asked for INFO: the rarer the calmer.
func (i *instance) infoPeriod() time.Duration {
	g, period := i.group, i.m.timings.InfoPeriod
	if i.kind != Replica && !g.deferred {
		if i.alone { // its history changes its name when the first replica comes, and must be known before it dies
			return min(period, time.Second)
		}
		return period
	}
	f := g.failover()
	odd := i.linkDown != 0 || i.role == rolePrimary
	if i.kind == Replica && (g.primary.down() || g.agreedDown() || f != nil || odd) {
		period = min(period, time.Second)
	}
	if g.askSince != 0 && i.infoSent < g.askSince {
		return 0 // its word is wanted now
	}
	if f = g.driving(); f == nil {
		return period
	}
	switch f.State {
	case ledger.Choosing:
		if i.infoAsked < g.askSince {
			period = min(period, choosePeriod)
		}
	case ledger.Promoting:
		if i.m.same(i.addr, f.Candidate) {
			period = min(period, map[ledger.Way]time.Duration{
				ledger.Seize: promotePeriod, ledger.HandOver: handOverPeriod,
			}[f.Way])
		}
	case ledger.Following:
		if i.reconf != reconfDone && !i.promoted {
			period = min(period, followPeriod)
		}
	}
	return period
}

// judge finds the instance down, or up again.
func (i *instance) judge(now time.Duration) {
	g, silence := i.group, i.silence()
	reason := ""
	if silence >= g.downAfter {
		reason = "no reply"
	} else if silence > 0 {
		g.at(now + g.downAfter - silence)
	}
	if i.kind == Primary && i.role == roleReplica {
		limit := i.roleSince + g.downAfter + 2*i.m.timings.InfoPeriod
		if now >= limit {
			reason = "reports to be a replica"
		} else {
			g.at(limit)
		}
	}
	if i.kind == Primary && i.rebootSince != 0 {
		limit := i.rebootSince + g.rebootDownAfter
		if now >= limit {
			reason = "restarting"
		} else {
			g.at(limit)
		}
	}
	switch {
	case reason != "" && !i.down():
		i.downSince, i.lastDown, i.reason = now, now, reason
		i.m.event(Warning, "+sdown", i, "")
		if i.kind == Primary {
			g.askSince = now
			for _, r := range g.replicas {
				g.at(r.ask(0))
			}
		}
	case reason == "" && i.down():
		i.downSince, i.scriptKilled = 0, false
		i.m.event(Warning, "-sdown", i, "")
	}
}

// contact tells whether a sentinel has been heard lately enough for its report to count.
func (g *group) contact(id string) bool {
	if id == g.m.id {
		return true
	}
	s := g.sentinel(id)
	patience := 5 * g.m.timings.AskPeriod
	return s != nil && (g.m.now-s.link.lastPong < patience || s.reported != 0 && g.m.now-s.reported < patience)
}

// report tells the group what this sentinel finds, and says so when the reports reach a quorum. One that must not judge
// takes back what it has said.
func (g *group) report() {
	p, s := g.agreed(), g.m.standing
	if p == nil || g.pending || !s.InContact {
		return
	}
	if g.retryAt > g.m.now {
		g.at(g.retryAt)
		return
	}
	i := g.current()
	if !g.m.same(i.addr, p.Addr) {
		return
	}
	mine := p.Reported(g.m.id)
	switch {
	case g.m.tilted && mine:
		g.offer(&ledger.Withdraw{Ref: p.Ref})
		return
	case g.m.tilted:
		return
	case i.down() && !mine:
		silence := max(i.silence(), g.m.now-i.link.lastGood)
		g.offer(&ledger.Report{Ref: p.Ref, Addr: p.Addr, Reason: i.reason, Silence: silence})
		return
	case !i.down() && mine:
		g.offer(&ledger.Withdraw{Ref: p.Ref})
		return
	}
	if records := g.verdict(p, i); len(records) == 0 {
		g.verdictSince = 0
	} else if g.turn(p, &g.verdictSince) {
		g.offer(records...)
		return
	}
	if id := g.news(p); id == "" || i.down() || p.Down != nil || p.Failover != nil {
		g.newsSince = 0
	} else if g.turn(p, &g.newsSince) {
		g.offer(&ledger.Lineage{Ref: p.Ref, Addr: p.Addr, ID: id})
	}
}

// verdict is what the reports that stand amount to, for this sentinel to propose.
func (g *group) verdict(p *ledger.Primary, i *instance) (records []ledger.Record) {
	var counted []string
	for _, id := range p.Reports {
		if g.contact(id) {
			counted = append(counted, id)
		}
	}
	enough := len(counted) >= g.quorum && i.down() && slices.Contains(counted, g.m.id)
	switch {
	case p.Down == nil && enough:
		records = append(records, &ledger.Down{Ref: p.Ref, Quorum: g.quorum, Counted: counted})
	case p.Down == nil:
		return nil
	case p.Failover == nil && len(counted) < p.Down.Quorum:
		return []ledger.Record{&ledger.Up{Ref: p.Ref}}
	case !enough:
		return nil
	}
	if p.Failover == nil && g.mayStart(p) {
		records = append(records, &ledger.Intent{Ref: p.Ref, Kind: ledger.Automatic, EpochSeen: g.epochSeen()})
	}
	return records
}

// epochSeen is the highest epoch that this sentinel knows of, also from servers that obeyed a group that is no more: an
// order of a lower one would be refused.
func (g *group) epochSeen() ledger.Epoch {
	e := g.m.epoch
	for i := range g.everyone {
		e = max(e, i.roleEpoch)
	}
	return e
}

// mayStart tells whether an automatic failover may begin now, and says so when something forbids it. A sentinel that
// knows nobody to promote, as an operator had it forget the replicas, lets all the others try first.
func (g *group) mayStart(p *ledger.Primary) bool {
	m, from := g.m, g.startAfter
	if g.choose(0).best == nil {
		from = max(from, g.primary.downSince) + time.Duration(len(p.Watchers))*standbyDelay
	}
	if from > m.now {
		g.at(from)
		return false
	}
	if why := g.otherAuthority(); why != "" {
		g.primary.refrain("down and not failed over", why)
		g.at(m.now + time.Second)
		return false
	}
	return true
}

// otherAuthority is who else may decide about this primary, "" for nobody. While there is one, the group moves nothing
// that no operator has asked for.
func (g *group) otherAuthority() string {
	if g.m.standing.Frozen {
		return "another group of sentinels watches it"
	}
	for _, s := range g.sentinels {
		// One that was stopped may be up and watch this primary no more: what counts is that it shows itself.
		fresh := s.shown && g.m.now-s.lastHello < helloFresh*g.m.timings.PublishPeriod
		if why := s.stranger(); why != "" && fresh {
			return s.label() + " " + why
		}
	}
	return ""
}

// stranger is why a sentinel may be none of ours, "" when it is one. A member is, as long as it does not turn out that
// a stock sentinel was started in its place; anybody else has to show it.
func (i *instance) stranger() string {
	l := i.link
	_, member := slices.BinarySearch(i.m.standing.Members, i.runID)
	switch {
	case strings.HasPrefix(strings.ToLower(l.probed), "-err unknown"):
		return "is a stock sentinel; stop all of those, or all of these"
	case member || l.ours:
		return ""
	case l.probed != "":
		return fmt.Sprintf("answers %q when it is asked for its group, and may be a stock sentinel", l.probed)
	}
	return "could not be asked for its group yet, and may be a stock sentinel"
}

// turn tells whether it is this sentinel's turn to propose what all can see, and could since a time that it sets where
// it is 0. The leader is first; each of the others waits a little longer than the one before it, so that one that
// cannot act holds nobody up for long.
func (g *group) turn(p *ledger.Primary, since *time.Duration) bool {
	if *since == 0 {
		*since = g.m.now
	}
	leader, rank := g.m.standing.Leader, 0
	if leader != g.m.id {
		if p.Watches(leader) {
			rank++
		}
		for _, id := range p.Watchers {
			if id == g.m.id {
				break
			}
			if id != leader && (len(p.Reports) == 0 || p.Reported(id)) {
				rank++
			}
		}
	}
	when := *since + time.Duration(rank)*standbyDelay
	if g.m.now >= when {
		return true
	}
	g.at(when)
	return false
}
