package proxy_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"valkey/testenv"
	"valkey/testenv/proxy"
)

const deadline = 10 * time.Second

// echo is a target that sends everything back.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with its connection
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, p *proxy.Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPassesEverythingInPieces(t *testing.T) {
	p := proxy.New(t, echo(t))
	for _, piece := range []int{1, 7, 1 << 20} {
		p.SetPace(piece, 0)
		c := dial(t, p)
		want := bytes.Repeat([]byte("abcdefg"), 1000)
		if _, err := c.Write(want); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("piece %d: %v", piece, err)
		}
	}
	if up, down := p.Passed(proxy.Up), p.Passed(proxy.Down); up != 21000 || down != 21000 {
		t.Errorf("passed %d up, %d down", up, down)
	}
}

// TestCutsAtTheByte cuts at every byte: the one who connected gets those before it and then the end.
func TestCutsAtTheByte(t *testing.T) {
	p := proxy.New(t, echo(t))
	const text = "0123456789"
	for at := range len(text) + 1 {
		p.Break(proxy.Fault{Kind: proxy.Cut, Dir: proxy.Down, After: int64(at)})
		c := dial(t, p)
		_, _ = io.WriteString(c, text) // cut already when at is 0
		got, err := io.ReadAll(c)
		if string(got) != text[:at] {
			t.Errorf("cut at %d: got %q, %v", at, got, err)
		}
	}
	c := dial(t, p) // no fault is left
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, len(text))); err != nil {
		t.Error(err)
	}
}

func TestOneWayCutKeepsTheConnection(t *testing.T) {
	for _, kind := range []proxy.Kind{proxy.Stall, proxy.Lose} {
		p := proxy.New(t, echo(t))
		c := dial(t, p)
		if _, err := io.WriteString(c, "a"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		p.BreakNow(proxy.Fault{Kind: kind, Dir: proxy.Down, After: 1})
		if _, err := io.WriteString(c, "bcd"); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 2)
		testenv.Eventually(t, deadline, "three bytes went up", func() bool { return p.Passed(proxy.Up) == 4 })
		if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, err := io.ReadFull(c, got); n != 1 || got[0] != 'b' || err == io.EOF {
			t.Errorf("%v: %d bytes, %v", kind, n, err)
		}
		if p.Open() != 1 {
			t.Errorf("%v: %d connections", kind, p.Open())
		}
		p.Sever()
		testenv.Eventually(t, deadline, "the link is gone", func() bool { return p.Open() == 0 })
	}
}

func TestTargetMoves(t *testing.T) {
	p := proxy.New(t, "127.0.0.1:1") // nobody there
	if b, err := io.ReadAll(dial(t, p)); len(b) > 0 {
		t.Error(b, err)
	}
	p.SetTarget(echo(t))
	c := dial(t, p)
	if _, err := io.WriteString(c, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Error(err)
	}
	if p.Accepted() != 1 {
		t.Errorf("%d connections reached a target", p.Accepted())
	}
}
