package core

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

func messages() []Message {
	return []Message{
		{Card: &Card{ID: "me", Addr: "host:1", Group: 5, Raft: 6, Formed: true, Proposer: "you", Drew: true, Leading: true,
			Need: 3, GivenUp: []GroupID{1}, Fenced: []GroupID{2, 3}, Foreign: 9}},
		{Card: &Card{}},
		{Group: 7, Raft: &pb.Message{Type: pb.MsgHeartbeat.Enum(), To: new(uint64(1)), From: new(uint64(2))}},
		{Group: 7, Raft: &pb.Message{Type: pb.MsgSnap.Enum(), Snapshot: &pb.Snapshot{Data: []byte("x")}}},
		{notice: &notice{group: 4, raft: 5, final: true, term: 6}},
	}
}

func same(a, b Message) bool {
	return proto.Equal(a.Raft, b.Raft) && a.Group == b.Group && reflect.DeepEqual(a.Card, b.Card) &&
		reflect.DeepEqual(a.notice, b.notice)
}

func TestMessagesComeBack(t *testing.T) {
	for _, m := range messages() {
		b, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeMessage(b)
		if err != nil || !same(got, m) {
			t.Errorf("%+v came back as %+v, %v", m, got, err)
		}
		if m.Raft != nil {
			continue // a prefix of a protobuf message may be one
		}
		for n := range b {
			if _, err := DecodeMessage(b[:n]); err == nil {
				t.Errorf("%d bytes of %d are taken for a message", n, len(b))
			}
		}
	}
	if !messages()[3].IsSnapshot() || messages()[2].IsSnapshot() {
		t.Error("snapshots are not told apart")
	}
	long, err := Message{Card: &Card{ID: strings.Repeat("x", nameMax+1)}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeMessage(long); err == nil {
		t.Error("a name beyond the limit is taken")
	}
	many, err := Message{Card: &Card{Fenced: make([]GroupID, listMax+1)}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeMessage(many); err == nil {
		t.Error("a list beyond the limit is taken")
	}
}

func FuzzDecodeMessage(f *testing.F) {
	for _, m := range messages() {
		b, err := m.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeMessage(b)
		if err != nil {
			return
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeMessage(again); err != nil || !same(got, m) {
			t.Errorf("%+v became %+v, %v", m, got, err)
		}
	})
}

func FuzzDecodeBatch(f *testing.F) {
	for _, b := range []Batch{
		{Meta: &Meta{MyID: "me", Boot: 3, Group: 4, Raft: 5, Proposer: "you", Drew: true, GivenUp: []GroupID{9}},
			Fresh: true},
		{Hard: &pb.HardState{Term: new(uint64(1)), Vote: new(uint64(2)), Commit: new(uint64(3))}},
		{Entries: []*pb.Entry{{Index: new(uint64(4)), Term: new(uint64(1))}, {Index: new(uint64(5))}}},
		{Snapshot: &pb.Snapshot{Data: []byte("x"), Metadata: &pb.SnapshotMetadata{Index: new(uint64(2))}}},
	} {
		p, err := AppendBatch(nil, b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		b, rest, err := DecodeBatch(p)
		if err != nil {
			return
		}
		again, err := AppendBatch(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		got, none, err := DecodeBatch(again)
		if err != nil || len(none) > 0 || len(rest) > len(p) {
			t.Fatalf("%v, %d bytes left", err, len(none))
		}
		third, err := AppendBatch(nil, got)
		if err != nil || !bytes.Equal(third, again) {
			t.Errorf("%x became %x, %v", again, third, err)
		}
		var s State
		_ = s.Apply(b) // an error is fine; it must not panic
	})
}

func FuzzDecodeRoster(f *testing.F) {
	r := newRoster(7)
	r.fenced = []GroupID{1, 2}
	r.members[9] = &member{id: "me", addr: "host:1", leaving: true}
	r.members[9].window.take(3)
	r.remove(9)
	r.members[8] = &member{id: "you"}
	f.Add(r.encode([]byte("machine")))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, machine, err := decodeRoster(b)
		if err != nil {
			return
		}
		again, rest, err := decodeRoster(r.encode(machine))
		if err != nil || !bytes.Equal(rest, machine) || !reflect.DeepEqual(again, r) {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
	})
}

func FuzzDecodeEnvelope(f *testing.F) {
	v := envelope{kind: entryData, raft: 1, seq: 2, at: -3, data: []byte("x")}
	f.Add(v.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := decodeEnvelope(b)
		if err != nil {
			return
		}
		got, err := decodeEnvelope(v.encode())
		if err != nil || fmt.Sprint(got) != fmt.Sprint(v) {
			t.Errorf("%+v became %+v, %v", v, got, err)
		}
	})
}

// A window agrees with a set of all numbers that were taken, as far as it reaches.
func TestWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var w window
		taken, top := map[uint64]bool{}, uint64(0)
		base := uint64(rng.IntN(3)) << bootShift
		for range 2000 {
			seq := base + 1 + uint64(rng.IntN(proposalsMax)) + top - min(top, uint64(rng.IntN(2*proposalsMax)))
			if rng.IntN(500) == 0 {
				base += 1 << bootShift
			}
			old := top >= proposalsMax && seq <= top-proposalsMax
			if got, want := w.take(seq), !taken[seq] && !old; got != want {
				t.Fatalf("take(%d) with the top at %d: %v, want %v", seq, top, got, want)
			}
			if !old {
				taken[seq] = true
			}
			top = max(top, seq)
			if w.top != top || w.seen(seq) != !old {
				t.Fatalf("after take(%d): top %d, seen %v", seq, w.top, w.seen(seq))
			}
		}
	}
}

func TestGroupID(t *testing.T) {
	for _, g := range []GroupID{0, 1, 0xdeadbeef, 1<<63 + 5} {
		if got, err := ParseGroupID(g.String()); err != nil || got != g {
			t.Errorf("%d came back as %d, %v", g, got, err)
		}
	}
	for _, bad := range []string{"x", "12", "zzzzzzzzzzzzzzzz", "00000000000000001"} {
		if _, err := ParseGroupID(bad); err == nil {
			t.Errorf("%q is taken for an id", bad)
		}
	}
}
