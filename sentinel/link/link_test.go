package link_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"valkey/frontend/resp"
	"valkey/sentinel/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// peer is a server whose replies the test writes itself.
type peer struct {
	t *testing.T
	net.Listener
}

func newPeer(t *testing.T) peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return peer{t, l}
}

func (p peer) target(n uint64, role link.Role, setup ...[]string) link.Target {
	return link.Target{Link: n, Role: role, Host: "127.0.0.1", Port: p.Addr().(*net.TCPAddr).Port, Setup: setup}
}

// session is one accepted connection.
type session struct {
	t *testing.T
	net.Conn
	in *resp.Reader
}

func (p peer) accept() session {
	p.t.Helper()
	c, err := p.Accept()
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	return session{p.t, c, resp.NewReader(c)}
}

// expect reads commands.
func (s session) expect(want ...string) {
	s.t.Helper()
	for _, want := range want {
		v, err := s.in.Read()
		if err != nil {
			s.t.Fatalf("waiting for %q: %v", want, err)
		}
		var words []string
		for _, e := range v.Elems {
			words = append(words, e.Str)
		}
		if got := strings.Join(words, " "); got != want {
			s.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func (s session) say(text string) {
	s.t.Helper()
	if _, err := s.Write([]byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

func newLinks(t *testing.T, d link.Dialer) *link.Links {
	l := link.New(d)
	t.Cleanup(l.Close)
	return l
}

// next gives the next event of interest.
func next(t *testing.T, l *link.Links) link.Event {
	t.Helper()
	for {
		select {
		case e := <-l.Events():
			if l.Take(e) {
				return e
			}
		case <-time.After(patience):
			t.Fatal("no event")
		}
	}
}

func expectEvent(t *testing.T, l *link.Links, kind link.Kind, seq uint64, text string) link.Event {
	t.Helper()
	e := next(t, l)
	if e.Kind != kind || e.Seq != seq || !strings.Contains(e.Text, text) {
		t.Fatalf("got event %+v, want kind %d, number %d, text %q", e, kind, seq, text)
	}
	return e
}

// TestPipeline sends several commands before the first reply comes: all go out at once, the replies keep their numbers,
// and those of the setup are nobody's.
func TestPipeline(t *testing.T) {
	p, l := newPeer(t), newLinks(t, link.Dialer{Source: "127.0.0.1"})
	if l.Send(7, 1, [][]string{{"PING"}}) {
		t.Error("a connection that is not open takes a command")
	}
	l.Connect(p.target(7, link.Commands, []string{"AUTH", "u", "p"}, []string{"CLIENT", "SETNAME", "s-cmd"}))
	s := p.accept()
	s.expect("AUTH u p", "CLIENT SETNAME s-cmd")
	expectEvent(t, l, link.Up, 0, "127.0.0.1")
	l.Send(7, 1, [][]string{{"INFO"}})
	l.Send(7, 2, [][]string{{"MULTI"}, {"SLAVEOF", "NO", "ONE"}, {"CLIENT", "KILL", "TYPE", "normal"}, {"EXEC"}})
	l.Send(7, 3, [][]string{{"PING"}})
	s.expect("INFO", "MULTI", "SLAVEOF NO ONE", "CLIENT KILL TYPE normal", "EXEC", "PING")
	info := strings.Repeat("x", 100_000)
	s.say("-WRONGPASS no\r\n-NOAUTH no\r\n$100000\r\n" + info + "\r\n")
	if e := expectEvent(t, l, link.Reply, 1, "xx"); e.Text != info || e.Link != 7 {
		t.Errorf("INFO's reply has %d bytes", len(e.Text))
	}
	s.say("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:3\r\n")
	if e := expectEvent(t, l, link.Reply, 2, ""); fmt.Sprint(e.Items) != "[OK 3]" {
		t.Errorf("the transaction answered %q", e.Items)
	}
	s.say("-LOADING data\r\n")
	expectEvent(t, l, link.Reply, 3, "-LOADING data")
	_ = s.Close()
	expectEvent(t, l, link.Down, 0, "EOF")
	if l.Send(7, 4, [][]string{{"PING"}}) {
		t.Error("a connection that has ended takes a command")
	}
}

func TestPubSub(t *testing.T) {
	p, l := newPeer(t), newLinks(t, link.Dialer{})
	l.Connect(p.target(1, link.PubSub, []string{"SUBSCRIBE", "__sentinel__:hello"}))
	s := p.accept()
	s.expect("SUBSCRIBE __sentinel__:hello")
	expectEvent(t, l, link.Up, 0, "127.0.0.1")
	s.say("*3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n")
	s.say("*3\r\n$7\r\nmessage\r\n$18\r\n__sentinel__:hello\r\n$3\r\na,b\r\n")
	if e := expectEvent(t, l, link.Message, 0, "a,b"); e.Role != link.PubSub {
		t.Errorf("the message came from %+v", e)
	}
}

// TestRefusedSubscription shows that a pub/sub connection ends where it may not listen; a refused AUTH alone does no
// harm.
func TestRefusedSubscription(t *testing.T) {
	p, l := newPeer(t), newLinks(t, link.Dialer{})
	setup := [][]string{{"AUTH", "p"}, {"SUBSCRIBE", "c"}}
	l.Connect(p.target(1, link.PubSub, setup...))
	s := p.accept()
	s.expect("AUTH p", "SUBSCRIBE c")
	expectEvent(t, l, link.Up, 0, "")
	s.say("-ERR no password\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
	s.say("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n")
	expectEvent(t, l, link.Message, 0, "hi")
	l.Connect(p.target(1, link.PubSub, setup...))
	s = p.accept()
	s.expect("AUTH p", "SUBSCRIBE c")
	expectEvent(t, l, link.Up, 0, "")
	s.say("-WRONGPASS no\r\n-NOAUTH no\r\n")
	expectEvent(t, l, link.Down, 0, "refused: NOAUTH no")
}

// TestReplaced closes a connection whose events wait already: none of them is taken for the new one's.
func TestReplaced(t *testing.T) {
	p, l := newPeer(t), newLinks(t, link.Dialer{})
	l.Connect(p.target(1, link.Commands))
	old := p.accept()
	expectEvent(t, l, link.Up, 0, "")
	l.Send(1, 5, [][]string{{"PING"}})
	old.expect("PING")
	old.say("+PONG\r\n")
	stale := <-l.Events()
	l.Connect(p.target(1, link.Commands))
	if l.Take(stale) {
		t.Error("the old connection's reply is taken")
	}
	s := p.accept()
	expectEvent(t, l, link.Up, 0, "")
	if _, err := old.in.Read(); err == nil {
		t.Error("the old connection is open")
	}
	l.Send(1, 6, [][]string{{"PING"}})
	s.expect("PING")
	s.say("+PONG\r\n")
	expectEvent(t, l, link.Reply, 6, "PONG")
	l.Disconnect(1, link.Commands)
	if _, err := s.in.Read(); err == nil {
		t.Error("the connection is open after Disconnect")
	}
}

// TestUnread keeps sending to a peer that reads nothing: the owner never waits, and the connection ends at the limit.
func TestUnread(t *testing.T) {
	p, l := newPeer(t), newLinks(t, link.Dialer{})
	l.Connect(p.target(1, link.Commands))
	p.accept()
	expectEvent(t, l, link.Up, 0, "")
	big, sent := strings.Repeat("x", 64<<10), 0
	for l.Send(1, 1, [][]string{{"PUBLISH", big}}) {
		if sent++; sent > 10_000 {
			t.Fatal("no limit")
		}
	}
	expectEvent(t, l, link.Down, 0, "does not read")
}

// TestUnanswered is the same with a peer that reads and does not answer.
func TestUnanswered(t *testing.T) {
	p, l := newPeer(t), newLinks(t, link.Dialer{})
	l.Connect(p.target(1, link.Commands))
	p.accept()
	expectEvent(t, l, link.Up, 0, "")
	sent := 0
	for l.Send(1, 1, [][]string{{"PING"}}) {
		sent++
	}
	if sent != 4096 {
		t.Errorf("%d sends without a reply", sent)
	}
	expectEvent(t, l, link.Down, 0, "does not answer")
}

// TestGarbage shows that a peer that breaks the protocol, or says too much, is closed.
func TestGarbage(t *testing.T) {
	for what, text := range map[string]string{
		"malformed":   "HTTP/1.1 200 OK\r\n",
		"nobody":      "+OK\r\n+OK\r\n",
		"too long":    "$8388608\r\n" + strings.Repeat("x", 5<<20),
		"end of file": "",
	} {
		p, l := newPeer(t), newLinks(t, link.Dialer{})
		l.Connect(p.target(1, link.Commands, []string{"PING"}))
		s := p.accept()
		s.expect("PING")
		expectEvent(t, l, link.Up, 0, "")
		go func() { // ends when the other side closes
			_, _ = s.Write([]byte(text))
			if text == "" {
				_ = s.Close()
			}
		}()
		if e := next(t, l); e.Kind != link.Down {
			t.Errorf("%s: %+v", what, e)
		}
	}
}

// TestNoPeer tells a connection that cannot be opened, and one that is given up.
func TestNoPeer(t *testing.T) {
	p, l := newPeer(t), newLinks(t, link.Dialer{})
	target := p.target(1, link.Commands)
	_ = p.Close()
	l.Connect(target)
	expectEvent(t, l, link.Down, 0, "refused")
	l.SetDialer(link.Dialer{Source: "nowhere"})
	l.Connect(target)
	expectEvent(t, l, link.Down, 0, "bind-source-addr")
	l.Connect(link.Target{Link: 2, Host: "192.0.2.1", Port: 1})
	l.Disconnect(2, link.Commands)
}

func TestResolve(t *testing.T) {
	l := newLinks(t, link.Dialer{})
	l.Resolve("localhost")
	l.Resolve("localhost")
	if e := expectEvent(t, l, link.Resolved, 0, "127.0.0.1"); e.Host != "localhost" {
		t.Errorf("resolved %q", e.Host)
	}
	l.Resolve("no such host.invalid")
	if e := expectEvent(t, l, link.Resolved, 0, ""); e.Text != "" || e.Host != "no such host.invalid" {
		t.Errorf("%+v", e)
	}
}

func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t)
	own := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	p.Listener = tls.NewListener(p.Listener, &tls.Config{Certificates: []tls.Certificate{own}})
	l := newLinks(t, link.Dialer{TLS: &tls.Config{InsecureSkipVerify: true}})
	l.Connect(p.target(1, link.Commands, []string{"PING"}))
	s := p.accept()
	s.expect("PING")
	expectEvent(t, l, link.Up, 0, "")
	l.SetDialer(link.Dialer{TLS: &tls.Config{ServerName: "other"}})
	l.Connect(p.target(2, link.Commands))
	go func() { _, _ = bufio.NewReader(p.accept()).ReadByte() }() // shakes hands, until the other side refuses
	expectEvent(t, l, link.Down, 0, "certificate")
}

// BenchmarkMany holds 1200 idle connections, which is 200 primaries with 2 replicas each, and reports what one costs.
func BenchmarkMany(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // until the listener is closed
		for ctx.Err() == nil {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer func() { _ = c.Close() }()
		}
	}()
	port, _ := strconv.Atoi(ln.Addr().String()[strings.LastIndexByte(ln.Addr().String(), ':')+1:])
	const many = 1200
	for b.Loop() {
		before := heapAndStacks()
		l := link.New(link.Dialer{})
		for i := range uint64(many) {
			l.Connect(link.Target{Link: i, Host: "127.0.0.1", Port: port})
		}
		for range many {
			if e := <-l.Events(); !l.Take(e) || e.Kind != link.Up {
				b.Fatalf("%+v", e)
			}
		}
		b.ReportMetric(float64(heapAndStacks()-before)/many, "B/link")
		l.Close()
	}
}

// heapAndStacks is what is in use once the collector has been round.
func heapAndStacks() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
