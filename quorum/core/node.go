package core

import (
	"fmt"
	"slices"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// Config is what a Node is told once.
type Config struct {
	Machine Machine
	Addr    string
	// Expect is how many distinct sentinels make a group, at least; a majority of all that were seen is also needed.
	// With 0 none is made yet.
	Expect int
	// Static lists the only peers that may belong, by address or id; nil allows all.
	Static []Peer
	// Forget is how long a member is silent before it is removed; 0 never.
	Forget time.Duration
	// Random gives random numbers. Identities are drawn from it, so it must not repeat itself in the life of a fleet.
	Random func() uint64
}

// Node is one member, as a state machine. It is not safe for concurrent use.
type Node struct {
	cfg   Config
	now   time.Duration // monotonic, of the last input
	tick  time.Duration // of the last Tick
	began time.Duration // of New

	meta      Meta
	switching bool // Meta is about to change: nothing is said or heard until that is durable
	out       bool // an operator removed this member; it stays out until its process starts anew
	halted    bool // the log holds what this version cannot read

	// Of the present identity; nil without one.
	rn     *raft.RawNode
	mem    *raft.MemoryStorage
	roster *roster // nil until the group's state is here
	conf   *pb.ConfState
	heard  map[uint64]time.Duration // when a raft message came from an identity
	log    logged
	left   uint64 // what was applied in the group before, as the machine still has it; it counts while log has nothing
	leader lead

	writes    writes
	proposals proposals
	reads     reads
	peers     peers
	effects   Effects
}

// lead is what is known of the group's leader, and the leader's own notes.
type lead struct {
	raft    uint64 // its identity; 0 is none
	self    bool
	term    uint64 // since when self leads
	settled bool   // as leader: has applied an entry of its own term, hence everything that was agreed before

	campaigns  int           // left to try after the leader's connection broke
	campaignAt time.Duration // when the next is due

	changing   bool                     // a change of membership is under way
	changingAt time.Duration            // since when
	level      map[uint64]time.Duration // since when a learner keeps up
}

// New makes a member from what its disk holds. The caller has raised Meta.Boot and made that durable.
func New(cfg Config, disk State, now time.Duration) (*Node, error) {
	n := &Node{cfg: cfg, now: now, tick: now, began: now, meta: disk.Meta}
	n.peers = newPeers(now)
	n.proposals = newProposals(disk.Meta.Boot)
	n.reads.counter = disk.Meta.Boot << bootShift
	if disk.Meta.Group == 0 {
		return n, nil
	}
	if s := disk.Snapshot; s != nil {
		_, machine, err := decodeRoster(s.GetData())
		if err == nil {
			err = cfg.Machine.Restore(machine)
		}
		if err != nil { // of a newer version, perhaps
			return nil, fmt.Errorf("quorum: the log's snapshot at %d cannot be read: %w", s.GetMetadata().GetIndex(), err)
		}
	}
	if err := n.start(disk); err != nil {
		return nil, err
	}
	if n.roster != nil && len(n.conf.GetVoters()) == 1 {
		_ = n.rn.Campaign() // it fails only for one that is not that voter; nobody else can be waited for
	}
	n.drain()
	return n, nil
}

// start runs raft under the identity of a state whose snapshot the machine has.
func (n *Node) start(s State) (err error) {
	n.roster, n.conf = nil, &pb.ConfState{}
	n.heard, n.leader, n.log = map[uint64]time.Duration{}, lead{}, logged{}
	if s.Snapshot != nil {
		if n.roster, _, err = decodeRoster(s.Snapshot.GetData()); err != nil {
			return err
		}
		n.conf = s.Snapshot.GetMetadata().GetConfState()
		at := s.Snapshot.GetMetadata().GetIndex()
		n.log = logged{applied: at, snapshot: len(s.Snapshot.GetData()), snapshotAt: at}
	}
	if n.mem, err = s.memory(); err != nil {
		return err
	}
	n.rn, err = raft.NewRawNode(&raft.Config{
		ID:                        s.Meta.Raft,
		ElectionTick:              electionTicks,
		HeartbeatTick:             heartbeatTicks,
		Storage:                   storage{n.mem, n},
		Applied:                   n.log.applied,
		AsyncStorageWrites:        true,
		MaxSizePerMsg:             batchBytesMax,
		MaxCommittedSizePerReady:  batchBytesMax * 4,
		MaxUncommittedEntriesSize: uncommittedMax,
		MaxInflightMsgs:           inflightMax,
		CheckQuorum:               true,
		PreVote:                   true,
		ReadOnlyOption:            raft.ReadOnlySafe,
		StepDownOnRemoval:         true,
		Logger:                    silent{},
	})
	return err
}

// Step tells the node what happened, at a moment of a clock that never goes back.
func (n *Node) Step(now time.Duration, in Input) {
	n.now = max(n.now, now)
	switch in := in.(type) {
	case Tick:
		n.onTick()
	case Received:
		n.receive(in.From, in.Message)
	case Written:
		n.written()
	case Saw:
		n.peers.saw(n, in.Peers)
	case Forgot:
		for _, id := range in.IDs {
			if p := n.peers.known[id]; p != nil {
				p.forgotten = true
			}
		}
	case Moved:
		if n.cfg.Addr != in.Addr {
			n.cfg.Addr, n.peers.movedAt, n.peers.dirty = in.Addr, n.now, true
		}
	case Expect:
		if n.cfg.Expect != in.Sentinels {
			n.cfg.Expect, n.peers.dirty, n.peers.changed = in.Sentinels, true, n.now
		}
	case LinkUp:
		n.sendCard(in.ID)
	case LinkDown:
		n.linkDown(in.ID)
	case Unreachable:
		n.each(in.ID, func(id uint64) { n.rn.ReportUnreachable(id) })
	case SnapshotSent:
		status := raft.SnapshotFinish
		if !in.OK {
			status = raft.SnapshotFailure
		}
		n.each(in.ID, func(id uint64) { n.rn.ReportSnapshot(id, status) })
	case Propose:
		n.propose(in.Token, in.At, entryData, in.Data)
	case Remove:
		n.propose(in.Token, in.At, entryRemove, []byte(in.ID))
	case Confirm:
		n.confirm(in.Token)
	case Cancel:
		n.cancel(in.Token)
	case Transfer:
		n.transfer(in)
	case Force:
		n.force(in.Token)
	}
	n.drain()
	if n.peers.dirty {
		n.sendCards()
	}
}

// Take gives what is to be done since the last Take.
func (n *Node) Take() Effects {
	n.writes.take(n)
	out := n.effects
	n.effects = Effects{}
	return out
}

func (n *Node) event(e Event) { n.effects.Events = append(n.effects.Events, e) }

func (n *Node) answer(token, result any, err error) {
	n.effects.Answers = append(n.effects.Answers, Answer{token, result, err})
}

// active reports whether there is a group to talk to.
func (n *Node) active() bool { return n.rn != nil && !n.halted }

// formed reports whether this member holds its group's state.
func (n *Node) formed() bool { return n.active() && n.roster != nil }

// each calls f with the identities of a peer in the group.
func (n *Node) each(id string, f func(uint64)) {
	if !n.formed() {
		return
	}
	for _, raft := range n.roster.ids() {
		if n.roster.members[raft].id == id && raft != n.meta.Raft {
			f(raft)
		}
	}
}

func (n *Node) onTick() {
	late := n.now-n.tick > stallMax
	n.tick = n.now
	n.writes.ticked = true
	if n.active() {
		switch {
		case n.leader.self && len(n.conf.GetVoters()) > 1 && (late || n.writes.stalled(n.now)):
			n.stepDown(late)
		case n.writes.stalled(n.now): // whoever cannot write cannot lead either
		default:
			n.rn.Tick()
			n.campaign()
		}
		n.drain()
	}
	n.proposals.tick(n)
	n.reads.tick(n)
	n.form()
	n.manage()
	n.sendCards()
}

// stepDown ends this member's leadership at once: it slept, or its disk does, and either way others may wait for it.
// A follower that has the whole log takes over without waiting for a timeout.
func (n *Node) stepDown(slept bool) {
	why := "the disk takes longer than an election"
	if slept {
		why = "did not run for longer than an election"
	}
	n.event(Event{Kind: EventStepDown, Group: n.meta.Group, Text: why})
	if next := n.heir(); next != 0 && !slept {
		n.rn.TransferLeader(next)
		n.drain()
	}
	// A leader that asks twice in a row, without time between to hear from anyone, has lost its quorum.
	for range 2 {
		m := &pb.Message{Type: pb.MsgCheckQuorum.Enum(), From: new(raft.LocalAppendThread)}
		if err := n.rn.Step(m); err != nil {
			panic("BUG: quorum: step down: " + err.Error())
		}
	}
}

// heir is the voter that has most of the log, of those that were heard just now.
func (n *Node) heir() (best uint64) {
	var match uint64
	status := n.rn.Status()
	for _, id := range n.conf.GetVoters() { // in a fixed order
		pr, ok := status.Progress[id]
		if ok && id != n.meta.Raft && pr.Match > match && n.heardNow(id) {
			best, match = id, pr.Match
		}
	}
	return best
}

func (n *Node) heardNow(id uint64) bool {
	at, ok := n.heard[id]
	return id == n.meta.Raft || ok && n.now-at < ElectionTimeout
}

// linkDown shortens the wait for a new leader: where a connection broke, its process has most likely ended. Everyone
// forgets it, so that nobody refuses the votes, and one asks for them at once. Where it lives after all, its next
// heartbeat ends this.
func (n *Node) linkDown(id string) {
	if !n.formed() || n.leader.self || n.leader.raft == 0 {
		return
	}
	m := n.roster.members[n.leader.raft]
	if m == nil || m.id != id {
		return
	}
	gone := n.leader.raft
	if err := n.rn.ForgetLeader(); err != nil {
		return
	}
	first := slices.Sorted(slices.Values(n.conf.GetVoters()))
	first = slices.DeleteFunc(first, func(v uint64) bool { return v == gone })
	if len(first) > 0 && first[0] == n.meta.Raft {
		n.leader.campaigns, n.leader.campaignAt = 3, n.now
		n.campaign()
	}
}

// campaign asks for votes after a broken connection, a few times, since others notice later.
func (n *Node) campaign() {
	if n.leader.campaigns == 0 || n.now < n.leader.campaignAt {
		return
	}
	n.leader.campaigns--
	n.leader.campaignAt = n.now + 2*TickEvery
	if n.rn.BasicStatus().Lead != raft.None {
		n.leader.campaigns = 0
		return
	}
	_ = n.rn.Campaign() // it fails only for one that may not lead
}

func (n *Node) transfer(in Transfer) {
	if !n.formed() || n.leader.raft == 0 {
		n.answer(in.Token, nil, ErrNoQuorum)
		return
	}
	for _, id := range n.roster.ids() {
		if n.roster.members[id].id == in.ID && slices.Contains(n.conf.GetVoters(), id) {
			n.rn.TransferLeader(id)
			n.answer(in.Token, nil, nil)
			return
		}
	}
	n.answer(in.Token, nil, ErrNoMember)
}

// halt ends this member's part: it cannot go on, and guessing would be worse.
func (n *Node) halt(err error) {
	n.halted = true
	n.event(Event{Kind: EventHalted, Group: n.meta.Group, Text: err.Error()})
	n.failAll()
}
