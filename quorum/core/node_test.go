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
)

// counter is a machine that counts, and refuses a snapshot that it cannot read.
type counter struct {
	n    int
	last string
	by   string // who proposed that
}

func (c *counter) Apply(e Entry) any {
	c.n++
	c.last, c.by = string(e.Data), e.By
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

// The identities of a, b and c: what a member draws is of this kind.
const idA, idB, idC = uint64(1<<62 + 1), idA + 1, idA + 2

// stateOf is a disk on which a, b and c are a group with some entries; the node is a.
func stateOf(t testing.TB, entries ...*pb.Entry) State {
	t.Helper()
	r := newRoster(5)
	for i, id := range []string{"a", "b", "c"} {
		r.members[idA+uint64(i)] = &member{id: id, addr: id}
	}
	s := State{
		Meta: Meta{MyID: "a", Boot: 1, Group: 5, Raft: idA, Proposer: "b"},
		Hard: &pb.HardState{Term: new(uint64(1)), Vote: new(uint64(0)), Commit: new(uint64(1))},
		Snapshot: &pb.Snapshot{Data: r.encode([]byte("7")), Metadata: &pb.SnapshotMetadata{
			Index: new(uint64(1)), Term: new(uint64(1)),
			ConfState: &pb.ConfState{Voters: []uint64{idA, idB, idC}, AutoLeave: new(false)}}},
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
	v := envelope{kind: 99, raft: idB, seq: 1, data: []byte("from the future")}
	known := envelope{kind: entryData, raft: idB, seq: 2, data: []byte("plain")}
	s := stateOf(t, &pb.Entry{Index: new(uint64(2)), Term: new(uint64(1)), Data: v.encode()},
		&pb.Entry{Index: new(uint64(3)), Term: new(uint64(1)), Data: []byte{1, 2}},
		&pb.Entry{Index: new(uint64(4)), Term: new(uint64(1)), Data: known.encode()})
	s.Hard.Commit = new(uint64(4))
	d := newDesk(t, s)
	if d.machine.n != 8 || d.machine.last != "plain" || d.machine.by != "b" || d.events(EventNewer) != 2 {
		t.Errorf("the machine counts %d, last %q by %s; events: %v", d.machine.n, d.machine.last, d.machine.by, d.got.Events)
	}
}

// A snapshot that this version cannot read ends its part, and its disk stays as it is.
func TestSnapshotOfANewerVersionHalts(t *testing.T) {
	for name, data := range map[string]string{"machine": "not a number", "roster": ""} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, stateOf(t))
			before := fmt.Sprint(d.disk)
			r := newRoster(5)
			r.members[idA] = &member{id: "a"}
			body := r.encode([]byte(data))
			if data == "" {
				body[0] = 77
			}
			d.raft(&pb.Message{Type: pb.MsgSnap.Enum(), From: new(idB), To: new(idA), Term: new(uint64(3)),
				Snapshot: &pb.Snapshot{Data: body, Metadata: &pb.SnapshotMetadata{Index: new(uint64(50)), Term: new(uint64(3)),
					ConfState: &pb.ConfState{Voters: []uint64{idA, idB, idC}, AutoLeave: new(false)}}}})
			d.ticks(100)
			if data != "" && d.events(EventHalted) != 1 || data == "" && d.events(EventRefused) != 1 {
				t.Errorf("events: %v", d.got.Events)
			}
			if data != "" && fmt.Sprint(d.disk) != before {
				t.Error("the disk has changed")
			}
			if d.node.Status(d.now).Halted != (data != "") {
				t.Error("the status does not say whether it takes part")
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
	d.raft(&pb.Message{Type: pb.MsgHeartbeat.Enum(), From: new(idB), To: new(idA), Term: new(uint64(1))})
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
		{notice{5, idA, false, 3}, false},
		{notice{6, idA, false, 9}, false},
		{notice{5, idB, false, 9}, false},
		{notice{5, idA, false, 4}, true},
		{notice{5, idA, true, math.MaxUint64}, true},
	} {
		d := newDesk(t, s)
		d.step(Received{From: "b", Message: Message{notice: &c.notice}})
		if st := d.node.Status(d.now); st.Formed == c.leaves || st.Removed != c.notice.final {
			t.Errorf("%+v: %+v", c.notice, st)
		}
	}
}

// Who is not on the list is met, and has no part in forming a group.
func TestStaticPeers(t *testing.T) {
	d := newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
	d.node.cfg.Static = []Peer{{ID: "b"}, {Addr: "host:3"}}
	d.step(Saw{Peers: []Peer{{ID: "b", Addr: "host:2"}, {ID: "c", Addr: "host:3"}, {ID: "d", Addr: "host:4"}}})
	for _, id := range []string{"d", "e"} {
		c := Card{ID: id, Addr: id, Group: 9, Raft: idC, Formed: true, Need: 9}
		d.step(Received{From: id, Message: Message{Card: &c}})
	}
	if d.ticks(20); d.disk.Meta.Group != 0 {
		t.Error("it joined the group of a peer that is not on the list")
	}
	if need := d.node.Status(d.now).Need; need != 2 {
		t.Errorf("of three that may belong, it needs %d", need)
	}
	var names []string
	for _, p := range d.node.Links() {
		names = append(names, p.ID)
	}
	if !slices.Equal(names, []string{"b", "c", "d", "e"}) {
		t.Errorf("links to %v", names)
	}
	d.step(Saw{Peers: []Peer{{ID: "e", Addr: "host:3"}}}) // who answers at an address of the list is on it
	d.step(Received{From: "e", Message: Message{Card: &Card{ID: "e", Addr: "e", Group: 9, Raft: idC, Formed: true}}})
	if d.ticks(20); d.disk.Meta.Group != 9 {
		t.Error("it did not join the group of a peer that is on the list")
	}
}

// Two groups freeze each other also where lists keep their members apart, and an operator settles it.
func TestGroupsWithListsFreezeEachOther(t *testing.T) {
	for _, static := range [][]Peer{nil, {{Addr: "b"}, {Addr: "c"}}} {
		d := newDesk(t, stateOf(t))
		d.node.cfg.Static = static
		show := func(c Card) {
			c.ID, c.Addr, c.Raft, c.Formed = "x", "x:1", idC+1, true
			d.step(Received{From: "x", Message: Message{Card: &c}})
			d.ticks(20)
		}
		d.step(Saw{Peers: []Peer{{ID: "x", Addr: "x:1"}}})
		if links := d.node.Links(); len(links) != 3 || links[2].ID != "x" {
			t.Errorf("list %v: x is not shown this member's card: %v", static, links)
		}
		if show(Card{Group: 99}); d.node.Status(d.now).Foreign != 99 {
			t.Errorf("list %v: another formed group is seen and nothing is frozen", static)
		}
		if d.ticks(int(foreignFresh / TickEvery)); d.node.Status(d.now).Frozen() {
			t.Errorf("list %v: frozen for ever", static)
		}
		show(Card{Group: 99})
		cryptotest.SetGlobalRandom(t, 1)
		d.step(Force{Token: 1})
		if show(Card{Group: 99}); d.node.Status(d.now).Frozen() || !slices.Contains(d.node.roster.fenced, GroupID(99)) {
			t.Errorf("list %v: frozen after an operator has decided", static)
		}
		mine := d.node.Status(d.now).Group
		show(Card{Group: 77, Fenced: []GroupID{mine}})
		if st := d.node.Status(d.now); (st.Group == mine) != (static != nil) || static != nil && st.Foreign != 77 {
			t.Errorf("list %v: a group in this one's place: %+v", static, st)
		}
	}
}

func TestPeersAreBounded(t *testing.T) {
	d := newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
	for i := range 3 * peersMax {
		id := fmt.Sprint("p", i)
		d.step(Received{From: id, Message: Message{Card: &Card{ID: id, Addr: id, Group: 9, Raft: idA + uint64(i)}}})
	}
	if n := len(d.node.Links()); n != peersMax {
		t.Errorf("%d peers are remembered", n)
	}
	d = newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
	d.node.cfg.Static = []Peer{{ID: "b"}}
	for i := range 3 * barredMax {
		id := fmt.Sprint("p", i)
		d.step(Received{From: id, Message: Message{Card: &Card{ID: id, Addr: id, Group: 9, Raft: idA + uint64(i)}}})
	}
	d.step(Saw{Peers: []Peer{{ID: "b", Addr: "b"}}})
	if n := len(d.node.Links()); n != barredMax+1 {
		t.Errorf("%d peers are remembered, of which one is on the list", n)
	}
	d = newDesk(t, stateOf(t))
	for i := range 100 * membersMax {
		d.raft(&pb.Message{Type: pb.MsgHeartbeatResp.Enum(), From: new(idC + uint64(i)), To: new(idA)})
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
		m.From, m.To = new(idB), new(idA)
		d.raft(m)
		if d.events(EventRefused) != 1 || d.node.Status(d.now) != before {
			t.Errorf("%s: %v", name, d.got.Events)
		}
	}
}

// forged are cards and notices that no member can have sent.
func forged() map[string]Message {
	return map[string]Message{
		"an identity that raft keeps for itself": {Card: &Card{ID: "b", Group: 5, Raft: math.MaxUint64, Need: 1}},
		"no identity in the group":               {Card: &Card{ID: "b", Group: 5, Need: 1}},
		"an identity that nobody draws":          {Card: &Card{ID: "b", Group: 5, Raft: 7, Need: 1}},
		"this member's own identity":             {Card: &Card{ID: "b", Group: 5, Raft: idA, Need: 1}},
		"a group without a name":                 {Card: &Card{ID: "b", Formed: true}},
		"a drawn group without a name":           {Card: &Card{ID: "b", Drew: true}},
		"an identity without a group":            {Card: &Card{ID: "b", Raft: idC + 1}},
		"from raft's thread": {Group: 5, Raft: &pb.Message{Type: pb.MsgHeartbeat.Enum(), Term: new(uint64(1)),
			From: new(uint64(math.MaxUint64)), To: new(idA)}},
		"from itself": {Group: 5, Raft: &pb.Message{Type: pb.MsgHeartbeat.Enum(), Term: new(uint64(1)),
			From: new(idA), To: new(idA)}},
	}
}

// What raft would take for its own is refused, wherever this member stands, and its disk can be read ever after.
func TestForgedIdentitiesAreRefused(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	for name, m := range forged() {
		for _, where := range stages {
			d := at(t, where)
			d.step(Received{From: "b", Message: m.in(d.node.meta)})
			p := d.node.peers.known["b"]
			if p != nil && p.hasCard && p.carded == d.now && (where != waiting || m.Card.Raft != idA) {
				t.Errorf("%s: a card with %s is believed", where, name)
			}
			if d.events(EventRefused) != 1 && where != waiting {
				t.Errorf("%s: %s is not refused: %v", where, name, d.got.Events)
			}
			d.ticks(60)
			newDesk(t, d.disk).ticks(40)
		}
	}
}

// stage is how far a member has come when something reaches it.
type stage string

const (
	waiting   stage = "without a group"
	forming   stage = "having drawn a group"
	following stage = "following"
	leading   stage = "leading"
)

var stages = []stage{waiting, forming, following, leading}

// at makes a member that has come so far.
func at(t testing.TB, where stage) *desk {
	t.Helper()
	switch where {
	case waiting:
		d := newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
		d.node.cfg.Expect = 3
		return d
	case forming:
		d := newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
		d.node.cfg.Expect = 2
		d.step(Received{From: "b", Message: Message{Card: &Card{ID: "b", Addr: "b", Need: 2}}})
		d.ticks(40)
		if !d.node.meta.Drew || d.node.formed() {
			t.Fatalf("it has not drawn a group: %+v", d.node.meta)
		}
		return d
	case following, leading:
	}
	v := envelope{kind: entryData, raft: idB, seq: 1}
	d := newDesk(t, stateOf(t, &pb.Entry{Index: new(uint64(2)), Term: new(uint64(1)), Data: v.encode()}))
	if where == leading {
		_ = d.node.rn.Campaign()
		d.step(Written{})
		for _, kind := range []pb.MessageType{pb.MsgPreVoteResp, pb.MsgVoteResp} {
			d.raft(&pb.Message{Type: kind.Enum(), From: new(idB), To: new(idA), Term: new(uint64(2))})
		}
		if !d.node.Status(d.now).Leading {
			t.Fatal("it does not lead")
		}
	}
	return d
}

// in gives a message that was made for the group of stateOf and its member a as one for another.
func (m Message) in(to Meta) Message {
	b, err := m.Encode()
	if err != nil {
		panic(err)
	}
	m, _ = DecodeMessage(b)
	group, raft := &m.Group, new(uint64)
	switch {
	case m.Card != nil:
		group, raft = &m.Card.Group, &m.Card.Raft
	case m.notice != nil:
		group, raft = &m.notice.group, &m.notice.raft
	case m.Raft != nil && m.Raft.GetTo() == idA:
		m.Raft.To = new(to.Raft)
		raft = m.Raft.From
	}
	if to.Group != 0 && *group == 5 {
		*group = to.Group
	}
	if to.Raft != 0 && raft != nil && *raft == idA {
		*raft = to.Raft
	}
	return m
}

// Whatever comes from a peer, a member goes on, and its disk can be read ever after.
func FuzzReceive(f *testing.F) {
	add := func(m Message) {
		b, err := m.Encode()
		if err != nil {
			f.Fatal(err)
		}
		for where := range stages {
			f.Add(b, uint8(where))
		}
	}
	for _, m := range unsound() {
		m.From, m.To = new(idB), new(idA)
		add(Message{Group: 5, Raft: m})
	}
	for _, m := range forged() {
		add(m)
	}
	for _, m := range messages() {
		add(m)
	}
	for _, c := range []Card{{ID: "b", Group: 5, Raft: idB, Formed: true}, {ID: "b", Group: 5, Raft: idC + 1},
		{ID: "b", Group: 6, Raft: idC, Formed: true, Fenced: []GroupID{5}}, {ID: "b", Group: 6, Raft: idC, Drew: true}} {
		add(Message{Card: &c})
	}
	add(Message{notice: &notice{5, idA, true, math.MaxUint64}})
	f.Fuzz(func(t *testing.T, b []byte, where uint8) {
		m, err := DecodeMessage(b)
		if err != nil {
			return
		}
		cryptotest.SetGlobalRandom(t, 1)
		d := at(t, stages[int(where)%len(stages)])
		for range 2 {
			d.step(Received{From: "b", Message: m.in(d.node.meta)})
			d.ticks(30)
		}
		if err := d.disk.Check(); err != nil {
			t.Fatal(err)
		}
		newDesk(t, d.disk).ticks(20)
	})
}

func TestCardsOfStrangersAreIgnored(t *testing.T) {
	d := at(t, leading)
	for _, m := range []*pb.Message{
		{Type: pb.MsgAppResp.Enum(), From: new(idB), To: new(idA), Term: new(uint64(2)), Index: new(uint64(3))},
		{Type: pb.MsgHeartbeatResp.Enum(), From: new(idC), To: new(idA), Term: new(uint64(2))},
	} {
		d.raft(m)
	}
	if !d.node.leader.settled {
		t.Fatal("the leader does not admit anybody yet")
	}
	d.step(Received{From: "x", Message: Message{Card: &Card{ID: "y", Group: 8, Raft: idC + 1, Formed: true}}})
	d.step(Received{From: "x", Message: Message{Card: &Card{ID: "y", Group: 5, Raft: idC + 1}}})
	last := func() uint64 { i, _ := d.node.mem.LastIndex(); return i }
	before := last()
	if d.ticks(5); d.node.Status(d.now).Frozen() || last() != before {
		t.Error("a card under another's name is believed")
	}
	d.step(Received{From: "x", Message: Message{Card: &Card{ID: "x", Group: 5, Raft: idC + 1}}})
	if d.ticks(5); last() != before+1 {
		t.Error("one who shows its own card is not admitted")
	}
}

// Whatever an operator does after a removal: the machine goes on from where it is.
func TestForceAfterARemoval(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	removed := notice{5, idA, true, math.MaxUint64}
	for name, before := range map[string]func(*desk){
		"removed": func(*desk) {},
		"pledged to another group": func(d *desk) {
			d.node.out = false
			d.step(Received{From: "b", Message: Message{Card: &Card{ID: "b", Group: 8, Raft: idB, Formed: true}}})
			if d.ticks(2); d.node.Status(d.now).Group != 8 {
				t.Fatal("it has not pledged itself")
			}
		},
	} {
		s := stateOf(t)
		s.Snapshot.Metadata.Index, s.Hard.Commit = new(uint64(500)), new(uint64(500))
		d := newDesk(t, s)
		d.step(Received{From: "b", Message: Message{notice: &removed}})
		before(d)
		d.step(Force{Token: 1})
		d.ticks(20)
		d.step(Propose{Token: 2, Data: []byte("next")})
		if st := d.node.Status(d.now); st.Applied <= 501 || d.machine.n != 8 {
			t.Errorf("%s: applied %d, and the machine counts %d", name, st.Applied, d.machine.n)
		}
		again := newDesk(t, d.disk)
		if again.ticks(20); again.machine.n != 8 || again.node.Status(again.now).Applied <= 501 {
			t.Errorf("%s: after a restart the machine counts %d", name, again.machine.n)
		}
	}
}

// Who was seen once counts for how many make a group, until an operator has discovery forget it and it is gone.
func TestForgottenPeersCountNoMore(t *testing.T) {
	d := newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
	d.node.cfg.Expect = 2
	b := Peer{ID: "b", Addr: "b:1"}
	for range 100 { // the others are lines of a file
		d.step(Saw{Peers: []Peer{b, {ID: "x", Addr: "x:1"}, {ID: "y", Addr: "y:1"}, {ID: "z", Addr: "z:1"}}})
		d.step(Received{From: "b", Message: Message{Card: &Card{ID: "b", Addr: "b:1", Need: 2}}})
		d.ticks(20)
	}
	if s := d.node.Status(d.now); s.Need != 3 || s.Known != 5 || s.Group != 0 {
		t.Fatalf("with three that are gone: %+v", s)
	}
	if n := d.events(EventWaiting); n != 3 || !strings.Contains(d.got.Events[0].Text, "takes 3 sentinels, and of the 5") {
		t.Errorf("said %d times in 100 s: %v", n, d.got.Events)
	}
	d.step(Saw{Peers: []Peer{b}})
	if d.ticks(200); d.node.Status(d.now).Need != 3 {
		t.Error("who is not seen for a while counts no more")
	}
	d.step(Forgot{IDs: []string{"b", "x", "y", "z"}})
	d.step(Saw{Peers: []Peer{b, {ID: "x", Addr: "x:1"}}}) // x is back
	d.step(Received{From: "b", Message: Message{Card: &Card{ID: "b", Addr: "b:1", Need: 2}}})
	d.ticks(100)
	if s := d.node.Status(d.now); s.Need != 2 || s.Known != 3 || s.Group == 0 {
		t.Errorf("after they were forgotten: %+v", s)
	}
}

// A drawer that starts again, and has not reached yet what it watches, expects nobody: it forms no group alone.
func TestWhoExpectsNobodyFormsNoGroup(t *testing.T) {
	meta := Meta{MyID: "a", Boot: 2, Group: 5, Raft: idA, Proposer: "a", Drew: true}
	d := newDesk(t, State{Meta: meta})
	d.node.cfg.Expect = 0
	d.step(Saw{Peers: []Peer{{ID: "b", Addr: "b:1"}, {ID: "c", Addr: "c:1"}}})
	if d.ticks(200); d.node.Status(d.now).Formed {
		t.Error("it is a group")
	}
	d.step(Expect{Sentinels: 1})
	if d.ticks(200); d.node.Status(d.now).Formed {
		t.Error("it is a group of one of three")
	}
}

// One whose peer shows itself is not forgotten.
func TestLivePeersAreNotForgotten(t *testing.T) {
	d := newDesk(t, State{Meta: Meta{MyID: "a", Boot: 1}})
	d.node.cfg.Expect = 3
	for range 60 {
		d.step(Received{From: "b", Message: Message{Card: &Card{ID: "b", Addr: "b:1", Need: 3}}})
		d.step(Forgot{IDs: []string{"b"}})
		d.ticks(20)
	}
	if known := d.node.Status(d.now).Known; known != 2 {
		t.Errorf("%d are known", known)
	}
	if d.ticks(int(foreignFresh / TickEvery)); d.node.Status(d.now).Known != 1 {
		t.Error("it is gone and still known")
	}
}
