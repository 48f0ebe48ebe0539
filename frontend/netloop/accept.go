package netloop

import (
	"time"

	"golang.org/x/sys/unix"
)

// accept takes new connections from a listener, a bounded number in one turn, and gives them to the loops in rotation.
func (s *Server) accept(l *Loop, fd int) {
	ln, ok := s.listenerOf(fd)
	if !ok {
		return
	}
	turn := s.acceptMax.Load()
	if ln.secure {
		turn = s.acceptTLSMax.Load()
	}
	for range turn {
		conn, sa, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
		case unix.EINTR, unix.ECONNABORTED:
			continue
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			s.rest(l, err)
			return
		default: // EAGAIN: nobody is left
			return
		}
		s.accepted.Add(1)
		c := s.newConn(conn, sa, ln)
		active := int(s.active.Load())
		c.loop = s.Loops()[s.nextLoop%active]
		s.nextLoop = (s.nextLoop + 1) % active
		if ln.secure {
			s.shake(c)
		} else if c.loop == l {
			l.open(c)
		} else {
			c.loop.inbox.adopt(c)
		}
	}
}

func (s *Server) newConn(fd int, sa unix.Sockaddr, ln listener) *Conn {
	c := &Conn{fd: int32(fd), bufferPos: -1}
	c.limits.Store(s.limits)
	if ln.path != "" {
		c.unix = true
		c.remote, c.local = ln.addr, ln.addr
		return c
	}
	c.remote = tcpAddress(sa)
	// Most listeners have one address, so most connections can share its text.
	c.local = ln.addr
	if bound, err := unix.Getsockname(fd); err == nil {
		if local := tcpAddress(bound); local != ln.addr {
			c.local = local
		}
	}
	// Either fails only when the peer has gone, which the first read tells.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	setKeepAlive(fd, time.Duration(s.keepAlive.Load()))
	return c
}

// setKeepAlive has the kernel probe a peer that has been silent for idle: three times, a third of idle apart.
func setKeepAlive(fd int, idle time.Duration) {
	seconds := int(idle / time.Second)
	if seconds <= 0 {
		return
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, seconds)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, max(seconds/3, 1))
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3)
}

// rest stops watching the listeners for a while. The kernel would go on reporting connections that cannot be accepted,
// and the loop would spin.
func (s *Server) rest(l *Loop, cause error) {
	s.resting = true
	s.restUntil = l.now.Add(acceptPause)
	s.warn("connections cannot be accepted for now", cause)
	s.eachListener(func(ln listener) { _ = unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, ln.fd, nil) })
}

// retryAccept ends a rest whose time is over.
func (s *Server) retryAccept(l *Loop) {
	if l.Index != 0 || !s.resting || l.now.Before(s.restUntil) {
		return
	}
	s.resting = false
	// One that was opened meanwhile is watched already; the error says nothing new.
	s.eachListener(func(ln listener) { _ = epollAdd(l.epfd, ln.fd, unix.EPOLLIN, listenerEvent) })
}

func (s *Server) eachListener(f func(listener)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ln := range s.mu.listeners {
		f(ln)
	}
}
