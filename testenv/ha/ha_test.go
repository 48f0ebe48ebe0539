package ha_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"valkey/testenv/ha"
)

// programs makes a folder with files of the programs' names.
func programs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"valkey-server", "valkey-sentinel"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOpen finds a fleet again by its folder, and refuses a file that is none.
func TestOpen(t *testing.T) {
	dir, bin := t.TempDir(), programs(t)
	if _, err := ha.Open(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
	f, err := ha.Create(dir, ha.Options{Servers: bin, Sentinels: bin, DownAfter: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	again, err := ha.Open(dir)
	if err != nil || !reflect.DeepEqual(again, f) {
		t.Errorf("opened %+v (%v), created %+v", again, err, f)
	}
	ports := map[string]bool{}
	for _, n := range f.All() {
		ports[n.Addr] = true
		if f.Alive(n) {
			t.Errorf("%s runs", n.Name)
		}
	}
	if len(ports) != 6 || len(f.SentinelAddrs()) != 3 {
		t.Errorf("addresses %v", ports)
	}
	conf, err := os.ReadFile(filepath.Join(dir, "sentinel-2", "node.conf"))
	if err != nil || !strings.Contains(string(conf), "sentinel down-after-milliseconds mymaster 1000\n") {
		t.Errorf("a sentinel has %q (%v)", conf, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "fleet.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ha.Open(dir); err == nil {
		t.Error("a fleet of nobody is opened")
	}
	if _, err := ha.Create(dir, ha.Options{Servers: bin, Sentinels: t.TempDir()}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a program: %v", err)
	}
}

// TestAlive does not take a process for a node because it has the number of one.
func TestAlive(t *testing.T) {
	bin := programs(t)
	f, err := ha.Create(t.TempDir(), ha.Options{Servers: bin, Sentinels: bin})
	if err != nil {
		t.Fatal(err)
	}
	f.Servers[0].PID = os.Getpid()
	if f.Alive(f.Servers[0]) {
		t.Error("this test is taken for a server")
	}
}

// TestGap measures between writes, the later one after the moment that is asked about.
func TestGap(t *testing.T) {
	at := time.Now()
	w := &ha.Writer{}
	for i, ms := range []int{0, 900, 1000, 1700, 1750} {
		w.Acked = append(w.Acked, ha.Write{N: i, At: at.Add(time.Duration(ms) * time.Millisecond)})
	}
	if got := w.Gap(at.Add(950 * time.Millisecond)); got != 700*time.Millisecond {
		t.Errorf("the longest gap is %v", got)
	}
}
