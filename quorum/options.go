package quorum

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/rs/zerolog"

	"valkey/internal/vfs"
	"valkey/quorum/core"
)

// The types that the log's users see are those of its rules.
type (
	// Machine is the state machine that the log drives.
	Machine = core.Machine
	// Entry is one agreed decision.
	Entry = core.Entry
	// GroupID names a group.
	GroupID = core.GroupID
	// Peer is another sentinel as discovery shows it.
	Peer = core.Peer
	// Status is what a member knows of its group now.
	Status = core.Status
	// Member is one of the group.
	Member = core.Member
)

var (
	// ErrNoQuorum says that a request was not accepted and will have no effect: no group yet, or no leader in reach.
	ErrNoQuorum = core.ErrNoQuorum
	// ErrUnknown says that a proposal was handed over and that its fate is not known: it may be applied yet.
	ErrUnknown = core.ErrUnknown
	// ErrNoMember says that no member of that name belongs to the group.
	ErrNoMember = core.ErrNoMember
	// ErrLastVoter says that a removal would leave no vote.
	ErrLastVoter = core.ErrLastVoter
	// ErrTooLarge says that an entry exceeds the limit.
	ErrTooLarge = core.ErrTooLarge
	// ErrClosed says that Run has ended.
	ErrClosed = errors.New("quorum: closed")
)

// Options says how a member runs.
type Options struct {
	FS      vfs.FS  // where Dir is; nil is the real file system
	Dir     string  // this member's folder, made if it is missing; nobody else's
	ID      string  // myid; a folder that was written under another one is started afresh, as a new member
	Addr    string  // host:port at which the other members reach this one; SetAddr changes it
	Machine Machine // driven from the goroutine of Run, and by Open while it reads the disk

	// Expect is how many distinct sentinels make a group. Not fewer than a majority of all that were seen is used, nor
	// fewer than any of them expects. With 0 none is made yet. SetExpect changes it.
	Expect int
	// Static lists the only peers that may belong, by address or by id, without this member; nil takes whom Saw shows.
	Static []Peer
	// Forget is how long a member is silent before it is removed; 0 never.
	Forget time.Duration

	// Dial opens an authenticated connection to a peer that has been told to become a link (the far end calls Accept).
	Dial func(ctx context.Context, p Peer) (net.Conn, error)
	// Applied, if set, is called after a batch of entries was applied, and after a snapshot took their place, from the
	// goroutine that applies. It must not block or call the group.
	Applied func()
	// Changed, if set, is called when Status changed in more than its counts, from the same goroutine.
	Changed func(Status)
	// Log gets what an operator should know.
	Log zerolog.Logger
}
