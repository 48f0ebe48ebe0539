package netloop

import "golang.org/x/sys/unix"

// Source feeds a connection bytes that are not its own: those of a stream that many connections send, each from its
// own place in it. The connection's loop pulls from it, outside of any lock, whenever nothing that was handed over with
// Send is left to write, so a byte is copied once, by the kernel, however many connections send it.
type Source interface {
	// Next gives what is to be written next, at most limit bytes; nothing if there is none now. The bytes stay as they
	// are until Sent takes them.
	Next(limit int) []byte

	// Sent takes n bytes off what Next gave.
	Sent(n int)
}

// sourceBox lets an interface be changed in one step.
type sourceBox struct{ Source }

// SetSource has the connection send what a source has, from now on; nil ends that. Any goroutine may call it; the loop
// may be in the middle of a pull from the source that was set before.
func (c *Conn) SetSource(s Source) {
	if s == nil {
		c.source.Store(nil)
		return
	}
	c.source.Store(&sourceBox{s})
	c.Pull()
}

// Pull says that the source may have more. Any goroutine may call it.
func (c *Conn) Pull() {
	if c.pulled.CompareAndSwap(false, true) {
		c.loop.inbox.pull(c)
	}
}

// queuePulled has the connections written to whose sources may have more.
func (l *Loop) queuePulled() {
	l.pulled = l.inbox.takePulled(l.pulled[:0])
	for i, c := range l.pulled {
		l.pulled[i] = nil
		c.pulled.Store(false) // before the source is asked: what comes later makes a new entry
		if c.flags&closed == 0 {
			l.queueFlush(c)
		}
	}
}

// flushSource writes what c's source has, up to a budget. It returns false if the connection is gone.
func (l *Loop) flushSource(c *Conn, budget int) bool {
	c.flags &^= sourceFull
	box := c.source.Load()
	if box == nil || c.flags&(closing|closed) != 0 {
		return true
	}
	for budget > 0 {
		b := box.Next(budget)
		if len(b) == 0 {
			return true
		}
		n, errno := rawWrite(c.fd, b)
		switch errno {
		case 0:
			box.Sent(n)
			budget -= n
			l.tally.writes++
		case unix.EINTR:
		case unix.EAGAIN:
			c.flags |= sourceFull
			return true
		default:
			l.drop(c)
			return false
		}
	}
	c.flags |= sourceFull // it has had its share of the round; epoll brings it back at once
	return true
}
