//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"valkey/testenv"
)

// TestKilledWithAlways kills a server under load, again and again: with appendfsync always, every write that was
// answered is there afterwards, in order and without a hole, whatever the log was doing.
func TestKilledWithAlways(t *testing.T) {
	const writers, rounds, perRound = 4, 4, 300
	s := testenv.Start(t, "--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes")
	acked := [writers]int64{}
	for round := range rounds {
		var all sync.WaitGroup
		reached := make(chan struct{}, writers)
		for w := range writers {
			c := s.Client(t)
			all.Go(func() { // ends when the server is killed
				for n := range int64(1 << 30) {
					if n == perRound {
						reached <- struct{}{}
					}
					v, err := c.Call("INCR", fmt.Sprint("n", w))
					if err != nil {
						return
					}
					if got := v.(int64); got != acked[w]+1 {
						t.Errorf("round %d, writer %d: %d follows %d", round, w, got, acked[w])
						return
					}
					acked[w]++
				}
			})
		}
		other := s.Client(t)
		for range writers {
			<-reached
			other.Do("BGREWRITEAOF") // it may be running: that is no error here
		}
		s.Kill()
		all.Wait()
		s.Launch(t)
		c := s.Client(t)
		for w := range writers {
			got := c.Do("INCRBY", fmt.Sprint("n", w), "0").(int64)
			if got < acked[w] || got > acked[w]+1 { // the last one may have been on its way
				t.Fatalf("round %d: writer %d had %d writes answered, and %d are there", round, w, acked[w], got)
			}
			acked[w] = got
		}
	}
	if log := s.Log(); strings.Contains(log, "panic") {
		t.Error(log)
	}
}

// TestLogSurvivesItsRewrites turns the log off and on and rewrites it in both formats between writes of all kinds; what
// is loaded is what there was.
func TestLogSurvivesItsRewrites(t *testing.T) {
	s := testenv.Start(t, "--appendonly", "yes", "--enable-debug-command", "yes", "--aof-timestamp-enabled", "yes")
	c := s.Client(t)
	load := testenv.NewWorkload(7)
	write := func() {
		for range 200 {
			for _, command := range lasting(load.Step()) {
				c.Do(command...)
			}
		}
	}
	rest := func() {
		testenv.Eventually(t, deadline, "the rewrite to end", func() bool {
			return testenv.Info(t, c, "aof_rewrite_in_progress") == "0" && testenv.Info(t, c, "aof_rewrite_scheduled") == "0"
		})
	}
	for i, steps := range [][]string{
		{"BGREWRITEAOF"}, {"CONFIG", "SET", "aof-use-rdb-preamble", "no"}, {"BGREWRITEAOF"},
		{"CONFIG", "SET", "appendonly", "no"}, {"BGREWRITEAOF"}, {"CONFIG", "SET", "appendonly", "yes"},
		{"CONFIG", "SET", "aof-use-rdb-preamble", "yes"}, {"BGREWRITEAOF"}, {"CONFIG", "SET", "appendfsync", "no"},
	} {
		write()
		args := make([]any, len(steps))
		for j, w := range steps {
			args[j] = w
		}
		if v := c.Do(args...); isError(v, "ERR") {
			t.Fatal(steps, v)
		}
		write()
		rest()
		if testenv.Info(t, c, "aof_enabled") == "0" {
			continue
		}
		before := c.Do("DEBUG", "DIGEST")
		if v := c.Do("DEBUG", "LOADAOF"); v != testenv.Simple("OK") {
			t.Fatal(v)
		}
		if after := c.Do("DEBUG", "DIGEST"); after != before {
			t.Errorf("step %d, %v: the digest %v became %v", i, steps, before, after)
		}
	}
	before := c.Do("DEBUG", "DIGEST")
	s.Stop(t)
	s.Launch(t)
	if after := s.Client(t).Do("DEBUG", "DIGEST"); after != before {
		t.Errorf("started again, the digest %v became %v", before, after)
	}
}

// lasting leaves out what ends by itself within the test: no digest would be the same twice.
func lasting(steps [][]any) [][]any {
	return slices.DeleteFunc(steps, func(command []any) bool {
		return command[0] == "PEXPIRE" || slices.Contains(command, any("PX"))
	})
}
