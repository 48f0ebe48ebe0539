package monitor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"valkey/sentinel/ledger"
)

// group is a watched primary with its replicas and the other sentinels that watch it.
type group struct {
	m    *Monitor
	name string
	slot slot
	wake time.Duration // while run: the next time that something is due

	quorum          int
	downAfter       time.Duration
	failoverTimeout time.Duration
	parallelSyncs   int
	rebootDownAfter time.Duration
	maxLagBytes     uint64
	notification    string
	reconfig        string
	user, pass      string
	rename          map[string]string

	primary   *instance
	was       ledger.Addr // the primary before the last switch
	replicas  []*instance
	sentinels []*instance
	heard     string // the primary's replication id, if it was heard since the group has last agreed on one

	configEpoch ledger.Epoch
	leader      string // who was voted for, or drives
	leaderEpoch ledger.Epoch

	pending         bool          // a proposal is under way
	asking          bool          // an operator's failover is
	changes         int           // of what is agreed about it
	refused         int           // proposals in a row
	retryAt         time.Duration // no proposal before
	newsSince       time.Duration // the primary was heard to have a history that is not agreed
	verdictSince    time.Duration // the reports have amounted to something that somebody should propose
	driverlessSince time.Duration // the failover has needed another driver
	askSince        time.Duration // what replicas were asked before does not count for a choice
	startAfter      time.Duration // no automatic failover before
	fruitless       int           // failovers in a row that ended without a promotion
	downAgreed      time.Duration // when odown was applied here; 0: it is not agreed
	failoverAt      time.Duration // when the failover was
	stateSince      time.Duration // when its state was reached here
	deferred        bool          // this driver's view has the old primary still, until the failover ends
	step            stepState
	followStart     time.Duration
}

// watch begins to watch a primary.
func (m *Monitor) watch(s Settings) *group {
	g := &group{
		m: m, name: s.Name, quorum: s.Quorum, downAfter: s.DownAfter, failoverTimeout: s.FailoverTimeout,
		parallelSyncs: s.ParallelSyncs, rebootDownAfter: s.RebootDownAfter, maxLagBytes: s.MaxLagBytes,
		notification: s.Notification, reconfig: s.Reconfig, user: s.User, pass: s.Pass, rename: map[string]string{},
		configEpoch: s.ConfigEpoch, leaderEpoch: s.LeaderEpoch,
	}
	if g.downAfter == 0 {
		g.downAfter = m.timings.DefaultDownAfter
	}
	if g.failoverTimeout == 0 {
		g.failoverTimeout = m.timings.DefaultFailoverTimeout
	}
	g.parallelSyncs = max(1, g.parallelSyncs)
	maps.Copy(g.rename, s.Renamed)
	g.slot = slot{order: m.next(), run: g.run}
	m.groups[g.name] = g
	m.epoch = max(m.epoch, s.ConfigEpoch)
	g.primary = g.newInstance(Primary, s.Addr, "")
	for _, a := range s.Replicas {
		if g.replica(a) == nil && a != s.Addr {
			g.addReplica(a)
		}
	}
	for _, k := range s.Sentinels {
		if k.ID != m.id && g.sentinel(k.ID) == nil {
			g.sentinels = append(g.sentinels, g.newInstance(Sentinel, k.Addr, k.ID))
		}
	}
	g.follow("")
	g.touch()
	return g
}

// touch makes the group be looked at in this Step, unless it is watched no more.
func (g *group) touch() {
	if g.m.groups[g.name] == g {
		g.m.due.set(&g.slot, g.m.now)
	}
}

// at asks for the group to be looked at then.
func (g *group) at(t time.Duration) { g.wake = min(g.wake, t) }

// run looks at everything that may be due: first what is watched, then what is said and done about it.
func (g *group) run() {
	g.wake = g.m.now + time.Hour
	for i := range g.everyone {
		i.watch()
	}
	g.join()
	g.report()
	g.drive()
	g.m.due.set(&g.slot, max(g.wake, g.m.now+wakeMin))
}

// everyone yields all instances.
func (g *group) everyone(yield func(*instance) bool) {
	if !yield(g.primary) {
		return
	}
	for _, list := range [][]*instance{g.replicas, g.sentinels} {
		for _, i := range list {
			if !yield(i) {
				return
			}
		}
	}
}

// agreed is what the group has agreed about this primary: nil while this sentinel is no watcher in the ledger, or knows
// of a newer configuration than the ledger does, which may lag behind the file after a start.
func (g *group) agreed() *ledger.Primary {
	p := g.m.agreed[g.name]
	if g.m.leaving[g.name] != nil || !g.m.watchedByMe(g.name) || p.ConfigEpoch < g.configEpoch {
		return nil
	}
	return p
}

// failover is the one that is agreed to go on, nil for none.
func (g *group) failover() *ledger.Failover {
	if p := g.agreed(); p != nil {
		return p.Failover
	}
	return nil
}

// driving is the failover that this sentinel drives, nil for none.
func (g *group) driving() *ledger.Failover {
	if f := g.failover(); f != nil && f.Driver == g.m.id {
		return f
	}
	return nil
}

// agreedDown tells whether the primary is agreed to be down.
func (g *group) agreedDown() bool {
	p := g.agreed()
	return p != nil && p.Down != nil
}

// current is the instance at the address that answers for the name: in a driver's view, the promoted one.
func (g *group) current() *instance {
	if g.deferred {
		for _, i := range g.replicas {
			if i.promoted {
				return i
			}
		}
	}
	return g.primary
}

func (g *group) replica(a ledger.Addr) *instance {
	for _, i := range g.replicas {
		if g.m.same(i.addr, a) {
			return i
		}
	}
	return nil
}

func (g *group) addReplica(a ledger.Addr) *instance {
	i := g.newInstance(Replica, a, "")
	g.replicas = append(g.replicas, i)
	return i
}

func (g *group) sentinel(id string) *instance {
	for _, i := range g.sentinels {
		if i.runID == id {
			return i
		}
	}
	return nil
}

// drop lets everything go.
func (g *group) drop() {
	for i := range g.everyone {
		i.drop()
	}
	g.m.due.drop(&g.slot)
	delete(g.m.groups, g.name)
}

// join makes this sentinel a watcher in the ledger. Until then it watches for itself and fails nothing over.
func (g *group) join() {
	s := g.m.standing
	if !s.Formed || !s.InContact || g.pending || g.m.leaving[g.name] != nil || g.agreed() != nil {
		return
	}
	if g.retryAt > g.m.now {
		g.at(g.retryAt)
		return
	}
	g.offer(&ledger.Watch{Name: g.name, Addr: g.primary.addr, ConfigEpoch: g.configEpoch})
}

// offer proposes records, one entry at a time, and has the group looked at when the outcome is known.
func (g *group) offer(records ...ledger.Record) {
	g.pending = true
	changes := g.changes
	g.m.propose(func(err error) {
		g.pending = false
		switch {
		case err != nil:
			g.retryAt = g.m.now + proposeRetry
		case changes == g.changes: // refused: things are not as they seemed
			g.retryAt = g.m.now + min(proposeRetry<<min(g.refused, 8), retryDelayMax)
			if g.refused++; g.refused == refusedNote {
				g.m.do(Note{Warning, "the group refuses what this sentinel proposes about " + g.primary.label() +
					"; loglevel debug says why"})
			}
		}
		g.touch()
	}, records...)
}

// follow brings the view to the agreed address. by is the sentinel whose entry moved it, if one did. Where nothing is
// agreed any more, a driver will not hear of the end of its failover: what it has answered since the promotion stays.
func (g *group) follow(by string) {
	p := g.agreed()
	if p == nil {
		if g.deferred {
			g.switchTo(g.current().addr)
		}
		return
	}
	f := p.Failover
	g.deferred = g.deferred && f != nil && f.Driver == g.m.id && f.State == ledger.Following
	if g.configEpoch < p.ConfigEpoch {
		g.configEpoch = p.ConfigEpoch
		g.m.do(Save{})
	}
	switch {
	case g.deferred:
		return
	case g.primary.addr == p.Addr:
		if len(p.Lineages) == 0 {
			g.hear(g.primary) // what it said before this was agreed
		}
		return
	case g.m.same(g.primary.addr, p.Addr):
		g.primary.addr, g.primary.link.addr = p.Addr, p.Addr // another name for the same place
		return
	}
	if s := g.sentinel(by); s != nil {
		g.m.event(Warning, "+config-update-from", s, "")
	}
	g.switchTo(p.Addr)
	g.runReconfig("observer", g.was, p.Addr)
}

// switchTo makes the instance at an address the primary, and the old primary a replica. The links stay.
func (g *group) switchTo(to ledger.Addr) {
	m, old := g.m, g.primary
	g.was = old.addr
	from, shown := m.shown(old.addr), m.shown(to)
	m.tell(Warning, "+switch-master", g,
		fmt.Sprintf("%s %s %d %s %d", g.name, from.Host, from.Port, shown.Host, shown.Port))
	next := g.replica(to)
	if next == nil {
		next = g.newInstance(Primary, to, "")
	}
	g.replicas = slices.DeleteFunc(g.replicas, func(i *instance) bool { return i == next })
	g.primary, next.kind, old.kind, g.deferred, g.heard = next, Primary, Replica, false, ""
	next.addr = to
	g.replicas = append(g.replicas, old)
	for i := range g.everyone {
		if i.kind == Sentinel {
			continue
		}
		i.promoted, i.reconf, i.downSince, i.rebootSince, i.scriptKilled = false, reconfNone, 0, 0, false
		i.roleSince, i.upSince, i.publishAt = m.now, m.now, m.now
		if i.kind == Replica {
			m.event(Notice, "+slave", i, "")
		}
	}
	g.hear(next)
	m.do(Save{})
}

// runReconfig runs the script that reconfigures clients.
func (g *group) runReconfig(as string, from, to ledger.Addr) {
	if g.reconfig == "" {
		return
	}
	f, t := g.m.shown(from), g.m.shown(to)
	g.m.do(Script{Path: g.reconfig, Args: []string{
		g.name, as, "start", f.Host, itoa(f.Port), t.Host, itoa(t.Port),
	}})
}

// helloNow has everyone told at once.
func (g *group) helloNow() {
	for i := range g.everyone {
		i.publishAt = g.m.now
	}
	g.touch()
}

// address is what answers for the name: what is agreed, or before there is a group what this sentinel believes.
func (g *group) address() ledger.Addr {
	if p := g.agreed(); p != nil {
		return p.Addr
	}
	return g.primary.addr
}

// byName puts instances in an order that can be relied on.
func byName(list []*instance) []*instance {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b *instance) int { return strings.Compare(a.name(), b.name()) })
	return list
}
