//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"valkey/testenv"
)

// info reads one numeric field of INFO.
func info(t *testing.T, c *testenv.Client, field string) int64 {
	t.Helper()
	text := fmt.Sprint(c.Do("INFO", "everything"))
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), field+":"); ok {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				t.Fatalf("INFO %s: %q", field, v)
			}
			return n
		}
	}
	t.Fatalf("INFO has no field %s", field)
	return 0
}

// resident is the server's resident memory in bytes.
func resident(t *testing.T, s *testenv.Server) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(b), &total, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

func TestTenThousandConnectionsComeAndGo(t *testing.T) {
	const total, atOnce = 10_000, 500
	s := testenv.Start(t, "--maxclients", "20000")
	c := s.Client(t)
	for done := 0; done < total; done += atOnce {
		conns := make([]net.Conn, atOnce)
		for i := range conns {
			conn, err := net.Dial("tcp", s.Addr)
			if err != nil {
				t.Fatal(err)
			}
			conns[i] = conn
			if i%2 == 0 { // half of them leave in the middle of a request
				if _, err := io.WriteString(conn, "*2\r\n$3\r\nGET\r\n$1"); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, conn := range conns {
			conn.Close()
		}
	}
	testenv.Eventually(t, deadline, "only one client is left", func() bool {
		return info(t, c, "connected_clients") == 1 && info(t, c, "total_connections_received") >= total+1
	})
	if open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID())); err != nil || len(open) > 64 {
		t.Errorf("%d descriptors are open (%v)", len(open), err)
	}
}

func TestClientThatNeverReadsIsCutOff(t *testing.T) {
	s := testenv.Start(t, "--client-output-buffer-limit", "normal 16mb 0 0")
	c := s.Client(t)
	c.Do("SET", "k", strings.Repeat("x", 1<<20))
	deaf, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	get := testenv.AppendCommand(nil, "GET", "k")
	for range 200 {
		if _, err := deaf.Write(get); err != nil {
			break // cut off already
		}
	}
	testenv.Eventually(t, deadline, "the deaf client is closed", func() bool {
		return info(t, c, "connected_clients") == 1
	})
	if n := info(t, c, "client_output_buffer_limit_disconnections"); n != 1 {
		t.Errorf("%d disconnections were counted", n)
	}
	if mb := resident(t, s) >> 20; mb > 200 {
		t.Errorf("%d MB are resident", mb)
	}
}

func TestArgumentOf512MB(t *testing.T) {
	const size = 512 << 20
	s := testenv.Start(t)
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", size)
	chunk := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for range size / len(chunk) {
		if _, err := conn.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(conn, "\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || line != "+OK\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	c := s.Client(t)
	if n := c.Do("STRLEN", "k"); n != int64(size) {
		t.Errorf("STRLEN: %v", n)
	}
	if got := c.Do("GETRANGE", "k", size-20, size-1); got != "cdef0123456789abcdef" {
		t.Errorf("its end: %q", got)
	}
	fmt.Fprintf(conn, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", size+1)
	if line, err := r.ReadString('\n'); err != nil || line != "-ERR Protocol error: invalid bulk length\r\n" {
		t.Errorf("one byte more: %q %v", line, err)
	}
}

// TestLyingLengthCostsNothing announces a huge argument and sends little of it: memory follows what came, not what was
// said.
func TestLyingLengthCostsNothing(t *testing.T) {
	s := testenv.Start(t)
	c := s.Client(t)
	before := resident(t, s)
	for range 50 {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "*2\r\n$4\r\nECHO\r\n$%d\r\nabc", 500<<20)
	}
	testenv.Eventually(t, deadline, "all are connected", func() bool { return info(t, c, "connected_clients") == 51 })
	if grown := (resident(t, s) - before) >> 20; grown > 64 {
		t.Errorf("memory grew by %d MB", grown)
	}
}

func TestPipelineOfAMillionCommands(t *testing.T) {
	const n = 1_000_000
	s := testenv.Start(t)
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sent := make(chan error, 1)
	go func() { // ends with the write, which ends with the connection
		_, err := conn.Write(bytes.Repeat([]byte("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"), n))
		sent <- err
	}()
	r := bufio.NewReader(conn)
	for i := 1; i <= n; i++ {
		line, err := r.ReadString('\n')
		if err != nil || line != fmt.Sprintf(":%d\r\n", i) {
			t.Fatalf("reply %d: %q %v", i, line, err)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestGarbageNeverStopsTheServer(t *testing.T) {
	s := testenv.Start(t)
	for _, garbage := range []string{
		"\x00\x00\x00\x00", "*-5\r\n", "*1\r\n$-1\r\n", "*9999999999\r\n", "*1\r\n$9999999999999999999\r\n",
		"$5\r\nhello\r\n",
		"*1\r\n:5\r\n", "\"unbalanced", strings.Repeat("a", 70_000), "*3\r\n$3\r\nSET\r\n$-7\r\n", "\r\n\r\n\r\n",
		"*2\r\n\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, garbage) // the server may close
		_ = conn.(*net.TCPConn).CloseWrite() // before all of it is there
		if err := conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%.20q: %v", garbage, err)
		}
		conn.Close()
	}
	if v := s.Client(t).Do("PING"); v != testenv.Simple("PONG") {
		t.Errorf("PING: %v", v)
	}
}

func TestInterruptedWhileBusyEndsCleanly(t *testing.T) {
	s := testenv.Start(t)
	for range 4 {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() { _, _ = io.Copy(io.Discard, conn) }() // ends with the connection
		go func() {                                      // ends when the server is gone
			batch := bytes.Repeat([]byte("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"), 1000)
			for {
				if _, err := conn.Write(batch); err != nil {
					return
				}
			}
		}()
	}
	c := s.Client(t)
	testenv.Eventually(t, deadline, "the load runs", func() bool {
		n, _ := strconv.Atoi(fmt.Sprint(c.Do("GET", "n")))
		return n > 10_000
	})
	if err := syscall.Kill(s.PID(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := s.Wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
