package core

import (
	"errors"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// writes is what is on its way to the disk. One write is under way at a time; what comes meanwhile goes together into
// the next, so that a slow disk makes larger writes and not a queue.
type writes struct {
	flying  []pending
	waiting []pending
	since   time.Duration // when the write under way began
	urgent  bool          // something waits for what is waiting
	ticked  bool          // since the last take
}

// pending is one batch and what waits for it.
type pending struct {
	batch  Batch
	rn     *raft.RawNode // whose storage it is; nil for a batch of none
	after  []*pb.Message // raft's, to be delivered when the batch is durable
	done   func()        // ours, for the same moment
	commit bool          // only the commit index changes: nobody waits for it, so it waits for company, or for a tick
}

// put queues a batch.
func (w *writes) put(p pending) {
	if p.commit {
		if k := len(w.waiting); k > 0 && w.waiting[k-1].commit && w.waiting[k-1].rn == p.rn {
			w.waiting[k-1] = p
			return
		}
	} else {
		w.urgent = true
	}
	w.waiting = append(w.waiting, p)
}

// take begins the next write, if it is time.
func (w *writes) take(n *Node) {
	if len(w.flying) > 0 || len(w.waiting) == 0 || !w.urgent && !w.ticked {
		return
	}
	w.flying, w.waiting = w.waiting, nil
	w.since, w.urgent, w.ticked = n.now, false, false
	for _, p := range w.flying {
		n.effects.Write = append(n.effects.Write, p.batch)
	}
}

// stalled reports whether the write under way takes longer than an election.
func (w *writes) stalled(now time.Duration) bool {
	return len(w.flying) > 0 && now-w.since > ElectionTimeout
}

// written makes a write visible, once it is durable.
func (n *Node) written() {
	done := n.writes.flying
	n.writes.flying = nil
	for _, p := range done {
		if p.rn != nil && p.rn == n.rn {
			if err := n.stored(p); err != nil {
				n.halt(err)
				continue
			}
		}
		if p.done != nil {
			p.done()
		}
	}
}

// stored shows raft what is durable, and then delivers what had to wait for that.
func (n *Node) stored(p pending) error {
	b := p.batch
	if b.Snapshot != nil && len(p.after) > 0 { // not one of our own making, which is there already
		if err := n.mem.ApplySnapshot(b.Snapshot); err != nil && !errors.Is(err, raft.ErrSnapOutOfDate) {
			return err
		}
	}
	if b.Hard != nil {
		if err := n.mem.SetHardState(b.Hard); err != nil {
			return err
		}
	}
	if err := n.mem.Append(b.Entries); err != nil {
		return err
	}
	for _, m := range p.after {
		if m.GetTo() == n.meta.Raft {
			_ = n.rn.Step(m)
		} else {
			n.sendRaft(m)
		}
	}
	return nil
}
