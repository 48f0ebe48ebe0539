//go:build e2e

package ha_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"valkey/testenv"
	"valkey/testenv/ha"
)

const (
	downAfter = time.Second
	// gapMax is how long a library may be without an acknowledged write, detection apart: what the failover takes,
	// and what the library makes of it, on a machine that has more to do.
	gapMax = 5 * time.Second
)

// rounds are the failures: an operator's SENTINEL FAILOVER, SIGKILL of the primary, and the same with the leading
// sentinel.
var rounds = []string{"operator", "crash", "leader too"}

// TestClients writes through libraries that follow sentinels by themselves, all at once, to servers and sentinels that
// want a user's name and password, while the primary fails. Each writes on, each reads from replicas, and the
// operator's failover loses no write that was acknowledged. Every sentinel tells the same history afterwards.
func TestClients(t *testing.T) {
	bin := filepath.Dir(testenv.Ours.Tool(t, "valkey-sentinel"))
	f := start(t, ha.Options{Servers: bin, Sentinels: bin, DownAfter: downAfter, User: user, Password: password})
	healthy(t, f)
	clients := libraries(t, f)
	for _, round := range rounds {
		t.Run(round, func(t *testing.T) { failUnder(t, f, clients, round) })
	}
}

// start starts a fleet, which is killed when the test ends.
func start(t *testing.T, o ha.Options) *ha.Fleet {
	t.Helper()
	f, err := ha.Create(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Kill(syscall.SIGKILL, f.All()...); err != nil {
			t.Error(err)
		}
	})
	if err := f.Start(f.All()...); err != nil {
		t.Fatal(err)
	}
	return f
}

func healthy(t *testing.T, f *ha.Fleet) *ha.Node {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	primary, err := f.AwaitHealthy(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return primary
}

func failUnder(t *testing.T, f *ha.Fleet, clients []library, round string) {
	old := healthy(t, f)
	writers := map[string]*ha.Writer{}
	stop := sync.OnceFunc(func() {
		for _, w := range writers {
			w.Stop()
		}
	})
	defer stop()
	for _, c := range clients {
		if !c.lonely || round != "leader too" {
			writers[c.name] = ha.WriteWith(c.name+":"+strings.Fields(round)[0], c.append)
		}
	}
	allWrite := func() {
		t.Helper()
		now := time.Now()
		for name, w := range writers {
			testenv.Eventually(t, time.Minute, name+" writes", func() bool { return w.Last().After(now) })
		}
	}
	allWrite()
	at, victims := fail(t, f, old, round)
	testenv.Eventually(t, time.Minute, "every sentinel names another primary", func() bool {
		for _, s := range f.Sentinels {
			if p, err := f.Primary(s, time.Second); f.Alive(s) && (err != nil || p == old) {
				return false
			}
		}
		return true
	})
	allWrite()
	if err := f.Start(victims...); err != nil {
		t.Fatal(err)
	}
	now := healthy(t, f)
	if now == old {
		t.Fatalf("the primary is %s again", now.Name)
	}
	allWrite()
	stop()
	for _, c := range clients {
		if w := writers[c.name]; w != nil {
			judge(t, f, now, c, w, at, round)
		}
	}
	sameHistory(t, f)
}

// fail brings the round's failure about, and gives the processes that it ended.
func fail(t *testing.T, f *ha.Fleet, old *ha.Node, round string) (at time.Time, victims []*ha.Node) {
	t.Helper()
	if round == "operator" {
		at = time.Now()
		if _, err := ha.Ask(f.Sentinels[0], 5*time.Second, "SENTINEL", "FAILOVER", ha.Name); err != nil {
			t.Fatal(err)
		}
		return at, nil
	}
	victims = append(victims, old)
	if round == "leader too" {
		leader, ok := f.Leader()
		if !ok {
			t.Fatal("no sentinel leads")
		}
		victims = append(victims, leader)
	}
	at = time.Now()
	if err := f.Kill(syscall.SIGKILL, victims...); err != nil {
		t.Fatal(err)
	}
	return at, victims
}

// judge holds a library to what it was promised in a round.
func judge(t *testing.T, f *ha.Fleet, primary *ha.Node, c library, w *ha.Writer, at time.Time, round string) {
	t.Helper()
	lost, err := w.Lost(primary)
	if err != nil {
		t.Fatal(err)
	}
	limit, gap := gapMax, w.Gap(at)
	if round != "operator" {
		limit += downAfter
	}
	t.Logf("%-16s %6d writes, %d lost, longest gap %v", c.name, len(w.Acked), lost, gap)
	if gap > limit {
		t.Errorf("%s was without a write for %v", c.name, gap)
	}
	if lost > 0 && round == "operator" {
		t.Errorf("%d writes of %s were acknowledged and lost", lost, c.name)
	}
	read(t, f, primary, c, w.Key)
}

// read sees that the library reads what it has written, from a replica.
func read(t *testing.T, f *ha.Fleet, primary *ha.Node, c library, key string) {
	t.Helper()
	v, err := ha.Ask(primary, time.Second, "STRLEN", key)
	if err != nil {
		t.Fatal(err)
	}
	var got int64
	testenv.Eventually(t, time.Minute, c.name+" reads from a replica", func() bool {
		got, err = c.length(key)
		if err != nil || got != v {
			return false
		}
		for _, n := range f.Servers {
			if n != primary && readsFrom(n, c.name) || c.anywhere {
				return true
			}
		}
		return false
	})
}

func sameHistory(t *testing.T, f *ha.Fleet) {
	t.Helper()
	testenv.Eventually(t, time.Minute, "all tell the same history", func() bool {
		first, err := ha.Ask(f.Sentinels[0], time.Second, "SENTINEL", "HISTORY", ha.Name)
		if err != nil {
			return false
		}
		for _, s := range f.Sentinels[1:] {
			if next, err := ha.Ask(s, time.Second, "SENTINEL", "HISTORY", ha.Name); err != nil ||
				fmt.Sprint(next) != fmt.Sprint(first) {
				return false
			}
		}
		return true
	})
}
