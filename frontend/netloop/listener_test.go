package netloop

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// freePort finds a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func quiet(t *testing.T, warnings *[]string) *Server {
	t.Helper()
	warn := func(msg string, err error) { *warnings = append(*warnings, msg+": "+err.Error()) }
	s, err := New(Config{Warn: warn}, &echo{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.CloseListeners()
		s.Loops()[0].end()
	})
	return s
}

func TestListenAllOrNone(t *testing.T) {
	var warnings []string
	s := quiet(t, &warnings)
	port := freePort(t)
	taken, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	takenPort := taken.Addr().(*net.TCPAddr).Port
	err = s.Listen([]string{"127.0.0.1", "127.0.0.2"}, takenPort)
	if !errors.Is(err, unix.EADDRINUSE) || len(s.Addrs()) != 0 {
		t.Errorf("got %v, listening on %v", err, s.Addrs())
	}
	if err := s.Listen([]string{"127.0.0.1", "-192.0.2.1", "-2001:db8::1"}, port); err != nil {
		t.Error(err)
	}
	if len(s.Addrs()) != 1 || len(warnings) != 2 {
		t.Errorf("listening on %v, warned of %q", s.Addrs(), warnings)
	}
	if err := s.Listen([]string{"192.0.2.1"}, port); !errors.Is(err, unix.EADDRNOTAVAIL) {
		t.Errorf("an address that must be there: %v", err)
	}
}

func TestWildcards(t *testing.T) {
	var warnings []string
	s := quiet(t, &warnings)
	if err := s.Listen([]string{"*", "-::*"}, freePort(t)); err != nil {
		t.Fatal(err)
	}
	addrs := s.Addrs()
	if !strings.HasPrefix(addrs[0], "0.0.0.0:") || len(addrs) > 1 && !strings.HasPrefix(addrs[1], "[::]:") {
		t.Errorf("listening on %v", addrs)
	}
}

func TestRebind(t *testing.T) {
	var warnings []string
	s := quiet(t, &warnings)
	port, other := freePort(t), freePort(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	hosts := func() string {
		var words []string
		for _, ln := range s.mu.listeners {
			words = append(words, ln.host)
		}
		slices.Sort(words)
		return strings.Join(words, " ")
	}
	must(s.Listen([]string{"127.0.0.1"}, port))
	stays := s.mu.listeners[0].fd
	must(s.Rebind([]string{"127.0.0.1", "127.0.0.2"}, port))
	if hosts() != "127.0.0.1 127.0.0.2" || s.mu.listeners[0].fd != stays {
		t.Errorf("listening on %v", s.Addrs())
	}
	must(s.Rebind([]string{"127.0.0.1"}, other))
	if hosts() != "127.0.0.1" || s.mu.listeners[0].port != other {
		t.Errorf("listening on %v", s.Addrs())
	}
	must(s.Rebind([]string{"*"}, other)) // our own 127.0.0.1 is in the way
	if hosts() != "*" {
		t.Errorf("listening on %v", s.Addrs())
	}
	if err := s.Rebind([]string{"127.0.0.1", "192.0.2.1"}, other); err == nil || hosts() != "*" {
		t.Errorf("got %v, listening on %v", err, s.Addrs())
	}
	must(s.Rebind(nil, 0))
	if hosts() != "" {
		t.Errorf("listening on %v", s.Addrs())
	}
	if len(warnings) != 0 {
		t.Errorf("warned of %q", warnings)
	}
}

func TestUnixSocket(t *testing.T) {
	h := &echo{}
	s := start(t, Config{}, h)
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, nil, 0o600); err != nil { // what an earlier server left
		t.Fatal(err)
	}
	if err := s.ListenUnix(path, 0o700, ""); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := theOnly(t, h)
	if want := "[" + path + ":0]:0"; c.Remote() != want || c.Local() != want || !c.IsUnix() {
		t.Errorf("%s %s %v", c.Remote(), c.Local(), c.IsUnix())
	}
	if err := s.ListenUnix(path+"x", 0, "no-such-group"); err == nil {
		t.Error("a group that does not exist was accepted")
	}
	s.CloseListeners()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	h := &echo{}
	s := start(t, Config{KeepAlive: 300e9}, h)
	conn := dial(t, s)
	c := theOnly(t, h)
	if c.Remote() != conn.LocalAddr().String() || c.Local() != s.Addrs()[0] || c.IsUnix() {
		t.Errorf("%s %s %v", c.Remote(), c.Local(), c.IsUnix())
	}
	if got := tcpAddress(&unix.SockaddrInet6{Port: 1, Addr: [16]byte{15: 1}}); got != "[::1]:1" {
		t.Errorf("got %s", got)
	}
	options := map[int]int{unix.TCP_KEEPIDLE: 300, unix.TCP_KEEPINTVL: 100, unix.TCP_KEEPCNT: 3, unix.TCP_NODELAY: 1}
	for option, want := range options {
		if got, err := unix.GetsockoptInt(c.FD(), unix.IPPROTO_TCP, option); err != nil || got != want {
			t.Errorf("option %d: %d, %v", option, got, err)
		}
	}
}

// Without descriptors the loop does not spin, says so once, and accepts again when there are some.
func TestNoDescriptorsLeft(t *testing.T) {
	warned := make(chan string, 100)
	h := &echo{}
	s := start(t, Config{Warn: func(msg string, err error) { warned <- err.Error() }}, h)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	low := limit
	low.Cur = 0 // no new descriptor fits below it; the open ones stay
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	restore := func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) }
	defer restore()
	port := s.mu.listeners[0].addr[strings.LastIndexByte(s.mu.listeners[0].addr, ':')+1:]
	sa := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	for _, digit := range port {
		sa.Port = sa.Port*10 + int(digit-'0')
	}
	if err := unix.Connect(fd, sa); err != nil {
		t.Fatal(err)
	}
	if got := <-warned; got != "too many open files" {
		t.Errorf("warned of %q", got)
	}
	restore()
	eventually(t, "the connection is accepted", func() bool { return h.opened() == 1 })
}

func TestNothingIsLeftBehind(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := count()
	t.Run("server", func(t *testing.T) {
		h := &echo{}
		s := start(t, Config{Loops: 2}, h)
		for range 10 {
			c := dial(t, s)
			c.send("PING\r\n*2\r\n$4\r\nECHO\r\n")
			c.expect("+PONG")
		}
	})
	eventually(t, "all descriptors are closed", func() bool { return count() <= before })
}
