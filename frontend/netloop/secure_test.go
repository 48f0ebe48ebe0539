package netloop

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{key: newKey(t), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(t testing.TB, name string) tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secured is a server that speaks TLS on its second address, and what a client needs to trust it.
type secured struct {
	*Server
	authority *authority
	client    *tls.Config
}

func startSecured(t testing.TB, cfg Config, h echoHandler) *secured {
	t.Helper()
	s := &secured{Server: start(t, cfg, h), authority: newAuthority(t)}
	s.client = &tls.Config{RootCAs: s.authority.pool, ServerName: "server"}
	s.SetTLS(&tls.Config{Certificates: []tls.Certificate{s.authority.sign(t, "server")}})
	if err := s.ListenTLS([]string{"127.0.0.1"}, 0); err != nil {
		t.Fatal(err)
	}
	return s
}

// over makes a client of a connection to the TLS port, through wrap if that is not nil.
func (s *secured) over(t testing.TB, wrap func(net.Conn) net.Conn) *client {
	t.Helper()
	raw, err := net.Dial("tcp", s.Addrs()[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	_ = raw.SetDeadline(time.Now().Add(patience))
	if wrap != nil {
		raw = wrap(raw)
	}
	conn := tls.Client(raw, s.client)
	return &client{Conn: conn, in: bufio.NewReaderSize(conn, 1<<16), t: t}
}

func TestTLS(t *testing.T) {
	for _, loops := range []int{1, 3} {
		s := startSecured(t, Config{Loops: loops, AcceptTLSMax: 3}, &echo{})
		plain := dial(t, s.Server)
		var clients []*client
		for range 5 {
			clients = append(clients, s.over(t, nil))
		}
		for range 3 {
			for _, c := range clients {
				c.send("PING\r\nECHO a\r\n")
			}
			plain.send("PING\r\n")
			for _, c := range clients {
				c.expect("+PONG", "$1", "a")
			}
			plain.expect("+PONG")
		}
		clients[0].send("QUIT\r\n")
		clients[0].expect("+OK")
		clients[0].expectEnd()
	}
}

// slow hands bytes over one at a time, in both directions.
type slow struct{ net.Conn }

func (s slow) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := s.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

func (s slow) Read(p []byte) (int, error) { return s.Conn.Read(p[:1]) }

func TestTLSTornAnywhere(t *testing.T) {
	s := startSecured(t, Config{}, &echo{})
	c := s.over(t, func(c net.Conn) net.Conn { return slow{c} })
	c.send("PING\r\nECHO abc\r\nPING\r\n")
	c.expect("+PONG", "$3", "abc", "+PONG")
}

// TestTLSBulk sends arguments and replies of many records, more than any buffer holds.
func TestTLSBulk(t *testing.T) {
	s := startSecured(t, Config{}, &echo{})
	c := s.over(t, nil)
	const size = 9 << 20
	big := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	go func() { // ends when everything is sent, or the connection closed
		for range 2 {
			request := "*2\r\n$4\r\nECHO\r\n$9437184\r\n" + string(big) + "\r\n*1\r\n$4\r\nPING\r\n"
			_, _ = c.Write([]byte(request)) // what fails shows in the replies
		}
	}()
	got := make([]byte, size)
	for range 2 {
		c.expect("$9437184")
		if n, err := readFull(c.in, got); err != nil || !bytes.Equal(got, big) {
			t.Fatalf("%d bytes, %v", n, err)
		}
		c.expect("", "+PONG")
	}
}

func readFull(r *bufio.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}

// TestTLSPipeline has more requests in flight than a round executes, so that some wait within the TLS layer.
func TestTLSPipeline(t *testing.T) {
	s := startSecured(t, Config{}, &echo{})
	c := s.over(t, nil)
	const count = 50_000
	go func() { // ends when everything is sent
		_, _ = c.Write([]byte(strings.Repeat("ECHO 0123456789\r\n", count))) // what fails shows in the replies
	}()
	for range count {
		c.expect("$10", "0123456789")
	}
}

func TestTLSSource(t *testing.T) {
	var mu sync.Mutex
	var conns []*Conn
	h := &echo{onOpen: func(c *Conn) []byte {
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, c)
		return nil
	}}
	s := startSecured(t, Config{}, h)
	c := s.over(t, nil)
	c.send("PING\r\n")
	c.expect("+PONG")
	mu.Lock()
	conn := conns[0]
	mu.Unlock()
	src := newCounter()
	src.end.Store(3 << 20)
	conn.SetSource(src)
	wantCount(t, c.in, 0, 3<<20)
	src.end.Store(4 << 20)
	conn.Pull()
	wantCount(t, c.in, 3<<20, 1<<20)
}

func TestTLSCertificates(t *testing.T) {
	var mu sync.Mutex
	var names []string
	h := &echo{onOpen: func(c *Conn) []byte {
		mu.Lock()
		defer mu.Unlock()
		name := "nobody"
		if cert := c.PeerCertificate(); cert != nil {
			name = cert.Subject.CommonName
		}
		names = append(names, name)
		return nil
	}}
	s := startSecured(t, Config{}, h)
	ping := func(c *client) {
		t.Helper()
		c.send("PING\r\n")
		c.expect("+PONG")
	}
	first := s.over(t, nil)
	ping(first)
	other := newAuthority(t)
	s.SetTLS(&tls.Config{
		Certificates: []tls.Certificate{other.sign(t, "server")}, ClientCAs: other.pool,
		ClientAuth: tls.RequireAndVerifyClientCert,
	})
	ping(first) // whoever is in stays in
	if _, err := s.over(t, nil).Write([]byte("PING\r\n")); err == nil {
		t.Error("an unknown authority is trusted")
	}
	s.client = &tls.Config{RootCAs: other.pool, ServerName: "server", MaxVersion: tls.VersionTLS12}
	if _, err := s.over(t, nil).Write([]byte("PING\r\n")); err == nil {
		t.Error("a client without a certificate is let in")
	}
	s.client.Certificates = []tls.Certificate{other.sign(t, "alice")}
	ping(s.over(t, nil))
	mu.Lock()
	defer mu.Unlock()
	if len(names) != 2 || names[0] != "nobody" || names[1] != "alice" {
		t.Errorf("%q", names)
	}
}

// TestTLSRefusals: what is no handshake is closed and told, what turns a client away arrives.
func TestTLSRefusals(t *testing.T) {
	refused := make(chan error, 1)
	var full atomic.Bool
	h := &echo{onOpen: func(*Conn) []byte {
		if full.Load() {
			return []byte("-ERR full\r\n")
		}
		return nil
	}}
	s := startSecured(t, Config{Refused: func(_ string, err error) { refused <- err }}, h)
	raw, err := net.Dial("tcp", s.Addrs()[1])
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(patience))
	if _, err := raw.Write([]byte("PING\r\nPING\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := <-refused; err == nil || !strings.Contains(err.Error(), "handshake") {
		t.Error(err)
	}
	garbled := s.over(t, nil)
	garbled.send("PING\r\n")
	garbled.expect("+PONG")
	under := garbled.Conn.(*tls.Conn).NetConn()
	if _, err := under.Write(bytes.Repeat([]byte{23, 3, 3, 0, 5, 1, 2, 3, 4, 5}, 3)); err != nil {
		t.Fatal(err)
	}
	garbled.expectEnd()
	full.Store(true)
	turned := s.over(t, nil)
	turned.expect("-ERR full")
	turned.expectEnd()
}

// TestTLSLongFlight has a certificate with a chain that the socket does not take at once; another client comes
// meanwhile.
func TestTLSLongFlight(t *testing.T) {
	const chain, room = 100, 4 << 10 // certificates of half a kilobyte; bytes of the socket's buffer
	s := startSecured(t, Config{}, &echo{})
	long := s.authority.sign(t, "server")
	for range chain {
		long.Certificate = append(long.Certificate, s.authority.cert.Raw)
	}
	s.SetTLS(&tls.Config{Certificates: []tls.Certificate{long}})
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(pair[1]), "peer")
	raw, err := net.FileConn(f)
	f.Close()
	if err := errors.Join(err, unix.SetsockoptInt(pair[0], unix.SOL_SOCKET, unix.SO_SNDBUF, room)); err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(patience))
	accepted := &Conn{fd: int32(pair[0]), bufferPos: -1, loop: s.Loops()[0]}
	accepted.limits.Store(s.limits)
	s.shake(accepted)
	conn := tls.Client(raw, s.client)
	c := &client{Conn: conn, in: bufio.NewReader(conn), t: t}
	done := make(chan error, 1)
	go func() { done <- conn.Handshake() }() // ends with the handshake, or the deadline
	other := s.over(t, nil)
	other.send("PING\r\n")
	other.expect("+PONG")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	c.send("PING\r\n")
	c.expect("+PONG")
}

// TestTLSHandshakeEndsWithServer has a client that never says a word; start's cleanup proves that Run ends.
func TestTLSHandshakeEndsWithServer(t *testing.T) {
	s := startSecured(t, Config{}, &echo{})
	raw, err := net.Dial("tcp", s.Addrs()[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	eventually(t, "the handshake begins", func() bool { return s.handshakes.Load() == 1 })
}

// TestTLSConnsMax makes no handshake for a connection that is one too many, and makes one again when another has gone.
func TestTLSConnsMax(t *testing.T) {
	refused := make(chan error, 1)
	s := startSecured(t, Config{Refused: func(_ string, err error) { refused <- err }}, &echo{})
	s.SetConnsMax(2)
	plain, secure := dial(t, s.Server), s.over(t, nil)
	for _, c := range []*client{plain, secure} {
		c.send("PING\r\n")
		c.expect("+PONG")
	}
	if _, err := s.over(t, nil).Write([]byte("PING\r\n")); err == nil {
		t.Error("a third connection is served")
	}
	if err := <-refused; !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	plain.Close()
	eventually(t, "there is room again", func() bool { return s.open.Load() == 1 })
	again := s.over(t, nil)
	again.send("PING\r\n")
	again.expect("+PONG")
}

// TestTLSIdleHandshakeEnds closes a connection that does not finish its handshake in time, with a word or without one.
func TestTLSIdleHandshakeEnds(t *testing.T) {
	refused := make(chan error, 2)
	s := startSecured(t, Config{
		HandshakeMax: 20 * time.Millisecond, AcceptTLSMax: 2, Refused: func(_ string, err error) { refused <- err },
	}, &echo{})
	for _, word := range []string{"", "\x16\x03\x01\x02\x00\x01"} {
		raw, err := net.Dial("tcp", s.Addrs()[1])
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		_ = raw.SetDeadline(time.Now().Add(patience))
		if _, err := raw.Write([]byte(word)); err != nil {
			t.Fatal(err)
		}
		if n, err := raw.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("after %q: %d bytes, %v", word, n, err)
		}
		if err := <-refused; !errors.Is(err, errShakeSlow) {
			t.Errorf("after %q: %v", word, err)
		}
	}
	if n := s.handshakes.Load(); n != 0 {
		t.Errorf("%d handshakes run", n)
	}
}

// TestAcceptTLSMax takes no more connections in one turn than it may, however many wait: with and without TLS.
func TestAcceptTLSMax(t *testing.T) {
	refused := make(chan error, 8)
	s, err := New(Config{
		AcceptMax: 5, AcceptTLSMax: 2, Refused: func(_ string, err error) { refused <- err },
	}, &echo{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Loops()[0].end()
	defer s.CloseListeners()
	if err := errors.Join(s.Listen([]string{"127.0.0.1"}, 0), s.ListenTLS([]string{"127.0.0.1"}, 0)); err != nil {
		t.Fatal(err)
	}
	for i, most := range []uint64{5, 2} {
		ln := s.mu.listeners[i]
		for range 8 {
			c, err := net.Dial("tcp", ln.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		for left := uint64(8); left > 0; {
			before, want := s.accepted.Load(), min(most, left)
			s.accept(s.Loops()[0], ln.fd)
			if got := s.accepted.Load() - before; got != want {
				t.Fatalf("listener %d: a turn takes %d connections, want %d", i, got, want)
			}
			left -= want
		}
	}
}

// TestTLSReloadUnderConnections changes the certificate all the time while clients come and talk: each handshake ends
// well, with one certificate or the other, and nobody who is in is disturbed.
func TestTLSReloadUnderConnections(t *testing.T) {
	const clients, connections, loops = 4, 12, 2
	s := startSecured(t, Config{Loops: loops, AcceptTLSMax: 4}, &echo{})
	configs := []*tls.Config{
		{Certificates: []tls.Certificate{s.authority.sign(t, "server")}},
		{Certificates: []tls.Certificate{s.authority.sign(t, "server")}, SessionTicketsDisabled: true},
		{Certificates: []tls.Certificate{s.authority.sign(t, "server")}, MaxVersion: tls.VersionTLS12},
	}
	s.client.ClientSessionCache = tls.NewLRUClientSessionCache(clients) // who resumes must not be surprised either
	stay := s.over(t, nil)
	done, stop := make(chan struct{}), make(chan struct{})
	go func() { // ends with stop
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				s.SetTLS(configs[i%len(configs)])
				runtime.Gosched()
			}
		}
	}()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() { // ends after its connections
			for range connections {
				conn, err := tls.Dial("tcp", s.Addrs()[1], s.client)
				if err != nil {
					t.Error(err)
					return
				}
				_ = conn.SetDeadline(time.Now().Add(patience))
				reply := make([]byte, len("+PONG\r\n"))
				if _, err = conn.Write([]byte("PING\r\n")); err == nil {
					_, err = io.ReadFull(conn, reply)
				}
				if conn.Close(); err != nil || string(reply) != "+PONG\r\n" {
					t.Errorf("%q, %v", reply, err)
				}
			}
		})
	}
	for range connections {
		stay.send("PING\r\n")
		stay.expect("+PONG")
	}
	all.Wait()
	close(stop)
	<-done
}

// TestTLSWithoutConfiguration closes connections as long as nobody has set one, and counts them as no handshakes.
func TestTLSWithoutConfiguration(t *testing.T) {
	refused := make(chan error, 1)
	s := startSecured(t, Config{Refused: func(_ string, err error) { refused <- err }}, &echo{})
	cfg := s.tls.Load()
	s.SetTLS(nil)
	if _, err := s.over(t, nil).Write([]byte("PING\r\n")); err == nil {
		t.Error("a handshake succeeds")
	}
	if err := <-refused; err == nil {
		t.Error("nothing is told")
	}
	if n := s.handshakes.Load(); n != 0 {
		t.Errorf("%d handshakes run", n)
	}
	s.SetTLS(cfg)
	c := s.over(t, nil)
	c.send("PING\r\n")
	c.expect("+PONG")
}
