package quorum

import (
	"time"

	"valkey/quorum/core"
)

// MachineMax is the largest snapshot of a machine: what the members take beside it in the group's fits into the rest.
const MachineMax = core.SnapshotMax - 1<<20

// The limits of the log's disk and of its links.
const (
	// logSlack is how much the log's file may hold beyond twice what it held when it was written anew.
	logSlack = 1 << 20
	// logMax is the largest file that is read: the largest snapshot, twice, and what comes behind it.
	logMax = 3 * core.SnapshotMax

	// retryFirst and retryMax bound the pause before a write that failed is tried again.
	retryFirst = 50 * time.Millisecond
	retryMax   = time.Second

	// inboxMax is how many messages and requests wait for the loop; then those who bring them do.
	inboxMax = 256
	// queueMax and queueBytesMax are what waits for one link; what is beyond is dropped, and raft told so.
	queueMax      = 1024
	queueBytesMax = 8 << 20
	// linksMax is how many connections of peers are served at a time.
	linksMax = 256

	// dialTimeout bounds dialling and the greeting.
	dialTimeout = 2 * time.Second
	// redialFirst and redialMax bound the pause before a peer is dialled again.
	redialFirst = 100 * time.Millisecond
	redialMax   = 2 * time.Second
	// writeTimeout is how long a peer may not read before its link is given up.
	writeTimeout = 2 * time.Second
	// idleTimeout is how long a link may be silent. Cards come once a second.
	idleTimeout = 10 * time.Second
	// snapshotTimeout bounds the sending of a snapshot as a whole.
	snapshotTimeout = time.Minute

	// relinkEvery is how often the set of links is compared with the peers that are known.
	relinkEvery = 250 * time.Millisecond
	// tellEvery is how often an event that repeats is logged.
	tellEvery = 30 * time.Second
)
