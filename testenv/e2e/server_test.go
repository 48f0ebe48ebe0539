//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"valkey/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

const deadline = 10 * time.Second

// isError tells an error reply that begins with a code.
func isError(v any, prefix string) bool {
	e, ok := v.(testenv.Error)
	return ok && strings.HasPrefix(string(e), prefix)
}

func TestBothProtocols(t *testing.T) {
	s := testenv.Start(t)
	two, three := s.Client(t), s.Client(t)
	if hello, ok := three.Do("HELLO", "3").(testenv.Map); !ok || len(hello) < 2 {
		t.Fatalf("HELLO 3: %#v", hello)
	}
	two.Do("SET", "k", "v")
	if got := three.Do("GET", "k"); got != "v" {
		t.Errorf("GET: %#v", got)
	}
	if got := two.Do("GET", "none"); got != testenv.Null("$-1") {
		t.Errorf("RESP2 null: %#v", got)
	}
	if got := three.Do("GET", "none"); got != testenv.Null("_") {
		t.Errorf("RESP3 null: %#v", got)
	}
}

func TestTornAtEveryByte(t *testing.T) {
	c := testenv.Start(t).Client(t)
	for _, b := range testenv.AppendCommand(nil, "ECHO", "a\r\nb") {
		if err := c.Send([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := c.Read(); err != nil || v != "a\r\nb" {
		t.Fatal(v, err)
	}
}

func TestDeepPipeline(t *testing.T) {
	const n = 50_000
	c := testenv.Start(t).Client(t)
	var out []byte
	for i := range n {
		out = testenv.AppendCommand(out, "INCRBY", "n", i)
	}
	sent := make(chan error, 1)
	go func() { sent <- c.Send(out) }() // ends with the write, which the deadline bounds
	sum := int64(0)
	for i := range n {
		sum += int64(i)
		if v, err := c.Read(); err != nil || v != sum {
			t.Fatal(i, v, err)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestPasswordIsRequired(t *testing.T) {
	c := testenv.Start(t, "--requirepass", "secret").Client(t)
	if v := c.Do("GET", "k"); !isError(v, "NOAUTH ") {
		t.Errorf("before AUTH: %#v", v)
	}
	if v := c.Do("AUTH", "wrong"); !isError(v, "WRONGPASS ") {
		t.Errorf("wrong password: %#v", v)
	}
	if v := c.Do("AUTH", "secret"); v != testenv.Simple("OK") {
		t.Errorf("AUTH: %#v", v)
	}
	if v := c.Do("PING"); v != testenv.Simple("PONG") {
		t.Errorf("after AUTH: %#v", v)
	}
}

func TestUnixSocket(t *testing.T) {
	// A short path of its own: the kernel takes about a hundred bytes.
	dir, err := os.MkdirTemp("", "vk") //nolint:usetesting // t.TempDir's path may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	testenv.Start(t, "--unixsocket", path, "--unixsocketperm", "700")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatal(info, err)
	}
	c, err := testenv.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if v, err := c.Call("PING"); err != nil || v != testenv.Simple("PONG") {
		t.Fatal(v, err)
	}
}

func TestMaxClients(t *testing.T) {
	s := testenv.Start(t, "--maxclients", "3")
	var open []*testenv.Client
	testenv.Eventually(t, deadline, "a client is refused", func() bool {
		c, err := testenv.Dial(s.Addr)
		if err != nil {
			return false
		}
		open = append(open, c)
		v, err := c.Call("PING")
		return err == nil && isError(v, "ERR max number of clients reached")
	})
	for _, c := range open {
		c.Close()
	}
	testenv.Eventually(t, deadline, "room again", func() bool {
		c, err := testenv.Dial(s.Addr)
		if err != nil {
			return false
		}
		defer c.Close()
		v, err := c.Call("PING")
		return err == nil && v == testenv.Simple("PONG")
	})
}

func TestTermEndsCleanly(t *testing.T) {
	s := testenv.Start(t)
	s.Client(t).Do("SET", "k", "v")
	if code := s.Stop(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestShutdownCommand(t *testing.T) {
	s := testenv.Start(t)
	c := s.Client(t)
	if v, err := c.Call("SHUTDOWN", "NOSAVE"); err == nil {
		t.Errorf("SHUTDOWN answered %v", v)
	}
	if code := s.Wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestKilledServerStartsAgain(t *testing.T) {
	s := testenv.Start(t)
	s.Client(t).Do("SET", "k", "v")
	s.Kill()
	s.Launch(t)
	if v := s.Client(t).Do("PING"); v != testenv.Simple("PONG") {
		t.Error(v)
	}
}

func TestBadDirectiveRefusesTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.conf")
	if err := os.WriteFile(file, []byte("port 0\nmaxmemory lots\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{file}, {"--port", "0", "--no-such-directive", "1"}, {"/nonexistent/valkey.conf"}} {
		out, err := exec.Command(filepath.Join(os.Getenv("VALKEY_BIN"), "valkey-server"), args...).CombinedOutput()
		if err == nil {
			t.Errorf("%v: started", args)
		}
		if args[0] == file && !strings.Contains(string(out), "line 2") {
			t.Errorf("%v: no line number in\n%s", args, out)
		}
	}
}

func TestProtocolErrorIsAnsweredAndClosed(t *testing.T) {
	c := testenv.Start(t).Client(t)
	if err := c.Send([]byte("*1\r\n!4\r\n")); err != nil {
		t.Fatal(err)
	}
	b, err := c.ReadAll()
	if err != nil || string(b) != "-ERR Protocol error: expected '$', got '!'\r\n" {
		t.Fatalf("%q %v", b, err)
	}
}

func TestManyConnectionsComeAndGo(t *testing.T) {
	s := testenv.Start(t)
	watcher := s.Client(t)
	var open []net.Conn
	for range 500 {
		c, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	clients := func() string {
		for l := range strings.SplitSeq(fmt.Sprint(watcher.Do("INFO", "clients")), "\r\n") {
			if n, ok := strings.CutPrefix(l, "connected_clients:"); ok {
				return n
			}
		}
		return ""
	}
	testenv.Eventually(t, deadline, "all are there", func() bool { return clients() == "501" })
	for _, c := range open {
		c.Close()
	}
	testenv.Eventually(t, deadline, "all are gone", func() bool { return clients() == "1" })
}

func TestSignalsDuringTraffic(t *testing.T) {
	s := testenv.Start(t)
	c := s.Client(t)
	if err := syscall.Kill(s.PID(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if v := c.Do("SET", fmt.Sprint(i), "v"); v != testenv.Simple("OK") {
			t.Fatal(i, v)
		}
	}
	if code := s.Stop(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
