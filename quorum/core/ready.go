package core

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// logged is where this member stands in the log.
type logged struct {
	applied     uint64
	appliedTerm uint64
	bytes       int    // applied since the last snapshot
	snapshot    int    // size of that
	snapshotAt  uint64 // index of that
}

// drain does what raft wants done, until it wants nothing more.
func (n *Node) drain() {
	for n.active() && n.rn.HasReady() {
		rd := n.rn.Ready()
		for _, m := range rd.Messages {
			switch m.GetTo() {
			case raft.LocalAppendThread:
				n.persist(m)
			case raft.LocalApplyThread:
				n.apply(m)
			default:
				n.sendRaft(m)
			}
			if !n.active() {
				return
			}
		}
		for _, r := range rd.ReadStates {
			if len(r.RequestCtx) == 16 {
				n.reads.known(binary.BigEndian.Uint64(r.RequestCtx[8:]), r.Index)
			}
		}
		if rd.SoftState != nil {
			n.soft(rd.SoftState)
		}
		n.reads.release(n)
	}
}

// persist queues what raft wants durable.
func (n *Node) persist(m *pb.Message) {
	b := Batch{Entries: m.GetEntries(), Snapshot: m.GetSnapshot()}
	if m.Term != nil { // all three are set, or none
		b.Hard = &pb.HardState{Term: new(m.GetTerm()), Vote: new(m.GetVote()), Commit: new(m.GetCommit())}
	}
	if b.Snapshot != nil {
		if err := n.install(b.Snapshot); err != nil {
			n.halt(err) // before anything is written: a version that can read it goes on from what the disk has
			return
		}
	}
	n.writes.put(pending{batch: b, rn: n.rn, after: m.GetResponses(),
		commit: len(b.Entries) == 0 && b.Snapshot == nil && len(m.GetResponses()) == 0})
}

// install takes a leader's snapshot in place of what was applied. Raft applies nothing more until it is durable.
func (n *Node) install(s *pb.Snapshot) error {
	r, machine, err := decodeRoster(s.GetData())
	if err == nil {
		err = n.cfg.Machine.Restore(machine)
	}
	if err != nil {
		return fmt.Errorf("quorum: the leader's snapshot at %d cannot be read: %w", s.GetMetadata().GetIndex(), err)
	}
	if n.roster == nil {
		n.event(Event{Kind: EventJoined, Group: n.meta.Group})
	}
	n.roster, n.conf = r, s.GetMetadata().GetConfState()
	n.log = logged{applied: s.GetMetadata().GetIndex(), appliedTerm: s.GetMetadata().GetTerm(),
		snapshot: len(s.GetData()), snapshotAt: s.GetMetadata().GetIndex()}
	n.effects.Applied = true
	n.peers.dirty = true
	n.proposals.restored(n)
	return nil
}

// apply executes agreed entries.
func (n *Node) apply(m *pb.Message) {
	if n.roster == nil {
		n.halt(errors.New("quorum: the log begins without a snapshot"))
		return
	}
	rn := n.rn
	for _, e := range m.GetEntries() {
		n.applyEntry(e)
		if n.rn != rn || n.halted {
			return // the entry ended this member's part
		}
		n.log.applied, n.log.appliedTerm = e.GetIndex(), e.GetTerm()
		n.log.bytes += len(e.GetData()) + entryOverhead
	}
	for _, resp := range m.GetResponses() {
		_ = n.rn.Step(resp)
	}
	if n.leader.self && n.log.appliedTerm >= n.leader.term {
		n.leader.settled = true
	}
	n.compact()
}

func (n *Node) applyEntry(e *pb.Entry) {
	switch e.GetType() {
	case pb.EntryConfChange, pb.EntryConfChangeV2:
		n.applyChange(e)
		return
	case pb.EntryNormal:
	}
	if len(e.GetData()) == 0 {
		return // a new leader's first
	}
	v, err := decodeEnvelope(e.GetData())
	if err != nil {
		n.event(Event{Kind: EventNewer, Group: n.meta.Group, Text: fmt.Sprintf("at %d: %v", e.GetIndex(), err)})
		return
	}
	m := n.roster.members[v.raft]
	if m == nil || !m.window.take(v.seq) {
		return // a second copy, or from one that has been removed since
	}
	var result any
	switch v.kind {
	case entryData:
		result = n.cfg.Machine.Apply(v.entry(e.GetIndex(), m))
		n.effects.Applied = true
	case entryRemove:
		err = n.roster.leave(string(v.data), n.conf)
	}
	if v.raft == n.meta.Raft {
		n.proposals.applied(n, v.seq, result, err)
	}
}

// leave marks a member as one that is to go.
func (r *roster) leave(id string, conf *pb.ConfState) error {
	stays, found := false, false
	for _, raft := range conf.GetVoters() {
		m := r.members[raft]
		stays = stays || m != nil && m.id != id && !m.leaving
	}
	for _, m := range r.members {
		found = found || m.id == id
	}
	switch {
	case !found:
		return ErrNoMember
	case !stays:
		return ErrLastVoter
	}
	for _, m := range r.members {
		if m.id == id {
			m.leaving = true
		}
	}
	return nil
}

// applyChange executes a change of membership.
func (n *Node) applyChange(e *pb.Entry) {
	var cc pb.ConfChangeI
	var err error
	if e.GetType() == pb.EntryConfChange {
		v1 := &pb.ConfChange{}
		err, cc = proto.Unmarshal(e.GetData(), v1), v1
	} else {
		v2 := &pb.ConfChangeV2{}
		err, cc = proto.Unmarshal(e.GetData(), v2), v2
	}
	if err != nil {
		n.halt(fmt.Errorf("quorum: change of membership at %d: %w", e.GetIndex(), err))
		return
	}
	before := n.conf.GetVoters()
	n.conf = n.rn.ApplyConfChange(cc)
	n.leader.changing = false
	n.peers.dirty = true
	for _, change := range cc.AsV2().GetChanges() {
		n.changed(change, cc.AsV2().GetContext(), before)
		if n.rn == nil {
			return
		}
	}
}

func (n *Node) changed(change *pb.ConfChangeSingle, context []byte, before []uint64) {
	id := change.GetNodeId()
	switch change.GetType() {
	case pb.ConfChangeAddNode, pb.ConfChangeAddLearnerNode:
		kind := EventVoter
		if change.GetType() == pb.ConfChangeAddLearnerNode {
			kind = EventLearner
		}
		if n.roster.members[id] == nil {
			d := decoder{b: context}
			n.roster.members[id] = &member{id: d.name(), addr: d.name()}
		} else if slices.Contains(before, id) {
			return
		}
		n.event(Event{Kind: kind, Group: n.meta.Group, Peer: n.roster.members[id].id})
	case pb.ConfChangeUpdateNode:
		if m := n.roster.members[id]; m != nil {
			d := decoder{b: context}
			d.name()
			m.addr = d.name()
		}
	case pb.ConfChangeRemoveNode:
		m := n.roster.members[id]
		if m == nil {
			return
		}
		n.roster.remove(id)
		n.event(Event{Kind: EventMemberOut, Group: n.meta.Group, Peer: m.id})
		if id == n.meta.Raft {
			n.removed(m.leaving)
		}
	}
}

// compact puts a snapshot in the place of the log, now and then.
func (n *Node) compact() {
	if n.log.bytes < max(snapshotBytes, n.log.snapshot) {
		return
	}
	s, err := storage{n.mem, n}.Snapshot()
	if err != nil {
		n.halt(fmt.Errorf("quorum: make a snapshot: %w", err))
		return
	}
	n.writes.put(pending{batch: Batch{Snapshot: s}})
	// What the snapshot before this one did not cover stays in memory, for followers that are a bit late.
	if err := n.mem.Compact(n.log.snapshotAt); err != nil && !errors.Is(err, raft.ErrCompacted) {
		n.halt(fmt.Errorf("quorum: compact: %w", err))
	}
	n.log.bytes, n.log.snapshot, n.log.snapshotAt = 0, len(s.GetData()), n.log.applied
}

// storage is raft's way to the log. A snapshot for a follower is made when it is wanted, so that the follower is in it.
type storage struct {
	*raft.MemoryStorage
	n *Node
}

// Snapshot gives the state as it is applied now.
func (s storage) Snapshot() (*pb.Snapshot, error) {
	n := s.n
	if n.roster == nil {
		return nil, raft.ErrSnapshotTemporarilyUnavailable
	}
	fresh, err := n.mem.CreateSnapshot(n.log.applied, n.conf, n.roster.encode(n.cfg.Machine.Snapshot()))
	if errors.Is(err, raft.ErrSnapOutOfDate) {
		return n.mem.Snapshot()
	}
	return fresh, err
}

// soft follows who leads.
func (n *Node) soft(s *raft.SoftState) {
	self := s.RaftState == raft.StateLeader
	if s.Lead == n.leader.raft && self == n.leader.self {
		return
	}
	n.leader.raft, n.leader.self, n.leader.settled = s.Lead, self, false
	n.leader.changing, n.leader.level = false, map[uint64]time.Duration{}
	if self {
		n.leader.term = n.rn.BasicStatus().GetTerm()
	}
	n.peers.dirty = true
	if s.Lead == raft.None {
		n.event(Event{Kind: EventNoLeader, Group: n.meta.Group})
		return
	}
	n.leader.campaigns = 0
	n.event(Event{Kind: EventLeader, Group: n.meta.Group, Peer: n.nameOf(s.Lead)})
	n.proposals.retry(n)
	n.reads.retry(n)
}
