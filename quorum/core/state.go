package core

import (
	"fmt"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"go.etcd.io/raft/v3"
)

// Meta is who a member is: the promises that must outlive a crash and that raft does not know of.
type Meta struct {
	MyID string
	Boot uint64 // how often the folder was opened: part of a proposal's identity
	// Group is the one group that this member has pledged itself to; 0 is none. A pledge is given once, and taken back
	// only as forming.go says.
	Group GroupID
	// Raft is the member's identity in Group: drawn with the pledge, and never used in any other.
	Raft uint64
	// Proposer is the myid of the one who drew Group's id. Drew says that it was this member, on this disk: it alone
	// can form the group. One that lost its disk has the same myid, and has not drawn it.
	Proposer string
	Drew     bool
	// GivenUp are groups that this member drew and will not form.
	GivenUp []GroupID
}

// State is all that a member has on its disk.
type State struct {
	Meta     Meta
	Hard     *pb.HardState
	Snapshot *pb.Snapshot // nil until the member holds the group's state
	Entries  []*pb.Entry  // what follows the snapshot
}

// Batch is one change of a State; what is nil stays as it is.
type Batch struct {
	Meta     *Meta
	Fresh    bool // forget everything but Meta first: the member has left a group, or enters another
	Hard     *pb.HardState
	Snapshot *pb.Snapshot // replaces what it covers; if the entry at its index is not the one it was made at, all entries
	Entries  []*pb.Entry  // replace those from the index of the first of them on
}

// Apply makes the change. A batch that does not fit is an error, and leaves the state as it was: on a disk that is a
// record too few.
func (s *State) Apply(b Batch) error {
	next := *s
	if b.Fresh {
		next = State{Meta: s.Meta}
	}
	if b.Meta != nil {
		next.Meta = *b.Meta
	}
	if b.Hard != nil {
		next.Hard = b.Hard
	}
	if b.Snapshot != nil {
		index, term := b.Snapshot.GetMetadata().GetIndex(), b.Snapshot.GetMetadata().GetTerm()
		at, ok := next.at(index)
		if ok && at.GetTerm() == term {
			last := next.Entries[len(next.Entries)-1].GetIndex()
			next.Entries = next.Entries[uint64(len(next.Entries))-(last-index):]
		} else {
			next.Entries = nil
		}
		next.Snapshot = b.Snapshot
	}
	if len(b.Entries) > 0 {
		from := b.Entries[0].GetIndex()
		base := next.Snapshot.GetMetadata().GetIndex()
		skip := uint64(0)
		if from <= base { // the snapshot knows better
			skip = min(base-from+1, uint64(len(b.Entries)))
		}
		if rest := b.Entries[skip:]; len(rest) > 0 {
			keep := rest[0].GetIndex() - base - 1
			if keep > uint64(len(next.Entries)) {
				return fmt.Errorf("quorum: entry %d does not follow entry %d", rest[0].GetIndex(),
					base+uint64(len(next.Entries)))
			}
			if keep < uint64(len(next.Entries)) {
				next.Entries = next.Entries[:keep:keep] // raft may still hold what stood there
			}
			next.Entries = append(next.Entries, rest...)
		}
	}
	*s = next
	return nil
}

// Check reports what a whole state cannot be: raft would take it for a broken promise of its own.
func (s *State) Check() error {
	if (s.Meta.Group != 0) != drawn(s.Meta.Raft) {
		return fmt.Errorf("quorum: the identity %x in group %s", s.Meta.Raft, s.Meta.Group)
	}
	first := s.Snapshot.GetMetadata().GetIndex()
	if last, commit := first+uint64(len(s.Entries)), s.Hard.GetCommit(); commit > last || s.Hard != nil && commit < first {
		return fmt.Errorf("quorum: entries up to %d are agreed, and the log is from %d to %d", commit, first, last)
	}
	return nil
}

// at finds the entry at an index.
func (s *State) at(index uint64) (*pb.Entry, bool) {
	if len(s.Entries) == 0 {
		return nil, false
	}
	first := s.Entries[0].GetIndex()
	if index < first || index-first >= uint64(len(s.Entries)) {
		return nil, false
	}
	return s.Entries[index-first], true
}

// Whole is the batch that makes an empty state equal to s.
func (s *State) Whole() Batch {
	return Batch{Meta: &s.Meta, Fresh: true, Hard: s.Hard, Snapshot: s.Snapshot, Entries: s.Entries}
}

// memory gives the state to raft.
func (s *State) memory() (*raft.MemoryStorage, error) {
	m := raft.NewMemoryStorage()
	if s.Snapshot != nil {
		if err := m.ApplySnapshot(s.Snapshot); err != nil {
			return nil, fmt.Errorf("quorum: snapshot: %w", err)
		}
	}
	if s.Hard != nil {
		if err := m.SetHardState(s.Hard); err != nil {
			return nil, fmt.Errorf("quorum: hard state: %w", err)
		}
	}
	if err := m.Append(s.Entries); err != nil {
		return nil, fmt.Errorf("quorum: entries: %w", err)
	}
	return m, nil
}

// The parts of a batch on disk, in this order.
const (
	hasMeta = 1 << iota
	hasFresh
	hasHard
	hasSnapshot
	hasEntries
)

// AppendBatch appends a batch's form on disk.
func AppendBatch(to []byte, b Batch) ([]byte, error) {
	var mask byte
	for i, there := range []bool{b.Meta != nil, b.Fresh, b.Hard != nil, b.Snapshot != nil, len(b.Entries) > 0} {
		if there {
			mask |= 1 << i
		}
	}
	e := encoder{append(to, mask)}
	if b.Meta != nil {
		m := b.Meta
		e.string(m.MyID)
		e.uint(m.Boot)
		e.fixed(uint64(m.Group))
		e.fixed(m.Raft)
		e.string(m.Proposer)
		e.bool(m.Drew)
		e.groups(m.GivenUp)
	}
	if b.Hard != nil {
		e.uint(b.Hard.GetTerm())
		e.fixed(b.Hard.GetVote())
		e.uint(b.Hard.GetCommit())
	}
	if b.Snapshot != nil {
		p, err := proto.Marshal(b.Snapshot)
		if err != nil {
			return nil, fmt.Errorf("quorum: encode a snapshot: %w", err)
		}
		e.bytes(p)
	}
	if len(b.Entries) > 0 {
		e.uint(uint64(len(b.Entries)))
		for _, entry := range b.Entries {
			p, err := proto.Marshal(entry)
			if err != nil {
				return nil, fmt.Errorf("quorum: encode an entry: %w", err)
			}
			e.bytes(p)
		}
	}
	return e.b, nil
}

// DecodeBatch reads one batch and gives what follows it.
func DecodeBatch(from []byte) (b Batch, rest []byte, err error) {
	d := decoder{b: from}
	mask := d.byte()
	if mask >= hasEntries<<1 {
		d.fail()
	}
	b.Fresh = mask&hasFresh != 0
	if mask&hasMeta != 0 {
		b.Meta = &Meta{MyID: d.name(), Boot: d.uint(), Group: GroupID(d.fixed()), Raft: d.fixed(), Proposer: d.name(),
			Drew: d.bool(), GivenUp: d.groups()}
	}
	if mask&hasHard != 0 {
		b.Hard = &pb.HardState{Term: new(d.uint()), Vote: new(d.fixed()), Commit: new(d.uint())}
	}
	if mask&hasSnapshot != 0 {
		b.Snapshot = &pb.Snapshot{}
		if err := proto.Unmarshal(d.bytes(), b.Snapshot); err != nil {
			d.fail()
		}
	}
	if mask&hasEntries != 0 {
		for range d.count(1) {
			entry := &pb.Entry{}
			if err := proto.Unmarshal(d.bytes(), entry); err != nil {
				d.fail()
			}
			if n := len(b.Entries); n > 0 && entry.GetIndex() != b.Entries[n-1].GetIndex()+1 {
				d.fail()
			}
			b.Entries = append(b.Entries, entry)
		}
	}
	return b, d.b, d.err
}
