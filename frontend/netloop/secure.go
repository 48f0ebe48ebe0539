package netloop

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// TLS on an event loop. The handshake, which computes for milliseconds and waits for the peer, is a shaker's. After it
// the connection belongs to its loop like any other: tls.Conn reads records out of what the loop has read, and is told
// that there is no more for now by an error that it knows to be temporary; it writes records to a buffer that the loop
// sends.

// secure is the TLS layer of a connection, and below it what tls.Conn takes for its network connection. While the
// handshake runs it belongs to a shaker, afterwards to the connection's loop.
type secure struct {
	conn  *tls.Conn
	fd    int32                    // for the handshake
	await func(events uint32) bool // waits for the socket during the handshake, false if it is given up; nil afterwards
	in    []byte                   // received, not yet taken by conn
	ended bool                     // the peer has closed its side
	heir  *os.File                 // what Detach has it read and write; nil before
	out   []byte                   // records for the socket, from sent on
	sent  int
}

// errNoMore tells tls.Conn that nothing is there for now.
var errNoMore net.Error = wouldBlock{}

type wouldBlock struct{}

func (wouldBlock) Error() string   { return "netloop: no more for now" }
func (wouldBlock) Timeout() bool   { return true }
func (wouldBlock) Temporary() bool { return true }

// Read gives tls.Conn what has been received.
func (s *secure) Read(p []byte) (int, error) {
	if s.heir != nil {
		return s.heir.Read(p)
	}
	if s.await != nil {
		return s.readSocket(p)
	}
	switch {
	case len(s.in) > 0:
		n := copy(p, s.in)
		s.in = s.in[n:]
		return n, nil
	case s.ended:
		return 0, io.EOF
	}
	return 0, errNoMore
}

// Write takes records from tls.Conn.
func (s *secure) Write(p []byte) (int, error) {
	if s.heir != nil {
		return s.heir.Write(p)
	}
	if s.await != nil {
		return s.writeSocket(p)
	}
	s.out = append(s.out, p...)
	return len(p), nil
}

// Close ends a connection that was detached; the loop closes its own.
func (s *secure) Close() error {
	if s.heir != nil {
		return s.heir.Close()
	}
	return nil
}

// SetDeadline bounds what waits for the peer of a detached connection; on the loop nothing does.
func (s *secure) SetDeadline(t time.Time) error { return s.deadline(t, (*os.File).SetDeadline) }

// SetReadDeadline is SetDeadline for reads.
func (s *secure) SetReadDeadline(t time.Time) error { return s.deadline(t, (*os.File).SetReadDeadline) }

// SetWriteDeadline is SetDeadline for writes.
func (s *secure) SetWriteDeadline(t time.Time) error {
	return s.deadline(t, (*os.File).SetWriteDeadline)
}

func (s *secure) deadline(t time.Time, set func(*os.File, time.Time) error) error {
	if s.heir != nil {
		return set(s.heir, t)
	}
	return nil
}

// LocalAddr and RemoteAddr make it a net.Conn. Nobody asks them anything.
func (s *secure) LocalAddr() net.Addr  { return nil }
func (s *secure) RemoteAddr() net.Addr { return nil }

func (s *secure) unsent() []byte { return s.out[s.sent:] }

// SetTLS sets the configuration of handshakes that begin from now on. Any goroutine may call it; cfg must not be
// changed afterwards.
func (s *Server) SetTLS(cfg *tls.Config) { s.tls.Store(cfg) }

// ListenTLS is Listen for a port where every connection begins with a TLS handshake, under the configuration of SetTLS.
func (s *Server) ListenTLS(binds []string, port int) error { return s.listen(binds, port, true) }

// RebindTLS is Rebind for those listeners.
func (s *Server) RebindTLS(binds []string, port int) error { return s.rebind(binds, port, true) }

// shake hands a connection that has just been accepted to a shaker.
func (s *Server) shake(c *Conn) {
	running, most := s.handshakes.Add(1), s.connsMax.Load()
	switch {
	case running > handshakesMax:
		s.refuse(c, errShakeMany)
		return
	case most > 0 && s.open.Load()+running > most:
		s.refuse(c, ErrFull)
		return
	}
	s.shakers[int(c.fd)%len(s.shakers)].inbox.adopt(c)
}

// refuse closes a connection that never came to be a client.
func (s *Server) refuse(c *Conn, err error) {
	s.handshakes.Add(-1)
	_ = unix.Close(int(c.fd))
	if s.refused != nil {
		s.refused(c.remote, err)
	}
}

// Secure reports whether the connection speaks TLS. Any goroutine may call it.
func (c *Conn) Secure() bool { return c.tls != nil }

// PeerCertificate is the certificate that the peer has shown and that was verified, or nil. Any goroutine may call it.
func (c *Conn) PeerCertificate() *x509.Certificate {
	if c.tls == nil {
		return nil
	}
	if state := c.tls.conn.ConnectionState(); len(state.VerifiedChains) > 0 {
		return state.PeerCertificates[0]
	}
	return nil
}

// readSecure reads c's socket once, or takes what was left over, and returns how many bytes came out of the records.
func (l *Loop) readSecure(c *Conn, room []byte) int {
	t := c.tls
	if len(t.in) == 0 && !t.ended {
		if l.sealed == nil {
			l.sealed = make([]byte, sealedMax)
		}
		n, errno := rawRead(c.fd, l.sealed)
		switch {
		case errno == unix.EAGAIN || errno == unix.EINTR: // there may be more in records that came before
		case errno != 0:
			l.drop(c)
			return 0
		default:
			t.in, t.ended = l.sealed[:n], n == 0
			l.tally.reads++
		}
	}
	total := 0
	for total < len(room) {
		n, err := t.conn.Read(room[total:])
		total += n
		if err == nil {
			continue
		}
		if !errors.Is(err, errNoMore) {
			if total == 0 {
				l.drop(c)
				return 0
			}
			l.queueReread(c) // which tells the error again
		}
		break
	}
	if total == len(room) {
		l.queueReread(c) // no event tells of what is buffered
	}
	if len(t.in) > 0 {
		t.in = append([]byte(nil), t.in...) // sealed is every connection's
	}
	if len(t.unsent()) > 0 {
		l.queueFlush(c) // of the protocol's own
	}
	if total > 0 {
		c.activeAt = l.sweeps
		c.bytesReceived.Add(uint64(total))
		l.tally.received += uint64(total)
	}
	return total
}

// queueReread has c read in the next turn without waiting for an event.
func (l *Loop) queueReread(c *Conn) {
	if c.flags&inReread == 0 {
		c.flags |= inReread
		l.rereads = append(l.rereads, c)
	}
}

// reread reads the connections that may have something in their TLS layer.
func (l *Loop) reread() {
	l.rereads, l.rereading = l.rereading[:0], l.rereads
	for i, c := range l.rereading {
		l.rereading[i] = nil
		c.flags &^= inReread
		switch {
		case c.flags&(closed|closing) != 0:
		case c.flags&(inRound|inBacklog) != 0:
			l.queueReread(c)
		default:
			l.readable(c)
		}
	}
}

// flushSecure is flush for a connection with TLS: what is to be sent becomes records, some of it at a time.
func (l *Loop) flushSecure(c *Conn) {
	t := c.tls
	for budget := flushMax; budget > 0; {
		sealed, ok := l.seal(c)
		if !ok {
			l.drop(c)
			return
		}
		budget -= sealed
		if len(t.unsent()) == 0 {
			break
		}
		n, errno := rawWrite(c.fd, t.unsent())
		if errno == unix.EINTR {
			continue
		}
		if errno == unix.EAGAIN {
			break
		}
		if errno != 0 {
			l.drop(c)
			return
		}
		l.tally.writes++
		if t.sent += n; t.sent == len(t.out) {
			t.out, t.sent = t.out[:0], 0
			if cap(t.out) > recycledMax {
				t.out = nil
			}
		}
	}
	c.publishUnsent()
	if c.flags&closing != 0 && c.sentAll() {
		l.drop(c)
		return
	}
	l.watch(c)
}

// seal makes records of what c has to send, once the ones before are on their way. It returns the bytes that went in.
func (l *Loop) seal(c *Conn) (n int, ok bool) {
	t := c.tls
	c.flags &^= sourceFull
	if len(t.unsent()) > 0 {
		return 0, true
	}
	for c.out.bytes > 0 && len(t.out) < sealMax {
		chunk := c.out.first[c.out.sent:]
		chunk = chunk[:min(len(chunk), sealMax)]
		if _, err := t.conn.Write(chunk); err != nil {
			return n, false
		}
		n += len(chunk)
		c.out.advance(len(chunk), l.recycle)
	}
	c.bytesOut.Add(uint64(n))
	l.tally.written += uint64(n)
	box := c.source.Load()
	if box == nil || n > 0 || c.flags&closing != 0 {
		return n, true
	}
	b := box.Next(sealMax)
	if len(b) == 0 {
		return 0, true
	}
	if _, err := t.conn.Write(b); err != nil {
		return 0, false
	}
	box.Sent(len(b))
	c.flags |= sourceFull // it may have more; epoll brings it back at once
	return len(b), true
}

// bye ends the TLS session as politely as the socket's buffer allows.
func (s *secure) bye(fd int32) {
	if s.conn.CloseWrite() == nil && len(s.unsent()) > 0 {
		_, _ = rawWrite(fd, s.unsent())
	}
}
