package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"valkey/server/engine/enginetest"
)

// outputLimit is the limit under which the tests put clients.
const outputLimit = 1 << 20

func limitOutput(t *testing.T, s *enginetest.Server) {
	t.Helper()
	limits := fmt.Sprintf("client-output-buffer-limit normal %d 0 0 pubsub %[1]d 0 0\n", outputLimit)
	if out := s.Step("config", limits); out != "" {
		t.Fatal(out)
	}
}

// TestOwnMessagesAreLimited has a client listen to many patterns and publish to itself: what is kept back until the
// command's reply counts as output while it grows.
func TestOwnMessagesAreLimited(t *testing.T) {
	s := enginetest.New(t, families...)
	limitOutput(t, s)
	s.Do("HELLO", "3")
	for i := range 100 {
		s.Do("PSUBSCRIBE", strings.Repeat("*", i+1))
	}
	c := s.Client("c1")
	s.Exec(c, [][]byte{[]byte("PUBLISH"), []byte("x"), make([]byte, outputLimit/4)})
	if !c.CloseASAP {
		t.Error("the client lives")
	}
	if n := c.OutputBytes(); n > 2*outputLimit {
		t.Errorf("%d bytes are kept for it", n)
	}
}

// TestTransactionsOutputIsLimited has EXEC reply far more than the limit. All of it is executed all the same.
func TestTransactionsOutputIsLimited(t *testing.T) {
	s := enginetest.New(t, families...)
	limitOutput(t, s)
	s.Do("SET", "k", strings.Repeat("x", outputLimit/4))
	s.Do("MULTI")
	for range 100 {
		s.Do("GET", "k")
	}
	s.Do("SET", "done", "1")
	c := s.Client("c1")
	s.Exec(c, [][]byte{[]byte("EXEC")})
	if !c.CloseASAP {
		t.Error("the client lives")
	}
	if n := c.OutputBytes(); n > 2*outputLimit {
		t.Errorf("%d bytes are kept for it", n)
	}
	if db := s.Store.DB(0); !db.Find([]byte("done"), s.Store.Hash([]byte("done"))).Exists() {
		t.Error("the transaction's last command did not run")
	}
}

// TestQueueIsLimited: what a transaction keeps has been received and not been executed, as far as
// client-query-buffer-limit goes.
func TestQueueIsLimited(t *testing.T) {
	s := enginetest.New(t, families...)
	if out := s.Step("config", "client-query-buffer-limit 1mb"); out != "" {
		t.Fatal(out)
	}
	s.Do("MULTI")
	c := s.Client("c1")
	for n := 0; !c.CloseASAP; n++ {
		if n > 11 {
			t.Fatalf("%d bytes are queued", c.QueuedBytes)
		}
		s.Do("SET", "k", strings.Repeat("x", 100<<10))
	}
	if c.QueuedBytes < 1<<20 {
		t.Errorf("closed with %d bytes", c.QueuedBytes)
	}
	if n := s.Engine.Stats.QueryLimitClosed; n != 1 {
		t.Errorf("%d closures are counted", n)
	}
}
