//go:build e2e

package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"valkey/testenv"
)

// startLoops runs a server with three event loops, between which connections are dealt out in turn.
func startLoops(t *testing.T, args ...string) *testenv.Server {
	return testenv.Start(t, append([]string{"--io-threads", "3"}, args...)...)
}

// clients connects a number of clients: any three in a row are served by three loops.
func clients(t *testing.T, s *testenv.Server, n int) []*testenv.Client {
	cs := make([]*testenv.Client, n)
	for i := range cs {
		cs[i] = s.Client(t)
	}
	return cs
}

// load has clients count until the returned function is called, which tells how often they did.
func load(t *testing.T, s *testenv.Server, n int) (stop func() int64) {
	var done atomic.Bool
	var total atomic.Int64
	var group sync.WaitGroup
	for _, c := range clients(t, s, n) {
		group.Go(func() { // ends after stop, which waits for it
			var batch []byte
			for range 20 {
				batch = testenv.AppendCommand(batch, "INCR", "count")
			}
			for !done.Load() {
				if err := c.Send(batch); err != nil {
					t.Error(err)
					return
				}
				for range 20 {
					if v, err := c.Read(); err != nil {
						t.Error(err)
						return
					} else if _, ok := v.(int64); !ok {
						t.Errorf("INCR: %v", v)
					}
				}
				total.Add(20)
			}
		})
	}
	return func() int64 {
		done.Store(true)
		group.Wait()
		return total.Load()
	}
}

func TestMessagesCrossLoops(t *testing.T) {
	const publishers, messages = 3, 1000
	s := startLoops(t)
	subs := clients(t, s, 6)
	for i, c := range subs {
		if i%2 == 1 {
			c.Do("HELLO", "3")
		}
		if err := c.Send(testenv.AppendCommand(nil, "SUBSCRIBE", "news")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for p, c := range clients(t, s, publishers) {
		group.Go(func() { // ends with its messages
			var batch []byte
			for i := range messages {
				batch = testenv.AppendCommand(batch, "PUBLISH", "news", fmt.Sprintf("%d %d", p, i))
			}
			if err := c.Send(batch); err != nil {
				t.Error(err)
			}
			for range messages {
				if v, err := c.Read(); v != int64(len(subs)) {
					t.Errorf("PUBLISH: %v %v", v, err)
					return
				}
			}
		})
	}
	for _, c := range subs {
		var next [publishers]int
		for range publishers * messages {
			v, err := c.Read()
			if err != nil {
				t.Fatal(err)
			}
			m, ok := v.([]any)
			if !ok {
				m = []any(v.(testenv.Push))
			}
			var p, i int
			if _, err := fmt.Sscan(m[2].(string), &p, &i); err != nil || i != next[p] {
				t.Fatalf("message %v, want number %d (%v)", m, next[p], err)
			}
			next[p]++
		}
	}
	group.Wait()
}

func TestMonitorSeesAllLoops(t *testing.T) {
	const each = 300
	s := startLoops(t)
	cs := clients(t, s, 4)
	cs[0].Do("MONITOR")
	for n, c := range cs[1:] {
		var batch []byte
		for i := range each {
			batch = testenv.AppendCommand(batch, "ECHO", fmt.Sprintf("%d-%d", n, i))
		}
		if err := c.Send(batch); err != nil {
			t.Fatal(err)
		}
	}
	var next [3]int
	for range 3 * each {
		v, err := cs[0].Read()
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(string(v.(testenv.Simple)))
		n, i, _ := strings.Cut(strings.Trim(words[len(words)-1], `"`), "-")
		who, _ := strconv.Atoi(n)
		if i != strconv.Itoa(next[who]) {
			t.Fatalf("%v, want number %d", v, next[who])
		}
		next[who]++
	}
}

// TestKilledOnOtherLoops kills clients of all loops while they send.
func TestKilledOnOtherLoops(t *testing.T) {
	s := startLoops(t)
	killer := s.Client(t)
	for range 10 {
		var group sync.WaitGroup
		for _, c := range clients(t, s, 6) {
			c.Do("SUBSCRIBE", "x") // one that is killed has things to be forgotten
			c.Do("HELLO", "3")
			group.Go(func() { // ends when the connection is closed
				batch := testenv.AppendCommand(nil, "PUBLISH", "x", strings.Repeat("y", 1000))
				for c.Send(batch) == nil {
					if _, err := c.Read(); err != nil {
						return
					}
				}
			})
		}
		if n := killer.Do("CLIENT", "KILL", "SKIPME", "yes"); n != int64(6) {
			t.Fatalf("CLIENT KILL: %v", n)
		}
		group.Wait()
	}
	testenv.Eventually(t, deadline, "nothing is left", func() bool {
		return info(t, killer, "connected_clients") == 1 && info(t, killer, "pubsub_clients") == 0
	})
	if v := killer.Do("PUBLISH", "x", "y"); v != int64(0) {
		t.Errorf("PUBLISH: %v", v)
	}
}

// TestUnblockedFromAnotherLoop ends waits from another loop: each wakes the client's own, and the commands behind the
// wait follow.
func TestUnblockedFromAnotherLoop(t *testing.T) {
	s := startLoops(t)
	cs := clients(t, s, 3)
	ids := make([]any, len(cs))
	for i, c := range cs {
		ids[i] = c.Do("CLIENT", "ID")
	}
	for round := range 200 {
		waiter, other := round%3, (round+1)%3
		batch := testenv.AppendCommand(nil, "WAIT", "1", "0")
		batch = testenv.AppendCommand(batch, "ECHO", round)
		if err := cs[waiter].Send(batch); err != nil {
			t.Fatal(err)
		}
		for cs[other].Do("CLIENT", "UNBLOCK", ids[waiter]) == int64(0) {
		}
		if v, err := cs[waiter].Read(); v != int64(0) {
			t.Fatalf("WAIT: %v %v", v, err)
		}
		if v, err := cs[waiter].Read(); v != strconv.Itoa(round) {
			t.Fatalf("ECHO: %v %v", v, err)
		}
	}
}

// TestWaitsEndInTime has clients of all loops wait for a few milliseconds, again and again: far less than lies between
// two ticks, with which they would take two seconds.
func TestWaitsEndInTime(t *testing.T) {
	const rounds, wait = 20, 5 * time.Millisecond
	s := startLoops(t)
	cs := clients(t, s, 3)
	start := time.Now()
	for i := range rounds {
		if v := cs[i%3].Do("WAIT", "1", wait.Milliseconds()); v != int64(0) {
			t.Fatalf("WAIT: %v", v)
		}
	}
	if took := time.Since(start); took < rounds*wait || took > rounds*wait*15 {
		t.Errorf("%d waits of %v took %v", rounds, wait, took)
	}
}

// TestPausedOnAllLoops pauses and goes on again and again while clients of all loops write: nothing is lost and nothing
// runs twice.
func TestPausedOnAllLoops(t *testing.T) {
	s := startLoops(t)
	c := s.Client(t)
	stop := load(t, s, 6)
	for i := range 60 {
		switch i % 3 {
		case 0:
			c.Do("CLIENT", "PAUSE", "1000", "WRITE")
			c.Do("GET", "count")
			c.Do("CLIENT", "UNPAUSE")
		case 1:
			c.Do("CLIENT", "PAUSE", "2", "ALL")
		case 2:
			c.Do("CLIENT", "PAUSE", "1", "WRITE")
			c.Do("CLIENT", "PAUSE", "3", "WRITE")
		}
	}
	n := stop()
	if v := c.Do("GET", "count"); v != strconv.FormatInt(n, 10) {
		t.Errorf("%d were counted, the server says %v", n, v)
	}
	if n := info(t, c, "blocked_clients"); n != 0 {
		t.Errorf("%d clients are blocked", n)
	}
}

func TestConfiguredUnderLoad(t *testing.T) {
	s := startLoops(t)
	c := s.Client(t)
	stop := load(t, s, 6)
	for i := range 40 {
		for _, set := range [][]any{
			{"io-threads", 1 + i%4}, {"maxmemory", 1000000000 * (i % 2)}, {"proto-max-bulk-len", 1<<20 + i<<20},
			{"notify-keyspace-events", []string{"KEA", ""}[i%2]}, {"hz", 10 + 10*(i%3)},
			{"client-output-buffer-limit", "normal 100mb 0 0"}, {"tcp-keepalive", 100 + i}, {"timeout", 100 + i},
			{"maxmemory-clients", "500mb"}, {"client-query-buffer-limit", 1<<30 - i}, {"loglevel", "notice"},
			{"maxclients", 100 + i}, {"latency-tracking", []string{"yes", "no"}[i%2]},
			{"maxmemory-policy", []string{"allkeys-lru", "allkeys-lfu"}[i%2]},
		} {
			if v := c.Do(append([]any{"CONFIG", "SET"}, set...)...); v != testenv.Simple("OK") {
				t.Fatalf("%v: %v", set, v)
			}
		}
		extra := s.Client(t)
		if v := extra.Do("PING"); v != testenv.Simple("PONG") {
			t.Fatalf("PING: %v", v)
		}
		extra.Close()
	}
	n := stop()
	if v := c.Do("GET", "count"); v != strconv.FormatInt(n, 10) {
		t.Errorf("%d were counted, the server says %v", n, v)
	}
}

// TestShutdownUnderLoad ends a server all of whose loops are busy, with clients that wait and listen.
func TestShutdownUnderLoad(t *testing.T) {
	s := startLoops(t)
	var group sync.WaitGroup
	for i, c := range clients(t, s, 9) {
		switch i % 3 {
		case 1:
			if err := c.Send(testenv.AppendCommand(nil, "WAIT", "1", "0")); err != nil {
				t.Fatal(err)
			}
		case 2:
			c.Do("SUBSCRIBE", "x")
		}
		group.Go(func() { // ends with the server
			batch := testenv.AppendCommand(nil, "PUBLISH", "x", "y")
			for c.Send(batch) == nil {
				if _, err := c.Read(); err != nil {
					return
				}
			}
		})
	}
	last := s.Client(t)
	if v, err := last.Call("SHUTDOWN", "NOSAVE"); err == nil {
		t.Errorf("SHUTDOWN: %v", v)
	}
	if code := s.Wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	group.Wait()
	if l := s.Log(); strings.Contains(l, "DATA RACE") || strings.Contains(l, "panic") {
		t.Error(s.LogTail())
	}
}

// TestLimitsChangeForAll changes what requests may look like while the clients concerned say nothing, on all loops.
func TestLimitsChangeForAll(t *testing.T) {
	s := startLoops(t, "--requirepass", "secret")
	idle := clients(t, s, 3)
	c := s.Client(t)
	c.Do("AUTH", "secret")
	c.Do("CONFIG", "SET", "requirepass", "")
	many := []any{"DEL"}
	for i := range 20 { // more than a client may send that has to show a password first
		many = append(many, i)
	}
	for _, c := range idle {
		if v := c.Do(many...); v != int64(0) {
			t.Errorf("DEL of many: %v", v)
		}
	}
	c.Do("CONFIG", "SET", "proto-max-bulk-len", "1mb")
	for _, c := range idle {
		if err := c.Send([]byte("*2\r\n$4\r\nECHO\r\n$1048577\r\n")); err != nil {
			t.Fatal(err)
		}
		if v, err := c.Read(); !isError(v, "ERR Protocol error: invalid bulk length") {
			t.Errorf("ECHO of too much: %v %v", v, err)
		}
	}
}
