package repl

import "sync/atomic"

// Reader is one replica's place in the stream: a netloop.Source. Next and Sent belong to one goroutine, what tells
// about the place may be called from any.
type Reader struct {
	at    atomic.Int64 // bytes of the stream before the next one
	block *block       // that holds the next one, or ends where it begins
	tail  *atomic.Pointer[block]
	ended atomic.Bool
}

// Next gives the bytes from the reader's place on, at most limit of them; nothing when there are none yet.
func (r *Reader) Next(limit int) []byte {
	at := r.at.Load()
	for !r.ended.Load() {
		b := r.block
		next := b.next.Load() // before used: a block that has a successor is full, and nothing of it is missed
		from, used := at-b.start, b.used.Load()
		if from < used {
			return b.data[from:min(used, from+int64(limit))]
		}
		if next == nil {
			return nil
		}
		r.block = next
	}
	return nil
}

// Sent moves the place on.
func (r *Reader) Sent(n int) { r.at.Add(int64(n)) }

// Offset is the reader's place: how many bytes of the stream lie before it.
func (r *Reader) Offset() int64 { return r.at.Load() }

// Behind gives the bytes that wait for the reader, and the blocks that they take. The engine lock is held.
func (r *Reader) Behind() (bytes, blocks int) {
	t := r.tail.Load()
	if t == nil {
		return 0, 0
	}
	if bytes = int(t.end() - r.at.Load()); bytes > 0 {
		blocks = 1 + bytes/len(t.data)
	}
	return bytes, blocks
}
