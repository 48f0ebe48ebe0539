package server

import (
	"runtime/debug"
	"time"

	"valkey/frontend/netloop"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// handler is what the event loops call: netloop.Handler over the engine.
type handler struct {
	s      *Server
	window []engine.Prepared // used under the engine lock
}

// prepareWindow is how many commands are looked up ahead of their execution; more than the processor can fetch at once
// gains nothing.
const prepareWindow = 32

// Open registers a new connection, or turns it away.
func (h *handler) Open(c *netloop.Conn) (reject []byte) {
	s := h.s
	s.engine.Lock()
	defer s.engine.Unlock()
	s.engine.Begin(time.Now())
	cl, reject := s.conns.Connect(c)
	if cl != nil {
		s.certificates.LogIn(c, cl)
		s.conns.Limit(c, cl)
	}
	return reject
}

// Run executes a round: everything that one loop has read from all its connections.
func (h *handler) Run(r *netloop.Round) {
	h.execute(r)
	h.s.commit()
}

// execute is Run under the engine lock.
func (h *handler) execute(r *netloop.Round) {
	e := h.s.engine
	e.Lock()
	defer e.Unlock()
	defer h.s.reportCrash()
	debug.SetPanicOnFault(true) // of this goroutine: an invalid access is reported like any other panic
	start := time.Now()
	e.Begin(start)
	for at := 0; at < len(r.Commands); {
		at = h.runWindow(r, at)
	}
	for _, c := range r.Notified {
		h.s.conns.Flush(c)
	}
	for _, c := range r.Grown {
		h.s.conns.Flush(c)
	}
	next, more := h.s.after()
	for _, c := range r.TakeNotified() {
		h.s.conns.Flush(c)
	}
	if more || next > 0 && next < h.s.nextTickMs {
		h.s.nextTickMs = next
		h.s.loops.Wake()
	}
	e.EndCycle(r.Loop.Index, time.Since(start), len(r.Commands))
}

// runWindow executes the commands from index at on, as many as one window holds, and returns the next index.
func (h *handler) runWindow(r *netloop.Round, at int) int {
	cmds := r.Commands
	e := h.s.engine
	end := min(at+prepareWindow, len(cmds))
	h.window = h.window[:0]
	for i := at; i < end; i++ {
		cmd := &cmds[i]
		p := engine.Prepared{Client: cmd.Conn.State.(*session.Client), Size: cmd.Size}
		if cmd.Err == nil {
			p.Argv = cmd.Args
		}
		h.window = append(h.window, p)
	}
	e.Prepare(h.window)
	for i := range h.window {
		cmd, p := &cmds[at+i], &h.window[i]
		if r.Take(at + i) {
			h.run(cmd, p)
		}
		if at+i+1 == len(cmds) || cmds[at+i+1].Conn != cmd.Conn {
			h.s.conns.Flush(cmd.Conn)
		}
	}
	return end
}

// run executes a command, unless another client's command of the same round has killed its client.
func (h *handler) run(cmd *netloop.Command, p *engine.Prepared) {
	cl := p.Client
	switch {
	case cl.CloseASAP:
	case h.s.shutdown.done: // the data is on its disk as it is: no write may be acknowledged any more
		cl.CloseASAP = true
	case cmd.Err != nil:
		h.s.conns.ProtocolError(cmd)
	default:
		h.s.conns.Lend(cl)
		h.s.engine.Execute(p)
	}
	h.s.conns.After(cmd.Conn, cl)
}

// Closed forgets a connection's client.
func (h *handler) Closed(c *netloop.Conn) {
	cl, ok := c.State.(*session.Client)
	if !ok {
		return
	}
	h.s.engine.Lock()
	defer h.s.engine.Unlock()
	h.s.engine.Disconnect(cl)
	c.State = nil
}

// Tick does the timed work of the first loop and says when it wants to be called next.
func (h *handler) Tick(time.Time) time.Time {
	next := h.tick()
	h.s.commit()
	return next
}

func (h *handler) tick() time.Time {
	e := h.s.engine
	e.Lock()
	defer e.Unlock()
	now := time.Now() // other loops have seen a later one than the caller's if they held the lock
	e.Begin(now)
	if ms := e.NowMs(); ms >= h.s.nextCronMs {
		h.s.nextCronMs = e.Cron()
	}
	next, more := h.s.after()
	e.EndCycle(0, time.Since(now), 0)
	if more {
		return time.Time{} // at once: now lies behind the loop's look at the clock, and a wait for it takes a millisecond
	}
	h.s.nextTickMs = h.s.nextCronMs
	if next > 0 {
		h.s.nextTickMs = min(h.s.nextTickMs, next)
	}
	return time.UnixMilli(h.s.nextTickMs)
}
