package engine

// Persistence is how loading, saving and the append-only file stand: INFO's section of that name. Times are Unix
// seconds, durations seconds, -1 for none.
type Persistence struct {
	Loading      bool // clients wait for the data
	AsyncLoading bool // they are served the old data meanwhile
	LoadStarted  int64
	LoadBytes    int64 // loaded until now
	LoadTotal    int64 // 0: not known
	LoadUsedMem  int64 // that the data took where it was saved
	LoadKeys     int64 // of the latest load
	LoadExpired  int64 // keys of it that were dropped as expired

	// Of the snapshot that is being made, for whatever purpose.
	SaveKeys      int   // that it has
	SaveProcessed int   // that are done
	OldBytes      int64 // of old values that writes have had saved
	OldBytesPeak  int64 // the same, of the snapshot that had the most

	SaveRunning  bool
	Saves        int64 // started, SAVE included
	LastSave     int64 // when the data was last saved, or loaded
	LastSaveOK   bool
	LastSaveTime int64 // how long it took
	SaveTime     int64 // how long the present one takes until now
	LastOldBytes int64

	Snapshots   int64 // snapshots since the start
	LatestStall int64 // microseconds: the longest time that the latest snapshot kept everybody waiting
	AOF         AOFState
}

// AOFState is how the append-only file stands.
type AOFState struct {
	Enabled          bool
	RewriteRunning   bool
	RewriteScheduled bool
	LastRewriteTime  int64
	RewriteTime      int64
	LastRewriteOK    bool
	Rewrites         int64
	RewriteFailures  int64 // one after the other
	LastWriteOK      bool
	LastOldBytes     int64
	Size, BaseSize   int64
	BufferBytes      int64
	PendingFsyncs    int64
	DelayedFsyncs    int64
	FsyncNs          int64 // spent writing and syncing, for INFO debug
}

// SaveRequest is what a client wants of BGSAVE.
type SaveRequest int

// The requests.
const (
	SaveNow      SaveRequest = iota
	SaveSchedule             // now or once what runs has ended
	SaveCancel
)

// Reload is what DEBUG RELOAD is told.
type Reload struct {
	Save, Flush bool
	Merge       bool // keys of the file replace those that there are
}
