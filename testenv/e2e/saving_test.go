//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valkey/testenv"
)

// field reads a field of INFO.
func field(t testing.TB, c *testenv.Client, name string) string {
	t.Helper()
	for line := range strings.Lines(fmt.Sprint(c.Do("INFO", "everything"))) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("INFO has no %s", name)
	return ""
}

func awaitSave(t testing.TB, c *testenv.Client) {
	t.Helper()
	testenv.Eventually(t, deadline, "the end of the save", func() bool {
		return field(t, c, "rdb_bgsave_in_progress") == "0"
	})
}

// tempFiles are what a snapshot leaves in a folder if nobody cleans up.
func tempFiles(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "temp-*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestDataSurvivesShutdown(t *testing.T) {
	s := testenv.Start(t, "--save", "3600 1", "--enable-debug-command", "yes")
	c := s.Client(t)
	c.Do("DEBUG", "POPULATE", "10000", "key", "100")
	c.Do("SET", "soon", "gone", "PX", "1")
	c.Do("SET", "late", "there", "EX", "1000")
	c.Do("SELECT", "7")
	c.Do("SET", "number", "-12")
	if code := s.Stop(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	s.Launch(t)
	c = s.Client(t)
	if got := c.Do("DBSIZE"); got != int64(10_001) {
		t.Errorf("DBSIZE: %v", got)
	}
	if got := field(t, c, "rdb_last_load_keys_loaded"); got != "10002" {
		t.Errorf("rdb_last_load_keys_loaded:%s", got)
	}
	if got := c.Do("TTL", "late").(int64); got < 900 {
		t.Errorf("TTL: %d", got)
	}
	c.Do("SELECT", "7")
	if got := c.Do("GET", "number"); got != "-12" {
		t.Errorf("GET: %v", got)
	}
}

// TestKillDuringSave takes the process away while it saves. What is loaded is the data set of one moment: at a save,
// all keys say the same generation.
func TestKillDuringSave(t *testing.T) {
	const keys = 2000
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	s := testenv.Start(t, "--rdb-key-save-delay", "-3")
	write := func(c *testenv.Client, generation int) {
		args := make([]any, 0, 2*keys+1)
		args = append(args, "MSET")
		for i := range keys {
			args = append(args, fmt.Sprint("k", i), fmt.Sprint(generation, strings.Repeat("x", 200)))
		}
		c.Do(args...)
	}
	for round := range 8 {
		c := s.Client(t)
		generation := 10 * round
		write(c, generation)
		c.Do("SAVE")
		write(c, generation+1)
		c.Do("BGSAVE")
		write(c, generation+2) // in the middle of it
		for range rng.IntN(40) {
			c.Do("PING")
		}
		s.Kill()
		s.Launch(t)
		c = s.Client(t)
		first := c.Do("GET", "k0").(string)
		if got := strings.TrimRight(first, "x"); got != fmt.Sprint(generation) && got != fmt.Sprint(generation+1) {
			t.Fatalf("seed %d: generation %q after %d", seed, got, generation)
		}
		for i := range keys {
			if got := c.Do("GET", fmt.Sprint("k", i)); got != first {
				t.Fatalf("seed %d: k%d is %.20v, k0 %.20v", seed, i, got, first)
			}
		}
	}
}

func TestFailedSaveRefusesWrites(t *testing.T) {
	s := testenv.Start(t, "--save", "3600 1")
	c := s.Client(t)
	c.Do("SET", "k", "v")
	blocker := filepath.Join(s.Dir, "dump.rdb") // a folder cannot be replaced by a file
	if err := os.Mkdir(blocker, 0o755); err != nil {
		t.Fatal(err)
	}
	c.Do("BGSAVE")
	awaitSave(t, c)
	if got := field(t, c, "rdb_last_bgsave_status"); got != "err" {
		t.Errorf("rdb_last_bgsave_status:%s", got)
	}
	if got := c.Do("SET", "k", "w"); !isError(got, "MISCONF Valkey is configured to save RDB snapshots") {
		t.Errorf("SET: %v", got)
	}
	if got := c.Do("GET", "k"); got != "v" {
		t.Errorf("GET: %v", got)
	}
	if got := c.Do("SHUTDOWN"); !isError(got, "ERR Errors trying to SHUTDOWN. Check logs.") {
		t.Errorf("SHUTDOWN: %v", got)
	}
	if left := tempFiles(t, s.Dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.Remove(blocker); err != nil {
		t.Fatal(err)
	}
	c.Do("BGSAVE")
	awaitSave(t, c)
	if got := fmt.Sprint(c.Do("SET", "k", "w")); got != "OK" {
		t.Errorf("SET after a save that succeeded: %v", got)
	}
}

func TestSaveIsCancelled(t *testing.T) {
	s := testenv.Start(t, "--enable-debug-command", "yes", "--rdb-key-save-delay", "1000000")
	c := s.Client(t)
	for _, ending := range [][]any{{"BGSAVE", "CANCEL"}, {"FLUSHALL"}} {
		c.Do("DEBUG", "POPULATE", "100")
		changes := field(t, c, "rdb_changes_since_last_save")
		c.Do("BGSAVE")
		if got := c.Do("BGSAVE"); !isError(got, "ERR Background save already in progress") {
			t.Errorf("BGSAVE during a save: %v", got)
		}
		c.Do(ending...)
		awaitSave(t, c)
		if left := tempFiles(t, s.Dir); len(left) != 0 {
			t.Errorf("%v left %v", ending, left)
		}
		if got := field(t, c, "rdb_changes_since_last_save"); ending[0] == "BGSAVE" && got != changes {
			t.Errorf("%v: %s changes, there were %s", ending, got, changes)
		}
		if got := field(t, c, "rdb_last_bgsave_status"); got != "ok" {
			t.Errorf("%v: rdb_last_bgsave_status:%s", ending, got)
		}
	}
	if got := c.Do("BGSAVE", "CANCEL"); !isError(got, "ERR Background saving is currently not in progress or scheduled") {
		t.Errorf("BGSAVE CANCEL without a save: %v", got)
	}
}

func TestServesWhileLoading(t *testing.T) {
	s := testenv.Start(t, "--enable-debug-command", "yes", "--key-load-delay", "2000", "--save", "3600 1")
	c := s.Client(t)
	c.Do("DEBUG", "POPULATE", "3000")
	c.Do("SET", "k", "v")
	if got := fmt.Sprint(c.Do("SAVE")); got != "OK" {
		t.Fatalf("SAVE: %v", got)
	}
	s.Kill()
	s.LaunchLoading(t)
	if code := s.Stop(t); code != 0 { // nothing may be saved over the file that is being loaded
		t.Errorf("a shutdown while loading: exit code %d", code)
	}
	s.LaunchLoading(t)
	c = s.Client(t)
	if got := c.Do("GET", "k"); !isError(got, "LOADING") {
		t.Errorf("GET: %v", got)
	}
	if got := field(t, c, "loading"); got != "1" {
		t.Errorf("loading:%s", got)
	}
	c.Do("CONFIG", "SET", "key-load-delay", "0")
	testenv.Eventually(t, deadline, "the data", func() bool { return c.Do("GET", "k") == "v" })
}

// TestRefusedDataFile: what cannot be loaded is not served, and the last that the log says is that.
func TestRefusedDataFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), []byte("VALKEY987 of the future"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "log")
	out, err := exec.Command(filepath.Join(os.Getenv("VALKEY_BIN"), "valkey-server"), "--port", "0", "--dir", dir,
		"--unixsocket", filepath.Join(dir, "socket"), "--logfile", log).CombinedOutput()
	if err == nil {
		t.Errorf("started: %s", out)
	}
	text, err := os.ReadFile(log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if last := lines[len(lines)-1]; err != nil || !strings.Contains(last, "Fatal error loading the DB") {
		t.Errorf("%v, the log ends with %q", err, last)
	}
}
