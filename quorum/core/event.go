package core

import (
	"errors"
	"time"
)

var (
	// ErrNoQuorum says that a request was not accepted and will have no effect: no group yet, or no leader in reach.
	ErrNoQuorum = errors.New("quorum: no group, or no leader in reach")
	// ErrUnknown says that a proposal was handed over and that its fate is not known: it may be applied yet.
	ErrUnknown = errors.New("quorum: the outcome is not known")
	// ErrNoMember says that no member of that name belongs to the group.
	ErrNoMember = errors.New("quorum: no such member")
	// ErrLastVoter says that a removal would leave no vote.
	ErrLastVoter = errors.New("quorum: the last voter stays")
	// ErrTooLarge says that an entry exceeds the limit.
	ErrTooLarge = errors.New("quorum: entry is too large")
)

// Input is what happens to a Node.
type Input interface{ input() }

type (
	// Tick says that TickEvery has passed, about.
	Tick struct{}
	// Received is a message from a peer, whose myid the link has established.
	Received struct {
		From    string
		Message Message
	}
	// Written says that the last Write is durable.
	Written struct{}
	// Saw is what discovery shows.
	Saw struct{ Peers []Peer }
	// Forgot names peers that an operator has had discovery forget. Those that are gone count no more for how many make a
	// group.
	Forgot struct{ IDs []string }
	// Moved says that this member is reached at another address from now on.
	Moved struct{ Addr string }
	// Expect says how many sentinels make a group from now on.
	Expect struct{ Sentinels int }
	// LinkUp says that messages reach a peer.
	LinkUp struct{ ID string }
	// LinkDown says that a peer closed its connection to this member: its process has ended, perhaps.
	LinkDown struct{ ID string }
	// Unreachable says that a message to a peer was lost.
	Unreachable struct{ ID string }
	// SnapshotSent says how the sending of a snapshot ended.
	SnapshotSent struct {
		ID string
		OK bool
	}
	// Propose wants Data agreed on and applied. It is answered with the machine's result.
	Propose struct {
		Token any
		At    time.Time
		Data  []byte
	}
	// Remove wants a member to leave. It is answered when that is agreed.
	Remove struct {
		Token any
		At    time.Time
		ID    string
	}
	// Confirm is answered when everything that was agreed before it is applied.
	Confirm struct{ Token any }
	// Cancel ends a Propose, Remove or Confirm early: it is answered at once.
	Cancel struct{ Token any }
	// Transfer wants another member to lead.
	Transfer struct {
		Token any
		ID    string
	}
	// Force puts a new group, which this member makes by itself from what it has applied, in the place of all that it
	// knows of.
	Force struct{ Token any }
)

func (Tick) input()         {}
func (Received) input()     {}
func (Written) input()      {}
func (Saw) input()          {}
func (Forgot) input()       {}
func (Moved) input()        {}
func (Expect) input()       {}
func (LinkUp) input()       {}
func (LinkDown) input()     {}
func (Unreachable) input()  {}
func (SnapshotSent) input() {}
func (Propose) input()      {}
func (Remove) input()       {}
func (Confirm) input()      {}
func (Cancel) input()       {}
func (Transfer) input()     {}
func (Force) input()        {}

// Effects is what a Node wants done, in this order but for the write, which may take its time.
type Effects struct {
	// Write is to be made durable as a whole, in order; then comes Step(Written). There is no other before.
	Write   []Batch
	Sends   []Send
	Answers []Answer
	Events  []Event
	// Applied says that the machine has changed.
	Applied bool
}

// Send is a message for a peer.
type Send struct {
	To      string
	Message Message
}

// Answer ends a request.
type Answer struct {
	Token  any
	Result any
	Err    error
}

// EventKind is what happened.
type EventKind string

// The events that an operator should know of.
const (
	EventWaiting   EventKind = "no group yet"
	EventPledged   EventKind = "pledged to a group"
	EventReleased  EventKind = "pledge taken back"
	EventFormed    EventKind = "group formed"
	EventJoined    EventKind = "holds the group's state"
	EventLeader    EventKind = "new leader"
	EventNoLeader  EventKind = "no leader"
	EventStepDown  EventKind = "steps down"
	EventLearner   EventKind = "member joined as learner"
	EventVoter     EventKind = "member has a vote"
	EventMemberOut EventKind = "member left"
	EventRemoved   EventKind = "this member was removed"
	EventFenced    EventKind = "an operator replaced this group"
	EventForced    EventKind = "new group by force"
	EventForeign   EventKind = "another group watches beside this one"
	EventUnfrozen  EventKind = "the other group is gone"
	EventDuplicate EventKind = "two processes have the same myid"
	EventRefused   EventKind = "message refused"
	EventNewer     EventKind = "entry of a newer version refused"
	EventHalted    EventKind = "takes no part any more"
)

// Event is something that happened, for the log.
type Event struct {
	Kind  EventKind
	Peer  string  // a myid
	Group GroupID // the group in question
	Text  string  // the reason
}
