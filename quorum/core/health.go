package core

import (
	"cmp"
	"slices"
	"time"
)

// silent is how long nothing was heard of a member, by any way. What was before this process started does not count.
func (n *Node) silent(id uint64) time.Duration {
	if id == n.meta.Raft {
		return 0
	}
	at := n.heard[id]
	if m := n.roster.members[id]; m != nil {
		if p := n.peers.known[m.id]; p != nil && p.hasCard && p.card.Raft == id {
			at = max(at, p.carded)
		}
	}
	return n.now - max(at, n.began)
}

// Awaits reports whether a peer may have a snapshot for this member: it is of the group that this one is pledged to or
// belongs to, by its card.
func (n *Node) Awaits(from string) bool {
	p := n.peers.known[from]
	return n.active() && p != nil && p.card.Group == n.meta.Group
}

// majority reports whether this member heard from a majority of the voters just now, itself included.
func (n *Node) majority() bool {
	half := func(ids []uint64) bool {
		heard := 0
		for _, id := range ids {
			if n.heardNow(id) {
				heard++
			}
		}
		return len(ids) == 0 || heard > len(ids)/2
	}
	return half(n.conf.GetVoters()) && half(n.conf.GetVotersOutgoing())
}

// Status gives what this member knows at a moment.
func (n *Node) Status(now time.Duration) Status {
	n.now = max(n.now, now)
	s := Status{Group: n.meta.Group, Need: n.need(), Known: n.peers.count(false) + 1, Removed: n.out, Halted: n.halted,
		Applied: n.log.applied}
	if !n.active() {
		return s
	}
	b := n.rn.BasicStatus()
	s.Term, s.Commit = b.GetTerm(), b.GetCommit()
	s.Formed, s.Pledged = n.roster != nil, n.roster == nil
	if !s.Formed {
		return s
	}
	s.Voters, s.Learners = len(n.conf.GetVoters()), len(n.conf.GetLearners())
	s.Voter = slices.Contains(n.conf.GetVoters(), n.meta.Raft)
	s.Leading, s.Leader, s.Foreign = n.leader.self, n.nameOf(n.leader.raft), n.peers.foreign
	switch {
	case n.leader.self:
		s.InContact = n.majority() && !n.writes.stalled(n.now)
	case n.leader.raft != 0:
		s.InContact = n.heardNow(n.leader.raft)
	}
	return s
}

// Members lists the group as this member knows it.
func (n *Node) Members(now time.Duration) []Member {
	n.now = max(n.now, now)
	if !n.formed() {
		return nil
	}
	status := n.rn.Status()
	out := make([]Member, 0, len(n.roster.members))
	for _, id := range n.roster.ids() {
		m := n.roster.members[id]
		out = append(out, Member{ID: m.id, Raft: id, Addr: m.addr, Voter: n.votes(id), Leading: id == n.leader.raft,
			Leaving: m.leaving, Match: status.Progress[id].Match, Silent: n.silent(id)})
	}
	slices.SortFunc(out, func(a, b Member) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Raft, b.Raft)) })
	return out
}
