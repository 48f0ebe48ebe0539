package core

import (
	"fmt"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// Card is how a member introduces itself to every peer, once a second and when something changed. Forming a group and
// joining one need no other message: a pledge, too, is something that a member says about itself.
type Card struct {
	ID       string
	Addr     string
	Group    GroupID // the group that it is pledged to or belongs to
	Raft     uint64  // its identity there
	Formed   bool    // it holds the group's state; if not, Group is only a pledge
	Proposer string  // who drew Group's id
	Drew     bool    // it was this member, and it has not lost its disk since
	Leading  bool
	Need     uint64    // how many pledges a group needs, by what it has seen
	GivenUp  []GroupID // it drew these, and will not form them
	Fenced   []GroupID // groups in whose place an operator has put Group
	Foreign  GroupID   // another formed group that it sees
}

// sound reports whether a member can have said this: an identity and a group, both drawn, or neither.
func (c *Card) sound() bool {
	if c.Group == 0 {
		return c.Raft == 0 && !c.Formed && !c.Drew
	}
	return drawn(c.Raft)
}

// notice tells a sender that the identity under which it writes has been removed from the group.
type notice struct {
	group GroupID
	raft  uint64
	final bool // an operator removed it; else it may come back as a new member
	// term is the leader's that says so. One of an older term than the receiver's may not know yet that it is a member.
	// What is known to have left is gone for ever, whoever says it: then term is the highest.
	term uint64
}

// Message is what members send each other: one of its parts is set.
type Message struct {
	Card   *Card
	Group  GroupID     // of a raft message
	Raft   *pb.Message // from and to identities in Group
	notice *notice
}

// The kinds of messages. A kind that is not known here is of a newer version and is refused.
const (
	kindCard   = 1
	kindRaft   = 2
	kindNotice = 3
)

// IsSnapshot reports whether a message carries a snapshot, which travels apart from the others.
func (m Message) IsSnapshot() bool { return m.Raft.GetType() == pb.MsgSnap }

// Encode gives the message's form on the wire.
func (m Message) Encode() ([]byte, error) {
	var e encoder
	switch {
	case m.Card != nil:
		c := m.Card
		e.byte(kindCard)
		e.string(c.ID)
		e.string(c.Addr)
		e.fixed(uint64(c.Group))
		e.fixed(c.Raft)
		e.bool(c.Formed)
		e.string(c.Proposer)
		e.bool(c.Drew)
		e.bool(c.Leading)
		e.uint(c.Need)
		e.groups(c.GivenUp)
		e.groups(c.Fenced)
		e.fixed(uint64(c.Foreign))
	case m.Raft != nil:
		e.byte(kindRaft)
		e.fixed(uint64(m.Group))
		var err error
		if e.b, err = (proto.MarshalOptions{}).MarshalAppend(e.b, m.Raft); err != nil {
			return nil, fmt.Errorf("quorum: encode a message: %w", err)
		}
	case m.notice != nil:
		e.byte(kindNotice)
		e.fixed(uint64(m.notice.group))
		e.fixed(m.notice.raft)
		e.bool(m.notice.final)
		e.fixed(m.notice.term)
	}
	return e.b, nil
}

// DecodeMessage reads one.
func DecodeMessage(b []byte) (Message, error) {
	d := decoder{b: b}
	var m Message
	switch kind := d.byte(); kind {
	case kindCard:
		m.Card = &Card{ID: d.name(), Addr: d.name(), Group: GroupID(d.fixed()), Raft: d.fixed(), Formed: d.bool(),
			Proposer: d.name(), Drew: d.bool(), Leading: d.bool(), Need: d.uint(), GivenUp: d.groups(), Fenced: d.groups(),
			Foreign: GroupID(d.fixed())}
	case kindRaft:
		m.Group = GroupID(d.fixed())
		m.Raft = &pb.Message{}
		if d.err == nil {
			if err := proto.Unmarshal(d.b, m.Raft); err != nil {
				return Message{}, fmt.Errorf("quorum: decode a message: %w", err)
			}
			d.b = nil
		}
	case kindNotice:
		m.notice = &notice{group: GroupID(d.fixed()), raft: d.fixed(), final: d.bool(), term: d.fixed()}
	default:
		return Message{}, fmt.Errorf("quorum: message of unknown kind %d", kind)
	}
	return m, d.end()
}
