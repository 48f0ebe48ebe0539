package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"valkey/quorum/core"
	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
)

// checker holds what must be true at each step. It keeps the first thing that was not.
type checker struct {
	f      *Fleet
	failed string

	proposals map[string]bool                      // that were applied, each once
	hashes    map[spot]string                      // of the ledger
	chosen    map[era]map[ledger.Epoch]ledger.Addr // whom each epoch promotes, as orders were sent
	agreedTo  map[era]map[ledger.Epoch]ledger.Addr // and as it was agreed
	obeyed    map[era]map[ledger.Epoch]ledger.Addr // and as servers obeyed
	newest    map[core.GroupID]ledger.Epoch
	addresses map[string]map[ledger.Addr]bool // that were agreed for a name, or configured in the beginning
	now       map[string]ledger.Addr          // the last of them
	data      map[string]map[string]bool      // that a primary of a name has had, by the name of its beginning
	epochs    map[string]ledger.Epoch         // of each sentinel
	config    map[string]ledger.Epoch         // of each sentinel, incarnation and name
	groups    map[core.GroupID]bool           // that formed by themselves
	forced    []core.GroupID                  // that operators made, in order
	apart     bool                            // several groups may form

	entries    int
	last       core.Entry
	promotions int
	late       int    // orders that were sent by one that had stopped after its fence was confirmed
	rescued    int    // groups that could not form without an operator
	lost       uint64 // writes that a primary took and the one after it does not have
}

// spot is an index in a group's log.
type spot struct {
	group core.GroupID
	index uint64
}

// era is a name in a group. What a group has agreed binds no other that an operator puts in its place.
type era struct {
	group core.GroupID
	name  string
}

func newChecker(f *Fleet) *checker {
	epochs := func() map[era]map[ledger.Epoch]ledger.Addr { return map[era]map[ledger.Epoch]ledger.Addr{} }
	return &checker{
		f: f, proposals: map[string]bool{}, hashes: map[spot]string{}, chosen: epochs(), agreedTo: epochs(), obeyed: epochs(),
		newest: map[core.GroupID]ledger.Epoch{}, addresses: map[string]map[ledger.Addr]bool{},
		now: map[string]ledger.Addr{}, data: map[string]map[string]bool{},
		epochs: map[string]ledger.Epoch{}, config: map[string]ledger.Epoch{},
		groups: map[core.GroupID]bool{},
	}
}

// fail keeps the first failure.
func (c *checker) fail(format string, args ...any) {
	if c.failed == "" {
		c.failed = fmt.Sprintf(format, args...)
	}
}

// once holds that an epoch has one address.
func (c *checker) once(m map[era]map[ledger.Epoch]ledger.Addr, of era, e ledger.Epoch, a ledger.Addr) bool {
	if m[of] == nil {
		m[of] = map[ledger.Epoch]ledger.Addr{}
	}
	old, ok := m[of][e]
	if ok && old != a {
		c.fail("epoch %d of %s promotes %s and %s", e, of.name, old, a)
	}
	m[of][e] = a
	return !ok
}

// among notes that something belongs to a name.
func among[K comparable](m map[string]map[K]bool, name string, k K) {
	if m[name] == nil {
		m[name] = map[K]bool{}
	}
	m[name][k] = true
}

// member holds that sentinels form one group, unless an operator has put another in its place.
func (c *checker) member(n *node, st core.Status) {
	if !st.Formed || slices.Contains(c.forced, st.Group) || c.groups[st.Group] {
		return
	}
	if c.groups[st.Group] = true; len(c.groups) > 1 && !c.apart {
		c.fail("%s belongs to a second group, %s", n.addr(), st.Group)
	}
	if want := n.wanted(n.saved.Primaries); st.Voters < want {
		c.fail("a group of %d was formed, and %d are expected", st.Voters, want)
	}
}

// equal holds that a ledger is the same at an index as that of everybody else, and tells whether it is there first.
func (c *checker) equal(n *node) bool {
	at, hash := spot{n.group(), n.book.Index()}, n.book.Hash()
	old, ok := c.hashes[at]
	if ok && old != hash {
		c.fail("%s has hash %s at index %d, another has %s", n.addr(), hash, at.index, old)
	}
	c.hashes[at] = hash
	return !ok
}

// appliedEntry checks what one sentinel's ledger made of an entry.
func (c *checker) appliedEntry(n *node, e core.Entry, r ledger.Result) {
	if !c.equal(n) {
		return
	}
	group := n.group()
	c.entries++
	c.last = e
	if id := fmt.Sprint(group, e.By, e.At.UnixNano(), string(e.Data)); c.proposals[id] {
		c.fail("entry %d is one that was applied before", e.Index)
	} else {
		c.proposals[id] = true
	}
	if r.Err != nil {
		c.f.Logf("entry %d of %s refused: %v", e.Index, e.By[:1], r.Err)
	}
	for _, ch := range r.Changes {
		kind := strings.TrimPrefix(fmt.Sprintf("%T", ch.Record), "*ledger.")
		c.f.Logf("entry %d of %s: %s %+v", e.Index, e.By[:1], kind, ch.Record)
		p := ch.Primary
		c.address(p.Name, p.Addr)
		switch rec := ch.Record.(type) {
		case *ledger.Intent:
			if p.Failover.Epoch <= c.newest[group] {
				c.fail("a failover of %s has epoch %d after %d", p.Name, p.Failover.Epoch, c.newest[group])
			}
			c.newest[group] = p.Failover.Epoch
			if k := len(c.forced); k > 0 && group != c.forced[k-1] {
				c.fail("group %s fails %s over, and an operator has put %s in its place", group, p.Name, c.forced[k-1])
			}
		case *ledger.Promoted:
			c.fenced(ch, rec.Fence)
			if c.once(c.agreedTo, era{group, p.Name}, p.ConfigEpoch, p.Addr) {
				c.promotions++
			}
		case *ledger.Fallback:
			c.fenced(ch, rec.Fence)
		case *ledger.Candidate:
			c.fenced(ch, rec.Fence)
			c.best(p.Name, rec)
		}
	}
}

// fenced holds that a failover is moved on by its driver only, under the fence that it holds.
func (c *checker) fenced(ch ledger.Change, fence uint64) {
	if f := ch.Primary.Failover; f.Driver != ch.By || f.Fence != fence {
		c.fail("entry %d of %s at fence %d moves on what %s drives at %d", ch.Index, ch.By, fence, f.Driver, f.Fence)
	}
}

// best holds that the candidate was the best of those that qualified, by a second reading of the rule.
func (c *checker) best(name string, r *ledger.Candidate) {
	var able []ledger.Seen
	for _, s := range r.Considered {
		if s.Excluded == "" {
			able = append(able, s)
		}
	}
	slices.SortFunc(able, func(a, b ledger.Seen) int {
		return cmp.Or(cmp.Compare(a.History, b.History), cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Offset, a.Offset),
			cmp.Compare(a.RunID, b.RunID))
	})
	if len(able) == 0 || able[0].Addr != r.Addr {
		c.fail("%s was chosen of %+v", r.Addr, r.Considered)
	}
	for _, x := range able {
		s, _ := c.f.Net.places[x.Addr.String()].(*server)
		switch {
		case s == nil || len(able) > 1 && s.priority != x.Priority: // a lone one may be the primary already, and say none
			c.fail("%+v may be chosen, and is no such server", x)
		case !c.data[name][s.data] && s.runID == x.RunID:
			c.fail("%s may be chosen for %s, and has never had its data", x.Addr, name)
		}
	}
}

// address notes an address that answers for a name.
func (c *checker) address(name string, a ledger.Addr) {
	among(c.addresses, name, a)
	c.now[name] = a
}

// moment notes whose data the primaries have.
func (c *checker) moment() {
	for name, a := range c.now {
		if s, _ := c.f.Net.places[a.String()].(*server); s != nil && s.up { // also where a late order had it copy another
			among(c.data, name, s.data)
		}
	}
}

// answers holds that a sentinel answers what it has applied: the last of it, unless its file knows better after a start
// or of another group.
func (c *checker) answers(n *node) {
	for i := range c.f.Shape.Primaries {
		got, ok := n.address(i)
		if !ok {
			continue
		}
		name := name(i)
		if !c.addresses[name][got] {
			c.fail("%s answers %s for %s, which was never agreed", n.addr(), got, name)
		}
		p := n.book.Primary(name)
		switch {
		case p == nil:
		case !p.Watches(n.id):
			delete(n.left, name)
		case got != p.Addr && !n.left[name] && n.caught && n.configEpoch(name) <= p.ConfigEpoch:
			c.fail("%s answers %s for %s, and has applied %s", n.addr(), got, name, p.Addr)
		}
	}
}

// configEpoch is the one that a sentinel has saved.
func (n *node) configEpoch(name string) ledger.Epoch {
	for _, s := range n.saved.Primaries {
		if s.Name == name {
			return s.ConfigEpoch
		}
	}
	return 0
}

// stepped checks what a sentinel saves, and what it is about to send.
func (c *checker) stepped(n *node, actions []monitor.Action) {
	if c.f.Shape.Primaries < 10 {
		c.answers(n)
	}
	for _, a := range actions {
		switch a := a.(type) {
		case monitor.Send:
			c.sending(n, a)
		case monitor.Save:
			c.saving(n)
		}
	}
}

// saving holds that the epochs that a sentinel saves only grow.
func (c *checker) saving(n *node) {
	state := n.mon.State()
	if state.CurrentEpoch < c.epochs[n.id] {
		c.fail("the epoch of %s fell from %d to %d", n.addr(), c.epochs[n.id], state.CurrentEpoch)
	}
	c.epochs[n.id] = state.CurrentEpoch
	for _, s := range state.Primaries {
		p := n.book.Primary(s.Name)
		if p == nil || !p.Watches(n.id) || n.left[s.Name] {
			continue
		}
		key := fmt.Sprint(n.id, p.Ref)
		if s.ConfigEpoch < c.config[key] {
			c.fail("the config epoch of %s at %s fell from %d to %d", s.Name, n.addr(), c.config[key], s.ConfigEpoch)
		}
		c.config[key] = s.ConfigEpoch
	}
}

// sending holds that a promotion is ordered only by the driver, of the agreed candidate.
func (c *checker) sending(n *node, s monitor.Send) {
	for _, cmd := range s.Commands {
		if cmd[0] != "SLAVEOF" || cmd[1] != "NO" {
			continue
		}
		pair := n.conns[s.Link]
		if pair == nil || pair[monitor.Commands] == nil {
			continue
		}
		to := hostPort(pair[monitor.Commands].to.addr())
		found := false
		for _, p := range n.book.Primaries() {
			if f := p.Failover; f != nil && f.Driver == n.id && f.State == ledger.Promoting && f.Candidate == to {
				found = true
				c.once(c.chosen, era{n.group(), p.Name}, f.Epoch, to)
			}
		}
		if !found {
			c.fail("%s orders %s to be a primary, and drives no such failover", n.addr(), to)
		}
	}
}

// promoted notes a promotion that happened, and holds that servers which know epochs obey one order in each.
func (c *checker) promoted(s *server, by *node, e ledger.Epoch) {
	c.f.Logf("%s is a primary, as %s ordered", s.addr(), by.addr())
	if s.aware && e != 0 {
		c.once(c.obeyed, era{by.group(), s.of}, e, hostPort(s.addr()))
	}
}
