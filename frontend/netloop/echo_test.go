package netloop

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"valkey/frontend/resp"
)

// echo is a handler with a handful of commands. What is guarded by mu may be looked at by tests.
type echo struct {
	spare []byte // one loop only uses it under mu

	mu struct {
		sync.Mutex
		open     map[*Conn]bool
		closes   int
		notified int
		rounds   int
		largest  int // most commands in a round
		parked   *Conn
	}
	commands atomic.Int64
	onOpen   func(c *Conn) []byte
	outMax   int // unsent bytes that close a connection
}

type echoState struct{ w resp.Writer }

func (h *echo) Open(c *Conn) []byte {
	if h.onOpen != nil {
		if reject := h.onOpen(c); reject != nil {
			return reject
		}
	}
	c.State = &echoState{w: resp.Writer{Proto: 2}}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mu.open == nil {
		h.mu.open = map[*Conn]bool{}
	}
	h.mu.open[c] = true
	return nil
}

func (h *echo) Closed(c *Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.mu.open[c] {
		panic("BUG: closed twice, or never opened")
	}
	delete(h.mu.open, c)
	h.mu.closes++
}

func (h *echo) Tick(now time.Time) time.Time { return now.Add(time.Hour) }

func (h *echo) Run(r *Round) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.rounds++
	h.mu.largest = max(h.mu.largest, len(r.Commands))
	for i := 0; i < len(r.Commands); {
		c := r.Commands[i].Conn
		w := &c.State.(*echoState).w
		w.Buf = h.spare
		for ; i < len(r.Commands) && r.Commands[i].Conn == c; i++ {
			if r.Take(i) {
				h.command(r, i, c, w)
			}
		}
		h.spare = c.Send(w.Buf)
		w.Buf = nil
		if unsent, _ := c.Unsent(); h.outMax > 0 && unsent > h.outMax {
			c.CloseNow()
		}
	}
	for _, c := range append(r.Notified, r.TakeNotified()...) {
		h.mu.notified++
		c.Send([]byte("+notified\r\n"))
		c.Release()
	}
}

func (h *echo) command(r *Round, i int, c *Conn, w *resp.Writer) {
	h.commands.Add(1)
	cmd := &r.Commands[i]
	if cmd.Err != nil {
		if errors.Is(cmd.Err, ErrQueryBuffer) {
			c.CloseNow()
			return
		}
		w.Error("ERR " + cmd.Err.Error())
		return
	}
	args := cmd.Args
	switch string(args[0]) {
	case "PING":
		w.Simple("PONG")
	case "ECHO":
		w.Bulk(args[1])
	case "COUNT":
		w.Int(int64(len(args)))
	case "LEN":
		w.Int(int64(len(args[1])))
	case "FILL":
		n, _ := resp.ParseInt(args[1])
		w.Bulk(bytes.Repeat([]byte("x"), int(n)))
	case "HOLD": // until another client says RELEASE
		w.OK()
		h.mu.parked = c
		c.Hold()
	case "LATER": // once
		if h.mu.parked != c {
			h.mu.parked = c
			r.Postpone(i)
			return
		}
		w.Simple("late")
	case "RELEASE":
		h.mu.parked.Notify()
		w.OK()
	case "AUTH":
		c.SetLimits(&resp.Limits{})
		w.OK()
	case "SWEEP": // as after so much time
		for range idleSweeps + 1 {
			c.loop.sweep()
		}
		w.OK()
	case "QUIT":
		w.OK()
		c.CloseAfterFlush()
	default:
		w.Error("ERR unknown command")
	}
}

// echoHandler is an echo or what embeds one.
type echoHandler interface {
	Handler
	opened() int
}

func (h *echo) opened() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.mu.open)
}

// start serves h on a free port until the test ends, and then proves that everything was closed.
func start(t testing.TB, cfg Config, h echoHandler) *Server {
	t.Helper()
	s, err := New(cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen([]string{"127.0.0.1"}, 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }() // ends at Cleanup
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := h.opened(); n != 0 {
			t.Errorf("%d connections were never closed", n)
		}
	})
	return s
}

// client is a plain connection with a deadline on everything.
type client struct {
	net.Conn
	in *bufio.Reader
	t  testing.TB
}

const patience = 20 * time.Second

func dial(t testing.TB, s *Server) *client {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &client{Conn: conn, in: bufio.NewReaderSize(conn, 1<<16), t: t}
}

func (c *client) send(s string) {
	c.t.Helper()
	if _, err := c.Write([]byte(s)); err != nil {
		c.t.Fatal(err)
	}
}

// line reads one line without its CRLF.
func (c *client) line() string {
	c.t.Helper()
	s, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatalf("read: %q, %v", s, err)
	}
	return s[:len(s)-2]
}

func (c *client) expect(lines ...string) {
	c.t.Helper()
	for _, want := range lines {
		if got := c.line(); got != want {
			c.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// expectEnd wants the server to have closed the connection.
func (c *client) expectEnd() {
	c.t.Helper()
	if b, err := c.in.ReadByte(); err == nil {
		c.t.Fatalf("got byte %q, want the end", b)
	} else if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		c.t.Fatal("the connection was not closed")
	}
}

// eventually polls cond without sleeping: the loops need the processor more than the test does.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		timer := time.NewTimer(time.Millisecond)
		<-timer.C
	}
}
