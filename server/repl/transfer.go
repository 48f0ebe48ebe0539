package repl

import (
	"errors"
	"sync"
	"sync/atomic"
)

// ErrNobody ends a transfer that nobody wants any more.
var ErrNobody = errors.New("repl: no replica is left to send to")

// transferAhead is how far the writer of a transfer may be ahead of its slowest reader.
const transferAhead = 1 << 20

// Transfer carries a snapshot that is being made to the replicas that wait for it, at the pace of the slowest. It is
// the Out of a job; the replicas' connections read from it as from the stream.
type Transfer struct {
	mu struct {
		sync.Mutex // held for a copy of a piece; never while waiting
		h          *History
		readers    []*TransferReader
		err        error
	}
	end     atomic.Int64  // bytes written
	waiting atomic.Bool   // the writer waits for room
	room    chan struct{} // capacity 1: there may be some
	over    atomic.Bool   // everything is written
	wake    func()
}

// TransferReader is one replica's place in a transfer.
type TransferReader struct {
	*Reader
	t    *Transfer
	pull func()
}

// NewTransfer makes an empty transfer. wake is called, from any goroutine, when a reader has sent the last of it.
func NewTransfer(wake func()) *Transfer {
	t := &Transfer{room: make(chan struct{}, 1), wake: wake}
	t.mu.h = New("", transferAhead)
	t.mu.h.Activate()
	return t
}

// Read adds a reader, before anything is written; pull is called when there is more for it.
func (t *Transfer) Read(pull func()) *TransferReader {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &TransferReader{Reader: t.mu.h.Read(0), t: t, pull: pull}
	t.mu.readers = append(t.mu.readers, r)
	return r
}

// Sent moves the reader on.
func (r *TransferReader) Sent(n int) {
	r.Reader.Sent(n)
	if r.t.waiting.Load() {
		r.t.poke()
	}
	if r.Done() {
		r.t.wake()
	}
}

// Done reports whether the reader has sent everything that there will be.
func (r *TransferReader) Done() bool { return r.t.over.Load() && r.Offset() == r.t.end.Load() }

// Waits reports whether there is something that the reader has not sent yet.
func (r *TransferReader) Waits() bool { return r.Offset() < r.t.end.Load() }

func (t *Transfer) poke() {
	select {
	case t.room <- struct{}{}:
	default:
	}
}

// End takes a reader out and tells how many are left.
func (t *Transfer) End(r *TransferReader) (left int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.h.End(r.Reader)
	for i, o := range t.mu.readers {
		if o == r {
			t.mu.readers = append(t.mu.readers[:i:i], t.mu.readers[i+1:]...)
			break
		}
	}
	t.poke()
	return len(t.mu.readers)
}

// Write waits until the slowest reader is near enough, and hands p on.
func (t *Transfer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n, err := t.put(p)
		if err != nil {
			return written, err
		}
		if n == 0 {
			<-t.room
			continue
		}
		written += n
		p = p[n:]
	}
	return written, nil
}

// put takes as much of p as the slowest reader allows.
func (t *Transfer) put(p []byte) (int, error) {
	t.waiting.Store(true) // before the readers are looked at: who moves after that says so
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.mu.err != nil:
		return 0, t.mu.err
	case len(t.mu.readers) == 0:
		return 0, ErrNobody
	}
	slowest := t.mu.readers[0].Offset()
	for _, r := range t.mu.readers[1:] {
		slowest = min(slowest, r.Offset())
	}
	n := min(int64(len(p)), slowest+transferAhead-t.mu.h.Offset())
	if n <= 0 {
		return 0, nil
	}
	t.waiting.Store(false)
	t.mu.h.AppendRaw(p[:n])
	t.end.Store(t.mu.h.Offset())
	for _, r := range t.mu.readers {
		r.pull()
	}
	return int(n), nil
}

// Finish says that everything is written.
func (t *Transfer) Finish() {
	t.over.Store(true)
	t.wake()
}

// Abort ends the transfer: a Write that waits returns the error.
func (t *Transfer) Abort(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.err == nil {
		t.mu.err = err
	}
	t.poke()
}
