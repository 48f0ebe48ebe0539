package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"testing"

	"valkey/configs"
	"valkey/internal/invariant"
	"valkey/internal/vfs"
	"valkey/server"
)

// start runs a server inside the test on a Unix socket and returns its path.
func start(t testing.TB, args ...string) string {
	t.Helper()
	socket, stop, err := launch(t, vfs.OS{}, t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return socket
}

// launch is start with a file system and a folder, and with a server that stop ends. An error says why it did not
// start.
func launch(t testing.TB, fsys vfs.FS, dir string, args ...string) (socket string, stop func() error, err error) {
	t.Helper()
	socket = filepath.Join(dir, "s")
	config, err := configs.Load(configs.Source{FS: vfs.OS{}, Dir: dir, Args: append([]string{
		"--port", "0", "--unixsocket", socket, "--save", "", "--logfile", filepath.Join(dir, "log"),
	}, args...)})
	if err != nil {
		return "", nil, err
	}
	s, err := server.New(server.Options{Config: config, Version: "9.1.2", Build: "test", FS: fsys})
	if err != nil {
		return "", nil, err
	}
	procs := runtime.GOMAXPROCS(0)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }() // ends with ctx; stop waits for it
	stop = func() error {
		cancel()
		err := <-done
		runtime.GOMAXPROCS(procs)
		return err
	}
	select {
	case <-s.Ready():
		return socket, stop, nil
	case err := <-done:
		done <- err
		return "", nil, errors.Join(errors.New("the server has ended"), stop())
	}
}

// client sends the same pipeline again and again.
type client struct {
	conn    net.Conn
	request []byte
	reply   []byte // room for all replies
}

func dial(t testing.TB, socket string) *client {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{conn: conn}
}

// batch sets the pipeline: n commands, and the bytes of all their replies.
func (c *client) batch(n, replies int, command func(i int) string) {
	var b bytes.Buffer
	for i := range n {
		b.WriteString(command(i))
	}
	c.request, c.reply = b.Bytes(), make([]byte, replies)
}

func (c *client) do(t testing.TB) { //nolint:thelper // Helper would allocate in the loop that must not
	if _, err := c.conn.Write(c.request); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c.conn, c.reply); err != nil {
		t.Fatal(err)
	}
}

func wire(args ...string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	return b.String()
}

const loadValue = "0123456789012345678901234567890123456789012345678901234567890123"

// loads are the commands whose cost matters most, with the size of one reply.
var loads = []struct {
	name    string
	command func(i int) string
	reply   int
}{
	{"PING", func(int) string { return wire("PING") }, len("+PONG\r\n")},
	{"SET", func(i int) string { return wire("SET", fmt.Sprintf("key:%012d", i), loadValue) }, len("+OK\r\n")},
	{"GET", func(i int) string { return wire("GET", fmt.Sprintf("key:%012d", i)) }, len("$64\r\n\r\n") + len(loadValue)},
	{"INCR", func(i int) string { return wire("INCRBY", fmt.Sprintf("n:%d", i), "0") }, len(":0\r\n")},
}

// BenchmarkServer sends pipelines of 64 from several clients over a Unix socket. Its CPU profile is what default.pgo is
// made from (make pgo).
func BenchmarkServer(b *testing.B) {
	const clients, keys, depth = 16, 200_000, 64
	socket := start(b)
	fill := dial(b, socket)
	for at := 0; at < keys; at += 1000 {
		fill.batch(1000, 1000*len("+OK\r\n"), func(i int) string { return loads[1].command(at + i) })
		fill.do(b)
	}
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			conns := make([]*client, clients)
			for n := range conns {
				conns[n] = dial(b, socket)
				spread := func(i int) string { return l.command((n*7919 + i*104_729) % keys) }
				conns[n].batch(depth, depth*l.reply, spread)
			}
			b.SetBytes(int64(len(conns[0].request)))
			for n := 0; b.Loop(); n++ {
				conns[n%clients].do(b)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/command")
		})
	}
}

// TestLoopAllocatesNothing: a command costs no allocation from the socket to the reply. The client's own are none
// either, so the process' count is the server's; background work gets a hundredth of an allocation a command.
func TestLoopAllocatesNothing(t *testing.T) {
	if invariant.Enabled {
		t.Skip("the checks of invariants allocate")
	}
	socket := start(t)
	c := dial(t, socket)
	allocatesNothing(t, c)
	// Nor does the check of a user with rules on commands, keys and databases.
	c.batch(2, len("+OK\r\n+OK\r\n"), func(i int) string {
		return []string{
			wire("ACL", "SETUSER", "u", "on", "nopass", "+@all", "-@dangerous", "~key:*", "~n:*", "db=0"), wire("AUTH", "u", ""),
		}[i]
	})
	c.do(t)
	if string(c.reply) != "+OK\r\n+OK\r\n" {
		t.Fatalf("%q", c.reply)
	}
	allocatesNothing(t, c)
}

func allocatesNothing(t *testing.T, c *client) {
	t.Helper()
	const depth, rounds = 16, 400
	for _, l := range loads {
		if l.name == "GET" {
			c.batch(depth, depth*len("+OK\r\n"), loads[1].command)
			c.do(t)
		}
		c.batch(depth, depth*l.reply, l.command)
		for range 20 { // buffers, histograms, and the counters' first values
			c.do(t)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			c.do(t)
		}
		runtime.ReadMemStats(&after)
		each := float64(after.Mallocs-before.Mallocs) / (rounds * depth)
		if each > 0.01 {
			t.Errorf("%s: %.3f allocations a command", l.name, each)
		}
	}
}
