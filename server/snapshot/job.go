package snapshot

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"valkey/internal/vfs"
	"valkey/store"
	"valkey/store/rdb"
)

// Errors that end a job.
var (
	// ErrAborted is the end of a job that nobody wants any more.
	ErrAborted = errors.New("snapshot: aborted")
	// ErrBehind is the end of a job whose old values wait in memory beyond the limit.
	ErrBehind = errors.New("snapshot: old values come faster than they can be written")
	// ErrSpillFull is the end of a job whose old values wait in a file beyond the limit.
	ErrSpillFull = errors.New("snapshot: the file of old values that wait is at its limit")
)

// Aux is a field of the snapshot's head.
type Aux struct{ Name, Value string }

// Options say what a job makes.
type Options struct {
	Store              *store.Store
	Version            rdb.Version
	Compress, Checksum bool
	Aging              rdb.Aging // what is written of the keys' ages
	Aux                []Aux
	Functions          [][]byte

	// Out takes the bytes, from the job's goroutine; it may block. Open and Finish, if any, are the first and the last
	// thing that the goroutine does: Finish commits or, given an error, discards Out. Their errors are the job's.
	Out    io.Writer
	Open   func() error
	Finish func(err error) error

	// Failed, if any, is called when the job fails or is aborted, so that Out lets go of a Write that waits; from any
	// goroutine, once.
	Failed func(err error)

	// KeyDelay slows the goroutine down for tests: microseconds a key, or a pause every that many keys if negative.
	KeyDelay int64

	// Spill is the file for old values that wait, in FS; it is gone from the folder as soon as it is open. Without one
	// the job ends where it would begin to spill.
	FS    vfs.FS
	Spill string

	// Wake has Step called soon; from the job's goroutine.
	Wake func()
	// Done hears of the end, under the engine lock from Step, once.
	Done func(Result)

	limits limits // of tests; zero values are the package's
}

type limits struct {
	draft, queue, spillFrom, memory, spill int64
}

func (l *limits) fill() {
	set := func(v *int64, def int64) {
		if *v == 0 {
			*v = def
		}
	}
	set(&l.draft, DraftBytes)
	set(&l.queue, QueueBytesMax)
	set(&l.spillFrom, SpillFromBytes)
	set(&l.memory, MemoryBytesMax)
	set(&l.spill, SpillBytesMax)
}

// Result is how a job ended.
type Result struct {
	Err          error
	Keys         int           // in the snapshot
	Bytes        int64         // of the snapshot
	OldKeys      int           // keys that a write had saved before it changed them
	OldBytes     int64         // of those
	Spilled      int64         // bytes that went through the spill file
	LongestStall time.Duration // the longest time that a step kept everybody waiting
	Took         time.Duration
}

// Job is one snapshot being made. Its methods want the engine lock.
type Job struct {
	o     Options
	cut   *store.Cut
	total int

	draft     *rdb.Draft // being filled
	draftKeys int
	db        int // that draft stands in; -1 before the first
	announced []bool
	sizes     []store.CutDB
	walking   bool // Step is, rather than a write
	walked    bool // the walk is over, or given up
	over      bool
	result    Result
	started   time.Time

	queue    queue
	enc      *rdb.Sealer
	wake     chan struct{} // capacity 1: there is something for the encoding goroutine
	spiller  spiller
	quit     chan struct{} // closed by fail
	failed   atomic.Pointer[error]
	encoded  atomic.Int64  // keys
	waiting  atomic.Bool   // the walk pauses until the queue has room
	progress chan struct{} // capacity 1: the same news as Wake's, for Drain
	ended    chan struct{} // closed by the goroutine at its end; its fields of result are set then
}

// Start cuts the store now. The caller steps the job until Done says that it is over.
func Start(o Options) (*Job, error) {
	o.limits.fill()
	if o.KeyDelay > 0 {
		o.limits.draft, o.limits.queue = 1, 1 // so that the walk keeps the goroutine's pace
	}
	j := &Job{
		o: o, db: -1, started: time.Now(),
		wake: make(chan struct{}, 1), progress: make(chan struct{}, 1),
		quit: make(chan struct{}), ended: make(chan struct{}),
	}
	var err error
	if j.cut, err = o.Store.Cut(j.save); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	j.total = j.cut.Keys()
	j.sizes = j.cut.Databases()
	j.announced = make([]bool, o.Store.Databases())
	j.enc = j.newSealer(o.Out)
	j.draft = j.queue.empty()
	for _, a := range o.Aux {
		j.draft.Aux(a.Name, a.Value)
	}
	for _, f := range o.Functions {
		j.draft.Function(f)
	}
	j.spiller.start(j)
	go j.encode() // the job's own; it ends when everything is written, or at a failure or an abort
	return j, nil
}

func (j *Job) newSealer(w io.Writer) *rdb.Sealer {
	return rdb.NewSealer(w, rdb.SealOptions{
		Version: j.o.Version, Compress: j.o.Compress, Checksum: j.o.Checksum, Read: j.queue.kept.read,
	})
}

// unpin lets go of the values that nobody reads any more.
func (j *Job) unpin() {
	for _, p := range j.queue.takePins() {
		j.o.Store.Unpin(p)
		j.queue.kept.drop(p)
	}
}

// Keys is how many keys the snapshot has, Encoded how many of them are encoded.
func (j *Job) Keys() int { return j.total }

// Encoded is how many keys have been encoded.
func (j *Job) Encoded() int { return int(j.encoded.Load()) }

// OldBytes is how many bytes of old values writes have had saved until now.
func (j *Job) OldBytes() int64 { return j.result.OldBytes }

// save takes one key: from the walk, or from a write that is about to change it.
func (j *Job) save(db int, e store.Entry) {
	if j.failed.Load() != nil {
		return // the cut is given up at the next step
	}
	before := j.draft.Len()
	if db != j.db {
		j.selectDB(db)
	}
	j.draft.Entry(e, j.o.Aging)
	j.draftKeys++
	after := j.draft.Len()
	if !j.walking {
		j.result.OldKeys++
		j.result.OldBytes += int64(after - before)
	}
	if int64(after) < j.o.limits.draft {
		return
	}
	j.hand()
	if j.walking {
		return
	}
	switch waiting := j.queue.bytes.Load(); {
	case waiting > j.o.limits.memory || j.queue.pinned.Load() > PinnedBytesMax:
		j.fail(ErrBehind)
	case waiting > j.o.limits.spillFrom || j.queue.pinned.Load() > PinnedBytesMax/2:
		j.spillOver()
	}
}

// spillOver has old values moved to the file.
func (j *Job) spillOver() {
	if j.o.Spill == "" {
		j.fail(ErrBehind)
		return
	}
	poke(j.spiller.wake)
}

func (j *Job) selectDB(db int) {
	j.db = db
	j.draft.SelectDB(db)
	if j.announced[db] {
		return
	}
	j.announced[db] = true
	for _, s := range j.sizes {
		if s.DB == db {
			j.draft.ResizeDB(s.Keys, s.Volatile)
		}
	}
}

// hand gives the draft to the goroutines and takes an empty one.
func (j *Job) hand() {
	j.queue.push(j.draft, j.draftKeys)
	j.draft, j.draftKeys, j.db = j.queue.empty(), 0, -1
	poke(j.wake)
}

// poke leaves a note in a channel that holds one.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Step walks on for about as long as told and reports whether it could go on at once. When it is false, Wake is called
// as soon as there is more to do.
func (j *Job) Step(budget time.Duration) (more bool) {
	if j.over {
		return false
	}
	start := time.Now()
	j.unpin()
	if !j.walked && j.failed.Load() != nil {
		j.giveUp()
	}
	if !j.walked {
		more = j.walk(start, budget)
		j.result.LongestStall = max(j.result.LongestStall, time.Since(start))
	}
	if j.walked {
		select {
		case <-j.ended:
			j.end()
		default:
		}
	}
	return more
}

func (j *Job) walk(start time.Time, budget time.Duration) (more bool) {
	j.walking = true
	defer func() { j.walking = false }()
	for {
		if j.full() {
			return false
		}
		if !j.cut.Step(stepEntries) {
			j.hand()
			j.walked = true
			j.queue.close()
			poke(j.wake)
			return false
		}
		if j.failed.Load() != nil || time.Since(start) >= budget {
			return true
		}
	}
}

// full reports whether the walk has to wait. If so, the goroutine wakes it when there is room.
func (j *Job) full() bool {
	if j.queueFull() {
		j.waiting.Store(true)
		return j.queueFull() // the goroutine may have made room before it could see that anyone waits
	}
	return false
}

func (j *Job) queueFull() bool {
	return j.queue.bytes.Load() >= j.o.limits.queue || j.queue.pinned.Load() >= PinnedBytesMax/4
}

// roomy reports whether there is room enough to wake the walk.
func (j *Job) roomy() bool {
	return j.queue.bytes.Load() <= j.o.limits.queue/2 && j.queue.pinned.Load() <= PinnedBytesMax/8
}

// Abort ends the job with an error. It is over once the goroutine has ended: Out must let go of it.
func (j *Job) Abort(err error) {
	if j.over {
		return
	}
	j.fail(err)
	if !j.walked {
		j.giveUp()
	}
}

// giveUp ends the walk of a job that has failed.
func (j *Job) giveUp() {
	j.cut.Abort()
	j.walked = true
	j.queue.push(j.draft, j.draftKeys) // for its pins
	j.queue.close()
	poke(j.wake)
}

// fail ends the job; the first reason counts. Any goroutine may call it.
func (j *Job) fail(err error) {
	if j.failed.CompareAndSwap(nil, &err) {
		close(j.quit)
		if j.o.Failed != nil {
			j.o.Failed(err)
		}
	}
}

// end takes the result once the goroutines have ended.
func (j *Job) end() {
	for c, _ := j.queue.oldest(); c != nil; c, _ = j.queue.oldest() {
		j.queue.done(c)
	}
	j.unpin()
	j.over = true
	j.result.Keys = j.Encoded()
	j.result.Took = time.Since(j.started)
	if j.o.Done != nil {
		j.o.Done(j.result)
	}
}

// Done gives the result once the job is over.
func (j *Job) Done() (Result, bool) { return j.result, j.over }

// Drain steps the job to its end, and keeps everybody waiting for it.
func (j *Job) Drain() Result {
	for {
		more := j.Step(time.Second)
		if j.over {
			return j.result
		}
		if more {
			continue
		}
		if j.walked {
			<-j.ended
		} else {
			select {
			case <-j.progress:
			case <-j.ended:
			}
		}
	}
}
