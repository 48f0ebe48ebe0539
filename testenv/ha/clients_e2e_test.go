//go:build e2e

package ha_test

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"valkey/testenv"
	"valkey/testenv/ha"
)

// TestFailoverClient writes through a client library that follows sentinels by itself, kills the primary under it and,
// another time, the primary together with the leading sentinel. Every sentinel tells the same history afterwards.
func TestFailoverClient(t *testing.T) {
	bin := filepath.Dir(testenv.Ours.Tool(t, "valkey-sentinel"))
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
	addrs := f.SentinelAddrs()
	o, err := redis.ParseFailoverURL(fmt.Sprintf("redis://%s?master_name=%s&addr=%s&addr=%s", addrs[0], ha.Name, addrs[1],
		addrs[2]))
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewFailoverClient(o)
	defer c.Close()
	for round, withLeader := range []bool{false, true} {
		t.Run(fmt.Sprintf("leader too: %v", withLeader), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			old, err := f.AwaitHealthy(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Set(ctx, "round", round, 0).Err(); err != nil {
				t.Fatal(err)
			}
			victims := []*ha.Node{old}
			if leader, ok := f.Leader(); withLeader {
				if !ok {
					t.Fatal("no sentinel leads")
				}
				victims = append(victims, leader)
			}
			if err := f.Kill(syscall.SIGKILL, victims...); err != nil {
				t.Fatal(err)
			}
			testenv.Eventually(t, time.Minute, "the client writes on", func() bool {
				return c.Set(ctx, "after", round, 0).Err() == nil
			})
			if err := f.Start(victims...); err != nil {
				t.Fatal(err)
			}
			now, err := f.AwaitHealthy(ctx)
			if err != nil || now == old {
				t.Fatalf("the primary is %v (%v)", now, err)
			}
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
		})
	}
}
