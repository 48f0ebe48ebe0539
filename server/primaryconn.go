package server

import (
	"net"
	"syscall"

	"valkey/frontend/session"
)

// primaryConn is the connection below the client that executes a primary's stream: session.Link. Its methods are
// called under the engine lock.
type primaryConn struct {
	conn   net.Conn
	client *session.Client
	wake   chan struct{} // upstream.wake
	ahead  *int64        // upstream.ahead
}

// Notify lets the stream go on, or ends it.
func (c *primaryConn) Notify() {
	if c.client.CloseASAP {
		_ = c.conn.Close() // which ends the link
	}
	select {
	case c.wake <- struct{}{}:
	default: // it is woken already
	}
}

// Unsent is nothing: replies to a primary are thrown away.
func (c *primaryConn) Unsent() (bytes, chunks int) { return 0, 0 }

// QueryBuffer is what has been received and not been executed.
func (c *primaryConn) QueryBuffer() (used, capacity int) { return int(*c.ahead), int(*c.ahead) }

// FD is the socket's descriptor.
func (c *primaryConn) FD() int {
	sc, ok := c.conn.(syscall.Conn)
	if !ok {
		return -1
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1
	}
	n := -1
	if raw.Control(func(fd uintptr) { n = int(fd) }) != nil {
		return -1
	}
	return n
}

// Remote is the primary's address.
func (c *primaryConn) Remote() string { return c.conn.RemoteAddr().String() }

// Local is this end's address.
func (c *primaryConn) Local() string { return c.conn.LocalAddr().String() }

// IsUnix is false: primaries are reached over TCP.
func (c *primaryConn) IsUnix() bool { return false }
