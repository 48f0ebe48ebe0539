package ledger

// What an entry or a snapshot may make grow.
const (
	entryBytesMax   = 256 << 10 // one entry
	recordsMax      = 256       // records of an entry
	nameBytesMax    = 4096      // a name, a host, a run id, a reason
	listMax         = 1024      // sentinels of a primary, replicas of a choice
	primariesMax    = 16384     // open primaries
	historyMax      = 1000      // decisions kept of a primary
	snapshotListMax = 1 << 24   // any list of a snapshot: its bytes are the real limit
)
