package server_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valkey/testenv"
)

// TestFailoverAsks: a failover asks the replicas how far they are, and goes on with an answer that leaves the question
// out, as the answer of one is that gives it while it reads the question. Who waits to be told waits for a second, and
// all writers with them.
func TestFailoverAsks(t *testing.T) {
	dir := t.TempDir()
	file := dataFile(map[string]string{"repl-id": copiedID, "repl-offset": "1000", "repl-stream-db": "0"},
		"a expired", "b")
	if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o644); err != nil {
		t.Fatal(err)
	}
	socket := start(t, "--dir", dir)
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	say := func(format string, args ...any) {
		t.Helper()
		if _, err := fmt.Fprintf(conn, format+"\r\n", args...); err != nil {
			t.Fatal(err)
		}
	}
	in := bufio.NewReader(conn)
	say("REPLCONF ip-address 127.0.0.1 listening-port 1 capa psync2")
	if line := readLine(t, in); line != "+OK" {
		t.Fatal(line)
	}
	say("PSYNC %s 1001", copiedID)
	if line := readLine(t, in); !strings.HasPrefix(line, "+CONTINUE") {
		t.Fatal(line)
	}
	if line := readLine(t, asked(t, socket, "FAILOVER")); line != "+OK" {
		t.Fatal(line)
	}
	offset := 1000
	for {
		words := readCommand(t, in)
		if alike(words, []string{"REPLCONF", "GETACK", "*"}) {
			break
		}
		offset += len(fmt.Sprintf("*%d\r\n", len(words)))
		for _, w := range words {
			offset += len(fmt.Sprintf("$%d\r\n%s\r\n", len(w), w))
		}
	}
	state := func() string {
		return readBulk(t, asked(t, socket, "INFO replication"))
	}
	say("REPLCONF ACK %d", offset-1)
	heard := fmt.Sprintf("offset=%d,", offset-1)
	testenv.Eventually(t, time.Minute, "the answer is heard", func() bool { return strings.Contains(state(), heard) })
	if all := state(); !strings.Contains(all, "master_failover_state:waiting-for-sync\r\n") {
		t.Fatalf("a byte is missing: %s", all)
	}
	say("REPLCONF ACK %d", offset)
	testenv.Eventually(t, time.Minute, "the failover goes on", func() bool {
		return strings.Contains(state(), "master_failover_state:failover-in-progress\r\n")
	})
}
