package engine_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"valkey/server/engine/enginetest"
)

// TestScratchBuffersShrink does everything once with something large and then looks at what is kept of it: buffers that
// are kept for reuse must not keep the largest that they have ever held.
func TestScratchBuffersShrink(t *testing.T) {
	const large = 8 << 20
	s := enginetest.New(t, families...)
	if out := s.Step("config", "notify-keyspace-events KEA\nmaxmemory-policy allkeys-random"); out != "" {
		t.Fatal(out)
	}
	s.Do("HELLO", "3")
	s.Do("SUBSCRIBE", "x")
	s.Step("run", "two: SUBSCRIBE x")
	before := heap()
	s.Do("PUBLISH", "x", strings.Repeat("v", large)) // to a client of each protocol, one of them itself
	s.Do("SET", strings.Repeat("k", large), "v", "PX", "1")
	s.Advance(time.Second)
	s.Do("SET", strings.Repeat("k", large), "v")
	s.Config.Maxmemory = 1 << 20
	s.Do("PING")
	s.Config.Maxmemory = 0
	if st := &s.Engine.Stats; st.ExpiredKeys != 1 || st.EvictedKeys != 1 {
		t.Fatalf("%d keys expired, %d were evicted", st.ExpiredKeys, st.EvictedKeys)
	}
	for _, name := range []string{"c1", "two"} {
		s.Client(name).W.Buf = nil
	}
	if grown := heap() - before; grown > large/4 {
		t.Errorf("%d MB are kept", grown>>20)
	}
	runtime.KeepAlive(s)
}

// heap is how much of the heap is in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
