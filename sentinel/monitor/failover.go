package monitor

import (
	"strconv"
	"strings"
	"time"

	"valkey/sentinel/ledger"
)

// stepState is how far the driver has got within the failover's state. It is forgotten when the state changes: whatever
// is done is done again by the next driver, and may be.
type stepState struct {
	confirming bool          // the group is asked whether the fence still holds
	sentAt     time.Duration // the order was sent
	handed     bool          // the hand-over was sent
	giveUp     string        // why it is to be given up
	undone     bool          // the hand-over was called off
	cut        bool          // clients were cut from the old primary
}

// drive does the driver's part, or watches whether there is one.
func (g *group) drive() {
	p := g.agreed()
	if p == nil || p.Failover == nil || g.pending {
		return
	}
	if g.retryAt > g.m.now {
		g.at(g.retryAt)
		return
	}
	f := p.Failover
	if f.Driver != g.m.id {
		g.replaceDriver(p, f)
		return
	}
	switch f.State {
	case ledger.Choosing:
		g.chooseCandidate(p, f)
	case ledger.Promoting:
		g.promote(p, f)
	case ledger.Following:
		g.followUp(p, f)
	}
}

// replaceDriver takes over from a driver that is not to be heard, or that does not get on: one whose disk hangs answers
// for ever.
func (g *group) replaceDriver(p *ledger.Primary, f *ledger.Failover) {
	why := ""
	s, late := g.sentinel(f.Driver), g.driverDeadline(f)
	switch {
	case !p.Watches(f.Driver):
		why = "it watches no more"
	case g.m.now >= late:
		why = "it does not get on"
	case s == nil && g.m.now-g.stateSince >= driverSilence:
		why = "it is not known here"
	case s == nil:
		g.at(g.stateSince + driverSilence)
	case s.link.goneAt() == 0:
		g.at(g.m.now + g.m.timings.PingPeriod)
	case s.link.goneAt() <= g.m.now:
		why = "no contact"
	default:
		g.at(s.link.goneAt())
	}
	if why == "" || !g.m.standing.InContact {
		g.driverlessSince = 0
		if late > g.m.now { // contact that comes back has the group looked at anyway
			g.at(late)
		}
		return
	}
	if g.turn(p, &g.driverlessSince) {
		g.offer(&ledger.Takeover{Ref: p.Ref, Fence: f.Fence, Why: why})
	}
}

// driverDeadline is when a driver should have left the failover's state by itself.
func (g *group) driverDeadline(f *ledger.Failover) time.Duration {
	switch f.State {
	case ledger.Choosing:
		return g.stateSince + connectWait + chooseWait + driverSilence
	case ledger.Following:
		return g.stateSince + cutDeadline + g.failoverTimeout + driverSilence
	default:
		return g.stateSince + max(g.failoverTimeout, handOverDeadline) + driverSilence
	}
}

// goneAt is when a sentinel that owes an answer is taken to be gone, much sooner when its connection broke; 0 is never.
func (l *link) goneAt() time.Duration {
	switch {
	case !l.conns[Commands].up && l.lostAt != 0:
		return l.lostAt + driverBroken
	case l.pingSince != 0:
		return l.pingSince + driverSilence
	}
	return 0
}

// chooseCandidate names the best replica as soon as all have answered, or enough time was given to those who have not.
func (g *group) chooseCandidate(p *ledger.Primary, f *ledger.Failover) {
	c := g.choose(max(g.askSince, 1))
	over := g.stateSince + chooseWait
	if c.waiting && g.m.now < over {
		g.at(over)
		return
	}
	if c.best == nil {
		g.offer(&ledger.Abort{Ref: p.Ref, Fence: f.Fence, Why: "no-good-slave", Considered: c.evidence()})
		return
	}
	way := ledger.Seize
	if f.Kind != ledger.Automatic {
		switch why, over := g.primary.whyNoHandOver(), g.stateSince+connectWait; {
		case why == "":
			way = ledger.HandOver
		case why == notConnected && g.m.now < over:
			g.at(over)
			return
		case f.Kind == ledger.Coordinated:
			g.offer(&ledger.Abort{Ref: p.Ref, Fence: f.Fence, Why: "master-timeout"})
			return
		default:
			g.m.do(Note{Warning, "the primary cannot hand over, its replica is promoted as it is: " + why})
		}
	}
	g.offer(&ledger.Candidate{
		Ref: p.Ref, Fence: f.Fence, Addr: c.best.addr, RunID: c.best.runID, Way: way, Considered: c.evidence(),
	})
}

const notConnected = "there is no connection to it"

// whyNoHandOver is why a primary cannot hand over, "" when it can.
func (i *instance) whyNoHandOver() string {
	switch {
	case i.down():
		return "it is down"
	case !i.link.conns[Commands].up:
		return notConnected
	case !i.hasFailover:
		return "it does not know FAILOVER"
	case i.role != rolePrimary:
		return "it says that it is a replica"
	}
	return ""
}

// candidate is the instance that is to be promoted.
func (g *group) candidate(f *ledger.Failover) *instance {
	if i := g.replica(f.Candidate); i != nil {
		return i
	}
	return g.addReplica(f.Candidate)
}

// promote makes the candidate a primary, and says so once it is seen to be one.
func (g *group) promote(p *ledger.Primary, f *ledger.Failover) {
	i := g.candidate(f)
	obeyed := func() bool { return i.role == rolePrimary && i.infoAsked >= g.stateSince }
	if obeyed() {
		g.offer(&ledger.Promoted{Ref: p.Ref, Fence: f.Fence})
		return
	}
	if f.Way == ledger.HandOver {
		g.handOver(p, f, i)
		return
	}
	limit := g.stateSince + g.failoverTimeout
	if i.down() || g.m.now >= limit {
		g.offer(&ledger.Abort{Ref: p.Ref, Fence: f.Fence, Why: "slave-timeout"})
		return
	}
	g.at(limit)
	if again := g.step.sentAt + promoteAgain; g.step.sentAt != 0 && again > g.m.now {
		g.at(again)
		return
	}
	g.fenced(f, func() bool { return i.link.conns[Commands].up && !obeyed() }, func() {
		if !i.order(nil, f.Epoch) {
			return
		}
		if g.step.sentAt == 0 {
			g.m.event(Notice, "+failover-state-wait-promotion", i, "")
		}
		g.step.sentAt = g.m.now
		g.touch()
	})
}

// fenced does something in the group's name when it can be done, and the group has just confirmed that this driver's
// fence still holds.
func (g *group) fenced(f *ledger.Failover, possible func() bool, do func()) {
	if g.step.confirming || !possible() {
		return // a change of the link or the answer brings us back
	}
	g.step.confirming = true
	state := f.State
	g.m.confirm(func(err error) {
		now := g.driving()
		if now == nil || now.Fence != f.Fence || now.State != state || now.Way != f.Way || g.m.groups[g.name] != g {
			return
		}
		g.step.confirming = false
		g.touch()
		switch {
		case err != nil:
			g.retryAt = g.m.now + proposeRetry
		case possible():
			do()
		}
	})
}

// order tells an instance to be a primary, or to follow one, and cuts its clients. The reply is not looked at: the next
// INFO tells. An instance that knows epochs is told the one that the order belongs to, and refuses it when it has
// obeyed a newer one. It answers false when there is no connection.
func (i *instance) order(follow *ledger.Addr, epoch ledger.Epoch) bool {
	if !i.link.conns[Commands].up {
		return false
	}
	c := [][]string{{"MULTI"}}
	if i.failingOver {
		c = append(c, []string{"FAILOVER", "ABORT"})
	}
	role := []string{"SLAVEOF", "NO", "ONE"}
	if follow != nil {
		a := i.m.shown(*follow)
		role = []string{"SLAVEOF", a.Host, itoa(a.Port)}
	}
	if i.epochAware && epoch != 0 {
		role[2] += "/" + strconv.FormatUint(uint64(epoch), 10)
	}
	c = append(c, role)
	i.link.send(i, askedOrder, nil, append(c, cutClients(false)...)...)
	i.infoSent = 0 // ask again at once
	return true
}

// cutClients is the rest of a transaction after which clients look for their primary anew.
func cutClients(unpause bool) [][]string {
	c := [][]string{{"CONFIG", "REWRITE"}, {"CLIENT", "KILL", "TYPE", "normal"}, {"CLIENT", "KILL", "TYPE", "pubsub"}}
	if unpause {
		c = append(c, []string{"CLIENT", "UNPAUSE"})
	}
	return append(c, []string{"EXEC"})
}

// handOver asks the old primary to swap roles with the candidate: it pauses its writers, waits for the candidate to
// have everything, and promotes it. Nothing that was acknowledged is lost.
func (g *group) handOver(p *ledger.Primary, f *ledger.Failover, i *instance) {
	limit, old := g.failoverTimeout, g.primary
	if f.Kind == ledger.Forced {
		limit = min(limit, handOverDeadline)
	}
	left := g.stateSince + limit - g.m.now
	why := g.step.giveUp
	switch {
	case why != "":
	case left <= 0, !g.step.handed && left < time.Second:
		why = "no answer in time"
	case f.Kind == ledger.Forced && old.down(), p.Down != nil:
		why = "the primary is down"
	}
	if why != "" {
		g.giveUpHandOver(p, f, why)
		return
	}
	g.at(g.stateSince + limit)
	if g.step.handed {
		return
	}
	g.fenced(f, func() bool { return old.link.conns[Commands].up }, func() {
		left := g.stateSince + limit - g.m.now
		if left < time.Second {
			return
		}
		ms := strconv.FormatInt(left.Milliseconds(), 10)
		to := g.m.shown(i.addr)
		g.step.handed, i.infoSent = true, g.m.now // the next INFO is asked for in a period from now
		g.m.event(Notice, "+failover-state-wait-promotion", i, "")
		old.link.send(old, askedHand, func(r Reply) {
			if d := g.driving(); d != nil && d.Fence == f.Fence && d.State == ledger.Promoting {
				g.step.giveUp = handOverError(r)
			}
		}, []string{"MULTI"}, []string{"CLIENT", "PAUSE", ms, "WRITE"},
			[]string{"FAILOVER", "TO", to.Host, itoa(to.Port), "TIMEOUT", ms}, []string{"EXEC"})
	})
}

// handOverError is why the old primary does not hand over, "" when it does, or is at it for an earlier driver.
func handOverError(r Reply) string {
	for _, text := range append([]string{r.Text}, r.Items...) {
		refused := len(text) > 1 && text[0] == '-'
		begun := strings.Contains(text, "already in progress") || strings.Contains(text, "when server is a replica")
		if refused && !begun {
			return text[1:]
		}
	}
	return ""
}

// giveUpHandOver goes on without the old primary, where that is allowed, and has it resume its writers where not.
func (g *group) giveUpHandOver(p *ledger.Primary, f *ledger.Failover, why string) {
	old, reason := g.primary, "slave-timeout"
	begun := g.step.handed || old.failingOver
	if !begun {
		reason = "master-timeout"
	}
	up := func() bool { return old.link.conns[Commands].up }
	goesOn := g.step.giveUp == "" || f.Kind == ledger.Coordinated // or its writers wait
	if begun && goesOn && up() && !g.step.undone {
		g.fenced(f, up, func() { // the next driver may be at a hand-over of its own
			g.step.undone = true
			if g.step.giveUp == "" {
				old.link.send(old, askedOrder, nil, []string{"FAILOVER", "ABORT"})
			}
			if f.Kind == ledger.Coordinated {
				old.link.send(old, askedOrder, nil, []string{"CLIENT", "UNPAUSE"})
			}
		})
		return
	}
	if f.Kind == ledger.Forced {
		g.offer(&ledger.Fallback{Ref: p.Ref, Fence: f.Fence, Why: why})
		return
	}
	g.offer(&ledger.Abort{Ref: p.Ref, Fence: f.Fence, Why: reason})
}

// knowledge tells whether every sentinel in reach has shown that it knows the new address.
func (g *group) knowledge(p *ledger.Primary) bool {
	for _, s := range g.sentinels {
		if p.Watches(s.runID) && !s.down() && s.link.ready() && s.helloEpoch < p.ConfigEpoch {
			return false
		}
	}
	return true
}

// followUp cuts clients from the old primary once the others know the new one, has every replica follow it, and ends
// the failover.
func (g *group) followUp(p *ledger.Primary, f *ledger.Failover) {
	if over := g.stateSince + cutDeadline; !g.step.cut && !g.knowledge(p) && g.m.now < over {
		g.at(over)
		return
	}
	if !g.step.cut {
		g.fenced(f, func() bool { return true }, func() { g.cut(f) })
		return
	}
	timedOut := g.m.now >= g.followStart+g.failoverTimeout || p.Down != nil
	g.at(g.followStart + g.failoverTimeout)
	running, unfinished := 0, false
	followers := g.followers(p)
	for _, i := range followers {
		g.settle(i, p)
		if i.reconf == reconfSent || i.reconf == reconfInProgress {
			running++
		}
	}
	for _, i := range followers {
		if i.reconf == reconfDone || i.down() {
			continue
		}
		unfinished = true
		late := timedOut && i.reconf == reconfNone
		free := running < g.parallelSyncs || g.m.same(i.addr, f.From)
		if i.reconf == reconfNone && (free || late) && i.order(&p.Addr, f.Epoch) {
			i.gotTo(reconfSent, map[bool]string{false: "+slave-reconf-sent", true: "+slave-reconf-sent-be"}[late])
			running++
		}
	}
	if !unfinished || timedOut {
		g.offer(&ledger.End{Ref: p.Ref, Fence: f.Fence, TimedOut: unfinished})
	}
}

// followers are all that are to follow the new primary: the old one too.
func (g *group) followers(p *ledger.Primary) (out []*instance) {
	for _, i := range append(byName(g.replicas), g.primary) {
		if !g.m.same(i.addr, p.Addr) {
			out = append(out, i)
		}
	}
	return out
}

// settle notices how far a replica has got by itself or after it was told.
func (g *group) settle(i *instance, p *ledger.Primary) {
	if i.infoAsked < g.stateSince || i.infoAt == 0 {
		return
	}
	right := i.role == roleReplica && g.m.same(ledger.Addr{Host: i.upHost, Port: i.upPort}, p.Addr)
	if right && (i.reconf == reconfNone || i.reconf == reconfSent) {
		i.gotTo(reconfInProgress, "+slave-reconf-inprog")
	}
	if right && i.linkUp && i.reconf == reconfInProgress {
		i.gotTo(reconfDone, "+slave-reconf-done")
	}
	if limit := i.reconfSince + g.m.timings.ReplicaReconfTimeout; i.reconf == reconfSent {
		if g.m.now >= limit {
			i.gotTo(reconfDone, "-slave-reconf-sent-timeout")
		} else {
			g.at(limit)
		}
	}
}

// gotTo notes how far an instance has got. Events tell of replicas: the old primary becomes one when the view does.
func (i *instance) gotTo(r reconf, event string) {
	i.reconf, i.reconfSince = r, i.m.now
	if i.kind == Replica {
		i.m.event(Notice, event, i, "")
	}
}

// cut lets clients of both sides of a hand-over look for their primary anew.
func (g *group) cut(f *ledger.Failover) {
	g.step.cut = true
	if f.Way != ledger.HandOver {
		return
	}
	for _, a := range []ledger.Addr{f.From, f.Candidate} {
		for i := range g.everyone {
			if i.kind != Sentinel && g.m.same(i.addr, a) && i.link.conns[Commands].up {
				i.link.send(i, askedOrder, nil, append([][]string{{"MULTI"}}, cutClients(true)...)...)
			}
		}
	}
}
