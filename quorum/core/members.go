package core

import (
	"maps"
	"slices"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"
)

// manage is the leader's care for who belongs: one change at a time, the next when the last is applied.
func (n *Node) manage() {
	l := &n.leader
	if !n.formed() || !l.self || !l.settled || len(n.conf.GetVotersOutgoing()) > 0 {
		return
	}
	n.watchLearners()
	if l.changing && n.now-l.changingAt < ElectionTimeout {
		return
	}
	for _, step := range []func() (pb.ConfChangeI, bool){n.removeLeaving, n.admit, n.promote, n.forget, n.move} {
		cc, wanted := step()
		if !wanted {
			continue
		}
		if cc != nil && n.rn.ProposeConfChange(cc) == nil {
			l.changing, l.changingAt = true, n.now
		}
		return
	}
}

// ids gives the members' identities in order.
func (r *roster) ids() []uint64 { return slices.Sorted(maps.Keys(r.members)) }

func (n *Node) votes(id uint64) bool { return slices.Contains(n.conf.GetVoters(), id) }

func change(kind pb.ConfChangeType, id uint64) *pb.ConfChangeSingle {
	return &pb.ConfChangeSingle{Type: kind.Enum(), NodeId: new(id)}
}

// one is a change of one member; context says who it is.
func one(kind pb.ConfChangeType, id uint64, name, addr string) *pb.ConfChange {
	var e encoder
	e.string(name)
	e.string(addr)
	return &pb.ConfChange{Type: kind.Enum(), NodeId: new(id), Context: e.b}
}

// removeLeaving removes whom an operator wants gone. A leader that is to go hands over first.
func (n *Node) removeLeaving() (pb.ConfChangeI, bool) {
	for _, id := range n.roster.ids() {
		if !n.roster.members[id].leaving {
			continue
		}
		if id == n.meta.Raft {
			if next := n.heir(); next != 0 && !n.roster.members[next].leaving {
				n.rn.TransferLeader(next)
				n.leader.changing, n.leader.changingAt = true, n.now
				return nil, true
			}
		}
		return one(pb.ConfChangeRemoveNode, id, "", ""), true
	}
	return nil, false
}

// admit makes learners of those that have pledged themselves to the group.
func (n *Node) admit() (pb.ConfChangeI, bool) {
	for _, p := range n.fresh() {
		c := p.card
		if c.Group != n.meta.Group || c.Raft == 0 || n.roster.members[c.Raft] != nil {
			continue
		}
		_, gone := n.roster.departed(c.Raft)
		if gone || c.Formed || n.twin(p.id) || len(n.roster.members) >= membersMax {
			continue
		}
		return one(pb.ConfChangeAddLearnerNode, c.Raft, p.id, p.addr), true
	}
	return nil, false
}

// watchLearners notes since when each learner keeps up.
func (n *Node) watchLearners() {
	last, _ := n.mem.LastIndex()
	n.rn.WithProgress(func(id uint64, kind raft.ProgressType, pr tracker.Progress) {
		if kind != raft.ProgressTypeLearner || pr.Match+learnLag < last || !n.heardNow(id) {
			delete(n.leader.level, id)
		} else if _, ok := n.leader.level[id]; !ok {
			n.leader.level[id] = n.now
		}
	})
}

// promote gives a vote to a learner that keeps up. If it takes the place of one that lost its disk, that one goes in
// the same step, so that there is never a vote more that nobody can cast.
func (n *Node) promote() (pb.ConfChangeI, bool) {
	for _, id := range n.roster.ids() {
		m := n.roster.members[id]
		since, level := n.leader.level[id]
		if !level || n.now-since < learnStable || n.votes(id) {
			continue
		}
		v2 := &pb.ConfChangeV2{Changes: []*pb.ConfChangeSingle{change(pb.ConfChangeAddNode, id)}}
		for _, old := range n.roster.ids() {
			if old != id && n.roster.members[old].id == m.id {
				v2.Changes = append(v2.Changes, change(pb.ConfChangeRemoveNode, old))
			}
		}
		return v2, true
	}
	return nil, false
}

// forget removes one that has been silent for long. Voters stay as long as it would leave fewer than three, or a
// majority of them does not answer.
func (n *Node) forget() (pb.ConfChangeI, bool) {
	if n.cfg.Forget <= 0 {
		return nil, false
	}
	for _, id := range n.roster.ids() {
		if n.silent(id) < n.cfg.Forget || n.heardNow(id) {
			continue
		}
		if n.votes(id) && (len(n.conf.GetVoters()) <= votersMin || !n.majority()) {
			continue
		}
		return one(pb.ConfChangeRemoveNode, id, "", ""), true
	}
	return nil, false
}

// move notes a member's new address, once it has kept it for a while.
func (n *Node) move() (pb.ConfChangeI, bool) {
	for _, id := range n.roster.ids() {
		m := n.roster.members[id]
		addr, since := n.cfg.Addr, n.peers.movedAt
		if id != n.meta.Raft {
			p := n.peers.known[m.id]
			if p == nil || p.card.Raft != id {
				continue
			}
			addr, since = p.addr, p.movedAt
		}
		if addr != "" && addr != m.addr && n.now-since >= learnStable {
			return one(pb.ConfChangeUpdateNode, id, m.id, addr), true
		}
	}
	return nil, false
}
