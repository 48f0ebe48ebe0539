package link

import (
	"io"
	"sync/atomic"
)

// reserve holds what comes of the stream while the copy that it continues is being loaded. One goroutine at a time has
// it: the one that fills it, and then Run's, which empties it.
type reserve struct {
	blocks [][]byte // full, but for the last
	taken  int      // bytes of the first that have been read
	// held is the size of the blocks, peak the largest that it has been: read by any goroutine.
	held, peak atomic.Int64
}

// fill reads once. It reports that the limit is reached, 0 is none, rather than to exceed it by more than a block.
func (r *reserve) fill(from io.Reader, limit int64) (full bool, err error) {
	last := len(r.blocks) - 1
	if last < 0 || len(r.blocks[last]) == cap(r.blocks[last]) {
		if limit > 0 && r.held.Load() > limit {
			return true, nil
		}
		r.blocks = append(r.blocks, make([]byte, 0, ReserveBlock))
		last++
	}
	b := r.blocks[last]
	n, err := from.Read(b[len(b):cap(b)])
	if n > 0 && len(b) == 0 { // counts from its first byte on
		r.peak.Store(max(r.peak.Load(), r.held.Add(ReserveBlock)))
	}
	r.blocks[last] = b[:len(b)+n]
	return false, err
}

// Read gives it back, and frees what it has given; io.EOF when there is nothing left.
func (r *reserve) Read(p []byte) (int, error) {
	for len(r.blocks) > 0 {
		b := r.blocks[0]
		if n := copy(p, b[r.taken:]); n > 0 {
			r.taken += n
			return n, nil
		}
		if len(b) > 0 {
			r.held.Add(-ReserveBlock)
		}
		r.blocks[0], r.taken = nil, 0
		r.blocks = r.blocks[1:]
	}
	return 0, io.EOF
}
