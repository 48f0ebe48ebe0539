//go:build compat

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valkey/testenv"
	"valkey/testenv/proxy"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

const deadline = 20 * time.Second

// options are what every program starts with.
var options = []string{"--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"}

// couples are who copies whom.
var couples = []struct{ primary, replica testenv.Program }{
	{testenv.Ours, testenv.Ours},
	{testenv.Valkey, testenv.Ours},
	{testenv.Redis, testenv.Ours},
	{testenv.Ours, testenv.Valkey},
	// Not ours to Redis: 7.0 reads files up to version 10, and a primary of Valkey 9.1 sends 11 as well.
}

// TestReplication lets each copy each: a data set that was there before, writes while it is being sent, writes after.
func TestReplication(t *testing.T) {
	for i, pair := range couples {
		for _, diskless := range []string{"yes", "no"} {
			t.Run(fmt.Sprintf("%v to %v/diskless %s", pair.primary, pair.replica, diskless), func(t *testing.T) {
				primary := pair.primary.Start(t, append([]string{"--repl-diskless-sync", diskless}, options...)...)
				replica := pair.replica.Start(t, options...)
				p, r := primary.Client(t), replica.Client(t)
				w := testenv.NewWorkload(uint64(i))
				w.Write(t, p, 2000)
				p.Do("SET", "large:20", strings.Repeat("0123456789abcdef-", 20<<20/17))
				r.Do("SET", "of the replica", "goes")
				testenv.Follow(t, r, primary.Addr)
				for range 20 {
					w.Write(t, p, 200)
				}
				testenv.Linked(t, r)
				w.Write(t, p, 500)
				testenv.InSync(t, "after writes", p, r)
				p.Do("SWAPDB", 0, 2)
				p.Do("SELECT", 0)
				testenv.InSync(t, "after an exchange of databases", p, r)
				p.Do("FLUSHALL")
				w.Write(t, p, 100)
				testenv.InSync(t, "after a flush", p, r)
			})
		}
	}
}

// TestPartialResync cuts the link of each pair with CLIENT KILL while writes go on: the rest of the stream must do.
func TestPartialResync(t *testing.T) {
	for i, pair := range couples {
		t.Run(fmt.Sprintf("%v to %v", pair.primary, pair.replica), func(t *testing.T) {
			primary, replica := pair.primary.Start(t, options...), pair.replica.Start(t, options...)
			p, r := primary.Client(t), replica.Client(t)
			w := testenv.NewWorkload(uint64(i))
			w.Calm = true
			testenv.Follow(t, r, primary.Addr)
			testenv.Linked(t, r)
			for range 3 {
				w.Write(t, p, 100)
				if n := p.Do("CLIENT", "KILL", "TYPE", "replica"); n != int64(1) {
					t.Fatalf("CLIENT KILL: %v", n)
				}
				w.Write(t, p, 100)
				testenv.InSync(t, "after the link was cut", p, r)
			}
			if full, partial := testenv.Info(t, p, "sync_full"), testenv.Info(t, p, "sync_partial_ok"); full != "1" ||
				partial != "3" {
				t.Errorf("%s full and %s partial syncs", full, partial)
			}
		})
	}
}

// TestDataFiles saves with one program and starts another with the file, both ways.
func TestDataFiles(t *testing.T) {
	for i, pair := range []struct{ from, to testenv.Program }{
		{testenv.Valkey, testenv.Ours},
		{testenv.Ours, testenv.Valkey},
		{testenv.Redis, testenv.Ours},
	} {
		t.Run(fmt.Sprintf("%v to %v", pair.from, pair.to), func(t *testing.T) {
			from, to := pair.from.Start(t, options...), pair.to.Prepare(t, t.TempDir(), options...)
			f := from.Client(t)
			w := testenv.NewWorkload(uint64(i))
			w.Write(t, f, 5000)
			w.Calm = true
			w.Write(t, f, 2000)
			f.Do("SET", "large", strings.Repeat("abcdefgh", 1<<17))
			if v := f.Do("SAVE"); v != testenv.Simple("OK") {
				t.Fatal("SAVE:", v)
			}
			copyFile(t, filepath.Join(from.Dir, "dump.rdb"), filepath.Join(to.Dir, "dump.rdb"))
			to.Launch(t)
			testenv.SameData(t, "loaded from the other's file", f, to.Client(t))
		})
	}
}

// TestAppendOnlyFolders starts one program with the other's append-only folder, with and without a base file of its own
// format, both ways.
func TestAppendOnlyFolders(t *testing.T) {
	for i, pair := range []struct{ from, to testenv.Program }{
		{testenv.Valkey, testenv.Ours},
		{testenv.Ours, testenv.Valkey},
		{testenv.Redis, testenv.Ours},
	} {
		for _, preamble := range []string{"yes", "no"} {
			t.Run(fmt.Sprintf("%v to %v/preamble %s", pair.from, pair.to, preamble), func(t *testing.T) {
				args := append([]string{"--appendonly", "yes", "--aof-use-rdb-preamble", preamble}, options...)
				from, to := pair.from.Start(t, args...), pair.to.Prepare(t, t.TempDir(), args...)
				f := from.Client(t)
				w := testenv.NewWorkload(uint64(i))
				w.Write(t, f, 3000)
				if v := f.Do("BGREWRITEAOF"); !strings.Contains(fmt.Sprint(v), "ewriting") {
					t.Fatal("BGREWRITEAOF:", v)
				}
				w.Calm = true
				w.Write(t, f, 1000)
				awaitRewrite(t, f)
				w.Write(t, f, 1000)
				testenv.SameData(t, "near deadlines have passed", f, f)
				if code := from.Stop(t); code != 0 {
					t.Fatal("exit code", code)
				}
				if err := os.CopyFS(filepath.Join(to.Dir, "appendonlydir"),
					os.DirFS(filepath.Join(from.Dir, "appendonlydir"))); err != nil {
					t.Fatal(err)
				}
				to.Launch(t)
				from.Launch(t)
				testenv.SameData(t, "loaded from the other's folder", from.Client(t), to.Client(t))
			})
		}
	}
}

// TestDumpAndRestore takes every key with DUMP from one program and gives it to another with RESTORE.
func TestDumpAndRestore(t *testing.T) {
	for i, pair := range []struct{ from, to testenv.Program }{
		{testenv.Valkey, testenv.Ours},
		{testenv.Ours, testenv.Valkey},
		{testenv.Redis, testenv.Ours},
	} {
		t.Run(fmt.Sprintf("%v to %v", pair.from, pair.to), func(t *testing.T) {
			f, to := pair.from.Start(t, options...).Client(t), pair.to.Start(t, options...).Client(t)
			w := testenv.NewWorkload(uint64(i))
			w.Calm = true
			w.Write(t, f, 3000)
			f.Do("SET", "large", strings.Repeat("abcdefgh", 1<<17))
			for db := range 4 {
				f.Do("SELECT", db)
				to.Do("SELECT", db)
				for _, k := range f.Do("KEYS", "*").([]any) {
					v := f.Pipeline([]any{"PEXPIRETIME", k}, []any{"DUMP", k})
					payload, ok := v[1].(string)
					if !ok {
						continue // expired between the two commands
					}
					at := v[0].(int64)
					reply := to.Do("RESTORE", k, max(at, 0), payload, "ABSTTL")
					if reply != testenv.Simple("OK") {
						t.Fatalf("RESTORE %q: %v", k, reply)
					}
				}
			}
			f.Do("SELECT", 0)
			to.Do("SELECT", 0)
			testenv.SameData(t, "restored", f, to)
		})
	}
}

// TestPipedRestore is the handbook's `valkey-cli --raw dump key | head -c -1 | valkey-cli -x restore key 0`.
func TestPipedRestore(t *testing.T) {
	cli := testenv.Valkey.Tool(t, "valkey-cli")
	from, to := testenv.Start(t), testenv.Start(t)
	f, c := from.Client(t), to.Client(t)
	const value = "a\r\n\x00\xff binary value"
	f.Do("SET", "k", value)
	_, fromPort, _ := strings.Cut(from.Addr, ":")
	_, toPort, _ := strings.Cut(to.Addr, ":")
	script := fmt.Sprintf("%s -p %s --raw dump k | head -c -1 | %s -p %s -x restore k 0", cli, fromPort, cli, toPort)
	out, err := exec.Command("sh", "-c", script).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "OK" {
		t.Fatalf("%s: %s %v", script, out, err)
	}
	if got := c.Do("GET", "k"); got != value {
		t.Errorf("GET: %q", got)
	}
}

func awaitRewrite(t *testing.T, c *testenv.Client) {
	t.Helper()
	testenv.Eventually(t, deadline, "the rewrite has ended", func() bool {
		return testenv.Info(t, c, "aof_rewrite_in_progress") == "0" && testenv.Info(t, c, "aof_rewrite_scheduled") == "0"
	})
	if s := testenv.Info(t, c, "aof_last_bgrewrite_status"); s != "ok" {
		t.Fatal("the rewrite:", s)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRebornPrimary brings a primary of each program back without its data: our replica keeps what it has, and takes
// what comes when it is told to. A primary that has its data again, of an unrelated history, is followed at once.
func TestRebornPrimary(t *testing.T) {
	for _, program := range []testenv.Program{testenv.Valkey, testenv.Redis} {
		for _, diskless := range []string{"yes", "no"} {
			t.Run(fmt.Sprintf("%v/diskless %s", program, diskless), func(t *testing.T) {
				args := append([]string{"--repl-diskless-sync", diskless}, options...)
				primary := program.Start(t, append(args, "--appendonly", "yes")...)
				replica := testenv.Ours.Start(t, options...)
				link := proxy.New(t, primary.Addr)
				p, r := primary.Client(t), replica.Client(t)
				testenv.Follow(t, r, link.Addr)
				testenv.Linked(t, r)
				testenv.NewWorkload(1).Write(t, p, 200)
				testenv.InSync(t, "before", p, r)
				primary.Stop(t)
				primary.Launch(t)
				p = primary.Client(t)
				link.SetTarget(primary.Addr)
				testenv.Linked(t, r)
				testenv.InSync(t, "with its data", p, r)
				primary.Kill()
				reborn := program.Start(t, args...)
				link.SetTarget(reborn.Addr)
				testenv.Eventually(t, deadline, "the replica keeps its data", func() bool {
					return testenv.Info(t, r, "replica_keeps_data_seconds") != ""
				})
				reborn.Client(t).Do("SET", "late", "data")
				before := link.Accepted()
				testenv.Eventually(t, deadline, "the replica asks again", func() bool { return link.Accepted() > before+1 })
				if r.Do("EXISTS", "testenv:mark", "late") != int64(1) {
					t.Error("the replica lost its data")
				}
				r.Do("CONFIG", "SET", "replica-keep-data-seconds", 0)
				testenv.Linked(t, r)
				testenv.InSync(t, "told to take the copy", reborn.Client(t), r)
			})
		}
	}
}
