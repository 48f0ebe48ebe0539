package server_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// dataFile is a data file in the format of version 11: fields of its head, and keys of two databases with deadlines.
func dataFile(aux map[string]string, keys ...string) []byte {
	b := []byte("REDIS0011")
	text := func(s string) { b = append(append(b, byte(len(s))), s...) }
	for name, value := range aux {
		b = append(b, 0xfa)
		text(name)
		text(value)
	}
	for i, key := range keys {
		name, past := strings.CutSuffix(key, " expired")
		at := time.Now().Add(time.Hour)
		if past {
			at = time.Now().Add(-time.Hour)
		}
		b = append(b, 0xfe, byte(i%2), 0xfc)
		b = binary.LittleEndian.AppendUint64(b, uint64(at.UnixMilli()))
		b = append(b, 0)
		text(name)
		text("value")
	}
	return append(b, 0xff, 0, 0, 0, 0, 0, 0, 0, 0) // no checksum
}

// asked sends words over a connection of its own, for as long as the test lasts.
func asked(t *testing.T, socket string, lines ...string) *bufio.Reader {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(conn)
}

// TestExpiredAtStart: a replica that goes on with the history of a primary's data file is told which keys of the file
// had expired when the primary started with it.
func TestExpiredAtStart(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef01234567"
	for _, lazy := range []string{"yes", "no"} {
		dir := t.TempDir()
		file := dataFile(map[string]string{"repl-id": id, "repl-offset": "1000", "repl-stream-db": "0"},
			"a expired", "b", "c", "d expired")
		if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o644); err != nil {
			t.Fatal(err)
		}
		socket := start(t, "--dir", dir, "--lazyfree-lazy-expire", lazy)
		word := map[string]string{"yes": "UNLINK", "no": "DEL"}[lazy]
		in := asked(t, socket, "PSYNC "+id+" 1001")
		if line := readLine(t, in); line != "+CONTINUE" {
			t.Fatal(line)
		}
		for _, want := range [][]string{{"SELECT", "0"}, {word, "a"}, {"SELECT", "1"}, {word, "d"}} {
			if got := readCommand(t, in); !alike(got, want) {
				t.Fatalf("the stream has %q, want %q", got, want)
			}
		}
		in = asked(t, socket, "DBSIZE", "INFO persistence")
		if n := readLine(t, in); n != ":1" {
			t.Errorf("%s keys", n)
		}
		all := readBulk(t, in)
		if !strings.Contains(all, "rdb_last_load_keys_expired:2\r\n") {
			t.Errorf("INFO persistence: %s", all)
		}
	}
}

// TestExpiredAtStartWithoutHistory: a data file of no history leaves no stream that anybody could go on with. The
// offset has moved, as Valkey's does.
func TestExpiredAtStartWithoutHistory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), dataFile(nil, "a expired", "b"), 0o644); err != nil {
		t.Fatal(err)
	}
	all := readBulk(t, asked(t, start(t, "--dir", dir), "INFO replication"))
	if want := "repl_backlog_active:0\r\n"; !strings.Contains(all, want) {
		t.Errorf("no %q in %s", want, all)
	}
}

func readBulk(t *testing.T, in *bufio.Reader) string {
	t.Helper()
	var n int
	if _, err := fmt.Sscanf(readLine(t, in), "$%d", &n); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n+2)
	if _, err := io.ReadFull(in, b); err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}
