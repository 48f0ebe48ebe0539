package core

import (
	"fmt"
	"strconv"
	"time"
)

// Machine is the state machine that the log drives. Calls come from one goroutine, in the order of the log.
type Machine interface {
	// Apply executes one entry. It must depend on nothing but the machine's state and the entry, since every member
	// does the same; the result goes to the proposer, if it still waits on this member.
	Apply(e Entry) any
	// Snapshot gives the whole state, from which Restore builds the same elsewhere.
	Snapshot() []byte
	// Restore replaces the state. With an error nothing has changed; nil is the state of a machine that is new.
	Restore(data []byte) error
}

// Entry is one agreed decision.
type Entry struct {
	Index uint64    // position in the log; it grows, with gaps
	At    time.Time // the proposer's wall clock: the only clock that a machine may look at
	By    string    // the proposer's myid
	Data  []byte    // not to be changed, nor kept beyond the call
}

// GroupID names a group. It is drawn at random once, by the one who proposes the group; 0 is no group.
type GroupID uint64

// String gives the form that people and the wire see: 16 hexadecimal digits, or nothing for no group.
func (g GroupID) String() string {
	if g == 0 {
		return ""
	}
	return fmt.Sprintf("%016x", uint64(g))
}

// ParseGroupID reads what String gives.
func ParseGroupID(s string) (GroupID, error) {
	if s == "" {
		return 0, nil
	}
	if len(s) != 16 {
		return 0, fmt.Errorf("quorum: group id %q: want 16 hexadecimal digits", s)
	}
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("quorum: group id %q: %w", s, err)
	}
	return GroupID(n), nil
}

// Peer is another sentinel as discovery shows it.
type Peer struct {
	ID    string  // its myid; empty in a static list that knows addresses only
	Addr  string  // host:port of its own port, as announced
	Group GroupID // the group that it says it belongs to, 0 if it says nothing
}

// Status is what a member knows of its group now.
type Status struct {
	Group     GroupID
	Leader    string // the leader's myid, "" if none is known
	Term      uint64
	Commit    uint64
	Applied   uint64
	Voters    int
	Learners  int
	Formed    bool    // this member holds the group's state; before, it may only have pledged itself to the group
	Voter     bool    // this member's vote counts
	Leading   bool    // this member is the leader
	InContact bool    // the leader was heard within the election timeout; as leader, a majority of the voters was
	Pledged   bool    // this member has pledged itself to Group, which is not formed as far as it knows
	Need      int     // how many pledges a group would need to be formed, by what this member has seen
	Known     int     // how many sentinels it has seen that may belong, itself included
	Foreign   GroupID // another formed group that this one, or a member of it, sees; 0 if none
	Removed   bool    // an operator has removed this member; it joins again when its process starts anew
	Halted    bool    // its log holds what this version cannot read: it takes no part any more
}

// Frozen reports whether another group watches beside this one. Then nobody may act without an operator: either group
// may be the one that should not exist. ForceNewGroup on a member of the right one settles it.
func (s Status) Frozen() bool { return s.Foreign != 0 }

// Member is one of the group.
type Member struct {
	ID      string        // its myid
	Raft    uint64        // its identity in the log: random, never used again once it is gone
	Addr    string        // where it was last seen
	Voter   bool          // or a learner, which follows and has no vote
	Leading bool          // it is the leader
	Leaving bool          // its removal is agreed and under way
	Match   uint64        // up to where it has the log, as the leader knows; 0 elsewhere
	Silent  time.Duration // since it was last heard by this member; 0 for itself
}
