package netloop

import (
	"net"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"valkey/frontend/resp"
	"valkey/internal/invariant"
)

type connFlags uint16

const (
	held       connFlags = 1 << iota // commands wait until Release
	refused                          // a command of this round was not executed: none behind it may be
	failed                           // a Command with Err was taken
	closing                          // to be closed when everything is written
	closeNow                         // to be closed without that
	closed                           // gone: descriptor closed, handler told
	inRound                          // has been read in this round
	inBacklog                        // stands in Loop.backlog
	inFlush                          // stands in Loop.flushes
	inClosing                        // stands in Loop.closings
	inGrown                          // stands in Loop.grown
	isMapped                         // the query buffer is a mapping
	inReread                         // stands in Loop.rereads
	sourceFull                       // the source has more than the socket, or the round, takes
)

// Conn is one client's connection. Fields and methods belong to its loop unless they say otherwise.
type Conn struct {
	// State is the handler's.
	State any

	loop   *Loop
	fd     int32
	events uint32 // what epoll watches for
	flags  connFlags

	notified atomic.Bool
	pulled   atomic.Bool
	source   atomic.Pointer[sourceBox]
	limits   atomic.Pointer[resp.Limits]

	// Received and not executed: in[start:]. The buffer is nil while it is not needed; see query.go.
	in        []byte
	start     int
	parser    resp.Parser
	taken     int    // bytes of this round's commands that were executed
	peak      int    // most bytes held in `in` since the last sweep
	activeAt  uint32 // the loop's sweep number when the last bytes came
	bufferPos int32  // place in Loop.buffered, -1 for none
	servedIn  uint32 // the pacer's window in which it last had something to read

	out outQueue
	tls *secure // nil without TLS

	heir func(net.Conn) // see Detach

	// The same numbers for other goroutines.
	queryUsed, queryCap     atomic.Int64
	unsentBytes             atomic.Int64
	unsentChunks            atomic.Int32
	bytesReceived, bytesOut atomic.Uint64

	// Set once, before the handler sees the connection.
	remote, local string
	unix          bool
}

// Send hands a filled buffer of replies over, to be written when Run returns; the connection owns it from then on. The
// returned buffer is empty and the caller's, one that has been written before, or nil.
func (c *Conn) Send(buf []byte) (empty []byte) {
	if len(buf) == 0 {
		return buf
	}
	if c.flags&(closed|closeNow) != 0 {
		return buf[:0]
	}
	l := c.loop
	if c.out.append(buf) {
		empty = buf[:0]
	} else {
		c.out.push(buf)
		empty = l.recycled()
	}
	c.publishUnsent()
	l.queueFlush(c)
	return empty
}

// Notify asks the connection's loop to call Run with this connection in Round.Notified. Any goroutine may call it, at
// any time; many calls before that Run are one.
func (c *Conn) Notify() {
	if c.notified.CompareAndSwap(false, true) {
		c.loop.inbox.notify(c)
	}
}

// CloseNow closes the connection after Run, or soon when called outside of it. Replies not written are lost.
func (c *Conn) CloseNow() { c.close(closing | closeNow) }

// CloseAfterFlush closes the connection when all replies are written. Nothing more is read from it.
func (c *Conn) CloseAfterFlush() { c.close(closing) }

func (c *Conn) close(how connFlags) {
	if c.flags&closed != 0 {
		return
	}
	c.flags |= how
	if c.flags&inClosing == 0 {
		c.flags |= inClosing
		c.loop.closings = append(c.loop.closings, c)
	}
}

// Closing reports whether the connection is closed or will be without executing another command.
func (c *Conn) Closing() bool { return c.flags&(closing|closed) != 0 }

// Hold stops the execution of commands: the client is blocked or paused. Bytes that come are kept, up to the query
// buffer limit, and a hang-up is noticed.
func (c *Conn) Hold() { c.flags |= held }

// Release ends Hold. Commands kept back are executed from the next round on.
func (c *Conn) Release() {
	was := c.flags & held
	c.flags &^= held
	if was != 0 && c.flags&(closed|inRound) == 0 && c.queued() > 0 {
		c.loop.queueBacklog(c)
	}
}

// Held reports whether the connection is held.
func (c *Conn) Held() bool { return c.flags&held != 0 }

// SetLimits changes what requests may look like, from the next one parsed. Any goroutine may call it; lim must not be
// written to afterwards.
func (c *Conn) SetLimits(lim *resp.Limits) {
	invariant.Check(lim != nil, "netloop: a connection needs limits")
	if c.limits.Load() != lim {
		c.limits.Store(lim)
	}
}

// Unsent gives the bytes and chunks handed to Send that the socket has not taken. Any goroutine may call it.
func (c *Conn) Unsent() (bytes, chunks int) {
	return int(c.unsentBytes.Load()), int(c.unsentChunks.Load())
}

// QueryBuffer gives the bytes received and not executed, and the size of the buffer that holds them: 0 for an idle
// client. Any goroutine may call it.
func (c *Conn) QueryBuffer() (used, capacity int) {
	return int(c.queryUsed.Load()), int(c.queryCap.Load())
}

// NetIn is how many bytes were received. Any goroutine may call it.
func (c *Conn) NetIn() uint64 { return c.bytesReceived.Load() }

// NetOut is how many bytes were sent. Any goroutine may call it.
func (c *Conn) NetOut() uint64 { return c.bytesOut.Load() }

// SetNoDelay has the kernel send small writes at once, or gather them. Any goroutine may call it.
func (c *Conn) SetNoDelay(on bool) {
	value := 0
	if on {
		value = 1
	}
	// It fails only on a Unix socket, or when the peer has gone, which the next read tells.
	_ = unix.SetsockoptInt(int(c.fd), unix.IPPROTO_TCP, unix.TCP_NODELAY, value)
}

// FD is the socket's descriptor. Any goroutine may call it.
func (c *Conn) FD() int { return int(c.fd) }

// Remote is the peer's address as Valkey shows it. Any goroutine may call it.
func (c *Conn) Remote() string { return c.remote }

// Local is our end's address as Valkey shows it. Any goroutine may call it.
func (c *Conn) Local() string { return c.local }

// IsUnix reports whether the connection came over a Unix socket. Any goroutine may call it.
func (c *Conn) IsUnix() bool { return c.unix }

// Loop is the loop that the connection belongs to, for good. Any goroutine may call it.
func (c *Conn) Loop() *Loop { return c.loop }

// sentAll reports whether nothing that was handed over is left to write.
func (c *Conn) sentAll() bool {
	return c.out.bytes == 0 && (c.tls == nil || len(c.tls.unsent()) == 0)
}

// queued is the number of bytes received and not executed.
func (c *Conn) queued() int { return len(c.in) - c.start }

func (c *Conn) publishUnsent() {
	bytes := c.out.bytes
	if c.tls != nil {
		bytes += len(c.tls.unsent())
	}
	c.unsentBytes.Store(int64(bytes))
	c.unsentChunks.Store(int32(c.out.chunks()))
}
