//go:build e2e

package e2e

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/testenv"
	"valkey/testenv/proxy"
)

// refusal is what the log of a replica says that keeps its data.
const refusal = "came back without its data, with an unrelated history"

// refuses waits until the replica has refused a copy, and checks that it has its data and says why its link is down.
func (f follower) refuses(t *testing.T, key, value string) {
	t.Helper()
	testenv.Eventually(t, deadline, "the replica refuses the copy", func() bool {
		return testenv.Info(t, f.client, "replica_keeps_data_seconds") != ""
	})
	if v := f.client.Do("GET", key); v != value {
		t.Errorf("the replica has %v", v)
	}
	if status := testenv.Info(t, f.client, "master_link_status"); status != "down" {
		t.Errorf("its link is %s", status)
	}
	if n := strings.Count(f.server.Log(), refusal); n != 1 {
		t.Errorf("its log says so %d times", n)
	}
}

// TestRebornPrimary brings a primary back without its data, at the address where its replicas follow it, which take
// copies in every way: they keep what they have and go on serving it, also when the primary gets new data, and do not
// storm it. Told so, they take the copy; one of them is promoted, and the other has everything from it.
func TestRebornPrimary(t *testing.T) {
	for _, diskless := range []string{"yes", "no"} {
		t.Run("diskless "+diskless, func(t *testing.T) {
			options := append([]string{"--repl-diskless-sync", diskless, "--dual-channel-replication-enabled", "yes"},
				replicationOptions...)
			primary := testenv.Start(t, options...)
			p := primary.Client(t)
			var all []follower
			for i, load := range []string{"disabled", "swapdb", "on-empty-db", "flush-before-load", "flush-before-load"} {
				all = append(all, follow(t, primary, "--repl-diskless-load", load,
					"--dual-channel-replication-enabled", []string{"yes", "no"}[i%2]))
			}
			for i := range 100 {
				p.Do("SET", "k"+strconv.Itoa(i), i)
			}
			for _, f := range all {
				testenv.InSync(t, "before", p, f.client)
			}
			primary.Kill()
			reborn := testenv.Start(t, options...)
			r := reborn.Client(t)
			if diskless == "yes" { // before anybody looks
				r.Do("SET", "early", "data")
			}
			begun, before := time.Now(), all[0].link.Accepted()
			for _, f := range all {
				f.link.SetTarget(reborn.Addr)
			}
			for _, f := range all {
				f.refuses(t, "k25", "25")
			}
			r.Do("SET", "late", "data")
			testenv.Eventually(t, deadline, "the replica asks again", func() bool { return all[0].link.Accepted() > before+3 })
			for _, f := range all {
				f.refuses(t, "k25", "25")
			}
			// Up to two connections a try, tries a second apart.
			if n, most := all[0].link.Accepted()-before, 2*(2+int(time.Since(begun)/time.Second)); n > most {
				t.Errorf("%d connections, at most %d", n, most)
			}
			told, promoted, second := all[0], all[1], all[2]
			told.client.Do("CONFIG", "SET", "replica-keep-data-seconds", 0)
			testenv.Linked(t, told.client)
			testenv.InSync(t, "told to take the copy", r, told.client)
			if n := told.client.Do("EXISTS", "k25"); n != int64(0) {
				t.Error("the replica still has the old data")
			}
			promoted.client.Do("REPLICAOF", "NO", "ONE")
			testenv.Follow(t, second.client, promoted.server.Addr)
			testenv.Follow(t, r, promoted.server.Addr)
			testenv.Linked(t, second.client)
			testenv.Linked(t, r)
			testenv.InSync(t, "promoted", promoted.client, second.client)
			testenv.InSync(t, "promoted", promoted.client, r)
			if v := r.Do("GET", "k25"); v != "25" {
				t.Errorf("the reborn primary has %v", v)
			}
		})
	}
}

// TestRebornPrimaryOutwaited takes the copy once the time is over, and at once on REPLICAOF, which is meant.
func TestRebornPrimaryOutwaited(t *testing.T) {
	primary := testenv.Start(t, replicationOptions...)
	p := primary.Client(t)
	waits := follow(t, primary, "--replica-keep-data-seconds", "2")
	told := follow(t, primary)
	p.Do("SET", "k", "v")
	testenv.InSync(t, "before", p, waits.client)
	testenv.InSync(t, "before", p, told.client)
	primary.Kill()
	reborn := testenv.Start(t, replicationOptions...)
	r := reborn.Client(t)
	waits.link.SetTarget(reborn.Addr)
	testenv.Eventually(t, deadline, "the replica refuses the copy", func() bool {
		return strings.Contains(waits.server.Log(), refusal)
	})
	testenv.Follow(t, told.client, reborn.Addr)
	testenv.Linked(t, told.client)
	testenv.InSync(t, "told", r, told.client)
	testenv.Linked(t, waits.client)
	testenv.InSync(t, "waited", r, waits.client)
	if n := waits.client.Do("EXISTS", "k"); n != int64(0) {
		t.Error("the replica still has the old data")
	}
	if s := testenv.Info(t, waits.client, "replica_keeps_data_seconds"); s != "" {
		t.Errorf("it still keeps data for %s seconds", s)
	}
}

// TestPrimaryWithData is not waited for: one that comes back with its data, from an append-only file, whose history is
// a new one, and one that was emptied on purpose, whose history is the same.
func TestPrimaryWithData(t *testing.T) {
	primary := testenv.Start(t, append([]string{"--appendonly", "yes"}, replicationOptions...)...)
	p := primary.Client(t)
	f := follow(t, primary)
	p.Do("SET", "k", strings.Repeat("v", 1000))
	testenv.InSync(t, "before", p, f.client)
	primary.Stop(t)
	primary.Launch(t)
	p = primary.Client(t)
	f.link.SetTarget(primary.Addr)
	testenv.Linked(t, f.client)
	testenv.InSync(t, "with data", p, f.client)

	p.Do("CONFIG", "SET", "repl-backlog-size", "16kb")
	f.link.BreakNow(proxy.Fault{Kind: proxy.Reset, Dir: proxy.Down})
	f.link.SetTarget("127.0.0.1:1")
	for range 100 {
		p.Do("SET", "k", strings.Repeat("v", 1000))
	}
	p.Do("FLUSHALL")
	f.link.SetTarget(primary.Addr)
	testenv.Linked(t, f.client)
	testenv.Eventually(t, deadline, "the replica is empty, too", func() bool { return f.client.Do("DBSIZE") == int64(0) })
	if n := strings.Count(f.server.Log(), "Full resync from primary"); n != 3 {
		t.Errorf("%d copies, want 3", n)
	}
	if strings.Contains(f.server.Log(), refusal) {
		t.Error("a copy was refused")
	}
}

// TestPrimaryWithAnotherPrimary turns the one in the middle to a primary with a shorter history: it was started without
// data, but what it has is a copy, and the one behind it takes that at once.
func TestPrimaryWithAnotherPrimary(t *testing.T) {
	first, other := testenv.Start(t, replicationOptions...), testenv.Start(t, replicationOptions...)
	middle := follow(t, first)
	last := follow(t, middle.server)
	first.Client(t).Do("SET", "k", strings.Repeat("v", 1000))
	testenv.InSync(t, "before", first.Client(t), last.client)
	other.Client(t).Do("SET", "other", "data")
	testenv.Follow(t, middle.client, other.Addr)
	testenv.Linked(t, middle.client)
	testenv.Linked(t, last.client)
	testenv.InSync(t, "after", other.Client(t), last.client)
	if strings.Contains(last.server.Log(), refusal) {
		t.Error("a copy was refused")
	}
}

// TestStaleEpoch refuses a role from somebody who was overtaken.
func TestStaleEpoch(t *testing.T) {
	primary := testenv.Start(t, replicationOptions...)
	f := follow(t, primary)
	const stale = testenv.Error("STALEEPOCH A later epoch has given this server its role")
	host, port, _ := strings.Cut(primary.Addr, ":")
	for _, step := range []struct {
		words []any
		want  any
		role  string
		epoch string
	}{
		{[]any{"REPLICAOF", host, port + "/7"}, testenv.Simple("OK"), "slave", "7"},
		{[]any{"REPLICAOF", "NO", "ONE/6"}, stale, "slave", "7"},
		{[]any{"SLAVEOF", host, "1/6"}, stale, "slave", "7"},
		{[]any{"REPLICAOF", host, port + "/7"}, testenv.Simple("OK Already connected to specified master"), "slave", "7"},
		{[]any{"REPLICAOF", "NO", "ONE/seven"}, testenv.Error("ERR Invalid master port"), "slave", "7"},
		{[]any{"REPLICAOF", host, "/8"}, testenv.Error("ERR Invalid master port"), "slave", "7"},
		{[]any{"REPLICAOF", "no", "one/8"}, testenv.Simple("OK"), "master", "8"},
		{[]any{"REPLICAOF", host, port}, testenv.Simple("OK"), "slave", "8"},
		{[]any{"REPLICAOF", "NO", "ONE"}, testenv.Simple("OK"), "master", "8"},
	} {
		got := f.client.Do(step.words...)
		role, epoch := testenv.Info(t, f.client, "role"), testenv.Info(t, f.client, "role_epoch")
		if got != step.want || role != step.role || epoch != step.epoch {
			t.Errorf("%v answers %v, then the role is %s and the epoch %s", step.words, got, role, epoch)
		}
	}
}
