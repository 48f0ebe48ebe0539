//go:build e2e

package ha_test

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"valkey/testenv"
)

const (
	stormSets      = 200 // primaries, with two replicas each
	stormFails     = 100 // of them, at once
	stormSentinels = 3
	// stormDownAfter is long enough for a machine that is busy with the storm itself: who answers is not to be found down.
	stormDownAfter = 5 * time.Second
	// stormMax is how long the failovers may take after the primaries are found down.
	stormMax = 10 * time.Second
	// idleWatch is how long the sentinels are watched at rest.
	idleWatch = 3 * time.Second
)

// storm is a fleet of fake servers under real sentinels.
type storm struct {
	sets      []*[3]*fake
	sentinels []*testenv.Server
	clients   []*testenv.Client
}

func setName(i int) string { return fmt.Sprintf("set-%03d", i) }

// TestStorm has three sentinels watch 200 primaries, of which 100 fail at once: one half refuse connections, the other
// half stay silent. Each is replaced by a replica, in time and on every sentinel, and the other primaries stay.
func TestStorm(t *testing.T) {
	s := startStorm(t)
	began := time.Now()
	testenv.Eventually(t, time.Minute, "every sentinel has found all", func() bool { return s.whole(t) })
	t.Logf("all found after %v", time.Since(began))
	s.rest(t)
	at := time.Now()
	for i, set := range s.sets[:stormFails] {
		if i%2 == 0 {
			set[0].crash()
		} else {
			set[0].freeze()
		}
	}
	s.switched(t, at)
	testenv.Eventually(t, time.Minute, "the other replicas follow", func() bool {
		for _, set := range s.sets[:stormFails] {
			one, other := set[1].follows(), set[2].follows()
			if (one != "" || other != set[1].addr()) && (other != "" || one != set[2].addr()) {
				return false
			}
		}
		return true
	})
	testenv.Eventually(t, time.Minute, "the failovers end", func() bool {
		for _, c := range s.clients {
			for _, m := range records(c.Do("SENTINEL", "MASTERS")) {
				if m["flags"] != "master" {
					return false
				}
			}
		}
		return true
	})
	for n, c := range s.clients {
		for i, addr := range addresses(t, c, stormSets) {
			if want := s.sets[i][0].addr(); i >= stormFails && addr != want {
				t.Errorf("sentinel %d has %s at %s, and it never failed", n, setName(i), addr)
			}
		}
	}
	for n, server := range s.sentinels {
		memory, err := testenv.ResidentBytes(server.PID())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("sentinel %d: %d MB, its log %d kB", n, memory>>20, folderBytes(t, server.Dir, "sentinel.conf.quorum")>>10)
	}
}

func startStorm(t *testing.T) *storm {
	t.Helper()
	s, f := &storm{}, &fakes{all: map[string]*fake{}}
	var conf strings.Builder
	for i := range stormSets {
		set := f.set(t)
		s.sets = append(s.sets, set)
		fmt.Fprintf(&conf, "sentinel monitor %[1]s %[2]s %[3]s 2\nsentinel down-after-milliseconds %[1]s %[4]d\n",
			setName(i), set[0].host, set[0].port, stormDownAfter.Milliseconds())
	}
	program := testenv.Ours.Tool(t, "valkey-sentinel")
	for range stormSentinels {
		dir := t.TempDir()
		file := filepath.Join(dir, "sentinel.conf")
		if err := os.WriteFile(file, []byte(conf.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		server, err := testenv.Run(program, dir, file)
		t.Cleanup(func() {
			server.Kill()
			if t.Failed() {
				t.Logf("log of a sentinel:\n%s", server.LogTail())
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		s.sentinels, s.clients = append(s.sentinels, server), append(s.clients, server.Client(t))
	}
	return s
}

// whole tells whether every sentinel sees every set whole, and could fail it over.
func (s *storm) whole(t *testing.T) bool {
	t.Helper()
	for _, c := range s.clients {
		watched := records(c.Do("SENTINEL", "MASTERS"))
		if len(watched) != stormSets {
			t.Fatalf("%d primaries are watched", len(watched))
		}
		for _, m := range watched {
			if m["flags"] != "master" || m["num-slaves"] != "2" || m["num-other-sentinels"] != "2" {
				return false
			}
		}
		for _, reply := range c.Pipeline(each(stormSets, "CKQUORUM")...) {
			if !strings.HasPrefix(fmt.Sprint(reply), "OK 3 usable Sentinels") {
				return false
			}
		}
	}
	return true
}

// rest logs what a sentinel costs in which nothing happens.
func (s *storm) rest(t *testing.T) {
	t.Helper()
	used := func() (out []time.Duration) {
		for _, server := range s.sentinels {
			cpu, err := testenv.CPUTime(server.PID())
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, cpu)
		}
		return out
	}
	before, began := used(), time.Now()
	testenv.Eventually(t, time.Minute, "time passes", func() bool { return time.Since(began) >= idleWatch })
	took := time.Since(began)
	for n, after := range used() {
		t.Logf("sentinel %d at rest: %.1f %% of a core", n, float64(after-before[n])/float64(took)*100)
	}
}

// switched waits until every sentinel names a replica of every set that failed, all of them the same.
func (s *storm) switched(t *testing.T, at time.Time) {
	t.Helper()
	times := make([][]time.Duration, len(s.clients))
	named := make([][stormFails]string, len(s.clients))
	testenv.Eventually(t, time.Minute, "every sentinel names new primaries", func() bool {
		left := 0
		for n, c := range s.clients {
			for i, addr := range addresses(t, c, stormFails) {
				switch {
				case addr == s.sets[i][0].addr():
					left++
				case named[n][i] == "":
					named[n][i], times[n] = addr, append(times[n], time.Since(at)-stormDownAfter)
				}
			}
		}
		return left == 0
	})
	second := 0 // where the best replica did not answer in time, which a busy machine explains
	for i, set := range s.sets[:stormFails] {
		addr := named[0][i]
		switch addr {
		case set[1].addr():
		case set[2].addr():
			second++
		default:
			t.Errorf("%s is at %s", setName(i), addr)
		}
		for n := range named {
			if named[n][i] != addr {
				t.Errorf("%s is at %s and at %s", setName(i), addr, named[n][i])
			}
		}
	}
	t.Logf("%d primaries are not the best replica", second)
	for n, list := range times {
		slices.Sort(list)
		last := list[len(list)-1]
		t.Logf("sentinel %d, after detection: first %v, median %v, last %v", n, list[0], list[len(list)/2], last)
		if last > stormMax {
			t.Errorf("sentinel %d knew the last new primary %v after detection", n, last)
		}
	}
}

// each is a question about each of the first sets.
func each(sets int, what string) (commands [][]any) {
	for i := range sets {
		commands = append(commands, []any{"SENTINEL", what, setName(i)})
	}
	return commands
}

// addresses are what a sentinel answers for the first sets.
func addresses(t *testing.T, c *testenv.Client, sets int) (addrs []string) {
	t.Helper()
	for _, reply := range c.Pipeline(each(sets, "GET-MASTER-ADDR-BY-NAME")...) {
		words, ok := reply.([]any)
		if !ok || len(words) != 2 {
			t.Fatalf("the address is answered %v", reply)
		}
		addrs = append(addrs, net.JoinHostPort(fmt.Sprint(words[0]), fmt.Sprint(words[1])))
	}
	return addrs
}

// records reads a list of records.
func records(v any) (out []map[string]string) {
	list, _ := v.([]any)
	for _, one := range list {
		words, _ := one.([]any)
		r := map[string]string{}
		for i := 0; i+1 < len(words); i += 2 {
			r[fmt.Sprint(words[i])] = fmt.Sprint(words[i+1])
		}
		out = append(out, r)
	}
	return out
}

func folderBytes(t *testing.T, parts ...string) (sum int64) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(parts...), func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
