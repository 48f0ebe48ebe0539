package aof

import (
	"strconv"
	"sync"
	"time"

	"valkey/frontend/resp"
	"valkey/internal/vfs"
)

// Policy says when what has been appended goes to the disk.
type Policy uint8

// The policies, as appendfsync names them.
const (
	Everysec Policy = iota
	Always
	Never
)

// Options are what a log needs to know for good.
type Options struct {
	FS     vfs.FS
	Folder string // of the parts
	Name   string // what the parts' names begin with, and the name of an old log that is one file beside Folder

	// Log writes a line of the server's log; Warn lines are for the operator. Fatal ends the process: the log cannot keep
	// the promise of Always. Synced is told that more is on the disk than before. All three are called from any
	// goroutine, with no lock of this package held.
	Log    func(warn bool, line string)
	Fatal  func(err error)
	Synced func()
	// Now is the clock; nil is the process's.
	Now func() time.Time
}

// Log is the append-only file. Append, Mark and what says so are called under the engine lock, the rest is for any
// goroutine.
type Log struct {
	o Options

	// Under the engine lock.
	db      int   // that the last command works on; -1 when the next has to say it
	stampAt int64 // Unix seconds of the last annotation
	stamps  bool

	// done wakes those who wait for a writer, a sync or a change of parts to end.
	done *sync.Cond
	// kick wakes the background goroutine; one word in it is enough.
	kick chan struct{}
	// ended is closed when the background goroutine has ended.
	ended chan struct{}

	mu struct {
		sync.Mutex
		file     vfs.File // the increment that is written; nil while the log is closed
		manifest Manifest
		change   *change // an exchange of increments that is not on the disk yet; nil for none
		policy   Policy
		waiting  bool // for the first base: nothing of file counts before that
		quiet    bool // no syncs now
		closed   bool

		buf, spare []byte // appended and not written; the other of the two buffers
		// Positions in the stream of all that was ever appended: written and synced follow appended.
		appended, written, synced int64
		size                      int64 // of file
		older                     int64 // bytes of the parts before it
		baseSize                  int64 // of the whole log after the last rewrite

		// The positions of the replication stream that belong to appended, written and synced; see Mark.
		markAppended, markWritten, markSynced int64

		busy      bool // somebody writes to file, and nobody else may
		syncing   bool // the background goroutine syncs file
		wantSync  bool // it is asked to
		lastSync  time.Time
		postponed time.Time // since when buf waits for syncing; zero when it does not
		delayed   uint64    // how often waiting for it took too long

		writeErr, syncErr error
		toldErr           time.Time
		doubtful          bool // a sync has failed: the kernel may have dropped what it held
		slow              Slowness
		pause             time.Duration // before each write, for tests
	}
}

// New makes a log that is closed: nothing is on the disk by it yet.
func New(o Options) *Log {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Log{o: o, db: -1, kick: make(chan struct{}, 1), ended: make(chan struct{})}
	l.done = sync.NewCond(&l.mu)
	go l.background() // owned by the log; Close ends it and waits
	return l
}

// Append records one command in wire form against a database, -1 for none. It only copies; engine lock held.
func (l *Log) Append(db int, command []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.mu.buf)
	if l.stamps {
		l.stamp()
	}
	if db >= 0 && db != l.db {
		l.db = db
		l.mu.buf = resp.AppendCommand(l.mu.buf, "SELECT", strconv.Itoa(db))
	}
	l.mu.buf = append(l.mu.buf, command...)
	l.mu.appended += int64(len(l.mu.buf) - before)
}

func (l *Log) stamp() {
	if now := l.o.Now().Unix(); now > l.stampAt {
		l.stampAt = now
		l.mu.buf = append(l.mu.buf, stampPrefix...)
		l.mu.buf = strconv.AppendInt(l.mu.buf, now, 10)
		l.mu.buf = append(l.mu.buf, '\r', '\n')
	}
}

// SetTimestamps turns annotations with the time on or off; engine lock held.
func (l *Log) SetTimestamps(on bool) { l.stamps = on }

// SetPolicy changes when to sync.
func (l *Log) SetPolicy(p Policy) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.policy = p
}

// SetQuiet stops syncing, whatever the policy says, or goes on with it: no-appendfsync-on-rewrite.
func (l *Log) SetQuiet(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.quiet = on
}

// SetPause makes every write take longer, for tests.
func (l *Log) SetPause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.pause = d
}

// Mark says which position of the replication stream what has been appended until now reaches. Engine lock held.
func (l *Log) Mark(offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.markAppended = offset
}

// Synced is the position of the replication stream, as Mark told it, up to which everything is on the disk. A log that
// is closed has none: -1. One that waits for its first base has 0.
func (l *Log) Synced() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &l.mu
	switch {
	case m.file == nil:
		return -1
	case m.waiting:
		return 0
	case m.synced == m.appended && m.policy != Never:
		return m.markAppended
	}
	return m.markSynced
}

// Status is what INFO tells of the log.
type Status struct {
	Size       int64 // of all parts
	BaseSize   int64 // of all parts after the last rewrite
	Buffered   int   // bytes that wait to be written
	Syncing    int   // syncs that are under way or wanted
	Delayed    uint64
	Err        error // why what is appended is not safe at present
	Syncs      bool  // Err is a sync's
	Doubtful   bool  // a sync has failed since the last rewrite
	Increments int
}

// Status gives the present state.
func (l *Log) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &l.mu
	s := Status{
		Size: m.older + m.size, BaseSize: m.baseSize, Buffered: len(m.buf), Delayed: m.delayed, Err: m.writeErr,
		Doubtful: m.doubtful, Increments: len(m.manifest.Increments),
	}
	if m.change != nil {
		s.Buffered += len(m.change.tail)
	}
	if m.syncing || m.wantSync {
		s.Syncing = 1
	}
	if s.Err == nil && m.syncErr != nil {
		s.Err, s.Syncs = m.syncErr, true
	}
	return s
}

// ResetStats forgets what CONFIG RESETSTAT forgets.
func (l *Log) ResetStats() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.delayed = 0
}

// Slowness is how long the slowest calls of each kind took since it was last taken.
type Slowness struct{ Write, WriteDuringSync, SyncAlways time.Duration }

// TakeSlowness gives and forgets it.
func (l *Log) TakeSlowness() Slowness {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.mu.slow
	l.mu.slow = Slowness{}
	return s
}
