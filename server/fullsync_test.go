package server_test

import (
	"strings"
	"testing"
	"time"

	"valkey/internal/vfs"
	"valkey/testenv"
)

// TestReplicaWaitsForNoTimer has replicas come while a save runs that they cannot share: their copies begin when it is
// over. Each wait for the timer that looks after replicas would be one of a second.
func TestReplicaWaitsForNoTimer(t *testing.T) {
	const rounds, limit = 5, 3 * time.Second
	socket, stop, err := launch(t, vfs.OS{}, t.TempDir(),
		"--repl-diskless-sync-delay", "0", "--rdb-key-save-delay", "10000")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	if got := readLine(t, asked(t, socket, "MSET a 1 b 2 c 3 d 4 e 5")); got != "+OK" {
		t.Fatal(got)
	}
	began := time.Now()
	for range rounds {
		testenv.Eventually(t, time.Minute, "a save begins", func() bool {
			return strings.HasPrefix(readLine(t, asked(t, socket, "BGSAVE")), "+Background")
		})
		in := asked(t, socket, "PSYNC ? -1")
		got := ""
		for got == "" { // an empty line is a sign of life
			got = strings.TrimSpace(readLine(t, in))
		}
		if !strings.HasPrefix(got, "+FULLRESYNC ") {
			t.Fatal(got)
		}
	}
	if took := time.Since(began); took > limit {
		t.Errorf("%d replicas have waited %v for their copies", rounds, took)
	}
}
