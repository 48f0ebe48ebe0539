// Package memnet is a network in memory, for tests of shells: listeners and dialled connections by name, with lines
// that can be cut. Its connections are pipes without a buffer, so that it works in a bubble of testing/synctest,
// where a goroutine that waits for one lets time pass.
package memnet

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
)

// Network is a network. It is safe for concurrent use.
type Network struct {
	mu struct {
		sync.Mutex
		listeners map[string]*listener
		cut       map[[2]string]bool // from, to
		conns     []*conn
	}
}

// New makes a network without hosts.
func New() *Network {
	n := &Network{}
	n.mu.listeners, n.mu.cut = map[string]*listener{}, map[[2]string]bool{}
	return n
}

// Listen makes a host reachable.
func (n *Network) Listen(host string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mu.listeners[host] != nil {
		return nil, &net.OpError{Op: "listen", Net: "mem", Addr: addr(host), Err: syscall.EADDRINUSE}
	}
	l := &listener{n: n, host: host, arrived: make(chan net.Conn), done: make(chan struct{})}
	n.mu.listeners[host] = l
	return l, nil
}

// Dial connects one host to another. A line that is cut, like a host that is not there, refuses at once.
func (n *Network) Dial(ctx context.Context, from, to string) (net.Conn, error) {
	here, there := net.Pipe()
	l := n.connect(&conn{Conn: here, from: from, to: to}, &conn{Conn: there, from: to, to: from})
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: addr(to), Err: syscall.ECONNREFUSED}
	}
	select {
	case l.arrived <- there:
		return here, nil
	case <-l.done:
	case <-ctx.Done():
	}
	here.Close()
	return nil, &net.OpError{Op: "dial", Net: "mem", Addr: addr(to), Err: syscall.ECONNREFUSED}
}

// connect notes both ends of a new connection, if there may be one.
func (n *Network) connect(ends ...*conn) *listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	from, to := ends[0].from, ends[0].to
	l := n.mu.listeners[to]
	if l == nil || n.mu.cut[[2]string{from, to}] {
		return nil
	}
	n.mu.conns = append(n.mu.conns, ends...)
	return l
}

// Cut ends the connections between two hosts, and refuses new ones until Heal.
func (n *Network) Cut(a, b string) {
	for _, c := range n.take(func(c *conn) bool { return c.from == a && c.to == b || c.from == b && c.to == a }, a, b) {
		c.Close()
	}
}

// Break ends a host's connections, as the end of its process does.
func (n *Network) Break(host string) {
	for _, c := range n.take(func(c *conn) bool { return c.from == host }) {
		c.Close()
	}
}

// take removes connections from the list, and notes a line as cut.
func (n *Network) take(match func(*conn) bool, line ...string) (out []*conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(line) == 2 {
		n.mu.cut[[2]string{line[0], line[1]}], n.mu.cut[[2]string{line[1], line[0]}] = true, true
	}
	n.mu.conns = slices.DeleteFunc(n.mu.conns, func(c *conn) bool {
		if match(c) {
			out = append(out, c)
			return true
		}
		return false
	})
	return out
}

// Heal repairs all lines.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.mu.cut)
}

// conn is one end of a connection.
type conn struct {
	net.Conn
	from, to string
}

type listener struct {
	n       *Network
	host    string
	arrived chan net.Conn // without a buffer: who dials waits until it is accepted
	done    chan struct{}
	once    sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.arrived:
		return c, nil
	case <-l.done:
		return nil, fmt.Errorf("memnet: %s: %w", l.host, net.ErrClosed)
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.n.mu.Lock()
		defer l.n.mu.Unlock()
		delete(l.n.mu.listeners, l.host)
	})
	return nil
}

func (l *listener) Addr() net.Addr { return addr(l.host) }

// addr is a host's name as an address.
type addr string

func (addr) Network() string  { return "mem" }
func (a addr) String() string { return string(a) }
