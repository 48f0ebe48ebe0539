package testenv

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// Info is one field of INFO, or "" where it has none.
func Info(t testing.TB, c *Client, field string) string {
	t.Helper()
	for line := range strings.Lines(fmt.Sprint(c.Do("INFO", "everything"))) {
		if v, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), field+":"); ok {
			return v
		}
	}
	return ""
}

// Follow makes a server a replica of the address, which may be a proxy's.
func Follow(t testing.TB, replica *Client, primary string) {
	t.Helper()
	host, port, err := net.SplitHostPort(primary)
	if err != nil {
		t.Fatal(err)
	}
	if v := replica.Do("REPLICAOF", host, port); !strings.HasPrefix(fmt.Sprint(v), "OK") {
		t.Fatalf("REPLICAOF %s: %v", primary, v)
	}
}

// Linked waits until the replica's link to its primary is up.
func Linked(t testing.TB, replica *Client) {
	t.Helper()
	Eventually(t, syncMax, "the replica's link is up", func() bool {
		return Info(t, replica, "master_link_status") == "up"
	})
}

// InSync writes a mark to the primary, waits until the replica has it, and compares all data. Nobody else may write.
func InSync(t testing.TB, what string, primary, replica *Client) {
	t.Helper()
	mark := fmt.Sprint(time.Now().UnixNano())
	if v := primary.Do("SET", "testenv:mark", mark); v != Simple("OK") {
		t.Fatalf("%s: SET on the primary: %v", what, v)
	}
	Eventually(t, syncMax, what+": the replica has the primary's last write", func() bool {
		return replica.Do("GET", "testenv:mark") == mark
	})
	SameData(t, what, primary, replica)
}

// SamePlace waits until both are at the same offset of the same history.
func SamePlace(t testing.TB, primary, replica *Client) {
	t.Helper()
	place := func(c *Client) string { return Info(t, c, "master_replid") + ":" + Info(t, c, "master_repl_offset") }
	Eventually(t, syncMax, "the replica is at the primary's offset of the same history", func() bool {
		return place(primary) == place(replica)
	})
}
