package memnet

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
)

func TestLines(t *testing.T) {
	n := New()
	l, err := n.Listen("b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Listen("b"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("a second listener: %v", err)
	}
	dial := func() (near, far net.Conn) {
		t.Helper()
		got := make(chan net.Conn, 1)
		go func() {
			c, _ := l.Accept()
			got <- c
		}()
		near, err := n.Dial(t.Context(), "a", "b")
		if err != nil {
			t.Fatal(err)
		}
		return near, <-got
	}
	near, far := dial()
	go func() { _, _ = near.Write([]byte("x")) }()
	var b [1]byte
	if _, err := far.Read(b[:]); err != nil || b[0] != 'x' {
		t.Fatal(b, err)
	}

	n.Cut("b", "a")
	if _, err := far.Read(b[:]); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a cut line gives %v", err)
	}
	if _, err := n.Dial(t.Context(), "a", "b"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling over a cut line: %v", err)
	}
	n.Heal()
	near, _ = dial()
	n.Break("b")
	if _, err := near.Read(b[:]); !errors.Is(err, io.EOF) {
		t.Errorf("the end of the other process gives %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed listener gives %v", err)
	}
	if _, err := n.Dial(t.Context(), "a", "b"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling nobody: %v", err)
	}
}
