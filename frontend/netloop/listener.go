package netloop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// listener is a socket that accepts.
type listener struct {
	fd     int
	host   string // as in `bind`, without the dash; with port what it is known by
	port   int
	path   string // of a Unix socket
	addr   string // what it is really bound to
	secure bool   // every connection begins with a TLS handshake
}

// Listen opens a TCP socket for each word of a `bind` list and begins to accept from them: all of them or, with an
// error, none. A word is an IPv4 or IPv6 address, a host name, `*` or `::*` for every address of a family; with a dash
// before it the address may be missing. Families that the kernel does not have are passed over. Port 0 lets the kernel
// choose.
func (s *Server) Listen(binds []string, port int) error { return s.listen(binds, port, false) }

func (s *Server) listen(binds []string, port int, secure bool) error {
	opened, err := s.openAll(binds, port, nil, secure)
	if err != nil {
		return err
	}
	return s.install(opened)
}

// Rebind makes the TCP listeners those of binds and port: what stays is left alone, what is new is opened, then what is
// no longer wanted is closed. After an error everything is as it was.
func (s *Server) Rebind(binds []string, port int) error { return s.rebind(binds, port, false) }

func (s *Server) rebind(binds []string, port int, secure bool) error {
	s.mu.Lock()
	current := slices.Clone(s.mu.listeners)
	s.mu.Unlock()
	var keep, drop []listener
	for _, ln := range current {
		wanted := slices.ContainsFunc(binds, func(w string) bool { return parseBind(w).host == ln.host })
		switch {
		case ln.path != "" || ln.secure != secure:
		case wanted && ln.port == port:
			keep = append(keep, ln)
		default:
			drop = append(drop, ln)
		}
	}
	opened, err := s.openAll(binds, port, keep, secure)
	if err == nil {
		s.remove(drop)
		return s.install(opened)
	}
	onPort := func(ln listener) bool { return ln.port == port }
	if !errors.Is(err, unix.EADDRINUSE) || !slices.ContainsFunc(drop, onPort) {
		return err
	}
	// One of our own may stand in the way: `*` and 127.0.0.1 cannot listen on one port at a time.
	s.remove(drop)
	if opened, err = s.openAll(binds, port, keep, secure); err == nil {
		return s.install(opened)
	}
	for _, ln := range drop {
		if again := s.listen([]string{ln.host}, ln.port, secure); again != nil {
			s.warn("a listener that was closed for another cannot be opened again", again)
		}
	}
	return err
}

// ListenUnix accepts from a Unix socket at path, in place of whatever stands there. perm 0 leaves the mode to the
// umask; group may be empty.
func (s *Server) ListenUnix(path string, perm fs.FileMode, group string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("netloop: remove old socket: %w", err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("netloop: unix socket: %w", err)
	}
	if err := s.bindUnix(fd, path, perm, group); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("netloop: listen on %s: %w", path, err)
	}
	return s.install([]listener{{fd: fd, path: path, addr: unixAddress(path)}})
}

func (s *Server) bindUnix(fd int, path string, perm fs.FileMode, group string) error {
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if perm != 0 {
		if err := os.Chmod(path, perm); err != nil {
			return err
		}
	}
	if group != "" {
		g, err := user.LookupGroup(group)
		if err != nil {
			return err
		}
		gid, err := strconv.Atoi(g.Gid)
		if err != nil {
			return err
		}
		if err := os.Chown(path, -1, gid); err != nil {
			return err
		}
	}
	return unix.Listen(fd, int(s.backlog.Load()))
}

// CloseListeners stops accepting and removes Unix sockets from the file system. Connections live on.
func (s *Server) CloseListeners() {
	s.mu.Lock()
	all := slices.Clone(s.mu.listeners)
	s.mu.Unlock()
	s.remove(all)
}

// Addrs returns the addresses that are listened on. Any goroutine may call it.
func (s *Server) Addrs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var addrs []string
	for _, ln := range s.mu.listeners {
		addrs = append(addrs, ln.addr)
	}
	return addrs
}

// openAll opens a socket for each bind that none of have serves; all or none.
func (s *Server) openAll(binds []string, port int, have []listener, secure bool) (opened []listener, err error) {
	for _, word := range binds {
		b := parseBind(word)
		if slices.ContainsFunc(have, func(ln listener) bool { return ln.host == b.host && ln.port == port }) {
			continue
		}
		ln, err := s.openTCP(b, port)
		ln.secure = secure
		if err == nil {
			opened = append(opened, ln)
			continue
		}
		err = fmt.Errorf("netloop: listen on %s:%d: %w", b.host, port, err)
		if b.optional && errors.Is(err, unix.EADDRNOTAVAIL) || isUnsupported(err) {
			s.warn("address is passed over", err)
			continue
		}
		for _, ln := range opened {
			_ = unix.Close(ln.fd)
		}
		return nil, err
	}
	return opened, nil
}

func isUnsupported(err error) bool {
	for _, errno := range []unix.Errno{unix.ENOPROTOOPT, unix.EPROTONOSUPPORT, unix.ESOCKTNOSUPPORT,
		unix.EPFNOSUPPORT, unix.EAFNOSUPPORT} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

func (s *Server) openTCP(b bindAddress, port int) (listener, error) {
	sa, err := b.resolve(port)
	if err != nil {
		return listener{}, err
	}
	family, proto := unix.AF_INET, 0
	if b.isV6() {
		family = unix.AF_INET6
	}
	if s.mptcp {
		proto = unix.IPPROTO_MPTCP
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, proto)
	if err != nil {
		return listener{}, fmt.Errorf("socket: %w", err)
	}
	if err := s.bindTCP(fd, sa, b.isV6()); err != nil {
		_ = unix.Close(fd)
		return listener{}, err
	}
	ln := listener{fd: fd, host: b.host, port: port, addr: "?:0"}
	if bound, err := unix.Getsockname(fd); err == nil {
		ln.addr = tcpAddress(bound)
	}
	return ln, nil
}

func (s *Server) bindTCP(fd int, sa unix.Sockaddr, v6 bool) error {
	if v6 {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return fmt.Errorf("set IPV6_V6ONLY: %w", err)
		}
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return fmt.Errorf("set SO_REUSEADDR: %w", err)
	}
	if err := unix.Bind(fd, sa); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if err := unix.Listen(fd, int(s.backlog.Load())); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if s.mark != 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, s.mark); err != nil {
			s.warn("socket mark cannot be set", err)
		}
	}
	return nil
}

// install has loop 0 accept from sockets that listen.
func (s *Server) install(opened []listener) error {
	s.mu.Lock()
	s.mu.listeners = append(s.mu.listeners, opened...)
	s.mu.Unlock()
	for _, ln := range opened {
		if err := epollAdd(s.Loops()[0].epfd, ln.fd, unix.EPOLLIN, listenerEvent); err != nil {
			s.remove(opened)
			return fmt.Errorf("netloop: watch %s: %w", ln.addr, err)
		}
	}
	return nil
}

func (s *Server) remove(gone []listener) {
	s.mu.Lock()
	s.mu.listeners = slices.DeleteFunc(s.mu.listeners, func(ln listener) bool { return slices.Contains(gone, ln) })
	s.mu.Unlock()
	for _, ln := range gone {
		_ = unix.Close(ln.fd) // epoll forgets it by itself
		if ln.path != "" {
			_ = os.Remove(ln.path) // it may be gone already
		}
	}
}

// listenerOf finds the listener of an event; it may have been closed since.
func (s *Server) listenerOf(fd int) (ln listener, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.mu.listeners, func(ln listener) bool { return ln.fd == fd })
	if i < 0 {
		return listener{}, false
	}
	return s.mu.listeners[i], true
}
