//go:build e2e

package e2e

import (
	"strconv"
	"strings"
	"testing"

	"valkey/testenv"
)

// TestRestartOfAPrimary ends a primary that saves, by each way to end it, with keys whose time passes while it is away.
// Its replicas live on, go on from where they were, and have what it has: the expired keys, too, are gone.
func TestRestartOfAPrimary(t *testing.T) {
	for _, how := range []string{"SHUTDOWN NOW", "SHUTDOWN SAVE", "SIGTERM"} {
		t.Run(how, func(t *testing.T) {
			primary := testenv.Start(t, append([]string{"--save", "3600 1"}, replicationOptions...)...)
			p := primary.Client(t)
			p.Do("SET", "k", "v")
			if v := p.Do("SAVE"); v != testenv.Simple("OK") { // no effect: a replica would save, too
				t.Fatal(v)
			}
			f := follow(t, primary, "--save", "")
			p.Do("DEBUG", "SET-ACTIVE-EXPIRE", "0")
			for i := range 200 {
				p.Do("SET", "soon"+strconv.Itoa(i), "gone", "PX", "1")
			}
			p.Do("SAVE")
			p.Do("SET", "k", "changed since the last save")
			testenv.SamePlace(t, p, f.client)
			if how == "SIGTERM" {
				if code := primary.Stop(t); code != 0 {
					t.Errorf("exit code %d", code)
				}
			} else {
				_, _ = p.Call("SHUTDOWN", strings.Fields(how)[1]) // its reply is the end
				primary.Wait(t)
			}
			primary.Launch(t)
			f.link.SetTarget(primary.Addr)
			p = primary.Client(t)
			testenv.Linked(t, f.client)
			testenv.InSync(t, "after the restart", p, f.client)
			testenv.SamePlace(t, p, f.client)
			if n := f.client.Do("DBSIZE"); n != int64(2) {
				t.Errorf("the replica has %v keys", n)
			}
			full, partial := testenv.Info(t, p, "sync_full"), testenv.Info(t, p, "sync_partial_ok")
			if full != "0" || partial != "1" {
				t.Errorf("%s full and %s partial syncs", full, partial)
			}
			if n := testenv.Info(t, f.client, "rdb_saves"); n != "0" {
				t.Errorf("the replica has saved %s times", n)
			}
		})
	}
}
