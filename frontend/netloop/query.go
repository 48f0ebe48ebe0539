package netloop

import "golang.org/x/sys/unix"

// A connection's query buffer, Conn.in, holds what was received and is not executed: the part of a torn request, or
// what a held connection goes on receiving. A client whose requests arrive whole never has one: they are parsed where
// the loop's shared buffer received them. A buffer once made is kept, because a client that tears one request tears
// others, until the sweep finds the client idle or the buffer larger than it needs.
//
// A large one is mapped and not on the heap: it grows without being copied and, when it goes, is gone at once instead
// of at the collector's leisure.

// keep makes rest, which lies in the shared buffer, the contents of c's query buffer.
func (l *Loop) keep(c *Conn, rest []byte) {
	c.in, c.start = c.in[:0], 0
	l.reserve(c, len(rest), c.parser.Want())
	c.in = append(c.in, rest...)
	l.publishQuery(c)
}

// consume takes n bytes off the front of c's query buffer.
func (l *Loop) consume(c *Conn, n int) {
	c.start += n
	if c.start == len(c.in) {
		c.in, c.start = c.in[:0], 0
	}
	l.publishQuery(c)
}

// reserve sees to room in c's query buffer for used bytes and some of what is expected behind them: want bytes, or an
// amount that nobody knows if want is 0. An announced length is believed up to queryTrusted; beyond it the buffer is at
// most twice what was received, so a lie about 512 MB costs its sender the sending. Room that is there is used up
// before the buffer grows, so that the work is linear however large the request becomes.
func (l *Loop) reserve(c *Conn, used, want int) {
	some, size := min(want, readMax), used+want
	if want == 0 {
		some, size = queryMin/2, max(2*used, used+queryMin/2)
	}
	if cap(c.in)-c.start-used >= some {
		return
	}
	if cap(c.in)-used >= some {
		c.in = c.in[:copy(c.in, c.in[c.start:])]
		c.start = 0
		return
	}
	l.resize(c, max(min(size, max(2*used, queryTrusted)), queryMin))
}

// resize moves what c's query buffer holds into one of another size, which must have room for it; 0 frees it.
func (l *Loop) resize(c *Conn, size int) {
	old := c.in
	if c.start > 0 {
		old = old[:copy(old, old[c.start:])]
	}
	c.in, c.start = l.moved(c, old, size), 0
	if size > queryMin && c.flags&inGrown == 0 {
		c.flags |= inGrown
		l.grown = append(l.grown, c)
	}
	switch {
	case size > 0 && c.bufferPos < 0:
		c.bufferPos = int32(len(l.buffered))
		l.buffered = append(l.buffered, c)
	case size == 0 && c.bufferPos >= 0:
		last := len(l.buffered) - 1
		other := l.buffered[last]
		l.buffered[c.bufferPos], other.bufferPos = other, c.bufferPos
		l.buffered[last] = nil
		l.buffered = l.buffered[:last]
		c.bufferPos = -1
	}
	l.publishQuery(c)
}

// moved returns a buffer of the wanted size with the contents of old, which is used no more. The flag isMapped tells
// which kind of memory c has.
func (l *Loop) moved(c *Conn, old []byte, size int) []byte {
	was := c.flags&isMapped != 0
	if size >= mappedMin {
		var b []byte
		var err error
		if was {
			b, err = unix.Mremap(old[:cap(old)], size, unix.MREMAP_MAYMOVE)
		} else if b, err = unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE); err == nil {
			copy(b, old)
		}
		if err == nil {
			c.flags |= isMapped
			return b[:len(old)]
		}
		// No mappings left, perhaps: the heap will do.
	}
	var b []byte
	if size > 0 {
		b = append(make([]byte, 0, size), old...)
	}
	if was {
		_ = unix.Munmap(old[:cap(old)]) // cannot fail: it is ours and whole
		c.flags &^= isMapped
	}
	return b
}

// publishQuery stores what other goroutines may ask for; mostly nothing has changed. What they see as used is what
// nobody has understood yet; the arguments before it are the client's memory, too, and count in the capacity.
func (l *Loop) publishQuery(c *Conn) {
	c.peak = max(c.peak, c.queued())
	used := c.queued() - min(c.parser.Parsed(), c.queued())
	if int64(used) != c.queryUsed.Load() {
		c.queryUsed.Store(int64(used))
	}
	if int64(cap(c.in)) != c.queryCap.Load() {
		c.queryCap.Store(int64(cap(c.in)))
	}
}

// sweep takes memory back from query buffers: all that is not needed from a connection that has been idle, and from a
// busy one what its last peak did not come near.
func (l *Loop) sweep() {
	l.sweeps++
	if l.server.sweepPaused.Load() {
		return
	}
	for range min(sweepMax, len(l.buffered)) {
		if l.sweepPos >= len(l.buffered) {
			l.sweepPos = 0
			if len(l.buffered) == 0 {
				return
			}
		}
		c := l.buffered[l.sweepPos]
		// An argument that is on its way needs the room that was made for it.
		peak := max(c.peak, min(c.queued()+c.parser.Want(), cap(c.in)))
		c.peak = c.queued()
		switch {
		case l.sweeps-c.activeAt > idleSweeps:
			if c.queued() < cap(c.in) {
				l.resize(c, c.queued())
			}
		case cap(c.in) > 2*queryMin && peak < cap(c.in)/2:
			l.resize(c, max(peak, queryMin))
		}
		l.sweepPos++
	}
}
