package repl

import "sync/atomic"

// block is a piece of the stream. The writer, under the engine lock, fills it and then raises used; readers in other
// goroutines look at no byte beyond used. A full block's successor is set once, before anything is in it.
type block struct {
	start int64 // offset in the stream of the first byte
	data  []byte
	used  atomic.Int64
	next  atomic.Pointer[block]
}

func (b *block) end() int64  { return b.start + b.used.Load() }
func (b *block) memory() int { return len(b.data) + blockOverhead }

// fill takes as much of p as there is room for.
func (b *block) fill(p []byte) int {
	used := b.used.Load()
	n := copy(b.data[used:], p)
	b.used.Store(used + int64(n))
	return n
}
