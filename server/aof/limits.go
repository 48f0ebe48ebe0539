package aof

import "time"

// The limits of the log's queue and of its patience.
const (
	// syncPeriod is how old unsynced effects get with Everysec before a sync begins.
	syncPeriod = time.Second
	// postponeMax is how long writing waits for a sync that is under way: the kernel would make the write wait for it.
	postponeMax = 2 * time.Second
	// bufferMax is how many bytes wait for that before a Commit waits as well.
	bufferMax = 64 << 20
	// bufferKept is the largest buffer that is kept for the next batch.
	bufferKept = 1 << 20
	// errorPeriod is how often a write error that lasts is told.
	errorPeriod = 30 * time.Second
	// manifestMax is the largest manifest that is read.
	manifestMax = 16 << 20
)
