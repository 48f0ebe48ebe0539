package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"valkey/internal/vfs"
	"valkey/testenv"
)

// copying is a primary that gives everybody a full copy, and a command behind it.
type copying struct {
	l     net.Listener
	sides sync.WaitGroup
	mu    sync.Mutex
	conns []net.Conn
	asked int // for a copy
}

const copiedID = "0123456789abcdef0123456789abcdef01234567"

func newCopying(t *testing.T) *copying {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &copying{l: l}
	p.sides.Go(func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, conn)
			p.mu.Unlock()
			p.sides.Go(func() { p.serve(conn) }) // ends with the connection
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		p.sides.Wait()
	})
	return p
}

func (p *copying) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		var n int
		if _, err := fmt.Fscanf(in, "*%d\r\n", &n); err != nil {
			if b, perr := in.Peek(1); perr == nil && b[0] == '\n' {
				_, _ = in.Discard(1) // a sign of life
				continue
			}
			return
		}
		var words []string
		for range n {
			var word string
			var size int
			if _, err := fmt.Fscanf(in, "$%d\r\n%s\r\n", &size, &word); err != nil {
				return
			}
			words = append(words, word)
		}
		switch {
		case words[0] == "PING":
			_, _ = io.WriteString(conn, "+PONG\r\n")
		case words[0] == "PSYNC":
			file := dataFile(nil, "a", "b")
			_, _ = fmt.Fprintf(conn, "+FULLRESYNC %s 1000\r\n$%d\r\n%s", copiedID, len(file), file)
			_, _ = io.WriteString(conn, "*3\r\n$3\r\nSET\r\n$4\r\nlast\r\n$3\r\none\r\n")
			p.mu.Lock()
			p.asked++
			p.mu.Unlock()
		case words[0] == "REPLCONF" && words[1] != "ACK":
			_, _ = io.WriteString(conn, "+OK\r\n")
		}
	}
}

// logIsOn reports whether the append-only file has what it is to have, and nothing is about to be done to it.
func logIsOn(t *testing.T, socket string) bool {
	t.Helper()
	info := readBulk(t, asked(t, socket, "INFO persistence")) // of one moment
	for _, field := range []string{"aof_enabled:1", "aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0"} {
		if !strings.Contains(info, field+"\r\n") {
			return false
		}
	}
	return true
}

// restartEvery is how many faults share a start afterwards: each server takes a terabyte of addresses for good.
const restartEvery = 2

// TestReplicaWhoseDiskFails fails the N-th file operation of a replica, N = 1, 2, …, while it takes a copy: it ends
// with the copy and what came behind it, and a start without its primary finds both in its append-only file, also when
// the power was lost after the end.
func TestReplicaWhoseDiskFails(t *testing.T) {
	for n := 1; ; n++ {
		hit := true
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			p := newCopying(t)
			disk := vfs.NewMem()
			if err := disk.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for d := dir; d != "/"; d = filepath.Dir(d) {
				if err := disk.SyncDir(filepath.Dir(d)); err != nil {
					t.Fatal(err)
				}
			}
			faulty := vfs.NewFaulty(disk, n, syscall.ENOSPC)
			socket, stop, err := launch(t, faulty, dir, "--appendonly", "yes", "--appendfsync", "everysec")
			if err != nil {
				if !faulty.Hit() {
					t.Fatal(err)
				}
				return // a start that fails is another matter
			}
			host, port, _ := net.SplitHostPort(p.l.Addr().String())
			if ok := readLine(t, asked(t, socket, "REPLICAOF "+host+" "+port)); ok != "+OK" {
				t.Fatal(ok)
			}
			testenv.Eventually(t, time.Minute, "the replica has the copy, and its append-only file is on", func() bool {
				return readLine(t, asked(t, socket, "EXISTS a last")) == ":2" && logIsOn(t, socket)
			})
			hit = faulty.Hit()
			if err := stop(); err != nil {
				t.Error(err)
			}
			if hit && n%restartEvery > 0 {
				return
			}
			left := disk.CrashClone(0)
			if !hit && faulty.Hit() { // the last sync
				left = disk
			}
			if socket, stop, err = launch(t, left, dir, "--appendonly", "yes"); err != nil {
				log, _ := os.ReadFile(filepath.Join(dir, "log"))
				t.Fatalf("%v\n%s", err, log)
			}
			if n := readLine(t, asked(t, socket, "EXISTS a last")); n != ":2" {
				log, _ := os.ReadFile(filepath.Join(dir, "log"))
				t.Errorf("%s keys are there after a start\n%s", n, log)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if !hit && p.asked != 1 {
				t.Errorf("%d copies without a fault", p.asked)
			}
		})
		if !hit { // but perhaps at the end
			if n < 30 {
				t.Errorf("only %d operations", n)
			}
			return
		}
	}
}
