//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"valkey/testenv"
)

const crashSeed = 0xdead // of the moments at which processes are killed

// awaitRewrite waits until no rewrite runs or waits to run.
func awaitRewrite(t *testing.T, c *testenv.Client) {
	t.Helper()
	testenv.Eventually(t, deadline, "the rewrite has ended", func() bool {
		return field(t, c, "aof_rewrite_in_progress") == "0" && field(t, c, "aof_rewrite_scheduled") == "0"
	})
	if s := field(t, c, "aof_last_bgrewrite_status"); s != "ok" {
		t.Fatal("the rewrite:", s)
	}
}

// lostMax is how long ago a write may have been acknowledged and yet be lost with a killed process: the log of Valkey
// waits for a sync under way that long.
const lostMax = 3 * time.Second

// TestCrashLoop kills the server again and again in the middle of rewrites and saves. All acknowledged writes are there
// after it, and no other; with `everysec`, where writing waits for a sync under way, those of the last moment may be
// missing, but none before one that is there.
func TestCrashLoop(t *testing.T) {
	for _, fsync := range []string{"always", "everysec", "no"} {
		t.Run(fsync, func(t *testing.T) { crashLoop(t, fsync) })
	}
}

// written is an acknowledged write.
type written struct {
	key int
	at  time.Time
}

func crashLoop(t *testing.T, fsync string) {
	t.Helper()
	const rounds = 5
	t.Logf("seed %#x", crashSeed)
	rng := rand.New(rand.NewPCG(crashSeed, uint64(len(fsync))))
	s := testenv.Start(t, "--appendonly", "yes", "--appendfsync", fsync, "--enable-debug-command", "yes",
		"--auto-aof-rewrite-min-size", "100kb", "--auto-aof-rewrite-percentage", "30")
	c := s.Client(t)
	c.Do("DEBUG", "POPULATE", "20000", "filler", "100")
	c.Do("BGREWRITEAOF") // DEBUG POPULATE is not logged
	awaitRewrite(t, c)
	var history []written
	for round := range rounds {
		killed := 300 + rng.IntN(700)
		rewrite := killed - 1 - rng.IntN(60)
		for n := range killed {
			key := rng.IntN(crashKeys)
			if v := c.Do("INCR", "k"+strconv.Itoa(key)); isError(v, "") {
				t.Fatal(v)
			}
			history = append(history, written{key, time.Now()})
			switch n {
			case rewrite:
				c.Do("BGREWRITEAOF")
			case killed / 2:
				c.Do("BGSAVE", "SCHEDULE")
			}
		}
		s.Kill()
		end := time.Now()
		s.Launch(t)
		c = s.Client(t)
		there := survivors(t, c, history)
		if there < len(history) && (fsync != "everysec" || end.Sub(history[there].at) > lostMax) {
			t.Fatalf("round %d: %d of %d acknowledged writes are there", round, there, len(history))
		}
		history = history[:there]
		if n := c.Do("EXISTS", "filler:0", "filler:19999"); n != int64(2) {
			t.Fatalf("round %d: EXISTS: %v", round, n)
		}
	}
	awaitSave(t, c)
	awaitRewrite(t, c)
	c.Do("BGREWRITEAOF")
	awaitRewrite(t, c)
	testenv.Eventually(t, deadline, "the folder holds a base, an increment and their manifest", func() bool {
		parts, err := filepath.Glob(filepath.Join(s.Dir, "appendonlydir", "appendonly.aof.*"))
		return err == nil && len(parts) == 3
	})
}

const crashKeys = 50

// survivors tells how many of the writes are there: exactly the first ones.
func survivors(t *testing.T, c *testenv.Client, history []written) int {
	t.Helper()
	var got [crashKeys]int
	there := 0
	for key := range got {
		got[key], _ = strconv.Atoi(fmt.Sprint(c.Do("GET", "k"+strconv.Itoa(key)))) // 0 if it is not there
		there += got[key]
	}
	if there > len(history) {
		t.Fatalf("%d writes are there, of %d", there, len(history))
	}
	var want [crashKeys]int
	for _, w := range history[:there] {
		want[w.key]++
	}
	if got != want {
		t.Fatalf("%d writes are there, but not the first ones of %d: %v", there, len(history), got)
	}
	return there
}

// smallDisk mounts a file system of one size, which needs rights that not every machine gives.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("SKIPPED: no file system of %s can be mounted here: %v", size, err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// TestFullDisk fills the disk below the append-only file and the saves: writes are refused with MISCONF, reads go on,
// and with room again all heals by itself, without a torn command in the file.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, "4m")
	s := testenv.Ours.StartIn(t, dir, "--appendonly", "yes", "--appendfsync", "everysec", "--save", "3600 1",
		"--enable-debug-command", "yes", "--rdbcompression", "no")
	c := s.Client(t)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	last := -1
	var refused any
	testenv.Eventually(t, deadline, "a write is refused", func() bool {
		v := c.Do("SET", "k", fmt.Sprintf("%d %050000d", last+1, 0))
		if v == testenv.Simple("OK") {
			last++
			return false
		}
		refused = v
		return true
	})
	if !isError(refused, "MISCONF Errors writing to the AOF file: No space left on device") {
		t.Fatal(refused)
	}
	if got := field(t, c, "aof_last_write_status"); got != "err" {
		t.Errorf("aof_last_write_status:%s", got)
	}
	if v := c.Do("GET", "k"); !strings.HasPrefix(fmt.Sprint(v), strconv.Itoa(last)+" ") {
		t.Errorf("GET: %.20v after %d", v, last)
	}
	c.Do("BGSAVE") // with a disk as full as that it cannot succeed
	awaitSave(t, c)
	before := field(t, c, "rdb_last_bgsave_status")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, deadline, "the file is written again", func() bool {
		return field(t, c, "aof_last_write_status") == "ok"
	})
	if v := c.Do("BGSAVE"); isError(v, "ERR") {
		t.Error("BGSAVE:", v)
	}
	awaitSave(t, c)
	if got := field(t, c, "rdb_last_bgsave_status"); got != "ok" {
		t.Errorf("rdb_last_bgsave_status:%s, before %s", got, before)
	}
	if v := c.Do("SET", "after", "healed"); v != testenv.Simple("OK") {
		t.Fatal(v)
	}
	if n := strings.Count(s.Log(), "Error writing to the AOF file"); n != 1 {
		t.Errorf("the log says %d times that the append-only file cannot be written", n)
	}
	if n := strings.Count(s.Log(), "The server can write again"); n != 1 {
		t.Errorf("the log says %d times that it can be written again", n)
	}
	want := testenv.Digest(t, c)
	s.Kill()
	s.Launch(t)
	if got := testenv.Digest(t, s.Client(t)); got != want {
		t.Error("the data differ after a restart")
	}
}

// TestFullDiskWithAlways fills the disk where every reply promises that its write is on it: the server ends instead of
// breaking the promise, and has all that it had acknowledged when it starts again.
func TestFullDiskWithAlways(t *testing.T) {
	dir := smallDisk(t, "4m")
	s := testenv.Ours.StartIn(t, dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "")
	c := s.Client(t)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for range 1000 {
		if v, err := c.Call("APPEND", "k", strings.Repeat("x", 10_000)); err != nil || isError(v, "") {
			break
		}
		acknowledged++
	}
	if code := s.Wait(t); code != 1 {
		t.Errorf("exit code %d after %d writes", code, acknowledged)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.Launch(t)
	c = s.Client(t)
	if n := c.Do("STRLEN", "k"); n != int64(acknowledged*10_000) {
		t.Errorf("%v bytes are there, %d writes were acknowledged", n, acknowledged)
	}
	if v := c.Do("SET", "after", "it"); v != testenv.Simple("OK") {
		t.Error(v)
	}
}

// TestFullDiskDuringSave fails a save for lack of room, which stops writes, and the next one heals it.
func TestFullDiskDuringSave(t *testing.T) {
	dir := smallDisk(t, "2m")
	s := testenv.Ours.StartIn(t, dir, "--save", "3600 1", "--rdbcompression", "no", "--enable-debug-command", "yes")
	c := s.Client(t)
	c.Do("SET", "small", "data")
	c.Do("BGSAVE")
	awaitSave(t, c)
	c.Do("SET", "large", strings.Repeat("x", 3<<20))
	c.Do("BGSAVE")
	awaitSave(t, c)
	if v := c.Do("SET", "a", "b"); !isError(v, "MISCONF Valkey is configured to save RDB snapshots") {
		t.Errorf("SET: %v", v)
	}
	if left := tempFiles(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	c.Do("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
	c.Do("DEL", "large")
	c.Do("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
	c.Do("BGSAVE")
	awaitSave(t, c)
	if v := c.Do("SET", "a", "b"); v != testenv.Simple("OK") {
		t.Errorf("SET: %v", v)
	}
}

// TestBackupOfAppendOnlyFolder is the handbook's drill: automatic rewriting off, no rewrite under way, copy the folder
// under load, rewriting on again. A server started with the copy has all that was acknowledged before it.
func TestBackupOfAppendOnlyFolder(t *testing.T) {
	s := testenv.Start(t, "--appendonly", "yes", "--auto-aof-rewrite-min-size", "20kb")
	c := s.Client(t)
	for i := range 2000 {
		c.Do("SET", "k"+strconv.Itoa(i%100), fmt.Sprintf("%d %0100d", i, i))
	}
	percentage := c.Do("CONFIG", "GET", "auto-aof-rewrite-percentage").([]any)[1]
	c.Do("CONFIG", "SET", "auto-aof-rewrite-percentage", "0")
	awaitRewrite(t, c)
	rewrites := field(t, c, "aof_base_size")
	stop, ended := make(chan struct{}), make(chan struct{})
	load := s.Client(t)
	go func() { // ends with stop
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				_, _ = load.Call("SET", "load"+strconv.Itoa(i%100), strings.Repeat("y", 100))
			}
		}
	}()
	backup := testenv.Ours.Prepare(t, t.TempDir(), "--appendonly", "yes")
	err := os.CopyFS(filepath.Join(backup.Dir, "appendonlydir"), os.DirFS(filepath.Join(s.Dir, "appendonlydir")))
	close(stop)
	<-ended
	if err != nil {
		t.Fatal(err)
	}
	if got := field(t, c, "aof_base_size"); got != rewrites {
		t.Error("there was a rewrite, though it was switched off")
	}
	c.Do("CONFIG", "SET", "auto-aof-rewrite-percentage", percentage)
	testenv.Eventually(t, deadline, "rewrites happen again", func() bool {
		c.Do("SET", "grow", strings.Repeat("z", 1000))
		return field(t, c, "aof_base_size") != rewrites
	})
	backup.Launch(t)
	restored := backup.Client(t)
	for i := range 100 {
		k := "k" + strconv.Itoa(i)
		if want, got := c.Do("GET", k), restored.Do("GET", k); got != want {
			t.Errorf("%s: %.20v, not %.20v", k, got, want)
		}
	}
}

// TestRestoreFromCopiedDataFile copies dump.rdb away under load, and starts a server with it: also one that has an
// append-only file from then on, by CONFIG SET, which must then hold everything.
func TestRestoreFromCopiedDataFile(t *testing.T) {
	s := testenv.Start(t, "--enable-debug-command", "yes")
	c := s.Client(t)
	w := testenv.NewWorkload(crashSeed)
	w.Calm = true
	w.Write(t, c, 3000)
	c.Do("BGSAVE")
	awaitSave(t, c)
	b, err := os.ReadFile(filepath.Join(s.Dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	restored := testenv.Ours.Prepare(t, t.TempDir(), "--enable-debug-command", "yes")
	if err := os.WriteFile(filepath.Join(restored.Dir, "dump.rdb"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	restored.Launch(t)
	r := restored.Client(t)
	testenv.SameData(t, "restored", c, r)
	if v := r.Do("CONFIG", "SET", "appendonly", "yes"); v != testenv.Simple("OK") {
		t.Fatal(v)
	}
	awaitRewrite(t, r)
	r.Do("SET", "after", "the restore")
	restored.Kill()
	again := testenv.Ours.StartIn(t, restored.Dir, "--enable-debug-command", "yes", "--appendonly", "yes")
	c.Do("SET", "after", "the restore")
	testenv.SameData(t, "restored twice", c, again.Client(t))
}
