package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
)

// checker holds what must be true at each step. It keeps the first thing that was not.
type checker struct {
	f      *Fleet
	failed string

	hashes     map[uint64]string                       // by index
	chosen     map[string]map[ledger.Epoch]ledger.Addr // whom each epoch of a name promotes, as orders were sent
	agreedTo   map[string]map[ledger.Epoch]ledger.Addr // and as it was agreed
	addresses  map[ledger.Ref][]ledger.Addr            // that were applied, in order
	epochs     map[string]ledger.Epoch                 // of each sentinel
	config     map[string]ledger.Epoch                 // of each sentinel, incarnation and name
	promotions int
	lost       uint64 // writes that a primary took and the one after it does not have
}

func newChecker(f *Fleet) *checker {
	return &checker{
		f: f, hashes: map[uint64]string{}, chosen: map[string]map[ledger.Epoch]ledger.Addr{},
		agreedTo: map[string]map[ledger.Epoch]ledger.Addr{}, addresses: map[ledger.Ref][]ledger.Addr{},
		epochs: map[string]ledger.Epoch{}, config: map[string]ledger.Epoch{},
	}
}

// fail keeps the first failure.
func (c *checker) fail(format string, args ...any) {
	if c.failed == "" {
		c.failed = fmt.Sprintf(format, args...)
	}
}

// once holds that an epoch has one address.
func (c *checker) once(m map[string]map[ledger.Epoch]ledger.Addr, name string, e ledger.Epoch, a ledger.Addr) bool {
	if m[name] == nil {
		m[name] = map[ledger.Epoch]ledger.Addr{}
	}
	old, ok := m[name][e]
	if ok && old != a {
		c.fail("epoch %d of %s promotes %s and %s", e, name, old, a)
	}
	m[name][e] = a
	return !ok
}

// appliedEntry checks what one sentinel's ledger made of an entry.
func (c *checker) appliedEntry(n *node, e Entry, r ledger.Result) {
	hash := n.book.Hash()
	if old, ok := c.hashes[e.Index]; ok && old != hash {
		c.fail("%s has hash %s at index %d, another has %s", n.addr(), hash, e.Index, old)
	}
	first := c.hashes[e.Index] == ""
	c.hashes[e.Index] = hash
	if !first {
		return
	}
	if r.Err != nil {
		c.f.Logf("entry %d of %s refused: %v", e.Index, e.By[:1], r.Err)
	}
	for _, ch := range r.Changes {
		kind := strings.TrimPrefix(fmt.Sprintf("%T", ch.Record), "*ledger.")
		c.f.Logf("entry %d of %s: %s %+v", e.Index, e.By[:1], kind, ch.Record)
		p := ch.Primary
		if list := c.addresses[p.Ref]; len(list) == 0 || list[len(list)-1] != p.Addr {
			c.addresses[p.Ref] = append(list, p.Addr)
		}
		switch rec := ch.Record.(type) {
		case *ledger.Promoted:
			if c.once(c.agreedTo, p.Name, p.ConfigEpoch, p.Addr) {
				c.promotions++
			}
		case *ledger.Candidate:
			c.best(rec)
		}
	}
}

// best holds that the candidate was the best of those that qualified, by a second reading of the rule.
func (c *checker) best(r *ledger.Candidate) {
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
}

// answers holds that a sentinel answers what it has applied.
func (c *checker) answers(n *node) {
	for p := range c.f.Shape.Primaries {
		p := n.book.Primary(name(p))
		if p == nil {
			continue
		}
		if !p.Watches(n.id) {
			delete(n.left, p.Name)
			continue
		}
		if got, ok := n.mon.Address(p.Name); ok && got != p.Addr && !n.left[p.Name] && !n.lags() {
			c.fail("%s answers %s for %s, and has applied %s", n.addr(), got, p.Name, p.Addr)
		}
	}
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
				c.once(c.chosen, p.Name, f.Epoch, to)
			}
		}
		if !found {
			c.fail("%s orders %s to be a primary, and drives no such failover", n.addr(), to)
		}
	}
}

// promoted notes a promotion that happened.
func (c *checker) promoted(s *server, by *node) {
	c.f.Logf("%s is a primary, as %s ordered", s.addr(), by.addr())
}
