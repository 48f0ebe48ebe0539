package link_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"valkey/server/repl/link"
)

// follower keeps what a link brings.
type follower struct {
	who     link.Introduction
	timeout time.Duration
	slow    time.Duration // Load takes so long
	room    int64         // for what comes meanwhile

	mu       sync.Mutex
	answer   link.Answer
	notes    []string
	loaded   []byte
	complete bool // the copy was taken to its end
	stream   []byte
	commands []string
	pending  int
	streams  bool
	current  int // bytes of the stream that came before Current; -1 until then
}

func (f *follower) Introduce() link.Introduction { return f.who }
func (f *follower) Timeout() time.Duration       { return f.timeout }
func (f *follower) Claimed()                     {}
func (f *follower) ReserveMax() int64            { return f.room }

func (f *follower) Note(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notes = append(f.notes, text)
}

func (f *follower) Answered(a link.Answer) error {
	f.answer = a
	return nil
}

func (f *follower) Load(p *link.Payload) error {
	p.Loading()
	b, err := io.ReadAll(p)
	f.loaded = b
	if err != nil {
		return err
	}
	if f.slow > 0 {
		<-time.After(f.slow) // virtual: in a bubble only
	}
	f.complete = true
	return nil
}

func (f *follower) Stream(net.Conn) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.streams, f.current = true, -1
	return nil
}

func (f *follower) Current() error {
	f.current = len(f.stream)
	return nil
}

func (f *follower) Apply(b *link.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	size := 0
	for _, c := range b.Commands {
		size += c.Size
		f.commands = append(f.commands, string(bytes.Join(c.Argv, []byte(" "))))
	}
	if size != len(b.Raw) {
		return fmt.Errorf("commands of %d bytes in %d", size, len(b.Raw))
	}
	f.stream = append(f.stream, b.Raw...)
	f.pending = b.Pending
	return nil
}

func (f *follower) Position() (applied, durable int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.stream)), link.NoOffset
}

// script is a connection to a primary that says a fixed text and hangs up.
type script struct {
	net.Conn
	says io.Reader
	mu   sync.Mutex
	said bytes.Buffer
}

func (s *script) Read(b []byte) (int, error)       { return s.says.Read(b) }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) Close() error                     { return nil }

func (s *script) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(b)
}

// serve runs a link against a script. It returns what the replica said and how the link ended.
func serve(t *testing.T, f *follower, says io.Reader) (heard string, err error) {
	t.Helper()
	c := &script{says: says}
	err = link.New(f, func(context.Context) (net.Conn, error) { return c, nil }).Run(t.Context())
	return c.said.String(), err
}

const (
	id      = "0123456789abcdef0123456789abcdef01234567"
	mark    = "ff0123456789abcdef0123456789abcdef012345"
	welcome = "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n"
	set     = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n"
	ping    = "*1\r\n$4\r\nPING\r\n"
)

// TestEveryCut: wherever a primary breaks off, the replica has a prefix of what was sent, and no copy that is not
// whole.
func TestEveryCut(t *testing.T) {
	copied, full := strings.Repeat("copy ff ", 40), set+ping+"\r\n"+set
	for name, says := range map[string]string{
		"mark": welcome + "\n+FULLRESYNC " + id + " 7\r\n\n$EOF:" + mark + "\r\n" +
			copied + mark + full,
		"size": welcome + "+FULLRESYNC " + id + " 7\r\n" + fmt.Sprintf("$%d\r\n", len(copied)) +
			copied + full,
		"continue": welcome + "+CONTINUE\r\n" + full,
	} {
		for cut := range len(says) + 1 {
			f := &follower{timeout: time.Hour}
			_, err := serve(t, f, strings.NewReader(says[:cut]))
			if err == nil {
				t.Fatalf("%s: cut at %d: no error", name, cut)
			}
			if !strings.HasPrefix(full, string(f.stream)) {
				t.Fatalf("%s: cut at %d: stream %q", name, cut, f.stream)
			}
			if f.complete && string(f.loaded) != copied || !strings.HasPrefix(copied, string(f.loaded)) {
				t.Fatalf("%s: cut at %d: copy %q, complete %v", name, cut, f.loaded, f.complete)
			}
			if len(f.stream) > 0 && name != "continue" && !f.complete {
				t.Fatalf("%s: cut at %d: a stream without a copy", name, cut)
			}
		}
		f := &follower{timeout: time.Hour}
		if _, err := serve(t, f, iotest.OneByteReader(strings.NewReader(says))); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: ends with %v", name, err)
		}
		if string(f.stream) != full || len(f.commands) != 4 || f.commands[0] != "SET k value" || f.commands[2] != "" {
			t.Errorf("%s: stream %q, commands %q", name, f.stream, f.commands)
		}
	}
}

// TestMarkAcrossReads: a mark that arrives in pieces ends the copy all the same.
func TestMarkAcrossReads(t *testing.T) {
	says := welcome + "+FULLRESYNC " + id + " 0\r\n$EOF:" + mark + "\r\n"
	for _, copied := range []string{"", "x", mark[:39], mark[:39] + "x", "f"} {
		f := &follower{timeout: time.Hour}
		if _, err := serve(t, f, iotest.OneByteReader(strings.NewReader(says+copied+mark+set))); err == nil {
			t.Fatal("no error at the end")
		}
		if string(f.loaded) != copied || string(f.stream) != set {
			t.Errorf("%q: copy %q, stream %q", copied, f.loaded, f.stream)
		}
	}
}

func TestIntroduction(t *testing.T) {
	f := &follower{timeout: time.Hour, who: link.Introduction{
		User: "u", Password: "p", Port: 7001, Address: "10.0.0.9", Version: "9.1.2", ID: id, Offset: 41, Failover: true,
	}}
	heard, _ := serve(t, f, strings.NewReader("-NOAUTH x\r\n+OK\r\n-ERR port\r\n-ERR ip\r\n-ERR capa\r\n"+
		"-ERR version\r\n-NOMASTERLINK no\r\n"))
	want := words("PING") + words("AUTH", "u", "p") + words("REPLCONF", "listening-port", "7001") +
		words("REPLCONF", "ip-address", "10.0.0.9") + words("REPLCONF", "capa", "eof", "capa", "psync2") +
		words("REPLCONF", "version", "9.1.2") + words("PSYNC", id, "42", "FAILOVER")
	if heard != want {
		t.Errorf("the replica says %q", heard)
	}
	if f.answer.Verdict != link.Later || len(f.notes) != 5 {
		t.Errorf("answer %+v, notes %q", f.answer, f.notes)
	}
}

func TestVerdicts(t *testing.T) {
	for _, tc := range []struct {
		line string
		want link.Answer
		sync bool
	}{
		{"+FULLRESYNC " + id + " 12", link.Answer{Verdict: link.FullSync, ID: id, Offset: 12, DB: link.NoDB}, false},
		{"+FULLRESYNC x", link.Answer{Verdict: link.FullSync, Offset: link.NoOffset, DB: link.NoDB}, false},
		{"+CONTINUE", link.Answer{Verdict: link.Continue}, false},
		{"+CONTINUE " + id, link.Answer{Verdict: link.Continue, ID: id}, false},
		{"-LOADING x", link.Answer{Verdict: link.Later}, false},
		{"-ERR unknown command", link.Answer{Verdict: link.Legacy, Offset: link.NoOffset, DB: link.NoDB}, true},
		{"+WHAT", link.Answer{Verdict: link.Legacy, Offset: link.NoOffset, DB: link.NoDB}, true},
	} {
		f := &follower{timeout: time.Hour}
		heard, _ := serve(t, f, strings.NewReader(welcome+tc.line+"\r\n"))
		if f.answer != tc.want || strings.HasSuffix(heard, "\nSYNC\r\n") != tc.sync {
			t.Errorf("%s: %+v, said %q", tc.line, f.answer, heard)
		}
	}
	full := welcome + "+FULLRESYNC " + id + " 0\r\n"
	for _, says := range []string{
		"-ERR no ping\r\n", "+PONG\r\n" + strings.Repeat("x", 5000),
		welcome + "+DUALCHANNELSYNC\r\n" + set, // not offered: no stream may begin without a copy
		full + "-ERR gone\r\n", full + "hello\r\n", full + "$-4\r\n",
	} {
		f := &follower{timeout: time.Hour}
		if _, err := serve(t, f, strings.NewReader(says)); err == nil || errors.Is(err, io.ErrUnexpectedEOF) || f.streams {
			t.Errorf("%.40q: %v", says, err)
		}
	}
}

// TestCorruptStream: what comes before the fault is applied, and the error says that the stream must not go on.
func TestCorruptStream(t *testing.T) {
	for _, bad := range []string{"SET k v\r\n", "*1\r\n+PING\r\n", "*1\r\n$-5\r\n"} {
		f := &follower{timeout: time.Hour}
		_, err := serve(t, f, strings.NewReader(welcome+"+CONTINUE\r\n"+set+bad))
		var corrupt *link.StreamError
		if !errors.As(err, &corrupt) || string(f.stream) != set {
			t.Errorf("%q: %v, stream %q", bad, err, f.stream)
		}
	}
}

// TestAcknowledges: at once, then every second, and when it is asked to; and a slow load says that it lives.
func TestAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		replica, primary := net.Pipe()
		f := &follower{timeout: 10 * time.Second, slow: 3500 * time.Millisecond}
		l := link.New(f, func(context.Context) (net.Conn, error) { return replica, nil })
		var said bytes.Buffer
		var sides sync.WaitGroup
		sides.Go(func() { _, _ = io.Copy(&said, primary) })
		sides.Go(func() {
			_, _ = io.WriteString(primary, welcome+"+FULLRESYNC "+id+" 0\r\n$1\r\nx"+set)
			<-time.After(6200 * time.Millisecond)
			l.Acknowledge()
		})
		begin := time.Now()
		if err := l.Run(t.Context()); !link.IsSilent(err) {
			t.Errorf("a silent primary: %v", err)
		}
		if took := time.Since(begin).Round(time.Second); took < 13*time.Second || took > 16*time.Second {
			t.Errorf("silence was noticed after %v", took)
		}
		sides.Wait()
		ack := words("REPLCONF", "ACK", fmt.Sprint(len(set)))
		if n := strings.Count(said.String(), ack); n < 9 || n > 13 {
			t.Errorf("%d acknowledgements: %q", n, said.String())
		}
		if n := strings.Count(strings.ReplaceAll(said.String(), "\r\n", ""), "\n"); n != 3 {
			t.Errorf("%d signs of life while loading", n)
		}
	})
}

// TestBigCommand: a command larger than any buffer arrives whole.
func TestBigCommand(t *testing.T) {
	value := strings.Repeat("v", 5<<20)
	f := &follower{timeout: time.Hour}
	_, _ = serve(t, f, strings.NewReader(welcome+"+CONTINUE\r\n"+set+words("SET", "k", value)+ping+ping[:7]))
	if len(f.commands) != 3 || f.commands[1] != "SET k "+value || f.pending != 7 {
		t.Errorf("%d commands, %d bytes pending", len(f.commands), f.pending)
	}
}

func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	replica, primary := net.Pipe()
	defer primary.Close()
	var running sync.WaitGroup
	running.Go(func() {
		_, _ = io.ReadFull(primary, make([]byte, 4))
		cancel()
	})
	f := &follower{timeout: time.Hour}
	if err := link.New(f, func(context.Context) (net.Conn, error) { return replica, nil }).Run(ctx); err == nil {
		t.Error("no error")
	}
	running.Wait()
	refuse := errors.New("refused")
	if err := link.New(f, func(context.Context) (net.Conn, error) { return nil, refuse }).Run(t.Context()); !errors.Is(
		err, refuse) {
		t.Error(err)
	}
}

func words(w ...string) string {
	s := fmt.Sprintf("*%d\r\n", len(w))
	for _, x := range w {
		s += fmt.Sprintf("$%d\r\n%s\r\n", len(x), x)
	}
	return s
}
