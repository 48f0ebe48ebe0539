package snapshot

const (
	// DraftBytes is the size at which a draft is handed to the encoding goroutine.
	DraftBytes = 128 << 10

	// QueueBytesMax is what waits for the encoding goroutine at most before the walk pauses.
	QueueBytesMax = 4 << 20

	// SpillFromBytes of waiting drafts start the spilling of old values to a file.
	SpillFromBytes = 8 << 20

	// MemoryBytesMax of waiting drafts, copies of values, end a job: spilling cannot keep up with the writes.
	MemoryBytesMax = 64 << 20

	// PinnedBytesMax of large values that wait as they are, uncopied, end a job for the same reason.
	PinnedBytesMax = 1 << 30

	// SpillBytesMax is how large the spill file may become before the job ends.
	SpillBytesMax = 4 << 30

	// keptBytes is how much of a pinned value is kept or read under the lock of both, and thus the longest that a write
	// and the goroutine wait for each other.
	keptBytes = 32 << 10

	// stepEntries are walked between two looks at the clock.
	stepEntries = 64

	// freeDraftsMax is how many empty drafts are kept for the next ones.
	freeDraftsMax = 8

	// syncBytes is after how many bytes an incremental sync begins.
	syncBytes = 4 << 20

	// loadBatches are decoded ahead of the one that is being stored.
	loadBatches = 8
	// batchKeys and batchBytes are what is stored under one hold of the engine lock at most; the latter may be passed
	// by the last value.
	batchKeys  = 512
	batchBytes = 1 << 20
	// prefetchAhead is how many keys ahead their place is looked up.
	prefetchAhead = 8
	// reserveKeysMax bounds the room that is made because a stream says that so many keys follow; keyBytesMin, the least
	// that a key takes, does where the length of the snapshot is known.
	reserveKeysMax = 16 << 20
	keyBytesMin    = 3

	// lookBytes are read at most to see whether the writer of a snapshot has lost its data.
	lookBytes = 1 << 20

	// rawBytes is how much of the spill file is read at once.
	rawBytes = 256 << 10
)
