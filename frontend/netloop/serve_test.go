package netloop

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"valkey/frontend/resp"
)

func TestPing(t *testing.T) {
	c := dial(t, start(t, Config{}, &echo{}))
	c.send("PING\r\n*1\r\n$4\r\nPING\r\n")
	c.expect("+PONG", "+PONG")
}

// New loops join the rotation while the server runs, and old ones leave it without losing their connections.
func TestLoopsComeAndGo(t *testing.T) {
	h := &echo{}
	s := start(t, Config{}, h)
	var clients []*client
	loops := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		seen := map[*Loop]bool{}
		for c := range h.mu.open {
			seen[c.Loop()] = true
		}
		return len(seen)
	}
	for _, step := range []struct{ loops, want int }{{1, 1}, {3, 3}, {2, 3}, {5, 5}} {
		if err := s.SetLoops(step.loops); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			clients = append(clients, dial(t, s))
		}
		for _, c := range clients {
			c.send("PING\r\n")
			c.expect("+PONG")
		}
		if got := loops(); got != step.want {
			t.Errorf("with %d loops, %d have connections, want %d", step.loops, got, step.want)
		}
	}
}

// One request arrives in two pieces, cut at each place in turn, then a byte at a time.
func TestTornAtEveryByte(t *testing.T) {
	c := dial(t, start(t, Config{}, &echo{}))
	in := string(resp.AppendCommand(nil, "ECHO", "hello\r\nworld"))
	for cut := 1; cut < len(in); cut++ {
		c.send(in[:cut])
		c.send(in[cut:])
		c.expect("$12", "hello", "world")
	}
	for i := range in {
		c.send(in[i : i+1])
	}
	c.expect("$12", "hello", "world")
}

func TestMillionCommandPipeline(t *testing.T) {
	const count = 1_000_000
	h := &echo{}
	s := start(t, Config{}, h)
	c := dial(t, s)
	go func() { // ends when everything is written, or with the connection
		block := bytes.Repeat([]byte("*1\r\n$4\r\nPING\r\n"), 1000)
		for range count / 1000 {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}()
	other := dial(t, s)
	for i := range count {
		if i%100_000 == 0 {
			other.send("PING\r\n") // somebody else is served meanwhile
			other.expect("+PONG")
		}
		c.expect("+PONG")
	}
	if got := h.commands.Load(); got != count+10 {
		t.Errorf("%d commands", got)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mu.largest > commandsMax+commandsPerConnMax {
		t.Errorf("a round of %d commands", h.mu.largest)
	}
}

func TestTenThousandConnections(t *testing.T) {
	h := &echo{}
	s := start(t, Config{Loops: 2, AcceptMax: 1000, Backlog: 4096}, h)
	for i := range 10_000 {
		conn, err := net.Dial("tcp", s.Addrs()[0])
		if err != nil {
			t.Fatal(err)
		}
		switch i % 4 {
		case 0:
			_, _ = conn.Write([]byte("PING\r\n"))
		case 1:
			_, _ = conn.Write([]byte("*2\r\n$100000000\r\nx")) // half a request
		case 2:
			_ = conn.(*net.TCPConn).SetLinger(0) // reset
		}
		_ = conn.Close()
	}
	eventually(t, "all connections are closed again", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.mu.open) == 0 && h.mu.closes == 10_000
	})
	if got := s.Stats().Accepted; got != 10_000 {
		t.Errorf("accepted %d", got)
	}
}

func TestHugeArgument(t *testing.T) {
	const size = 512 << 20
	h := &echo{}
	s := start(t, Config{}, h)
	c := dial(t, s)
	c.send(fmt.Sprintf("*2\r\n$3\r\nLEN\r\n$%d\r\n", size))
	block := make([]byte, 1<<20)
	for range size >> 20 {
		if _, err := c.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	c.send("\r\nPING\r\n")
	c.expect(fmt.Sprintf(":%d", size), "+PONG")
}

func TestAnnouncedLengthIsNotAllocated(t *testing.T) {
	h := &echo{}
	c := dial(t, start(t, Config{}, h))
	c.send("*2\r\n$3\r\nLEN\r\n$536870912\r\nabc")
	server := theOnly(t, h)
	eventually(t, "the bytes are there", func() bool { used, _ := server.QueryBuffer(); return used > 0 })
	if used, size := server.QueryBuffer(); size > queryTrusted {
		t.Errorf("%d bytes for %d received", size, used)
	}
	c.send(strings.Repeat("x", 3<<20))
	eventually(t, "3 MB are there", func() bool { used, _ := server.QueryBuffer(); return used > 3<<20 })
	if used, size := server.QueryBuffer(); size > 2*used {
		t.Errorf("%d bytes for %d received", size, used)
	}
}

// theOnly waits for the one connection that is open.
func theOnly(t *testing.T, h *echo) (c *Conn) {
	t.Helper()
	eventually(t, "one connection is open", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for c = range h.mu.open {
			return true
		}
		return false
	})
	return c
}

func TestHoldKeepsOrder(t *testing.T) {
	h := &echo{}
	s := start(t, Config{Loops: 2}, h)
	c, other := dial(t, s), dial(t, s)
	for range 20 {
		c.send("ECHO 1\r\nHOLD\r\nECHO 2\r\nECHO 3\r\n*2\r\n$4\r\nECHO\r\n")
		c.expect("$1", "1", "+OK")
		c.send("$1\r\n4\r\nECHO 5\r\n")
		other.send("RELEASE\r\n")
		other.expect("+OK")
		c.expect("+notified", "$1", "2", "$1", "3", "$1", "4", "$1", "5")
	}
}

func TestPostponedCommandComesAgain(t *testing.T) {
	h := &echo{}
	s := start(t, Config{}, h)
	c, other := dial(t, s), dial(t, s)
	c.send("PING\r\nLATER\r\nECHO x\r\n")
	c.expect("+PONG")
	other.send("RELEASE\r\n")
	other.expect("+OK")
	c.expect("+notified", "+late", "$1", "x")
}

func TestHeldClientHangsUp(t *testing.T) {
	h := &echo{}
	c := dial(t, start(t, Config{}, h))
	c.send("HOLD\r\nPING\r\n")
	c.expect("+OK")
	c.Close()
	eventually(t, "the connection is closed", func() bool { return h.opened() == 0 })
}

func TestQueryBufferLimit(t *testing.T) {
	h := &echo{}
	c := dial(t, start(t, Config{QueryBufferMax: 1 << 20}, h))
	c.send("HOLD\r\n")
	c.expect("+OK")
	_, _ = c.Write(make([]byte, 4<<20)) // may be cut off in the middle
	c.expectEnd()
	eventually(t, "the connection is closed", func() bool { return h.opened() == 0 })
}

func TestNotifyFromOtherGoroutines(t *testing.T) {
	h := &echo{}
	s := start(t, Config{Loops: 2}, h)
	c := dial(t, s)
	c.send("PING\r\n")
	c.expect("+PONG")
	server := theOnly(t, h)
	for range 1000 {
		server.Notify()
		c.expect("+notified")
	}
}

func TestSlowReader(t *testing.T) {
	h := &echo{}
	s := start(t, Config{}, h)
	c := dial(t, s)
	const size, count = 100_000, 200
	for range count {
		c.send(fmt.Sprintf("FILL %d\r\nPING\r\n", size))
	}
	server := theOnly(t, h)
	eventually(t, "the socket is full", func() bool { n, chunks := server.Unsent(); return n > size && chunks > 0 })
	body := strings.Repeat("x", size)
	for range count {
		c.expect(fmt.Sprintf("$%d", size), body, "+PONG")
	}
	eventually(t, "nothing is left", func() bool { n, chunks := server.Unsent(); return n == 0 && chunks == 0 })
}

func TestClientThatNeverReads(t *testing.T) {
	h := &echo{outMax: 8 << 20}
	c := dial(t, start(t, Config{}, h))
	go func() { // ends when the server cuts the connection
		for {
			if _, err := c.Write([]byte("FILL 100000\r\n")); err != nil {
				return
			}
		}
	}()
	eventually(t, "the client was seen", func() bool { return h.commands.Load() > 0 })
	eventually(t, "the connection is closed", func() bool { return h.opened() == 0 })
}

func TestProtocolErrorAfterGoodCommands(t *testing.T) {
	h := &echo{}
	c := dial(t, start(t, Config{}, h))
	c.send("PING\r\nPING\r\n*x\r\nPING\r\n")
	c.expect("+PONG", "+PONG", "-ERR Protocol error: invalid multibulk length")
	c.expectEnd()
}

func TestLimitsLiftedByAnEarlierCommandOfThePacket(t *testing.T) {
	h := &echo{onOpen: func(c *Conn) []byte { c.SetLimits(&resp.Limits{Unauthenticated: true}); return nil }}
	s := start(t, Config{}, h)
	c := dial(t, s)
	words := append([]string{"COUNT"}, make([]string, 19)...)
	c.send("AUTH x\r\n" + string(resp.AppendCommand(nil, words...)))
	c.expect("+OK", ":20")
	c = dial(t, s)
	c.send(string(resp.AppendCommand(nil, words...)))
	c.expect("-ERR Protocol error: unauthenticated multibulk length")
	c.expectEnd()
}

func TestReject(t *testing.T) {
	h := &echo{onOpen: func(c *Conn) []byte { return []byte("-ERR max number of clients reached\r\n") }}
	c := dial(t, start(t, Config{}, h))
	c.expect("-ERR max number of clients reached")
	c.expectEnd()
}

func TestQuit(t *testing.T) {
	c := dial(t, start(t, Config{}, &echo{}))
	c.send("FILL 10000000\r\nQUIT\r\nPING\r\n")
	c.expect("$10000000", strings.Repeat("x", 10_000_000), "+OK")
	c.expectEnd()
}

func TestHalfClosedClientGetsItsReplies(t *testing.T) {
	c := dial(t, start(t, Config{}, &echo{}))
	c.send(strings.Repeat("PING\r\n", 1000))
	_ = c.Conn.(*net.TCPConn).CloseWrite()
	for range 1000 {
		c.expect("+PONG")
	}
	c.expectEnd()
}

func TestIdleClientHasNoQueryBuffer(t *testing.T) {
	h := &echo{}
	s := start(t, Config{}, h)
	c := dial(t, s)
	c.send("PING\r\n")
	c.expect("+PONG")
	server := theOnly(t, h)
	if used, size := server.QueryBuffer(); used != 0 || size != 0 {
		t.Errorf("%d of %d bytes", used, size)
	}
	s.PauseSweep(true)
	c.send("*2\r\n$4\r\nECHO\r\n")
	eventually(t, "a torn request is kept", func() bool { _, size := server.QueryBuffer(); return size > 0 })
	c.send("$1\r\nx\r\n")
	c.expect("$1", "x")
	if used, size := server.QueryBuffer(); used != 0 || size < queryMin || size > 2*queryMin {
		t.Errorf("%d of %d bytes", used, size)
	}
	s.PauseSweep(false)
	c.send("SWEEP\r\n")
	c.expect("+OK")
	if _, size := server.QueryBuffer(); size != 0 {
		t.Errorf("an idle client holds %d bytes", size)
	}
}

func TestTickAndWake(t *testing.T) {
	h := &ticker{ticks: make(chan time.Time, 100)}
	s := start(t, Config{}, h)
	<-h.ticks
	s.Wake()
	<-h.ticks
}

// ticker never wants to be called again, so only the bound of 100 ms and Wake bring it on.
type ticker struct {
	echo
	ticks chan time.Time
}

func (h *ticker) Tick(now time.Time) time.Time {
	select {
	case h.ticks <- now:
	default: // nobody counts any more
	}
	return now.Add(time.Hour)
}
