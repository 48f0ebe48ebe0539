package netloop

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"valkey/internal/invariant"
)

// Loop serves a part of the connections in one goroutine.
type Loop struct {
	// Index is the loop's number, from 0.
	Index int
	// State is the handler's, for what it keeps per loop.
	State any

	server *Server
	epfd   int
	inbox  inbox
	events []unix.EpollEvent
	conns  []*Conn // by descriptor

	// The round that is being collected.
	round      Round
	shared     []byte // connections read into it, one behind the other
	sharedUsed int
	argv       [][]byte
	commands   []Command
	touched    []touch
	notified   []*Conn
	late       []*Conn // notified during Run
	pulled     []*Conn // whose source may have more
	growing    []*Conn // have got a larger query buffer before Run
	grown      []*Conn // have got one since

	flushes   []*Conn // have something to write at the end of the round
	closings  []*Conn // are to be closed
	backlog   []*Conn // have unexecuted bytes that need no read
	parsing   []*Conn // the backlog that is being worked off
	rereads   []*Conn // may have something that no event tells of
	rereading []*Conn // those that are being read
	sealed    []byte  // TLS connections receive into it, each for the time of one read
	iov       []unix.Iovec

	spares     [][]byte // reply buffers for reuse
	spareBytes int

	buffered  []*Conn // have a query buffer
	sweeps    uint32
	sweepPos  int
	nextSweep time.Time
	nextTick  time.Time // loop 0
	now       time.Time // of the last look at the clock
	pacer     pacer
	ready     int // connections that the last turn had something to read from

	tally  tally
	totals totals
}

// tally counts in the loop's goroutine, totals is its copy for others.
type tally struct{ received, written, reads, writes uint64 }

type totals struct{ received, written, reads, writes atomic.Uint64 }

func newLoop(s *Server, index int) (*Loop, error) {
	epfd, eventfd, err := newPoller()
	if err != nil {
		return nil, err
	}
	return &Loop{
		Index:  index,
		server: s,
		epfd:   epfd,
		inbox:  inbox{eventfd: eventfd},
		events: make([]unix.EpollEvent, eventsMax),
		shared: make([]byte, sharedBytes),
		iov:    make([]unix.Iovec, 0, chunksPerWrite),
	}, nil
}

// serve runs until the server stops, then closes every connection.
func (l *Loop) serve() {
	for !l.server.stopping.Load() {
		l.cycle()
	}
	l.end()
}

// cycle is one turn: wait, collect, execute, look at the clock.
func (l *Loop) cycle() {
	n := l.wait()
	woke := time.Now()
	for _, c := range l.inbox.takeFresh() {
		l.open(c)
	}
	l.parseBacklog()
	l.reread()
	for i := range n {
		l.dispatch(&l.events[i])
	}
	l.run()
	l.publish()

	now := time.Now()
	l.now = now
	l.ready = n
	l.pacer.end(now, now.Sub(woke))
	if l.Index == 0 && (!now.Before(l.nextTick) || l.server.tickNow.Load()) {
		l.server.tickNow.Store(false)
		l.nextTick = l.server.handler.Tick(now)
		if latest := now.Add(waitMax); l.nextTick.After(latest) {
			l.nextTick = latest
		}
	}
	if !now.Before(l.nextSweep) {
		l.sweep()
		l.server.retryAccept(l)
		l.nextSweep = now.Add(sweepEvery)
	}
}

// wait returns the number of events. It does not wait when there is work that no event will announce.
func (l *Loop) wait() int {
	timeout := waitMax
	if l.Index == 0 {
		timeout = min(timeout, max(0, l.nextTick.Sub(l.now)))
	}
	if len(l.backlog) > 0 || len(l.closings) > 0 || len(l.flushes) > 0 || len(l.grown) > 0 ||
		len(l.rereads) > 0 {
		timeout = 0
	}
	if timeout > 0 {
		l.inbox.waiting.Store(true)
		if l.inbox.full.Load() || l.server.stopping.Load() {
			timeout = 0
		}
	}
	keepP := l.server.keepP.Load()
	if timeout > 0 && keepP {
		l.pacer.wait(l.ready)
	}
	n := epollWait(l.epfd, l.events, timeout, keepP)
	l.inbox.waiting.Store(false)
	return n
}

func (l *Loop) dispatch(ev *unix.EpollEvent) {
	switch eventKind(ev.Pad) {
	case wakeEvent:
		var count [8]byte
		_, _ = unix.Read(int(ev.Fd), count[:]) // only to empty it
	case listenerEvent:
		l.server.accept(l, int(ev.Fd))
	case connEvent:
		c := l.conns[ev.Fd]
		if c == nil || c.flags&inRound != 0 {
			return // closed earlier in this turn; or its commands wait to be run, and it must live until then
		}
		if ev.Events&unix.EPOLLOUT != 0 {
			l.flush(c)
		}
		l.pacer.serve(c)
		switch {
		case c.flags&closed != 0 || ev.Events&^unix.EPOLLOUT == 0:
		case c.flags&closing == 0:
			l.readable(c)
		case ev.Events&(unix.EPOLLHUP|unix.EPOLLERR) != 0:
			l.drop(c) // nothing is read from it any more, so no read will tell
		}
	}
}

// open begins to serve a connection that was accepted.
func (l *Loop) open(c *Conn) {
	fd := int(c.fd)
	if reject := l.server.handler.Open(c); reject != nil {
		l.reject(c, reject)
		c.flags |= closed
		_ = unix.Close(fd)
		return
	}
	if fd >= len(l.conns) {
		l.conns = append(l.conns, make([]*Conn, max(fd+1-len(l.conns), len(l.conns)))...)
	}
	l.conns[fd] = c
	l.server.open.Add(1)
	c.events = unix.EPOLLIN
	c.activeAt = l.sweeps
	if err := epollAdd(l.epfd, fd, c.events, connEvent); err != nil {
		l.server.warn("accepted connection cannot be watched", err)
		l.drop(c)
		return
	}
	if c.tls != nil {
		l.queueReread(c) // requests may have come with the end of the handshake
	}
}

// reject says why a connection is turned away, as far as the empty socket takes it.
func (l *Loop) reject(c *Conn, why []byte) {
	if len(why) == 0 {
		return
	}
	if c.tls == nil {
		_, _ = rawWrite(c.fd, why)
		return
	}
	_, _ = c.tls.conn.Write(why) // to a buffer
	c.tls.bye(c.fd)
}

// drop closes c's socket and tells the handler. Lists that c may stand in pass over closed connections.
func (l *Loop) drop(c *Conn) {
	if c.flags&closed != 0 {
		return
	}
	invariant.Check(c.flags&inRound == 0, "netloop: a connection is closed while its commands wait to be run")
	c.flags |= closed
	l.conns[c.fd] = nil
	l.server.open.Add(-1)
	switch {
	case c.heir != nil && c.flags&closeNow == 0:
		l.release(c)
	case c.tls != nil && c.flags&closing != 0:
		c.tls.bye(c.fd)
		fallthrough
	default:
		_ = unix.Close(int(c.fd)) // epoll forgets it by itself
	}
	l.resize(c, 0)
	c.out = outQueue{}
	c.publishUnsent()
	l.server.handler.Closed(c)
}

// publish lets other goroutines see the loop's counters.
func (l *Loop) publish() {
	if t := &l.tally; t.reads != l.totals.reads.Load() || t.writes != l.totals.writes.Load() {
		l.totals.received.Store(t.received)
		l.totals.written.Store(t.written)
		l.totals.reads.Store(t.reads)
		l.totals.writes.Store(t.writes)
	}
}

// end closes everything. What replies the sockets take at once still goes out.
func (l *Loop) end() {
	for _, c := range l.conns {
		if c != nil {
			l.flush(c)
			l.drop(c)
		}
	}
	l.inbox.closeFresh()
	l.publish()
	_ = unix.Close(l.inbox.eventfd)
	_ = unix.Close(l.epfd)
}
