package sentinel_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/configs"
	"valkey/frontend/resp"
	"valkey/internal/vfs"
	"valkey/sentinel"
	"valkey/testenv"
)

const patience = 20 * time.Second

// subject is a sentinel of this process on a free port, with its own folder, until the test ends.
type subject struct {
	*sentinel.Sentinel
	t    testing.TB
	file string
	port int
	done chan error // of one: how Serve has ended
}

// start starts a sentinel whose file has these lines.
func start(t testing.TB, lines ...string) *subject {
	t.Helper()
	dir := t.TempDir()
	s := &subject{t: t, file: filepath.Join(dir, "sentinel.conf"), port: freePort(t)}
	text := fmt.Sprintf("port %d\nbind 127.0.0.1\nlogfile %s\n%s\n", s.port, filepath.Join(dir, "log"),
		strings.Join(lines, "\n"))
	if err := os.WriteFile(s.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := configs.Load(configs.Source{FS: vfs.OS{}, Dir: dir, Args: []string{s.file}, Sentinel: true})
	if err != nil {
		t.Fatal(err)
	}
	if s.Sentinel, err = sentinel.New(sentinel.Options{Config: config, Version: "9.1.2", Build: "test"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.done = make(chan error, 1)
	go func() { s.done <- s.Serve(ctx) }() // ends with ctx, at Cleanup
	t.Cleanup(func() {
		cancel()
		if err := <-s.done; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("the sentinel's log:\n%s", log)
		}
	})
	testenv.Eventually(t, patience, "the sentinel answers", func() bool {
		c, err := testenv.Dial(s.where())
		if err != nil {
			return false
		}
		defer c.Close()
		reply, err := c.Call("PING")
		text := fmt.Sprint(reply)
		return err == nil && (text == "PONG" || strings.HasPrefix(text, "NOAUTH"))
	})
	return s
}

func (s *subject) where() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// client is a connection to a sentinel.
type client struct {
	*testenv.Client
	t testing.TB
}

func (s *subject) client() client {
	s.t.Helper()
	c, err := testenv.Dial(s.where())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return client{c, s.t}
}

// Do gives the reply to a command.
func (c client) Do(args ...any) any {
	c.t.Helper()
	v, err := c.Call(args...)
	if err != nil {
		c.t.Fatalf("%v: %v", args, err)
	}
	return v
}

// all gives the replies to commands that go out at once.
func (c client) all(commands ...string) string {
	c.t.Helper()
	var out []byte
	for _, words := range commands {
		out = testenv.AppendCommand(out, split(words)...)
	}
	if err := c.Send(out); err != nil {
		c.t.Fatal(err)
	}
	var replies []any
	for range commands {
		v, err := c.ReadWithin(patience)
		if err != nil {
			c.t.Fatalf("after %v: %v", replies, err)
		}
		replies = append(replies, v)
	}
	return fmt.Sprint(replies)
}

// say gives the reply to a command as text.
func say(c client, words string) string {
	c.t.Helper()
	return fmt.Sprint(c.Do(split(words)...))
}

func split(words string) (args []any) {
	for w := range strings.FieldsSeq(words) {
		args = append(args, w)
	}
	return args
}

// field gives a field of a record.
func field(record any, name string) string {
	list, _ := record.([]any)
	for i := 0; i+1 < len(list); i += 2 {
		if list[i] == name {
			return fmt.Sprint(list[i+1])
		}
	}
	return ""
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// instance is a data server that says what the test wants it to say.
type instance struct {
	t    testing.TB
	port int
	net.Listener

	state chan instanceState // of one: whoever has it may look and change
}

type instanceState struct {
	primary  int // the port of the one that it follows; 0: it is one itself
	replicas []int
	orders   []string
	hello    string // the last that was published
	open     []net.Conn
	away     bool // closes what comes
}

func newInstance(t testing.TB, primary int) *instance {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i := &instance{t: t, port: l.Addr().(*net.TCPAddr).Port, Listener: l, state: make(chan instanceState, 1)}
	i.state <- instanceState{primary: primary}
	go i.accept() // ends when the listener is closed
	t.Cleanup(i.kill)
	return i
}

// change looks at the state, or changes it.
func (i *instance) change(f func(*instanceState)) {
	s := <-i.state
	f(&s)
	i.state <- s
}

// kill ends it as SIGKILL would.
func (i *instance) kill() {
	_ = i.Close()
	i.change(func(s *instanceState) {
		for _, c := range s.open {
			_ = c.Close()
		}
		s.open = nil
	})
}

func (i *instance) accept() {
	for {
		c, err := i.Accept()
		if err != nil {
			return
		}
		i.change(func(s *instanceState) {
			if s.open = append(s.open, c); s.away {
				_ = c.Close()
			}
		})
		go i.serve(c) // ends with the connection
	}
}

func (i *instance) serve(c net.Conn) {
	in := resp.NewReader(c)
	queued := -1 // commands of the transaction; -1: there is none
	for {
		v, err := in.Read()
		if err != nil {
			return
		}
		var words []string
		for _, e := range v.Elems {
			words = append(words, e.Str)
		}
		w := resp.Writer{Proto: 2}
		switch name := strings.ToUpper(words[0]); {
		case name == "MULTI":
			queued = 0
			w.OK()
		case name == "EXEC":
			w.Array(queued)
			for range queued {
				w.OK()
			}
			queued = -1
		case queued >= 0:
			queued++
			i.obey(words)
			w.Simple("QUEUED")
		default:
			i.answer(&w, name, words)
		}
		if _, err := c.Write(w.Buf); err != nil {
			return
		}
	}
}

func (i *instance) answer(w *resp.Writer, name string, words []string) {
	switch name {
	case "PING":
		w.Simple("PONG")
	case "INFO":
		i.change(func(s *instanceState) { w.BulkString(i.info(s)) })
	case "SUBSCRIBE":
		w.Array(3)
		w.BulkString("subscribe")
		w.BulkString(words[1])
		w.Int(1)
	case "PUBLISH":
		i.change(func(s *instanceState) { s.hello = words[2] })
		w.Int(1)
	default:
		w.OK()
	}
}

// obey takes an order.
func (i *instance) obey(words []string) {
	i.change(func(s *instanceState) {
		s.orders = append(s.orders, strings.Join(words, " "))
		if words[0] != "SLAVEOF" {
			return
		}
		if s.primary = 0; words[1] != "NO" {
			s.primary, _ = strconv.Atoi(words[2])
		}
	})
}

func (i *instance) info(s *instanceState) string {
	id := fmt.Sprintf("%040d", i.port)
	text := "# Server\r\nrun_id:" + id + "\r\n# Replication\r\n"
	if s.primary == 0 {
		text += "role:master\r\n"
		for n, r := range s.replicas {
			text += fmt.Sprintf("slave%d:ip=127.0.0.1,port=%d,state=online,offset=10,lag=0\r\n", n, r)
		}
	} else {
		text += fmt.Sprintf("role:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:%d\r\nmaster_link_status:up\r\n"+
			"slave_repl_offset:10\r\nslave_priority:100\r\n", s.primary)
	}
	return text + "master_replid:" + strings.Repeat("a", 40) + "\r\nmaster_repl_offset:10\r\n"
}
