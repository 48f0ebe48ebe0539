package snapshot

import (
	"sync"
	"sync/atomic"

	"valkey/store"
	"valkey/store/rdb"
)

// queue stands between the engine lock's side of a job, which fills drafts, and its goroutines, which empty them. The
// order of drafts does not matter: each names its databases itself, and no key is in two.
type queue struct {
	mu struct {
		sync.Mutex
		filled []*chunk // oldest first
		free   []*rdb.Draft
		pins   []*store.Pinned // of drafts that are done with: unpinned under the engine lock
		closed bool            // the walk is over: no more come
	}
	kept   kept
	bytes  atomic.Int64 // copied bytes that wait or are being encoded
	pinned atomic.Int64 // bytes of pinned values, likewise
}

// chunk is a filled draft.
type chunk struct {
	draft         *rdb.Draft
	keys          int
	bytes, pinned int64
}

func (q *queue) push(d *rdb.Draft, keys int) {
	c := &chunk{draft: d, keys: keys}
	for _, p := range d.Pins() {
		c.pinned += int64(len(p.Bytes()))
	}
	c.bytes = int64(d.Len()) - c.pinned
	q.bytes.Add(c.bytes)
	q.pinned.Add(c.pinned)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.mu.filled = append(q.mu.filled, c)
}

// close says that no more drafts come.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.mu.closed = true
}

// oldest takes the draft that waits longest. over reports that there is none and that none will come.
func (q *queue) oldest() (c *chunk, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.mu.filled) == 0 {
		return nil, q.mu.closed
	}
	c = q.mu.filled[0]
	q.mu.filled[0] = nil
	q.mu.filled = q.mu.filled[1:]
	return c, false
}

// newest takes the draft that came last: the one that would wait longest.
func (q *queue) newest() *chunk {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.mu.filled)
	if n == 0 {
		return nil
	}
	c := q.mu.filled[n-1]
	q.mu.filled[n-1] = nil
	q.mu.filled = q.mu.filled[:n-1]
	return c
}

// done takes back a draft that was encoded, or never will be.
func (q *queue) done(c *chunk) {
	q.mu.Lock()
	q.mu.pins = append(q.mu.pins, c.draft.Pins()...)
	c.draft.Reset()
	if len(q.mu.free) < freeDraftsMax {
		q.mu.free = append(q.mu.free, c.draft)
	}
	q.mu.Unlock()
	q.bytes.Add(-c.bytes)
	q.pinned.Add(-c.pinned)
}

// empty gives a draft to fill.
func (q *queue) empty() *rdb.Draft {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.mu.free)
	if n == 0 {
		return &rdb.Draft{Changing: q.kept.changing}
	}
	d := q.mu.free[n-1]
	q.mu.free = q.mu.free[:n-1]
	return d
}

// takePins takes the values that nobody reads any more.
func (q *queue) takePins() []*store.Pinned {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.mu.pins
	q.mu.pins = nil
	return p
}
