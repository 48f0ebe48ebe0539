package replication_test

import (
	"regexp"
	"testing"

	"valkey/server/engine"
	"valkey/server/engine/connection"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/replication"
	"valkey/server/engine/strings"
)

// TestRoleChangeEndsWaits: whoever waits for replicas of a primary is told that it is none any more, and closed.
func TestRoleChangeEndsWaits(t *testing.T) {
	s := enginetest.New(t, connection.Commands, replication.Commands, strings.Commands)
	s.Do("SET", "k", "v")
	waiting := s.Client("waiting")
	s.Exec(waiting, [][]byte{[]byte("WAIT"), []byte("1"), []byte("0")})
	if waiting.Block == nil {
		t.Fatal("WAIT does not wait")
	}
	s.Engine.EndWaits()
	if waiting.Block != nil || !waiting.CloseAfter ||
		string(waiting.W.Buf) != "-"+string(engine.ErrRoleChanged)+"\r\n" {
		t.Errorf("%q, closes: %v", waiting.W.Buf, waiting.CloseAfter)
	}
	if s.Client("c1").CloseAfter {
		t.Error("a client that does not wait is closed")
	}
}

// TestHelloTellsTheRole: clients that look for a primary ask for it.
func TestHelloTellsTheRole(t *testing.T) {
	s := enginetest.New(t, connection.Commands, replication.Commands)
	for _, replica := range []bool{true, false} {
		s.Engine.SetGate(engine.GateReplica, replica)
		want := "master"
		if replica {
			want = "replica"
		}
		if got := s.Do("HELLO"); !regexp.MustCompile(`"role", "` + want + `"`).MatchString(got) {
			t.Errorf("replica: %v, HELLO tells %s", replica, got)
		}
	}
}

// TestObeyed: what the primary sends is run as it comes: on a replica that refuses writes, on expired keys, beyond the
// limits of clients; and a failure is counted.
func TestObeyed(t *testing.T) {
	s := enginetest.New(t, connection.Commands, replication.Commands, strings.Commands)
	s.Engine.SetGate(engine.GateReplica, true)
	if got := s.Do("SET", "k", "v"); got != "(error) "+string(engine.ErrReadOnly) {
		t.Fatal(got)
	}
	primary := s.Client("primary")
	primary.Obeyed = true
	run := func(words ...string) string {
		argv := make([][]byte, len(words))
		for i, w := range words {
			argv[i] = []byte(w)
		}
		s.Exec(primary, argv)
		reply := string(primary.W.Buf)
		primary.W.Buf = primary.W.Buf[:0]
		return reply
	}
	if got := run("SET", "k", "v", "PXAT", "1"); got != "+OK\r\n" { // in the past: the primary will delete it
		t.Fatal(got)
	}
	if got := s.Do("GET", "k"); got != "(nil)" {
		t.Errorf("a client sees an expired key: %s", got)
	}
	if got := run("APPEND", "k", "w"); got != ":2\r\n" {
		t.Errorf("the primary finds another value: %q", got)
	}
	before := s.Engine.Stats.UnexpectedErrors
	if run("NOSUCH"); s.Engine.Stats.UnexpectedErrors != before+1 {
		t.Error("a command of the primary that fails is not counted")
	}
}
