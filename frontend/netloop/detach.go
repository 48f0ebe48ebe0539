package netloop

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Detach takes the connection away from its loop once all replies are written: the handler is told that it is closed,
// and heir, called by the loop, which it must not hold up, gets it to read and write as it likes. A peer that sends
// more before it has the reply of the command that did this is closed instead, as one that has gone. It belongs to the
// handler's Run.
func (c *Conn) Detach(heir func(net.Conn)) {
	c.heir = heir
	c.close(closing)
}

// release gives a connection that the loop has forgotten to its heir.
func (l *Loop) release(c *Conn) {
	_ = unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, int(c.fd), nil) // its copies would keep it watched
	f := os.NewFile(uintptr(c.fd), "detached")                    // which polls it, since it does not block
	if !c.sentAll() || c.queued() > 0 {
		_ = f.Close()
		return
	}
	if t := c.tls; t != nil {
		if len(t.in) > 0 || t.ended {
			_ = f.Close()
			return
		}
		t.heir = f
		c.heir(t.conn)
		return
	}
	conn, err := net.FileConn(f)
	_ = f.Close() // of two descriptors of one socket
	if err == nil {
		c.heir(conn)
	}
}
