package ledger

// SnapshotMax is the largest snapshot of a ledger at its limits, of primaries as sentinels make them. What carries
// snapshots has to take as much; a test holds the limits to it.
const SnapshotMax = 448 << 20

// What an entry or a snapshot may make grow.
const (
	entryBytesMax   = 256 << 10 // one entry
	recordsMax      = 256       // records of an entry
	nameBytesMax    = 4096      // a name, a host, a run id, a reason
	listMax         = 1024      // sentinels of a primary, replicas of a choice
	lineagesMax     = 16        // histories of a primary that are remembered
	LineageBytesMax = 64        // the name of one
	primariesMax    = 16384     // open primaries
	historyMax      = 1000      // decisions kept of a primary
	historyBytesMax = 128 << 20 // of the histories of all primaries
	snapshotListMax = 1 << 24   // any list of a snapshot: its bytes are the real limit

	decisionOverhead = 48 // of a decision beside its texts
)
