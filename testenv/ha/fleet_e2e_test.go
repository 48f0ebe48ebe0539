//go:build e2e

package ha_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"valkey/testenv"
	"valkey/testenv/ha"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

// TestFailover starts a fleet of ours, and one of Valkey's where there is one, kills the primary under a writer, and
// sees another one take over and the old one come back as a replica.
func TestFailover(t *testing.T) {
	for _, program := range []testenv.Program{testenv.Ours, testenv.Valkey} {
		t.Run(program.String(), func(t *testing.T) {
			bin := filepath.Dir(program.Tool(t, "valkey-sentinel"))
			f := start(t, ha.Options{Servers: bin, Sentinels: bin, DownAfter: time.Second})
			old := healthy(t, f)
			w, err := f.StartWriter(old)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			testenv.Eventually(t, time.Minute, "writes are taken", func() bool { return w.Last().After(began) })
			if err := f.Kill(syscall.SIGKILL, old); err != nil {
				t.Fatal(err)
			}
			at := time.Now()
			testenv.Eventually(t, time.Minute, "every sentinel names another primary", func() bool {
				for _, s := range f.Sentinels {
					if p, err := f.Primary(s, time.Second); err != nil || p == old {
						return false
					}
				}
				return true
			})
			switched := time.Now()
			testenv.Eventually(t, time.Minute, "the new primary takes writes", func() bool {
				return w.Last().After(switched)
			})
			w.Stop()
			if err := f.Start(old); err != nil {
				t.Fatal(err)
			}
			if primary := healthy(t, f); primary == old {
				t.Fatalf("the primary is %v", primary)
			}
			if gap := w.Gap(at); gap < 500*time.Millisecond {
				t.Errorf("writes went on after %v, before anybody could know of the failure", gap)
			}
		})
	}
}

// TestRebornPrimary kills the primary, which has saved nothing, and starts it again before a sentinel misses it, as a
// supervisor does. Its replicas keep the data, and a failover gives it back to all.
func TestRebornPrimary(t *testing.T) {
	bin := filepath.Dir(testenv.Ours.Tool(t, "valkey-sentinel"))
	f := start(t, ha.Options{Servers: bin, Sentinels: bin, DownAfter: 20 * time.Second})
	old := healthy(t, f)
	ask := func(n *ha.Node, words ...any) any {
		v, err := ha.Ask(n, 5*time.Second, words...)
		if err != nil {
			return err.Error()
		}
		return v
	}
	ask(old, "SET", "k", "v")
	if n := ask(old, "WAIT", 2, 10_000); n != int64(2) {
		t.Fatalf("%v replicas have the write", n)
	}
	if err := f.Kill(syscall.SIGKILL, old); err != nil {
		t.Fatal(err)
	}
	if err := f.Start(old); err != nil {
		t.Fatal(err)
	}
	for _, n := range f.Servers {
		testenv.Eventually(t, 20*time.Second, "the replica keeps its data", func() bool {
			fields, err := ha.Info(n, "replication")
			return n == old || err == nil && fields["replica_keeps_data_seconds"] != ""
		})
	}
	if v := ask(old, "GET", "k"); v == "v" {
		t.Fatal("the primary has lost nothing")
	}
	testenv.Eventually(t, 20*time.Second, "a sentinel takes the order", func() bool {
		return ask(f.Sentinels[0], "SENTINEL", "FAILOVER", ha.Name) == testenv.Simple("OK")
	})
	testenv.Eventually(t, time.Minute, "all have the data again", func() bool {
		primary, err := f.Healthy()
		for _, n := range f.Servers {
			if err != nil || primary == old || ask(n, "GET", "k") != "v" {
				return false
			}
		}
		return true
	})
}
