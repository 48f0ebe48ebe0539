package quorum

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// host is a member on real sockets and a real disk.
type host struct {
	g     *Group
	l     net.Listener
	stop  context.CancelFunc
	tasks sync.WaitGroup
	conns struct {
		sync.Mutex
		open []net.Conn
	}
}

func startHost(t *testing.T, dir, id string, l net.Listener, expect int) *host {
	t.Helper()
	h := &host{l: l}
	var d net.Dialer
	g, err := Open(Options{
		Dir: filepath.Join(dir, id), ID: id, Addr: l.Addr().String(), Machine: &tape{}, Expect: expect, Log: zerolog.Nop(),
		Dial: func(ctx context.Context, p Peer) (net.Conn, error) {
			c, err := d.DialContext(ctx, "tcp", p.Addr)
			if err == nil {
				h.keep(c)
			}
			return c, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.g = g
	ctx, cancel := context.WithCancel(context.Background())
	h.stop = cancel
	h.tasks.Go(func() {
		if err := g.Run(ctx); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	})
	h.tasks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.keep(c)
			_ = g.Accept(c)
		}
	})
	return h
}

func (h *host) keep(c net.Conn) {
	h.conns.Lock()
	defer h.conns.Unlock()
	h.conns.open = append(h.conns.open, c)
}

// kill ends everything at once, as the end of a process does.
func (h *host) kill() {
	h.l.Close()
	h.conns.Lock()
	for _, c := range h.conns.open {
		c.Close()
	}
	h.conns.Unlock()
	h.stop()
	h.tasks.Wait()
}

// A leader that dies is replaced within a second, over real sockets, with real disks, and no goroutine stays behind.
func TestLoopback(t *testing.T) {
	defer goleak.VerifyNone(t)
	const size = 3
	dir := t.TempDir()
	hosts, peers := map[string]*host{}, []Peer{}
	listeners := map[string]net.Listener{}
	for i := range size {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("%c", 'a'+i)
		listeners[id] = l
		peers = append(peers, Peer{ID: id, Addr: l.Addr().String()})
	}
	for id, l := range listeners {
		hosts[id] = startHost(t, dir, id, l, size)
		hosts[id].g.Saw(peers)
	}
	defer func() {
		for _, h := range hosts {
			h.kill()
		}
	}()
	leader := func() string {
		name := ""
		for _, h := range hosts {
			s := h.g.Status()
			if !s.InContact || name != "" && s.Leader != name {
				return ""
			}
			name = s.Leader
		}
		return name
	}
	eventually(t, 10*time.Second, "a group", func() bool { return leader() != "" })
	for i := range 20 {
		if _, err := hosts["b"].g.Propose(t.Context(), fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	dead := leader()
	began := time.Now()
	hosts[dead].kill()
	delete(hosts, dead)
	eventually(t, 3*time.Second, "another leader", func() bool { return leader() != "" && leader() != dead })
	took := time.Since(began)
	for _, h := range hosts {
		if _, err := h.g.Propose(t.Context(), []byte("after")); err != nil {
			t.Fatal(err)
		}
		if err := h.g.Confirm(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("another leader after %v", took)
	if took > time.Second {
		t.Errorf("another leader after %v, want a second at most", took)
	}
}

// eventually polls; testenv has the same for packages that may import it.
func eventually(t *testing.T, deadline time.Duration, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(deadline); !cond(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, deadline)
		}
	}
}
