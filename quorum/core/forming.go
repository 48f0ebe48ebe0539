package core

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
)

// A group comes to be without a list of peers. One member draws an id for it and pledges itself; others that see its
// card pledge themselves too; when enough have, the one who drew the id forms the group. There are never two, because
//
//   - a pledge names one group, is durable before it is said, and replaces none: a member has one at a time;
//   - only the drawer forms its group, by one write, and gives it up by another, and does not do both;
//   - a pledge is taken back in three cases only: its group was given up, so it is never formed; the identity behind
//     it was removed from the group, so it counts there no more; an operator has put another group in its place.
//
// So whoever counts for one group counts for no other. Two groups need two disjoint sets of at least Need members
// each, which a Need above half of all rules out. DESIGN.md has the argument in full, with what dies when.

// form does what this member's place in all that asks for now.
func (n *Node) form() {
	if n.switching || n.halted {
		return
	}
	n.peers.drop(n.now)
	fresh := n.fresh()
	if len(fresh) != n.peers.present {
		n.peers.present, n.peers.changed = len(fresh), n.now
	}
	switch {
	case n.formed():
		n.beside(fresh)
	case n.out:
	case n.meta.Group == 0:
		n.choose(fresh)
	case n.meta.Drew:
		n.lead(fresh)
	default:
		n.wait(fresh)
	}
	n.tell(fresh)
}

// tell says once in a while why there is no group yet, and what an operator can do where time does not.
func (n *Node) tell(fresh []*peer) {
	if n.formed() || n.out || n.switching || n.now-n.peers.told < waitingEvery {
		return
	}
	n.peers.told = n.now
	in := slices.DeleteFunc(slices.Clone(fresh), func(p *peer) bool { return p.card.Group != n.meta.Group })
	e := Event{Kind: EventWaiting, Group: n.meta.Group}
	switch {
	case n.meta.Group == 0 && n.ownNeed() == 0:
		return // there is nothing to decide about
	case n.meta.Group == 0:
		known, here := n.peers.count(false)+1, len(fresh)+1
		e.Text = fmt.Sprintf("it takes %d sentinels, and of the %d that are known %d are here", n.need(), known, here)
		if here < known {
			e.Text += "; SENTINEL RESET on each of these forgets those that are gone for ever"
		}
	case slices.ContainsFunc(in, func(p *peer) bool { return p.card.Formed }):
		e.Text = "waits for the group's leader to let it in"
	case n.meta.Drew:
		e.Text = fmt.Sprintf("it takes %d pledges, and there are %d", n.need(), len(in)+1)
	case slices.ContainsFunc(in, func(p *peer) bool { return p.id == n.meta.Proposer }):
		e.Text = "waits for " + n.meta.Proposer + " to form the group"
	default:
		e.Peer = n.meta.Proposer
		e.Text = "bound to the group that this peer drew, until it is back; if its disk is lost for ever, " +
			"SENTINEL QUORUM FORCE-NEW-GROUP here makes another"
	}
	n.event(e)
}

// ownNeed is how many pledges a group needs, for all that this member knows by itself: a majority of all that were ever
// seen, and what its operator expects; 0 if there is nothing to expect yet.
func (n *Node) ownNeed() int {
	if n.cfg.Expect <= 0 {
		return 0
	}
	return max(n.cfg.Expect, (n.peers.count(false)+1)/2+1)
}

// need is the same for all of those that show their cards: the most careful of them decides.
func (n *Node) need() int {
	need := n.ownNeed()
	for _, p := range n.fresh() {
		if !p.card.Formed {
			need = max(need, int(min(p.card.Need, membersMax)))
		}
	}
	return need
}

// beside looks for other groups, as a member of one.
func (n *Node) beside(fresh []*peer) {
	foreign := n.ownForeign()
	for _, p := range fresh {
		c := p.card
		if !c.Formed || c.Group != n.meta.Group && slices.Contains(n.roster.fenced, c.Group) {
			continue
		}
		if c.Group != n.meta.Group && slices.Contains(c.Fenced, n.meta.Group) {
			n.event(Event{Kind: EventFenced, Group: c.Group, Peer: p.id})
			n.pledge(c)
			return
		}
		if foreign == 0 && c.Group == n.meta.Group {
			foreign = c.Foreign
		}
	}
	if foreign == n.peers.foreign {
		return
	}
	n.peers.foreign, n.peers.dirty = foreign, true
	if foreign != 0 {
		n.event(Event{Kind: EventForeign, Group: foreign,
			Text: "no automatic failover until SENTINEL QUORUM FORCE-NEW-GROUP on a member of the right one settles it"})
	} else {
		n.event(Event{Kind: EventUnfrozen, Group: n.meta.Group})
	}
}

// nobody is above every myid, which is text.
const nobody = "\xff"

// choose looks for a group to join or to help forming; failing these it draws one.
func (n *Node) choose(fresh []*peer) {
	var formed, first *Card
	lowest := n.meta.MyID
	if n.ownNeed() == 0 {
		lowest = nobody
	}
	for _, p := range fresh {
		c := &p.card
		switch {
		case c.Formed:
			switch {
			case formed == nil || slices.Contains(c.Fenced, formed.Group):
				formed = c
			case c.Group != formed.Group && !slices.Contains(formed.Fenced, c.Group):
				return // two groups: an operator has to say which
			}
			continue
		case c.Drew:
			if first == nil || c.ID < first.ID {
				first = c
			}
		case c.Group != 0 || c.Need == 0:
			continue // it is bound to another's group and cannot lead, or expects nothing and does not draw
		}
		lowest = min(lowest, c.ID)
	}
	switch {
	case formed != nil:
		n.pledge(*formed)
	case first != nil && first.ID == lowest:
		n.pledge(*first)
	case lowest == n.meta.MyID && n.enough(len(fresh)+1):
		n.draw()
	}
}

// enough reports whether there are as many as a group needs, and either all that are known, or for a while no others.
func (n *Node) enough(present int) bool {
	wait := time.Duration(0)
	switch {
	case present == 1:
		wait = settleAlone
	case present <= n.peers.count(false):
		wait = settleMin
	}
	return n.ownNeed() > 0 && present >= n.need() && n.now-n.peers.changed >= wait
}

// draw proposes a group.
func (n *Node) draw() {
	m := n.meta
	m.Group, m.Raft, m.Proposer, m.Drew = GroupID(n.random()), n.random(), m.MyID, true
	n.enter(m, nil, func() {
		n.peers.changed = n.now
		n.event(Event{Kind: EventPledged, Group: m.Group, Peer: m.Proposer})
	})
}

// pledge binds this member to the group of a card: one that is being formed, or one that it joins.
func (n *Node) pledge(c Card) {
	m := n.meta
	m.Group, m.Raft, m.Proposer, m.Drew = c.Group, n.random(), c.Proposer, false
	n.enter(m, nil, func() { n.event(Event{Kind: EventPledged, Group: m.Group, Peer: m.Proposer}) })
}

// release takes the pledge back.
func (n *Node) release(why string) {
	m, group := n.meta, n.meta.Group
	m.Group, m.Raft, m.Proposer, m.Drew = 0, 0, "", false
	n.enter(m, nil, func() { n.event(Event{Kind: EventReleased, Group: group, Text: why}) })
}

// random draws a number that raft can use as an identity, in the middle of the range: the ends mean something to raft.
func (n *Node) random() uint64 { return n.cfg.Random()>>1 | 1<<62 }

// drawn reports whether a number can be one that random gave.
func drawn(id uint64) bool { return id>>62 == 1 }

// lead forms the group that this member drew, or gives it up for one that has the better right.
func (n *Node) lead(fresh []*peer) {
	for _, p := range fresh {
		c := p.card
		if c.Formed && c.Group != n.meta.Group || !c.Formed && c.Drew && c.ID < n.meta.MyID {
			m := n.meta
			m.GivenUp = append(slices.Clone(m.GivenUp), m.Group)
			if k := len(m.GivenUp); k > listMax {
				m.GivenUp = slices.Clone(m.GivenUp[k-listMax:])
			}
			m.Group, m.Raft, m.Proposer, m.Drew = 0, 0, "", false
			group := n.meta.Group
			n.enter(m, nil, func() { n.event(Event{Kind: EventReleased, Group: group, Text: "given up for " + p.id}) })
			return
		}
	}
	r := newRoster(n.meta.Group)
	r.members[n.meta.Raft] = &member{id: n.meta.MyID, addr: n.cfg.Addr}
	for _, p := range fresh {
		if p.card.Group == n.meta.Group && len(r.members) < membersMax {
			r.members[p.card.Raft] = &member{id: p.id, addr: p.addr}
		}
	}
	all := len(r.members) > len(fresh)
	if n.ownNeed() == 0 || len(r.members) < n.need() || !all && n.now-n.peers.changed < settleMin {
		return // who pledges before the group is there has a vote in it at once
	}
	n.found(n.meta, r, n.nextIndex(), func() {
		n.event(Event{Kind: EventFormed, Group: r.group, Text: fmt.Sprintf("%d voters", len(r.members))})
	})
}

// nextIndex is where a new group's log begins: above what the machine has applied in another.
func (n *Node) nextIndex() uint64 { return cmp.Or(n.log.applied, n.left) + 1 }

// found writes a group's first state, in which all of the roster have a vote.
func (n *Node) found(m Meta, r *roster, index uint64, done func()) {
	cs := &pb.ConfState{AutoLeave: new(false)}
	for id := range r.members {
		cs.Voters = append(cs.Voters, id)
	}
	slices.Sort(cs.Voters)
	s := &pb.Snapshot{
		Data:     r.encode(n.cfg.Machine.Snapshot()),
		Metadata: &pb.SnapshotMetadata{ConfState: cs, Index: new(index), Term: new(uint64(1))},
	}
	n.enter(m, s, func() {
		_ = n.rn.Campaign() // nobody else knows the group's state, so nobody else can lead it yet
		n.effects.Applied = true
		done()
	})
}

// wait is the part of one that is pledged to another's group.
func (n *Node) wait(fresh []*peer) {
	for _, p := range fresh {
		c := p.card
		switch {
		case c.Formed && slices.Contains(c.Fenced, n.meta.Group):
			n.event(Event{Kind: EventFenced, Group: c.Group, Peer: p.id})
			n.pledge(c)
			return
		case c.ID == n.meta.Proposer && slices.Contains(c.GivenUp, n.meta.Group):
			n.release("given up by " + c.ID)
			return
		}
	}
}

// removed ends this member's part in its group.
func (n *Node) removed(final bool) {
	n.out = n.out || final
	why := "it was silent for too long, or has been replaced"
	if final {
		why = "by an operator"
	}
	n.event(Event{Kind: EventRemoved, Group: n.meta.Group, Text: why})
	n.release("removed")
}

// force makes a group of this member alone, with what it has applied, in the place of every group that it knows of.
func (n *Node) force(token any) {
	if n.switching || n.halted {
		n.answer(token, nil, ErrNoQuorum)
		return
	}
	m := n.meta
	m.Group, m.Raft, m.Proposer, m.Drew = GroupID(n.random()), n.random(), m.MyID, true
	r, index := newRoster(m.Group), n.nextIndex()
	replace := func(g GroupID) {
		if g != 0 && !slices.Contains(r.fenced, g) {
			r.fenced = append(r.fenced, g)
		}
	}
	replace(n.meta.Group)
	if n.formed() {
		replace(n.peers.foreign)
		replace(n.ownForeign())
	}
	for _, p := range n.sortedPeers() {
		if p.hasCard && n.now-p.carded < foreignFresh {
			replace(p.card.Group)
		}
		if n.now-p.seen < foreignFresh {
			replace(p.group)
		}
	}
	if n.formed() {
		for _, g := range n.roster.fenced {
			replace(g)
		}
	}
	r.fenced = r.fenced[:min(len(r.fenced), listMax)]
	r.members[m.Raft] = &member{id: m.MyID, addr: n.cfg.Addr}
	n.out = false
	n.found(m, r, index, func() {
		n.event(Event{Kind: EventForced, Group: m.Group})
		n.answer(token, nil, nil)
	})
}

// enter changes who this member is. From here until that is durable it neither speaks nor listens; then it is the new
// one, and done is called.
func (n *Node) enter(m Meta, s *pb.Snapshot, done func()) {
	n.failAll()
	n.switching = true
	n.left = cmp.Or(n.log.applied, n.left)
	n.rn, n.mem, n.roster, n.conf, n.leader = nil, nil, nil, nil, lead{}
	b := Batch{Meta: &m, Fresh: true, Snapshot: s}
	if s != nil {
		b.Hard = &pb.HardState{Term: new(uint64(1)), Vote: new(uint64(0)), Commit: new(s.GetMetadata().GetIndex())}
	}
	n.writes.put(pending{batch: b, done: func() {
		n.meta, n.switching = m, false
		n.peers.dirty, n.peers.foreign = true, 0
		if m.Group != 0 {
			if err := n.start(State{Meta: m, Hard: b.Hard, Snapshot: s}); err != nil {
				n.halt(err)
				return
			}
		}
		done()
	}})
}
