// Package proxy is a TCP relay between two servers of a test that breaks the link where it is told to: after so many
// bytes of one direction it cuts, resets, falls silent or loses what follows.
//
// Nothing in it is random: the same faults at the same bytes do the same. A test draws them from a generator with a
// seed that it prints. The address stays when the target moves, as it does when a server is started again.
//
// A Proxy may be used from several goroutines. Start reading at [Fault].
package proxy

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"
)

// Direction is the way that bytes take.
type Direction int

// The two directions.
const (
	Up   Direction = iota // from the one who connected to the target
	Down                  // from the target to the one who connected
)

// Kind is what happens at the byte of a fault.
type Kind int

// The kinds of fault.
const (
	Cut   Kind = iota // both sides are closed, after the bytes before the fault have been passed on
	Reset             // the same with a TCP reset: what was under way may be lost
	Stall             // the direction stands still: unread bytes fill the sender's buffers, the connection stays
	Lose              // the direction takes everything and passes nothing on: a one-way cut
)

func (k Kind) String() string { return [...]string{"cut", "reset", "stall", "lose"}[k] }

func (d Direction) String() string { return [...]string{"up", "down"}[d] }

// Fault breaks one connection after exactly After bytes of a direction.
type Fault struct {
	Kind  Kind
	Dir   Direction
	After int64
}

func (f Fault) String() string { return fmt.Sprintf("%v after %d bytes %v", f.Kind, f.After, f.Dir) }

const (
	chunkMax = 32 << 10 // bytes that are passed on at once
	dialMax  = 5 * time.Second
)

// Proxy relays connections to its target.
type Proxy struct {
	Addr string // where it listens

	listener net.Listener
	mu       sync.Mutex
	target   string
	closed   bool
	faults   []Fault // for the next connections, one each
	piece    int     // the longest piece that is passed on
	delay    time.Duration
	passed   [2]int64
	accepted int
	links    map[*link]struct{}
	running  sync.WaitGroup
}

// New listens on a free port; everything ends with the test.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("proxy: %v", err)
	}
	p := &Proxy{Addr: l.Addr().String(), listener: l, target: target, piece: chunkMax, links: map[*link]struct{}{}}
	p.running.Add(1)
	go p.accept() // owned by the Proxy; ends when the listener is closed
	t.Cleanup(p.Close)
	return p
}

// Close ends the relay and every connection.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.listener.Close()
	p.Sever()
	p.running.Wait()
}

// SetTarget sends the connections to come somewhere else.
func (p *Proxy) SetTarget(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = addr
}

// Break queues faults: the next connections get one each. Those beyond have none.
func (p *Proxy) Break(f ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, f...)
}

// Mend forgets the faults that no connection has met yet. It does not heal one that has happened: see Sever.
func (p *Proxy) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
	for l := range p.links {
		l.forget()
	}
}

// SetPace passes on at most piece bytes at once and waits for delay before each: a reader sees torn messages, or a slow
// link.
func (p *Proxy) SetPace(piece int, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.piece, p.delay = min(max(piece, 1), chunkMax), delay
}

// Sever closes every connection of now; new ones are welcome.
func (p *Proxy) Sever() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.close(false)
	}
}

// BreakNow gives every connection of now a fault that counts its bytes from here on.
func (p *Proxy) BreakNow(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.arm(f)
	}
}

// Passed is how many bytes have been passed on in a direction.
func (p *Proxy) Passed(d Direction) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed[d]
}

// Accepted is how many connections there have been.
func (p *Proxy) Accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

// Open is how many connections there are.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

func (p *Proxy) accept() {
	defer p.running.Done()
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Add(1)
		go p.relay(conn.(*net.TCPConn)) // owned by the Proxy; ends with its two connections
	}
}

// relay serves one connection until both its directions have ended.
func (p *Proxy) relay(near *net.TCPConn) {
	defer p.running.Done()
	defer func() { _ = near.Close() }()
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	conn, err := net.DialTimeout("tcp", target, dialMax)
	if err != nil {
		return // the one who connected sees a close, as from a host that is down
	}
	far := conn.(*net.TCPConn)
	defer func() { _ = far.Close() }()
	l := &link{p: p, near: near, far: far, done: make(chan struct{})}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.accepted++
	if len(p.faults) > 0 {
		l.arm(p.faults[0])
		p.faults = p.faults[1:]
	}
	p.links[l] = struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { l.pass(near, far, Up) })   // ends with the link, as does the other
	both.Go(func() { l.pass(far, near, Down) }) // one of them closes both connections
	both.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}
