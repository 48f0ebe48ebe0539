package server

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"valkey/frontend/netloop"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/frontend/shell"
	"valkey/server/engine"
)

// handler is what the event loops call: netloop.Handler over the engine.
type handler struct {
	s *Server
	// Both are only used under the engine lock.
	window []engine.Prepared
	spare  []byte // a reply buffer for the next client that needs one: one at rest has none
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
	if int64(s.engine.Clients.Len()) >= s.config.Maxclients {
		s.engine.Stats.RejectedConnections++
		return []byte("-" + string(session.ErrMaxClients) + "\r\n")
	}
	if s.protected(c) {
		s.engine.Stats.RejectedConnections++
		return []byte(protectedText)
	}
	cl := &session.Client{Link: c}
	c.State = cl
	s.engine.Connect(cl)
	s.logInByCertificate(c, cl)
	s.limit(c, cl)
	return nil
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
		h.flush(c)
	}
	for _, c := range r.Grown {
		h.flush(c)
	}
	next, more := h.s.after()
	for _, c := range r.TakeNotified() {
		h.flush(c)
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
			h.flush(cmd.Conn)
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
		h.protocolError(cmd)
	default:
		if cl.W.Buf == nil {
			cl.W.Buf, h.spare = h.spare, nil
		}
		h.s.engine.Execute(p)
	}
	h.after(cmd.Conn, cl)
}

// after looks at a client once its command is done, before its next one of the same round.
func (h *handler) after(c *netloop.Conn, cl *session.Client) {
	switch {
	case cl.CloseASAP:
		c.CloseNow()
		return
	case cl.CloseAfter:
		h.send(c, cl)
		c.CloseAfterFlush()
		return
	case cl.Block != nil:
		c.Hold()
		return
	}
	if len(cl.W.Buf) > replyChunk {
		h.send(c, cl)
		h.s.engine.CheckOutput(cl)
	}
}

// replyChunk is the size from which a reply is handed to the connection before the round ends, so that no buffer
// grows by copying.
const replyChunk = 64 << 10

// spareMax is the largest reply buffer that is kept for another client.
const spareMax = 2 * replyChunk

// flush hands a connection's replies over and lets its state follow the client's.
func (h *handler) flush(c *netloop.Conn) {
	cl, ok := c.State.(*session.Client)
	if !ok {
		return
	}
	h.send(c, cl)
	switch {
	case len(cl.W.Buf) > 0:
	case cap(cl.W.Buf) > spareMax: // of a reply that was taken back
		cl.W.Buf = nil
	case cl.W.Buf != nil && cl.Subs.Count() == 0:
		h.spare, cl.W.Buf = cl.W.Buf, nil
	}
	h.s.engine.Settle(cl)
	switch {
	case cl.CloseASAP:
		c.CloseNow()
	case cl.CloseAfter:
		c.CloseAfterFlush()
	case cl.Block != nil:
		c.Hold()
	default:
		c.Release()
	}
	h.s.limit(c, cl)
}

func (h *handler) send(c *netloop.Conn, cl *session.Client) {
	if n := len(cl.W.Buf); n > 0 {
		h.s.engine.Replied(cl, n)
		cl.W.Buf = c.Send(cl.W.Buf)
	}
}

// protocolError answers a request that cannot be parsed, or that has outgrown the query buffer, and closes.
func (h *handler) protocolError(cmd *netloop.Command) {
	cl := cmd.Conn.State.(*session.Client)
	e := h.s.engine
	if errors.Is(cmd.Err, netloop.ErrQueryBuffer) {
		e.CloseForQuery(cl)
		return
	}
	e.Host.Log(session.LogVerbose, fmt.Sprintf("Protocol error (%s) from client: %s. Query buffer: %s", cmd.Err,
		e.ClientForLog(cl), shell.Excerpt(cmd.Args[0], e.Config.HideUserDataFromLog)))
	e.WriteError(cl, resp.Error("ERR "+cmd.Err.Error()))
	cl.CloseAfter = true
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
