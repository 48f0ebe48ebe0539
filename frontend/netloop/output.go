package netloop

import "golang.org/x/sys/unix"

// outQueue holds what a socket has not taken, as chunks in order. The first one, nearly always the only one, has a
// field of its own, so that a connection at rest has no list.
type outQueue struct {
	first []byte
	sent  int // bytes of first that are written
	rest  [][]byte
	bytes int // unsent in all
}

// append copies a short buffer behind the last chunk if that has room, so that a slow reader of many small messages
// costs what they hold and not a chunk each.
func (q *outQueue) append(buf []byte) bool {
	last := &q.first
	if len(q.rest) > 0 {
		last = &q.rest[len(q.rest)-1]
	}
	if len(*last) == 0 || len(buf) > coalesceMax || len(buf) > cap(*last)-len(*last) {
		return false
	}
	*last = append(*last, buf...)
	q.bytes += len(buf)
	return true
}

// push makes buf the last chunk.
func (q *outQueue) push(buf []byte) {
	if q.bytes == 0 {
		q.first, q.sent = buf, 0
	} else {
		q.rest = append(q.rest, buf)
	}
	q.bytes += len(buf)
}

func (q *outQueue) chunks() int {
	if q.bytes == 0 {
		return 0
	}
	return 1 + len(q.rest)
}

// vectors fills iov with the unsent bytes, in order, and returns the used part.
func (q *outQueue) vectors(iov []unix.Iovec) []unix.Iovec {
	iov = append(iov[:0], vector(q.first[q.sent:]))
	for _, chunk := range q.rest[:min(len(q.rest), cap(iov)-1)] {
		iov = append(iov, vector(chunk))
	}
	return iov
}

func vector(b []byte) unix.Iovec {
	v := unix.Iovec{Base: &b[0]}
	v.SetLen(len(b))
	return v
}

// advance takes n written bytes off the front and gives the chunks that are done with to recycle.
func (q *outQueue) advance(n int, recycle func([]byte)) {
	q.bytes -= n
	for n >= len(q.first)-q.sent {
		n -= len(q.first) - q.sent
		recycle(q.first)
		q.first, q.sent = nil, 0
		if len(q.rest) == 0 {
			return
		}
		q.first = q.rest[0]
		q.rest[0] = nil
		if q.rest = q.rest[1:]; len(q.rest) == 0 {
			q.rest = nil
		}
	}
	q.sent += n
}
