package core

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// peers is who else there is, as discovery and the peers themselves say. Nothing of it is durable, and nothing that is
// agreed rests on it alone.
type peers struct {
	known   map[string]*peer
	changed time.Duration // when the set of those with a fresh card was another for the last time, or this member drew
	present int           // how many these were
	dirty   bool          // this member's card has changed
	sent    time.Duration
	foreign GroupID           // another group, seen by this member or by one of its group
	movedAt time.Duration     // when this member's address changed
	told    time.Duration     // when it was said for the last time that there is no group
	names   map[uint64]string // who is behind an identity in the group, as far as messages showed
}

type peer struct {
	id        string
	addr      string
	group     GroupID // as discovery shows it
	seen      time.Duration
	card      Card
	carded    time.Duration // when the card came
	hasCard   bool
	raftAt    time.Duration // when it showed its identity for the first time
	movedAt   time.Duration // when its address changed
	forgotten bool          // discovery does not show it any more, by an operator's wish
	barred    bool          // a static list excludes it: it is known for its group only
}

func newPeers(now time.Duration) peers {
	return peers{known: map[string]*peer{}, names: map[uint64]string{}, changed: now, dirty: true, told: now}
}

// fresh reports whether a peer that may belong has shown its card lately.
func (p *peer) fresh(now time.Duration) bool {
	return p.hasCard && !p.barred && now-p.carded < peerFresh
}

// name notes who is behind an identity. What is known otherwise as well may be forgotten, so there is a bound.
func (ps *peers) name(raft uint64, id string) {
	if len(ps.names) >= 4*membersMax {
		clear(ps.names)
	}
	ps.names[raft] = id
}

func (p *peer) move(addr string, now time.Duration) {
	if addr != "" && addr != p.addr {
		p.addr, p.movedAt = addr, now
	}
}

// in gives a peer, making it if there is room. One that a static list excludes is met for its card: two groups that
// exclude each other have to know of each other too.
func (ps *peers) in(n *Node, id, addr string) *peer {
	barred := !n.allowed(id, addr)
	if p := ps.known[id]; p != nil {
		p.barred = p.barred && barred
		return p
	}
	room := peersMax
	if barred {
		room = barredMax
	}
	if id == "" || id == n.meta.MyID || len(id) > nameMax || ps.count(barred) >= room {
		return nil
	}
	for _, old := range ps.known { // another myid at the address of one that is gone: a new member in its place
		if old.addr == addr && addr != "" && !old.fresh(n.now) && n.now-old.seen > peerFresh {
			delete(ps.known, old.id)
		}
	}
	p := &peer{id: id, addr: addr, seen: n.now, barred: barred}
	ps.known[id] = p
	return p
}

// count gives how many peers may belong, or may not.
func (ps *peers) count(barred bool) (n int) {
	for _, p := range ps.known {
		if p.barred == barred {
			n++
		}
	}
	return n
}

// drop lets go of peers that were forgotten and are gone: one that shows its card is there, whoever forgot it.
func (ps *peers) drop(now time.Duration) {
	maps.DeleteFunc(ps.known, func(_ string, p *peer) bool {
		return p.forgotten && (!p.hasCard || now-p.carded >= foreignFresh)
	})
}

// allowed applies the static list.
func (n *Node) allowed(id, addr string) bool {
	return n.cfg.Static == nil || slices.ContainsFunc(n.cfg.Static, func(p Peer) bool {
		return p.ID == id || p.ID == "" && p.Addr == addr
	})
}

func (ps *peers) saw(n *Node, list []Peer) {
	for _, s := range list {
		if len(s.Addr) > nameMax {
			continue
		}
		if p := ps.in(n, s.ID, s.Addr); p != nil {
			p.move(s.Addr, n.now)
			p.group, p.seen, p.forgotten = s.Group, n.now, false
		}
	}
}

// sortedPeers gives all known peers in the order of their myids, so that what follows is the same in every run.
func (n *Node) sortedPeers() []*peer {
	out := slices.Collect(maps.Values(n.peers.known))
	slices.SortFunc(out, func(a, b *peer) int { return cmp.Compare(a.id, b.id) })
	return out
}

// Links lists the peers that this member wants a link to: whom it knows, and the members of its group.
func (n *Node) Links() []Peer {
	known := map[string]Peer{}
	if n.roster != nil {
		for _, m := range n.roster.members {
			if m.id != n.meta.MyID {
				known[m.id] = Peer{ID: m.id, Addr: m.addr}
			}
		}
	}
	for id, p := range n.peers.known {
		if p.addr != "" {
			known[id] = Peer{ID: id, Addr: p.addr, Group: p.group}
		}
	}
	out := slices.Collect(maps.Values(known))
	slices.SortFunc(out, func(a, b Peer) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Card gives what this member says about itself. It says only what is durable.
func (n *Node) Card() Card {
	c := Card{ID: n.meta.MyID, Addr: n.cfg.Addr, Need: uint64(n.ownNeed()), GivenUp: n.meta.GivenUp}
	if n.switching || n.halted {
		return c
	}
	c.Group, c.Raft, c.Proposer, c.Drew = n.meta.Group, n.meta.Raft, n.meta.Proposer, n.meta.Drew
	if n.formed() {
		c.Formed, c.Leading, c.Fenced = true, n.leader.self, n.roster.fenced
		c.Foreign = n.ownForeign()
	}
	return c
}

func (n *Node) sendCard(to string) {
	if n.switching {
		return
	}
	c := n.Card()
	n.effects.Sends = append(n.effects.Sends, Send{To: to, Message: Message{Card: &c}})
}

// sendCards shows the card to everyone, once in a while and when it changed.
func (n *Node) sendCards() {
	if n.switching || !n.peers.dirty && n.now-n.peers.sent < cardEvery {
		return
	}
	n.peers.dirty, n.peers.sent = false, n.now
	for _, p := range n.Links() {
		n.sendCard(p.ID)
	}
}

// takeCard notes what a peer says about itself.
func (n *Node) takeCard(from string, c *Card) {
	p := n.peers.in(n, from, c.Addr)
	if c.ID != from || p == nil {
		return
	}
	if !c.sound() || c.Group == n.meta.Group && c.Group != 0 && c.Raft == n.meta.Raft {
		n.refuse(from, "a card with the identity %x in group %s", c.Raft, c.Group)
		return
	}
	p.move(c.Addr, n.now)
	if c.Need != p.card.Need {
		n.peers.changed = n.now
	}
	if c.Raft != p.card.Raft {
		p.raftAt = n.now
	}
	p.card, p.carded, p.hasCard, p.seen = *c, n.now, true, n.now
	if c.Raft != 0 && c.Group == n.meta.Group {
		n.peers.name(c.Raft, from)
	}
	n.judge(p)
	n.form()
}

// judge answers, as leader, a peer whose identity in the group is none, or not yet one.
func (n *Node) judge(p *peer) {
	c := p.card
	if !n.formed() || !n.leader.settled || c.Group != n.meta.Group || n.roster.members[c.Raft] != nil {
		return
	}
	if final, found := n.roster.departed(c.Raft); found {
		n.notify(p.id, notice{c.Group, c.Raft, final, math.MaxUint64})
	} else if c.Formed {
		n.notify(p.id, notice{c.Group, c.Raft, false, n.leader.term})
	} else if n.twin(p.id) && n.now-p.raftAt > twinAfter {
		n.event(Event{Kind: EventDuplicate, Peer: p.id, Group: n.meta.Group, Text: p.addr})
	}
}

// twin reports whether a member of that myid is alive under another identity.
func (n *Node) twin(id string) bool {
	return slices.ContainsFunc(n.roster.ids(), func(raft uint64) bool {
		return n.roster.members[raft].id == id && n.heardNow(raft)
	})
}

// fresh gives the peers whose cards count now, in order.
func (n *Node) fresh() []*peer {
	return slices.DeleteFunc(n.sortedPeers(), func(p *peer) bool { return !p.fresh(n.now) })
}

// nameOf gives the myid behind an identity in the group, or "".
func (n *Node) nameOf(raft uint64) string {
	if raft == n.meta.Raft {
		return n.meta.MyID
	}
	if n.roster != nil {
		if m := n.roster.members[raft]; m != nil {
			return m.id
		}
	}
	return n.peers.names[raft]
}

// ownForeign gives another formed group that this member sees by itself.
func (n *Node) ownForeign() GroupID {
	for _, p := range n.sortedPeers() {
		g, formed, at := p.card.Group, p.card.Formed, p.carded
		if !p.hasCard || n.now-p.carded >= foreignFresh {
			g, formed, at = p.group, p.group != 0, p.seen
		}
		if formed && g != n.meta.Group && n.now-at < foreignFresh && !slices.Contains(n.roster.fenced, g) {
			return g
		}
	}
	return 0
}
