package snapshot

import (
	"bytes"
	"slices"
	"sync"

	"valkey/store"
)

// kept is what writes have changed of the values that are pinned: pieces of keptBytes as they were. A write to a large
// value costs the pieces that it touches, not the value. The walk's side keeps, a goroutine of the job reads.
type kept struct {
	mu struct {
		sync.Mutex
		pieces map[*store.Pinned]map[int][]byte // by their numbers; a value that nobody has written to is not in it
	}
}

// changing is a write that is about to change a part of a pinned value; engine lock held.
func (k *kept) changing(p *store.Pinned, from, to int) {
	k.mu.Lock()
	pieces := k.mu.pieces[p]
	if pieces == nil {
		pieces = make(map[int][]byte)
		if k.mu.pieces == nil {
			k.mu.pieces = make(map[*store.Pinned]map[int][]byte)
		}
		k.mu.pieces[p] = pieces
	}
	text := p.Bytes()
	for i := from / keptBytes; i*keptBytes < to; i++ {
		if pieces[i] == nil {
			pieces[i] = bytes.Clone(text[i*keptBytes : min((i+1)*keptBytes, len(text))])
		}
	}
	k.mu.Unlock()
}

// read appends n bytes of a pinned value, as they were when it was pinned.
func (k *kept) read(dst []byte, p *store.Pinned, from, n int) []byte {
	dst = slices.Grow(dst, n)
	for end := from + n; from < end; {
		i := from / keptBytes
		next := min((i+1)*keptBytes, end)
		k.mu.Lock()
		if piece := k.mu.pieces[p][i]; piece != nil {
			dst = append(dst, piece[from-i*keptBytes:next-i*keptBytes]...)
		} else {
			dst = append(dst, p.Bytes()[from:next]...)
		}
		k.mu.Unlock()
		from = next
	}
	return dst
}

// drop forgets a value that is not pinned any more.
func (k *kept) drop(p *store.Pinned) {
	k.mu.Lock()
	delete(k.mu.pieces, p)
	k.mu.Unlock()
}
