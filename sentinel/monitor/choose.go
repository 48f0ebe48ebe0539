package monitor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"valkey/sentinel/ledger"
)

// choice is what a candidate is chosen from.
type choice struct {
	best       *instance
	considered []ledger.Seen
	waiting    bool // an instance that might qualify has not answered yet
}

// choose looks at every replica. With since 0 it asks only whether there is somebody to promote, as an operator's wish
// does before a failover begins; otherwise only what was asked for after that time counts.
func (g *group) choose(since time.Duration) (c choice) {
	var good []*instance
	furthest := g.primary.replEnd
	for _, i := range g.replicas {
		if i.role == roleReplica && g.lineageOf(i) >= 0 {
			furthest = max(furthest, i.offset)
		}
	}
	for _, i := range g.replicas {
		why := g.unfit(i, since, furthest)
		if since != 0 && (why == staleInfo || why == disconnected && i.infoAt == 0) {
			c.waiting = true
		}
		if why == "" {
			good = append(good, i)
		}
		c.considered = append(c.considered, ledger.Seen{
			Addr: i.addr, History: max(0, g.lineageOf(i)), Priority: max(0, i.priority), Offset: i.end(), RunID: i.runID,
			Excluded: why,
		})
	}
	if len(good) == 0 {
		return c
	}
	if i := g.acting(); slices.Contains(good, i) {
		for n := range c.considered {
			if s := &c.considered[n]; s.Excluded == "" && s.Addr != i.addr {
				s.Excluded = "another is the primary already"
			}
		}
		c.best = i
		return c
	}
	c.best = slices.MinFunc(good, func(a, b *instance) int {
		// Offsets compare within one history only; the primary's latest comes first.
		return cmp.Or(cmp.Compare(g.lineageOf(a), g.lineageOf(b)), cmp.Compare(a.priority, b.priority),
			cmp.Compare(b.offset, a.offset), compareRunIDs(a.runID, b.runID))
	})
	return c
}

// evidence is what an entry tells of the choice: as much as fits, and the best in any case.
func (c *choice) evidence() []ledger.Seen {
	list := slices.Clone(c.considered)
	isBest := func(s ledger.Seen) bool { return c.best != nil && s.Addr == c.best.addr }
	if n := slices.IndexFunc(list, isBest); n >= consideredMax {
		list[0], list[n] = list[n], list[0]
	}
	return list[:min(len(list), consideredMax)]
}

// acting is the instance that has become the primary without the group, when the group's primary itself follows it: a
// hand-over that was given up has come to its end after all. Everything is there, and the group has to be told.
func (g *group) acting() *instance {
	p := g.primary
	if p.role != roleReplica {
		return nil
	}
	if i := g.replica(ledger.Addr{Host: p.upHost, Port: p.upPort}); i != nil && i.role == rolePrimary {
		return i
	}
	return nil
}

// end is how far an instance has got in its history.
func (i *instance) end() uint64 {
	if i.role == rolePrimary {
		return i.replEnd
	}
	return i.offset
}

// compareRunIDs puts the smaller first and a missing one last.
func compareRunIDs(a, b string) int {
	if (a == "") != (b == "") {
		return cmp.Compare(len(b), len(a))
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

// staleInfo and, where a sentinel has just been started, disconnected are why a replica is not considered yet; every
// other reason is one to leave it out.
const (
	staleInfo    = "no recent INFO"
	disconnected = "disconnected"
)

// unfit says why a replica must not be promoted, "" when it may.
func (g *group) unfit(i *instance, since time.Duration, furthest uint64) string {
	now, t := g.m.now, g.m.timings
	maxAge, downFor := 3*t.InfoPeriod, time.Duration(0)
	if p := g.primary; p.down() {
		maxAge, downFor = 5*t.PingPeriod, now-p.downSince
		if p.role == roleReplica {
			// It has served nobody since it turned replica, long before it was found down for that.
			downFor = max(downFor, now-p.roleSince)
		}
	}
	switch {
	case i.down():
		return "s_down"
	case !i.link.ready():
		return disconnected
	case now-i.link.lastGood > 5*t.PingPeriod:
		return "no recent PONG"
	case i.priority == 0:
		return "priority 0"
	case i.infoAt == 0 || now-i.infoAt > maxAge || i.infoAsked < since:
		return staleInfo
	case i.role != roleReplica && i != g.acting():
		return "no replica"
	case i.linkDown > downFor+10*g.downAfter && !i.keepsData:
		return "its link was down for too long"
	case g.lineageOf(i) < 0:
		return "another history"
	case g.failover() != nil && i.roleEpoch > g.failover().Epoch:
		return "it obeyed a newer epoch" // the next attempt begins above that
	case g.maxLagBytes != 0 && furthest-min(i.end(), furthest) > g.maxLagBytes:
		return "it lags"
	}
	return ""
}

// lineageOf tells which of the primary's histories a replica holds a beginning of: 0 is the latest, -1 none.
//
// A replica names the history it copies ("master_replid"), and the one before it with the offset up to which the two
// are the same ("master_replid2", "second_repl_offset"). It holds the primary's data when the history it copies is one
// that the primary was seen to have: a server takes an id only together with the data. It also does when its earlier
// history is the primary's and it went on from there by itself, for then it was promoted by somebody. Where no
// sentinel has heard the primary, the next best proof is that the replica was told to copy the primary's address, and
// has copied something.
func (g *group) lineageOf(i *instance) int {
	known := g.histories()
	if len(known) == 0 {
		if i.offset > 0 && g.m.same(ledger.Addr{Host: i.upHost, Port: i.upPort}, g.primary.addr) {
			return 0
		}
		return -1
	}
	if n := slices.Index(known, i.replID); n >= 0 {
		return n
	}
	if i.secondEnd > 0 {
		return slices.Index(known, i.replID2)
	}
	return -1
}
