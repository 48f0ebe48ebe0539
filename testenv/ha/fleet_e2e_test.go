//go:build e2e

package ha_test

import (
	"context"
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
			f, err := ha.Create(t.TempDir(), ha.Options{Servers: bin, Sentinels: bin, DownAfter: time.Second})
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
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			old, err := f.AwaitHealthy(ctx)
			if err != nil {
				t.Fatal(err)
			}
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
			primary, err := f.AwaitHealthy(ctx)
			if err != nil || primary == old {
				t.Fatalf("the primary is %v (%v)", primary, err)
			}
			if gap := w.Gap(at); gap < 500*time.Millisecond {
				t.Errorf("writes went on after %v, before anybody could know of the failure", gap)
			}
		})
	}
}
