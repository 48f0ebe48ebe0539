package engine_test

import (
	"fmt"
	"testing"
	"time"

	"valkey/server/engine"
	"valkey/server/engine/enginetest"
)

// TestOwnKeysOfAReplicaExpire: what clients write to a replica has no primary that would delete it; what the primary
// has written stays until it says so.
func TestOwnKeysOfAReplicaExpire(t *testing.T) {
	s := enginetest.New(t, families...)
	s.Config.ReplicaReadOnly = false
	s.Do("SET", "theirs", "v", "PX", "1000")
	s.Engine.SetGate(engine.GateReplica, true)
	tracked := func(what string, want int) {
		t.Helper()
		if n := s.Engine.OwnDeadlines(); n != want {
			t.Errorf("%s: %d keys are tracked, want %d", what, n, want)
		}
	}
	size := func(what string, want int) {
		t.Helper()
		if got := s.Do("DBSIZE"); got != fmt.Sprint("(integer) ", want) {
			t.Errorf("%s: DBSIZE %s, want %d", what, got, want)
		}
	}
	for i := range 200 {
		s.Do("SET", fmt.Sprint("short", i), "v", "PX", "500")
	}
	s.Do("SET", "long", "v")
	s.Do("EXPIRE", "long", "100")
	s.Do("SET", "forever", "v")
	s.Do("SELECT", "3")
	s.Do("SET", "long", "v", "EX", "100") // the same name in another database
	s.Do("SELECT", "0")
	tracked("written", 201)
	s.Advance(time.Second + time.Millisecond)
	for range 100 {
		s.Advance(time.Millisecond)
	}
	tracked("half a second later", 1)
	size("theirs stays", 3)
	if got := s.Do("EXISTS", "theirs"); got != "(integer) 0" {
		t.Errorf("theirs can be seen though its time has passed: %s", got)
	}
	s.Do("PERSIST", "long")
	s.Do("FLUSHALL")
	tracked("flushed", 0)
	s.Do("SET", "again", "v", "EX", "1")
	s.Engine.SetGate(engine.GateLoading, true)
	s.Engine.SetGate(engine.GateLoading, false)
	tracked("a copy was loaded", 0)
	s.Do("SET", "again", "v", "EX", "1")
	s.Engine.SetGate(engine.GateReplica, false)
	tracked("promoted", 1)
	s.Advance(time.Millisecond)
	tracked("a tick later", 0)
}
