//go:build e2e

package e2e

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/testenv"
)

// TestRebornPrimary brings a primary back without its data, at the address where its replica follows it: the replica
// keeps what it has and goes on serving it. Told so, it takes the copy.
func TestRebornPrimary(t *testing.T) {
	primary := testenv.Start(t, replicationOptions...)
	p := primary.Client(t)
	f := follow(t, primary, "--replica-keep-data-seconds", "60")
	for i := range 100 {
		p.Do("SET", "k"+strconv.Itoa(i), i)
	}
	testenv.InSync(t, "before", p, f.client)
	primary.Kill()
	reborn := testenv.Start(t, replicationOptions...)
	r := reborn.Client(t)
	f.link.SetTarget(reborn.Addr)
	testenv.Eventually(t, 20*time.Second, "the replica refuses the copy", func() bool {
		return strings.Contains(f.server.Log(), "unrelated and shorter history")
	})
	if v := f.client.Do("GET", "k25"); v != "25" {
		t.Errorf("the replica has %v", v)
	}
	if status := testenv.Info(t, f.client, "master_link_status"); status != "down" {
		t.Errorf("its link is %s", status)
	}
	f.client.Do("CONFIG", "SET", "replica-keep-data-seconds", 0)
	testenv.Linked(t, f.client)
	testenv.InSync(t, "told to take the copy", r, f.client)
	if n := f.client.Do("EXISTS", "k25"); n != int64(0) {
		t.Error("the replica still has the old data")
	}
}

// TestRebornPrimaryOutwaited takes the copy once the time is over, and at once on REPLICAOF, which is meant.
func TestRebornPrimaryOutwaited(t *testing.T) {
	primary := testenv.Start(t, replicationOptions...)
	p := primary.Client(t)
	waits := follow(t, primary, "--replica-keep-data-seconds", "2")
	told := follow(t, primary, "--replica-keep-data-seconds", "60")
	p.Do("SET", "k", "v")
	testenv.InSync(t, "before", p, waits.client)
	testenv.InSync(t, "before", p, told.client)
	primary.Kill()
	reborn := testenv.Start(t, replicationOptions...)
	r := reborn.Client(t)
	waits.link.SetTarget(reborn.Addr)
	testenv.Follow(t, told.client, reborn.Addr)
	testenv.Linked(t, told.client)
	testenv.InSync(t, "told", r, told.client)
	testenv.Eventually(t, 20*time.Second, "the replica refuses the copy", func() bool {
		return strings.Contains(waits.server.Log(), "unrelated and shorter history")
	})
	testenv.Linked(t, waits.client)
	testenv.InSync(t, "waited", r, waits.client)
	if n := waits.client.Do("EXISTS", "k"); n != int64(0) {
		t.Error("the replica still has the old data")
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
