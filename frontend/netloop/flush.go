package netloop

import "golang.org/x/sys/unix"

// queueFlush has c written to at the end of the round.
func (l *Loop) queueFlush(c *Conn) {
	if c.flags&inFlush == 0 {
		c.flags |= inFlush
		l.flushes = append(l.flushes, c)
	}
}

// flushAll writes what the round has left to write.
func (l *Loop) flushAll() {
	for i, c := range l.flushes {
		l.flushes[i] = nil
		c.flags &^= inFlush
		// A socket known to be full is written to when epoll says so.
		if c.flags&closed == 0 && c.events&unix.EPOLLOUT == 0 {
			l.flush(c)
		}
	}
	l.flushes = l.flushes[:0]
}

// flush writes until queue and source are empty, the socket full, or the connection has had its share of the round.
func (l *Loop) flush(c *Conn) {
	if c.flags&closeNow != 0 {
		return
	}
	if c.tls != nil {
		l.flushSecure(c)
		return
	}
	budget := flushMax
	for c.out.bytes > 0 && budget > 0 {
		n, errno := l.write(c)
		if errno != 0 {
			if errno == unix.EINTR {
				continue
			}
			if errno == unix.EAGAIN {
				break
			}
			l.drop(c)
			return
		}
		budget -= n
		c.out.advance(n, l.recycle)
		c.bytesOut.Add(uint64(n))
		l.tally.written += uint64(n)
		l.tally.writes++
	}
	c.publishUnsent()
	if c.out.bytes == 0 && !l.flushSource(c, budget) {
		return
	}
	if c.out.bytes == 0 && c.flags&closing != 0 {
		l.drop(c)
		return
	}
	l.watch(c)
}

func (l *Loop) write(c *Conn) (n int, errno unix.Errno) {
	if len(c.out.rest) == 0 {
		return rawWrite(c.fd, c.out.first[c.out.sent:])
	}
	iov := c.out.vectors(l.iov[:0])
	n, errno = rawWritev(c.fd, iov)
	clear(iov)
	return n, errno
}

// recycle keeps a reply buffer for reuse if it is of a usual size and there is room.
func (l *Loop) recycle(buf []byte) {
	if cap(buf) <= recycledMax && l.spareBytes+cap(buf) <= recycledBytes {
		l.spares = append(l.spares, buf[:0])
		l.spareBytes += cap(buf)
	}
}

// recycled returns a kept buffer, or nil.
func (l *Loop) recycled() []byte {
	last := len(l.spares) - 1
	if last < 0 {
		return nil
	}
	buf := l.spares[last]
	l.spares[last] = nil
	l.spares = l.spares[:last]
	l.spareBytes -= cap(buf)
	return buf
}

// closeAll closes what the handler or an error has marked, as far as its replies are written.
func (l *Loop) closeAll() {
	for i := 0; i < len(l.closings); i++ { // Closed may mark others
		c := l.closings[i]
		l.closings[i] = nil
		c.flags &^= inClosing
		switch {
		case c.flags&closed != 0:
		case c.flags&closeNow != 0 || c.sentAll():
			l.drop(c)
		default:
			l.watch(c)
		}
	}
	l.closings = l.closings[:0]
}
