package netloop

import (
	"io"
	"net"
	"testing"

	"valkey/frontend/resp"
)

// leaver is an echo that gives a connection away when it says LEAVE.
type leaver struct {
	echo
	heirs chan net.Conn
}

func (h *leaver) Run(r *Round) {
	if len(r.Commands) > 0 && string(r.Commands[0].Args[0]) == "LEAVE" {
		c := r.Commands[0].Conn
		r.Take(0)
		w := resp.Writer{Proto: 2}
		w.OK()
		c.Send(w.Buf)
		c.Detach(func(conn net.Conn) { h.heirs <- conn })
		return
	}
	h.echo.Run(r)
}

// A connection that is given away has its reply first, is closed for the handler, and carries bytes both ways; with TLS
// it goes on in its session.
func TestDetach(t *testing.T) {
	h := &leaver{heirs: make(chan net.Conn, 1)}
	s := startSecured(t, Config{}, h)
	for name, c := range map[string]*client{"plain": dial(t, s.Server), "tls": s.over(t, nil)} {
		t.Run(name, func(t *testing.T) {
			c.send("PING\r\n")
			c.expect("+PONG")
			c.send("LEAVE\r\n")
			c.expect("+OK")
			heir := <-h.heirs
			defer heir.Close()
			eventually(t, "the handler is told", func() bool { return h.opened() < 2 })
			c.send("from here\r\n")
			b := make([]byte, len("from here\r\n"))
			if _, err := io.ReadFull(heir, b); err != nil || string(b) != "from here\r\n" {
				t.Fatalf("got %q, %v", b, err)
			}
			if _, err := heir.Write([]byte("from there\r\n")); err != nil {
				t.Fatal(err)
			}
			c.expect("from there")
			if err := heir.Close(); err != nil {
				t.Fatal(err)
			}
			c.expectEnd()
		})
	}
	hasty := dial(t, s.Server) // does not wait for the answer
	hasty.send("LEAVE\r\nPING\r\n")
	hasty.expect("+OK")
	hasty.expectEnd()
}
