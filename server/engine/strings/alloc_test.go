package strings_test

import (
	gostrings "strings"
	"testing"

	"valkey/internal/invariant"
	"valkey/server/engine"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/strings"
)

// TestNoAllocations holds the commands that clients send most to allocate nothing, the engine around them included.
func TestNoAllocations(t *testing.T) {
	if invariant.Enabled {
		t.Skip("the checks of invariants allocate")
	}
	long := gostrings.Repeat("x", 100)
	for _, call := range [][]string{
		{"GET", "k"}, {"GET", "n"}, {"GET", "none"}, {"STRLEN", "k"}, {"MGET", "k", "n", "none"},
		{"SET", "k", long}, {"SET", "n", "1"}, {"SET", "k", long, "EX", "100"}, {"SET", "k", long, "XX", "KEEPTTL"},
		{"SETEX", "k", "100", long}, {"MSET", "k", long, "n", "1"}, {"GETRANGE", "k", "0", "10"},
		{"INCR", "n"}, {"INCRBY", "n", "-1"}, {"SETRANGE", "k", "3", "abc"},
	} {
		t.Run(gostrings.Join(call[:2], " "), func(t *testing.T) {
			s := enginetest.New(t, strings.Commands)
			s.Do("MSET", "k", long, "n", "1")
			batch := make([]engine.Prepared, 1)
			argv := make([][]byte, len(call))
			for i, a := range call {
				argv[i] = []byte(a)
			}
			c := s.Client("c1")
			run := func() {
				batch[0] = engine.Prepared{Client: c, Argv: argv}
				s.Engine.Prepare(batch)
				s.Engine.Execute(&batch[0])
				if c.W.Buf[0] == '-' {
					t.Fatal(string(c.W.Buf))
				}
				c.W.Buf = c.W.Buf[:0]
			}
			run()
			if n := testing.AllocsPerRun(200, run); n != 0 {
				t.Errorf("%v allocates %v times", call, n)
			}
		})
	}
}

func BenchmarkExecute(b *testing.B) {
	for _, call := range [][]string{{"GET", "k"}, {"SET", "k", gostrings.Repeat("x", 64)}, {"INCR", "n"}} {
		b.Run(call[0], func(b *testing.B) {
			s := enginetest.New(b, strings.Commands)
			s.Do("MSET", "k", gostrings.Repeat("x", 64), "n", "1")
			batch := make([]engine.Prepared, 1)
			argv := make([][]byte, len(call))
			for i, a := range call {
				argv[i] = []byte(a)
			}
			c := s.Client("c1")
			for b.Loop() {
				batch[0] = engine.Prepared{Client: c, Argv: argv}
				s.Engine.Prepare(batch)
				s.Engine.Execute(&batch[0])
				c.W.Buf = c.W.Buf[:0]
			}
		})
	}
}
