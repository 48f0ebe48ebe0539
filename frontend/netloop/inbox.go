package netloop

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// inbox is how other goroutines reach a loop. Its lists are bounded by the number of connections: each stands in any of
// them at most once.
type inbox struct {
	eventfd int
	// The loop says that it is about to wait, then looks at full; a sender sets full, then looks whether the loop
	// waits. One of them sees the other, so no message sleeps, and the eventfd is written only when somebody sleeps.
	waiting atomic.Bool
	full    atomic.Bool
	mu      struct {
		sync.Mutex
		fresh    []*Conn // accepted, not yet opened
		notified []*Conn
		pulled   []*Conn // their sources may have more
		shut     bool    // eventfd is closed
	}
}

// notify adds a connection whose Notify was called.
func (b *inbox) notify(c *Conn) {
	b.mu.Lock()
	b.mu.notified = append(b.mu.notified, c)
	b.mu.Unlock()
	b.wake()
}

// pull adds a connection whose source may have more.
func (b *inbox) pull(c *Conn) {
	b.mu.Lock()
	b.mu.pulled = append(b.mu.pulled, c)
	b.mu.Unlock()
	b.wake()
}

// adopt adds a connection that the loop is to serve from now on.
func (b *inbox) adopt(c *Conn) {
	b.mu.Lock()
	b.mu.fresh = append(b.mu.fresh, c)
	b.mu.Unlock()
	b.wake()
}

// wake ends the loop's wait, or keeps it from beginning one.
func (b *inbox) wake() {
	b.full.Store(true)
	if b.waiting.CompareAndSwap(true, false) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if !b.mu.shut {
			one := [8]byte{1}
			_, _ = unix.Write(b.eventfd, one[:]) // cannot fail: the counter is far from its limit
		}
	}
}

// shut ends wake-ups, so that the eventfd can be closed. It returns the connections that were never opened.
func (b *inbox) shut() []*Conn {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.shut = true
	fresh := b.mu.fresh
	b.mu.fresh = nil
	return fresh
}

// closeFresh closes the connections that were never opened, when nobody will.
func (b *inbox) closeFresh() {
	for _, c := range b.shut() {
		_ = unix.Close(int(c.fd))
	}
}

// takeNotified moves the notified connections to the end of dst.
func (b *inbox) takeNotified(dst []*Conn) []*Conn {
	if !b.full.Load() {
		return dst
	}
	b.mu.Lock()
	from := len(dst)
	dst = append(dst, b.mu.notified...)
	clear(b.mu.notified)
	b.mu.notified = b.mu.notified[:0]
	b.lookLocked()
	b.mu.Unlock()
	// From here on a Notify makes a new entry, so nothing that changes after this moment is missed.
	open := dst[:from]
	for _, c := range dst[from:] {
		c.notified.Store(false)
		if c.flags&closed == 0 {
			open = append(open, c)
		}
	}
	return open
}

// takeFresh returns the connections to open.
func (b *inbox) takeFresh() []*Conn {
	if !b.full.Load() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := b.mu.fresh
	b.mu.fresh = nil
	b.lookLocked()
	return fresh
}

// takePulled moves the connections whose sources may have more to the end of dst.
func (b *inbox) takePulled(dst []*Conn) []*Conn {
	if !b.full.Load() {
		return dst
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	dst = append(dst, b.mu.pulled...)
	clear(b.mu.pulled)
	b.mu.pulled = b.mu.pulled[:0]
	b.lookLocked()
	return dst
}

// lookLocked notes that nothing is left.
func (b *inbox) lookLocked() {
	if len(b.mu.fresh) == 0 && len(b.mu.notified) == 0 && len(b.mu.pulled) == 0 {
		b.full.Store(false)
	}
}
