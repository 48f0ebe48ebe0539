package core

import (
	"errors"
	"fmt"
	"math"
	"slices"

	pb "go.etcd.io/raft/v3/raftpb"
)

// receive takes a message from a peer. Whatever is wrong with it, it changes nothing.
func (n *Node) receive(from string, m Message) {
	switch {
	case m.Card != nil:
		n.takeCard(from, m.Card)
	case m.Raft != nil:
		n.receiveRaft(from, m)
	case m.notice != nil:
		n.noticed(m.notice)
	}
}

func (n *Node) refuse(from, format string, args ...any) {
	n.event(Event{Kind: EventRefused, Peer: from, Group: n.meta.Group, Text: fmt.Sprintf(format, args...)})
}

func (n *Node) receiveRaft(from string, m Message) {
	r := m.Raft
	if !n.active() || m.Group != n.meta.Group || r.GetTo() != n.meta.Raft {
		return // for an identity of another time, or of another member at this address
	}
	if !drawn(r.GetFrom()) || r.GetFrom() == n.meta.Raft {
		n.refuse(from, "%s: from the identity %x", r.GetType(), r.GetFrom())
		return
	}
	if n.roster != nil && n.roster.members[r.GetFrom()] == nil {
		if final, found := n.roster.departed(r.GetFrom()); found {
			n.notify(from, notice{n.meta.Group, r.GetFrom(), final, math.MaxUint64})
			return
		}
	}
	if err := n.sound(r); err != nil {
		n.refuse(from, "%s: %v", r.GetType(), err)
		return
	}
	if _, known := n.heard[r.GetFrom()]; known || len(n.heard) < 2*membersMax {
		n.heard[r.GetFrom()] = n.now
	}
	n.peers.name(r.GetFrom(), from)
	_ = n.rn.Step(r) // what raft does not want, it drops: a retry is the sender's
}

// sound keeps from raft what it would take for a broken promise of its own. Members are trusted to follow the protocol;
// a disk that was put back, or bytes that went wrong, are not.
func (n *Node) sound(m *pb.Message) error {
	if m.GetTerm() == 0 && m.GetType() != pb.MsgProp && m.GetType() != pb.MsgReadIndex {
		return errShort // raft would take it for one of its own
	}
	switch m.GetType() {
	case pb.MsgAppResp, pb.MsgVote, pb.MsgVoteResp, pb.MsgPreVote, pb.MsgPreVoteResp, pb.MsgHeartbeatResp,
		pb.MsgReadIndexResp, pb.MsgTimeoutNow, pb.MsgTransferLeader:
	case pb.MsgProp:
		for _, e := range m.GetEntries() {
			if !plain(e) {
				return fmt.Errorf("a proposal of type %s and %d bytes", e.GetType(), len(e.GetData()))
			}
		}
		if len(m.GetEntries()) == 0 {
			return errShort
		}
	case pb.MsgReadIndex:
		if len(m.GetEntries()) != 1 {
			return errShort
		}
	case pb.MsgHeartbeat:
		last, _ := n.mem.LastIndex()
		if m.GetCommit() > max(last, n.rn.BasicStatus().GetCommit()) && !n.unstable(m.GetCommit()) {
			return fmt.Errorf("entries up to %d are agreed, and this log ends at %d: has its disk been put back?",
				m.GetCommit(), last)
		}
	case pb.MsgApp:
		return n.soundEntries(m)
	case pb.MsgSnap:
		meta := m.GetSnapshot().GetMetadata()
		if meta.GetIndex() == 0 || meta.GetTerm() == 0 || meta.GetTerm() > m.GetTerm() {
			return errShort
		}
		r, _, err := decodeRoster(m.GetSnapshot().GetData())
		if err != nil {
			return err
		}
		cs := meta.GetConfState()
		now := slices.Sorted(slices.Values(slices.Concat(cs.GetVoters(), cs.GetLearners())))
		if len(cs.GetVoters()) == 0 || len(slices.Compact(slices.Clone(now))) < len(now) {
			return fmt.Errorf("a snapshot with the members %v", cs)
		}
		in := slices.Concat(now, cs.GetVotersOutgoing())
		if slices.ContainsFunc(in, func(id uint64) bool { return !drawn(id) }) {
			return fmt.Errorf("a snapshot with the members %v", cs)
		}
		if r.group != n.meta.Group || !slices.Contains(in, n.meta.Raft) {
			return fmt.Errorf("a snapshot of group %s without this member", r.group)
		}
	default:
		return errors.New("not a message for another member")
	}
	return nil
}

// plain reports whether an entry may be proposed by a follower.
func plain(e *pb.Entry) bool {
	return e.GetType() == pb.EntryNormal && len(e.GetData()) > 0 && len(e.GetData()) <= EntryMax+64
}

// unstable reports whether an index may be in raft's memory though it is not durable yet.
func (n *Node) unstable(index uint64) bool {
	for _, list := range [][]pending{n.writes.flying, n.writes.waiting} {
		for _, p := range list {
			if k := len(p.batch.Entries); k > 0 && p.batch.Entries[k-1].GetIndex() >= index {
				return true
			}
			if p.batch.Snapshot.GetMetadata().GetIndex() >= index {
				return true
			}
		}
	}
	return false
}

// soundEntries checks that entries follow each other, and do not contradict what is agreed.
func (n *Node) soundEntries(m *pb.Message) error {
	index, term, status := m.GetIndex(), m.GetLogTerm(), n.rn.BasicStatus()
	if m.GetTerm() < status.GetTerm() {
		return nil // of a leader that was replaced: raft takes nothing from it, and tells it so
	}
	commit := status.GetCommit()
	for _, e := range m.GetEntries() {
		index++
		if e.GetIndex() != index || e.GetTerm() < term || e.GetTerm() > m.GetTerm() {
			return fmt.Errorf("entry %d of term %d is out of order", e.GetIndex(), e.GetTerm())
		}
		term = e.GetTerm()
		if index > commit {
			continue
		}
		if have, err := n.mem.Term(index); err == nil && have != term && index <= n.log.applied {
			return fmt.Errorf("entry %d is agreed with term %d and came with term %d", index, have, term)
		}
	}
	return nil
}

// sendRaft gives a message of raft to the peer behind its addressee.
func (n *Node) sendRaft(m *pb.Message) {
	if to := n.nameOf(m.GetTo()); to != "" && to != n.meta.MyID {
		n.effects.Sends = append(n.effects.Sends, Send{To: to, Message: Message{Group: n.meta.Group, Raft: m}})
	}
}

// notify tells a peer that an identity of its is gone.
func (n *Node) notify(to string, c notice) {
	n.effects.Sends = append(n.effects.Sends, Send{To: to, Message: Message{notice: &c}})
}

// noticed learns that this member has been removed while it did not listen.
func (n *Node) noticed(c *notice) {
	if n.active() && c.group == n.meta.Group && c.raft == n.meta.Raft && c.term >= n.rn.BasicStatus().GetTerm() {
		n.removed(c.final)
	}
}
