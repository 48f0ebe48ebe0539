package netloop

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// shaker makes TLS handshakes, all that it has at a time, in one goroutine beside the loops: a handshake computes for
// milliseconds, which no loop may. Each is a coroutine that runs on when its socket is ready, so that a connection
// costs no goroutine of the scheduler, no second descriptor and no wake-up of another thread: with those, a machine
// with few cores made a third fewer connections a second.
type shaker struct {
	server  *Server
	epfd    int
	inbox   inbox
	events  []unix.EpollEvent
	running map[int32]*handshake // by descriptor
	sweepAt time.Time
}

// handshake is one connection's.
type handshake struct {
	conn  *Conn
	until time.Time
	cfg   *tls.Config
	// resume runs it until its socket must be waited for, and tells the events; nil until the first bytes have come:
	// whoever connects and says nothing costs next to nothing.
	resume func() (events uint32, more bool)
	cancel func()
	events uint32 // that are waited for
	err    error
}

var (
	errShakeSlow    = errors.New("netloop: the TLS handshake took too long")
	errShakeStopped = errors.New("netloop: the server stops")
	errShakeMany    = errors.New("netloop: too many handshakes at once")
	errShakeConfig  = errors.New("netloop: TLS is not configured")
)

// ErrFull tells Config.Refused that there were as many connections as there may be.
var ErrFull = errors.New("netloop: as many connections as there may be")

func newShaker(s *Server) (*shaker, error) {
	epfd, eventfd, err := newPoller()
	if err != nil {
		return nil, err
	}
	return &shaker{
		server: s, epfd: epfd, inbox: inbox{eventfd: eventfd}, events: make([]unix.EpollEvent, eventsMax),
		running: make(map[int32]*handshake),
	}, nil
}

// serve runs until the server stops, then ends every handshake.
func (k *shaker) serve() {
	for !k.server.stopping.Load() {
		n := k.wait()
		now := time.Now()
		for _, c := range k.inbox.takeFresh() {
			k.take(c, now)
		}
		for i := range n {
			ev := &k.events[i]
			if eventKind(ev.Pad) == wakeEvent {
				var count [8]byte
				_, _ = unix.Read(int(ev.Fd), count[:]) // only to empty it
			} else if h := k.running[ev.Fd]; h != nil {
				k.step(h)
			}
		}
		k.sweep(now)
	}
	k.end()
}

// wait returns the number of events. Without a handshake it waits until somebody wakes it.
func (k *shaker) wait() int {
	ms := -1
	if len(k.running) > 0 {
		ms = int(sweepEvery.Milliseconds())
	}
	k.inbox.waiting.Store(true)
	if k.inbox.full.Load() || k.server.stopping.Load() {
		ms = 0
	}
	n, err := unix.EpollWait(k.epfd, k.events, ms)
	k.inbox.waiting.Store(false)
	if err != nil {
		return 0
	}
	return n
}

// take begins to wait for a connection's first bytes.
func (k *shaker) take(c *Conn, now time.Time) {
	h := &handshake{
		conn: c, until: now.Add(k.server.handshakeMax), cfg: k.server.tls.Load(), events: unix.EPOLLIN,
	}
	k.running[c.fd] = h
	if h.cfg == nil {
		k.finish(h, errShakeConfig)
	} else if err := epollAdd(k.epfd, int(c.fd), h.events, connEvent); err != nil {
		k.finish(h, fmt.Errorf("netloop: watch handshake: %w", err))
	}
}

// step runs a handshake as far as what has come allows.
func (k *shaker) step(h *handshake) {
	if h.resume == nil {
		h.begin()
	}
	events, more := h.resume()
	if !more {
		k.finish(h, h.err)
		return
	}
	if events == h.events {
		return
	}
	h.events = events
	ev := unix.EpollEvent{Events: events, Fd: h.conn.fd, Pad: int32(connEvent)}
	if err := unix.EpollCtl(k.epfd, unix.EPOLL_CTL_MOD, int(h.conn.fd), &ev); err != nil {
		k.finish(h, fmt.Errorf("netloop: watch handshake: %w", err))
	}
}

// begin makes the coroutine.
func (h *handshake) begin() {
	t := &secure{fd: h.conn.fd}
	t.conn = tls.Server(t, h.cfg)
	h.resume, h.cancel = iter.Pull(func(yield func(uint32) bool) {
		t.await = yield
		err := t.conn.Handshake()
		t.await = nil
		if err != nil {
			h.err = fmt.Errorf("netloop: TLS handshake: %w", err)
			return
		}
		h.conn.tls = t
	})
}

// finish hands a connection over to its loop, or closes it.
func (k *shaker) finish(h *handshake, err error) {
	delete(k.running, h.conn.fd)
	if h.cancel != nil {
		h.cancel() // which does nothing to one that has ended
	}
	_ = unix.EpollCtl(k.epfd, unix.EPOLL_CTL_DEL, int(h.conn.fd), nil) // it may not have been watched
	if err != nil {
		k.server.refuse(h.conn, err)
		return
	}
	k.server.handshakes.Add(-1)
	h.conn.loop.inbox.adopt(h.conn)
}

// sweep ends the handshakes whose time is over.
func (k *shaker) sweep(now time.Time) {
	if now.Before(k.sweepAt) {
		return
	}
	k.sweepAt = now.Add(sweepEvery)
	for _, h := range k.running {
		if !now.Before(h.until) {
			k.finish(h, errShakeSlow)
		}
	}
}

func (k *shaker) end() {
	for _, h := range k.running {
		k.finish(h, errShakeStopped)
	}
	for _, c := range k.inbox.shut() {
		k.server.refuse(c, errShakeStopped)
	}
	_ = unix.Close(k.inbox.eventfd)
	_ = unix.Close(k.epfd)
}

// readSocket is Read during the handshake.
func (s *secure) readSocket(p []byte) (int, error) {
	for len(p) > 0 {
		n, errno := rawRead(s.fd, p)
		switch {
		case errno == unix.EAGAIN:
			if !s.await(unix.EPOLLIN) {
				return 0, errShakeStopped
			}
		case errno == unix.EINTR:
		case errno != 0:
			return 0, os.NewSyscallError("read", errno)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
	return 0, nil
}

// writeSocket is Write during the handshake.
func (s *secure) writeSocket(p []byte) (done int, err error) {
	for done < len(p) {
		n, errno := rawWrite(s.fd, p[done:])
		switch {
		case errno == unix.EAGAIN:
			if !s.await(unix.EPOLLOUT) {
				return done, errShakeStopped
			}
		case errno == unix.EINTR:
		case errno != 0:
			return done, os.NewSyscallError("write", errno)
		default:
			done += n
		}
	}
	return done, nil
}
