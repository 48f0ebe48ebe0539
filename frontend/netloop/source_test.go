package netloop

import (
	"bufio"
	"io"
	"sync"
	"sync/atomic"
	"testing"
)

// counter is a source whose byte i is byte(i), as far as end goes. It is not safe for two loops, and need not be.
type counter struct {
	end   atomic.Int64
	at    int64
	calls atomic.Int64
	max   atomic.Int64 // most bytes ever asked for
	block [256]byte
}

func newCounter() *counter {
	s := &counter{}
	for i := range s.block {
		s.block[i] = byte(i)
	}
	return s
}

func (s *counter) Next(limit int) []byte {
	s.calls.Add(1)
	s.max.Store(max(s.max.Load(), int64(limit)))
	from := s.at % 256
	n := min(int64(limit), s.end.Load()-s.at, 256-from)
	return s.block[from : from+n]
}

func (s *counter) Sent(n int) { s.at += int64(n) }

// served opens connections and gives their ends: the clients', and those of the server in the same order.
func served(t *testing.T, loops, count int) (clients []*client, conns []*Conn) {
	t.Helper()
	var mu sync.Mutex
	h := &echo{}
	h.onOpen = func(c *Conn) []byte {
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, c)
		return nil
	}
	s := start(t, Config{Loops: loops}, h)
	for range count {
		c := dial(t, s)
		c.send("PING\r\n")
		c.expect("+PONG") // so they are opened in this order
		clients = append(clients, c)
	}
	mu.Lock()
	defer mu.Unlock()
	return clients, conns
}

func wantCount(t *testing.T, r *bufio.Reader, from, n int) {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if b[i] != byte(from+i) {
			t.Fatalf("byte %d is %d, want %d", from+i, b[i], byte(from+i))
		}
	}
}

// Connections of several loops are fed from their sources, each from where it is, as the sources grow.
func TestSourceIsPulledAsItGrows(t *testing.T) {
	clients, conns := served(t, 3, 6)
	sources := make([]*counter, len(conns))
	for i, c := range conns {
		sources[i] = newCounter()
		c.SetSource(sources[i])
	}
	at := 0
	for _, n := range []int{1, 300, 5, 70_000, 3 << 20, 2} {
		for i, s := range sources {
			s.end.Store(int64(at + n))
			conns[i].Pull()
		}
		for _, c := range clients {
			wantCount(t, c.in, at, n)
		}
		at += n
	}
	for _, s := range sources {
		if m := s.max.Load(); m > flushMax {
			t.Errorf("%d bytes asked for at once", m)
		}
	}
}

// A peer that does not read costs nothing while it does not, is served in full when it does, and what is sent to it
// besides does not land inside what is already being written.
func TestSourceWaitsForRoom(t *testing.T) {
	clients, conns := served(t, 1, 2)
	const total = 24 << 20
	s := newCounter()
	s.end.Store(total)
	conns[0].SetSource(s)
	last := int64(-1)
	eventually(t, "the socket is full", func() bool {
		clients[1].send("PING\r\n")
		clients[1].expect("+PONG")
		n := s.calls.Load()
		same := n == last
		last = n
		return same && n > 0
	})
	wantCount(t, clients[0].in, 0, total)
	conns[0].SetSource(nil)
	clients[0].send("PING\r\n")
	clients[0].expect("+PONG")
}

// A source goes on behind a reply, and a connection that is closed is not pulled from any more.
func TestSourceAfterReply(t *testing.T) {
	clients, conns := served(t, 1, 1)
	s := newCounter()
	conns[0].SetSource(s)
	clients[0].send("PING\r\n")
	clients[0].expect("+PONG")
	s.end.Store(1000)
	conns[0].Pull()
	wantCount(t, clients[0].in, 0, 1000)
	clients[0].send("QUIT\r\n")
	clients[0].expect("+OK")
	clients[0].expectEnd()
	conns[0].Pull()
	conns[0].SetSource(newCounter())
}
