package core

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// counter is a machine that counts, and refuses a snapshot that it cannot read.
type counter struct {
	n    int
	last string
}

func (c *counter) Apply(e Entry) any {
	c.n++
	c.last = string(e.Data)
	return c.n
}

func (c *counter) Snapshot() []byte { return fmt.Append(nil, c.n) }

func (c *counter) Restore(b []byte) error {
	if _, err := fmt.Sscan(string(b), &c.n); err != nil {
		return errors.New("not a number")
	}
	return nil
}

// desk is one node and a disk that is as quick as it gets.
type desk struct {
	t       testing.TB
	node    *Node
	machine *counter
	disk    State
	now     time.Duration
	got     Effects // all since the last look, but for writes
}

// stateOf is a disk on which a, b and c are a group with some entries; the node is a.
func stateOf(t testing.TB, entries ...*pb.Entry) State {
	t.Helper()
	r := newRoster(5)
	for i, id := range []string{"a", "b", "c"} {
		r.members[uint64(i+1)] = &member{id: id, addr: id}
	}
	s := State{
		Meta: Meta{MyID: "a", Boot: 1, Group: 5, Raft: 1, Proposer: "b"},
		Hard: &pb.HardState{Term: new(uint64(1)), Vote: new(uint64(0)), Commit: new(uint64(1))},
		Snapshot: &pb.Snapshot{Data: r.encode([]byte("7")), Metadata: &pb.SnapshotMetadata{
			Index: new(uint64(1)), Term: new(uint64(1)),
			ConfState: &pb.ConfState{Voters: []uint64{1, 2, 3}, AutoLeave: new(false)}}},
		Entries: entries,
	}
	return s
}

func newDesk(t testing.TB, s State) *desk {
	t.Helper()
	d := &desk{t: t, disk: s, machine: &counter{}}
	seed := uint64(100)
	var err error
	d.node, err = New(Config{Machine: d.machine, Addr: "a", Expect: 1,
		Random: func() uint64 { seed++; return seed }}, s, 0)
	if err != nil {
		t.Fatal(err)
	}
	d.act()
	return d
}

func (d *desk) step(in Input) {
	d.node.Step(d.now, in)
	d.act()
}

func (d *desk) act() {
	for {
		e := d.node.Take()
		d.got.Sends = append(d.got.Sends, e.Sends...)
		d.got.Answers = append(d.got.Answers, e.Answers...)
		d.got.Events = append(d.got.Events, e.Events...)
		if e.Write == nil {
			return
		}
		for _, b := range e.Write {
			if err := d.disk.Apply(b); err != nil {
				d.t.Fatal(err)
			}
		}
		d.node.Step(d.now, Written{})
	}
}

func (d *desk) ticks(n int) {
	for range n {
		d.now += TickEvery
		d.step(Tick{})
	}
}

func (d *desk) events(kind EventKind) int {
	n := 0
	for _, e := range d.got.Events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (d *desk) raft(m *pb.Message) {
	d.step(Received{From: "b", Message: Message{Group: 5, Raft: m}})
}

// A hundred thousand entries leave a disk and a memory as small as a few thousand do.
func TestLogStaysSmall(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	d := newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
	d.ticks(200)
	if s := d.node.Status(d.now); !s.InContact || s.Voters != 1 {
		t.Fatalf("no group of one: %+v", s)
	}
	largest := 0
	for i := range 100_000 {
		d.step(Propose{Token: i, At: time.Unix(int64(i), 0), Data: []byte("an entry of some forty bytes, as they are")})
		if len(d.got.Answers) != 1 || d.got.Answers[0].Err != nil || d.got.Answers[0].Result != i+1 {
			t.Fatalf("proposal %d: %+v", i, d.got.Answers)
		}
		d.got = Effects{}
		first, _ := d.node.mem.FirstIndex()
		last, _ := d.node.mem.LastIndex()
		largest = max(largest, len(d.disk.Entries), int(last-first))
	}
	if limit := 2 * snapshotBytes / entryOverhead; largest > limit {
		t.Errorf("%d entries were kept, want at most %d", largest, limit)
	}
	again := newDesk(t, d.disk)
	again.ticks(60)
	if again.machine.n != 100_000 {
		t.Errorf("after a restart %d entries are applied", again.machine.n)
	}
}

func TestEntryOfANewerVersionChangesNothing(t *testing.T) {
	v := envelope{kind: 99, raft: 2, seq: 1, by: "b", data: []byte("from the future")}
	known := envelope{kind: entryData, raft: 2, seq: 2, by: "b", data: []byte("plain")}
	s := stateOf(t, &pb.Entry{Index: new(uint64(2)), Term: new(uint64(1)), Data: v.encode()},
		&pb.Entry{Index: new(uint64(3)), Term: new(uint64(1)), Data: []byte{1, 2}},
		&pb.Entry{Index: new(uint64(4)), Term: new(uint64(1)), Data: known.encode()})
	s.Hard.Commit = new(uint64(4))
	d := newDesk(t, s)
	if d.machine.n != 8 || d.machine.last != "plain" || d.events(EventNewer) != 2 {
		t.Errorf("the machine counts %d, last %q; events: %v", d.machine.n, d.machine.last, d.got.Events)
	}
}

// A snapshot that this version cannot read ends its part, and its disk stays as it is.
func TestSnapshotOfANewerVersionHalts(t *testing.T) {
	for name, data := range map[string]string{"machine": "not a number", "roster": ""} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, stateOf(t))
			before := fmt.Sprint(d.disk)
			r := newRoster(5)
			r.members[1] = &member{id: "a"}
			body := r.encode([]byte(data))
			if data == "" {
				body[0] = 77
			}
			d.raft(&pb.Message{Type: pb.MsgSnap.Enum(), From: new(uint64(2)), To: new(uint64(1)), Term: new(uint64(3)),
				Snapshot: &pb.Snapshot{Data: body, Metadata: &pb.SnapshotMetadata{Index: new(uint64(50)), Term: new(uint64(3)),
					ConfState: &pb.ConfState{Voters: []uint64{1, 2, 3}, AutoLeave: new(false)}}}})
			d.ticks(100)
			if data != "" && d.events(EventHalted) != 1 || data == "" && d.events(EventRefused) != 1 {
				t.Errorf("events: %v", d.got.Events)
			}
			if data != "" && fmt.Sprint(d.disk) != before {
				t.Error("the disk has changed")
			}
			if d.machine.n != 7 {
				t.Errorf("the machine counts %d", d.machine.n)
			}
		})
	}
}

func TestProposalsAreBounded(t *testing.T) {
	d := newDesk(t, stateOf(t))
	// A leader that never agrees takes what it is sent.
	d.raft(&pb.Message{Type: pb.MsgHeartbeat.Enum(), From: new(uint64(2)), To: new(uint64(1)), Term: new(uint64(1))})
	for i := range proposalsMax {
		d.step(Propose{Token: i})
	}
	if len(d.got.Answers) > 0 {
		t.Fatalf("answered at once: %v", d.got.Answers)
	}
	d.step(Propose{Token: "one more"})
	if a := d.got.Answers; len(a) != 1 || a[0].Token != "one more" || !errors.Is(a[0].Err, ErrNoQuorum) {
		t.Errorf("one more: %v", a)
	}
	d.step(Cancel{Token: 17})
	if a := d.got.Answers; len(a) != 2 || a[1].Token != 17 || !errors.Is(a[1].Err, ErrUnknown) {
		t.Errorf("cancelled: %v", a)
	}
	d.ticks(int(proposalPatience/TickEvery) + 2)
	if len(d.got.Answers) != proposalsMax+1 {
		t.Errorf("%d answers after the patience is over", len(d.got.Answers))
	}
	for range readsMax + 1 {
		d.step(Confirm{Token: "read"})
	}
	if n := len(d.got.Answers) - proposalsMax - 1; n != 1 {
		t.Errorf("%d reads were answered at once, want the one beyond the limit", n)
	}
}

// A leader that has been replaced and does not know it yet cannot tell a newer member that it is none.
func TestNoticeOfAnOldLeader(t *testing.T) {
	s := stateOf(t)
	s.Hard.Term = new(uint64(4))
	for _, c := range []struct {
		notice notice
		leaves bool
	}{
		{notice{5, 1, false, 3}, false},
		{notice{6, 1, false, 9}, false},
		{notice{5, 2, false, 9}, false},
		{notice{5, 1, false, 4}, true},
		{notice{5, 1, true, math.MaxUint64}, true},
	} {
		d := newDesk(t, s)
		d.step(Received{From: "b", Message: Message{notice: &c.notice}})
		if st := d.node.Status(d.now); st.Formed == c.leaves || st.Removed != c.notice.final {
			t.Errorf("%+v: %+v", c.notice, st)
		}
	}
}

func TestStaticPeers(t *testing.T) {
	d := newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
	d.node.cfg.Static = []Peer{{ID: "b"}, {Addr: "host:3"}}
	d.step(Saw{Peers: []Peer{{ID: "b", Addr: "host:2"}, {ID: "c", Addr: "host:3"}, {ID: "d", Addr: "host:4"}}})
	d.step(Received{From: "e", Message: Message{Card: &Card{ID: "e", Addr: "host:5", Group: 9, Formed: true}}})
	var names []string
	for _, p := range d.node.Links() {
		names = append(names, p.ID)
	}
	if !slices.Equal(names, []string{"b", "c"}) {
		t.Errorf("links to %v", names)
	}
	if d.ticks(20); d.disk.Meta.Group != 0 {
		t.Error("it joined the group of a peer that is not on the list")
	}
}

func TestPeersAreBounded(t *testing.T) {
	d := newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
	for i := range 3 * peersMax {
		id := fmt.Sprint("p", i)
		d.step(Received{From: id, Message: Message{Card: &Card{ID: id, Addr: id, Group: 9, Raft: uint64(i)}}})
	}
	if n := len(d.node.Links()); n != peersMax {
		t.Errorf("%d peers are remembered", n)
	}
	d = newDesk(t, stateOf(t))
	for i := range 100 * membersMax {
		d.raft(&pb.Message{Type: pb.MsgHeartbeatResp.Enum(), From: new(uint64(i + 10)), To: new(uint64(1))})
	}
	if len(d.node.heard) > 2*membersMax || len(d.node.peers.names) > 4*membersMax {
		t.Errorf("%d and %d names of strangers are remembered", len(d.node.heard), len(d.node.peers.names))
	}
}

// unsound are messages that would make raft panic.
func unsound() map[string]*pb.Message {
	entry := func(index, term uint64) *pb.Entry {
		return &pb.Entry{Index: new(index), Term: new(term), Data: []byte("x")}
	}
	return map[string]*pb.Message{
		"a heartbeat beyond the log":   {Type: pb.MsgHeartbeat.Enum(), Term: new(uint64(1)), Commit: new(uint64(90))},
		"an empty proposal":            {Type: pb.MsgProp.Enum()},
		"a read without its name":      {Type: pb.MsgReadIndex.Enum()},
		"what members tell themselves": {Type: pb.MsgHup.Enum(), Term: new(uint64(1))},
		"a message without a term":     {Type: pb.MsgVote.Enum()},
		"a snapshot of nothing":        {Type: pb.MsgSnap.Enum(), Term: new(uint64(1)), Snapshot: &pb.Snapshot{}},
		"a change of membership by a peer": {
			Type:    pb.MsgProp.Enum(),
			Entries: []*pb.Entry{{Type: pb.EntryConfChange.Enum(), Data: []byte{0xff}}},
		},
		"entries out of order": {
			Type: pb.MsgApp.Enum(), Term: new(uint64(1)), Index: new(uint64(1)), LogTerm: new(uint64(1)),
			Entries: []*pb.Entry{entry(2, 1), entry(4, 1)},
		},
		"an entry of a later term": {
			Type: pb.MsgApp.Enum(), Term: new(uint64(1)), Index: new(uint64(1)), LogTerm: new(uint64(1)),
			Entries: []*pb.Entry{entry(2, 9)},
		},
	}
}

func TestUnsoundMessagesAreRefused(t *testing.T) {
	for name, m := range unsound() {
		d := newDesk(t, stateOf(t))
		before := d.node.Status(d.now)
		m.From, m.To = new(uint64(2)), new(uint64(1))
		d.raft(m)
		if d.events(EventRefused) != 1 || d.node.Status(d.now) != before {
			t.Errorf("%s: %v", name, d.got.Events)
		}
	}
}

func FuzzReceive(f *testing.F) {
	for _, m := range unsound() {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, false)
		f.Add(b, true)
	}
	f.Fuzz(func(t *testing.T, b []byte, leading bool) {
		m := &pb.Message{}
		if proto.Unmarshal(b, m) != nil {
			return
		}
		v := envelope{kind: entryData, raft: 2, seq: 1, by: "b"}
		d := newDesk(t, stateOf(t, &pb.Entry{Index: new(uint64(2)), Term: new(uint64(1)), Data: v.encode()}))
		if leading {
			_ = d.node.rn.Campaign()
			d.step(Written{})
			for _, kind := range []pb.MessageType{pb.MsgPreVoteResp, pb.MsgVoteResp} {
				d.raft(&pb.Message{Type: kind.Enum(), From: new(uint64(2)), To: new(uint64(1)), Term: new(uint64(2))})
			}
			if !d.node.Status(d.now).Leading {
				t.Fatal("it does not lead")
			}
		}
		m.From, m.To = new(uint64(2)), new(uint64(1))
		d.raft(m)
		d.ticks(30)
		d.raft(m)
	})
}

func TestCardsOfStrangersAreIgnored(t *testing.T) {
	d := newDesk(t, stateOf(t))
	d.step(Received{From: "x", Message: Message{Card: &Card{ID: "y", Group: 8, Formed: true}}})
	d.step(Received{From: "x", Message: Message{Card: &Card{ID: "x", Addr: strings.Repeat("x", 10), Group: 5, Raft: 44}}})
	d.ticks(5)
	if s := d.node.Status(d.now); s.Frozen() || s.Voters != 3 || s.Learners != 0 {
		t.Errorf("%+v", s)
	}
}
