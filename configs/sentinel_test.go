package configs

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"valkey/internal/vfs"
)

// loadSentinelText loads a sentinel's file at /srv/s.conf beside a script and a file that is none.
func loadSentinelText(t testing.TB, text string, args ...string) (*Config, error) {
	t.Helper()
	fsys := vfs.NewMem()
	put(t, fsys, "/srv/s.conf", text)
	put(t, fsys, "/srv/notify", "")
	put(t, fsys, "/srv/plain", "")
	f, err := fsys.OpenAppend("/srv/notify", 0)
	if err := errors.Join(err, f.Chmod(0o755), f.Close()); err != nil {
		t.Fatal(err)
	}
	return Load(Source{FS: fsys, Dir: "/srv", Args: append([]string{"s.conf"}, args...), Sentinel: true})
}

// TestSentinelLoad reads every directive, each before what it depends on.
func TestSentinelLoad(t *testing.T) {
	id := strings.Repeat("a1", 20)
	c, err := loadSentinelText(t, `
sentinel known-sentinel m s2.example 26380 `+id+`
sentinel known-sentinel m s3.example 26381
sentinel known-slave m r1.example 1
SENTINEL Known-Replica m 10.0.0.3 2
sentinel known-replica m 10.0.0.3 2
sentinel down-after-milliseconds m 1
sentinel failover-timeout m 2
sentinel parallel-syncs m 3
sentinel notification-script m notify
sentinel client-reconfig-script m /srv/notify
sentinel auth-pass m "my\"pass\\word with spaces"
sentinel auth-user m u
sentinel master-reboot-down-after-period m 4
sentinel rename-command m PING "P I N G"
sentinel config-epoch m 7
sentinel leader-epoch m 18446744073709551615
sentinel max-lag-bytes m 1mb
sentinel monitor m p.example 6379 2
sentinel monitor n 127.0.0.1 0 1
sentinel resolve-hostnames YES
sentinel announce-hostnames yes
sentinel deny-scripts-reconfig no
sentinel current-epoch 5
sentinel myid `+id+`
sentinel announce-ip ""
sentinel announce-ip 1.2.3.4
sentinel announce-port 1234
sentinel sentinel-user su
sentinel sentinel-pass sp
sentinel bootstrap-expect 5
sentinel quorum-peer 10.0.0.9 26379
sentinel quorum-peer peer.example 26380
sentinel quorum-forget-after 60000
sentinel consistent-reads yes
requirepass x
`, "--sentinel", "--hz", "50")
	if err != nil {
		t.Fatal(err)
	}
	m := NewMonitoredPrimary("m", HostPort{"p.example", 6379}, 2)
	m.DownAfter, m.FailoverTimeout, m.RebootDownAfterPeriod = time.Millisecond, 2*time.Millisecond, 4*time.Millisecond
	m.ParallelSyncs, m.NotificationScript, m.ClientReconfigScript = 3, "notify", "/srv/notify"
	m.AuthPass, m.AuthUser, m.RenameCommands = `my"pass\word with spaces`, "u", []Rename{{From: "PING", To: "P I N G"}}
	m.ConfigEpoch, m.LeaderEpoch, m.MaxLagBytes = 7, 1<<64-1, 1<<20
	m.Replicas = []HostPort{{"r1.example", 1}, {"10.0.0.3", 2}}
	m.Sentinels = []KnownSentinel{{HostPort{"s2.example", 26380}, id}}
	want := &Sentinel{MyID: id, CurrentEpoch: 7, AnnounceIP: "1.2.3.4", AnnouncePort: 1234, AnnounceHostnames: true,
		ResolveHostnames: true, User: "su", Pass: "sp", BootstrapExpect: 5,
		QuorumPeers: []HostPort{{"10.0.0.9", 26379}, {"peer.example", 26380}}, QuorumForgetAfter: time.Minute,
		ConsistentReads: true, Primaries: []MonitoredPrimary{m, NewMonitoredPrimary("n", HostPort{"127.0.0.1", 0}, 1)}}
	if !reflect.DeepEqual(c.Sentinel, want) {
		t.Errorf("got  %+v\nwant %+v", c.Sentinel, want)
	}
	if c.Port != 26379 || c.ProtectedMode || c.Requirepass != "x" || c.Hz != 50 {
		t.Errorf("port %d, protected-mode %v, requirepass %q, hz %d", c.Port, c.ProtectedMode, c.Requirepass, c.Hz)
	}
}

func TestSentinelRefused(t *testing.T) {
	const m = "sentinel monitor m 127.0.0.1 1 1\n"
	for _, tc := range []struct {
		text   string
		line   int
		reason string
	}{
		{"sentinel nonsense m 1", 1, "Unrecognized sentinel configuration statement."},
		{"nonsense", 1, "Bad directive or wrong number of arguments"},
		{m + "sentinel down-after-milliseconds m", 2, "Unrecognized sentinel configuration statement."},
		{m + "sentinel monitor m 127.0.0.2 2 1", 2, "Duplicate master name."},
		{"sentinel monitor m 127.0.0.1 1 0", 1, "Quorum must be 1 or greater."},
		{"sentinel monitor m 127.0.0.1 1 two", 1, "Quorum must be 1 or greater."},
		{"sentinel monitor m 127.0.0.1 65536 1", 1, "Invalid port number."},
		{"sentinel monitor m localhost 1 1", 1, "Can't resolve instance hostname."},
		{"sentinel down-after-milliseconds x 1\n" + m, 1, "No such master with specified name."},
		{m + "sentinel down-after-milliseconds m 0", 2, "negative or zero time parameter."},
		{m + "sentinel failover-timeout m 1s", 2, "negative or zero time parameter."},
		{m + "sentinel primary-reboot-down-after-period m -1", 2, "negative time parameter."},
		{m + "sentinel parallel-syncs m x", 2, "argument couldn't be parsed into an integer"},
		{m + "sentinel notification-script m plain", 2, "Notification script seems non existing or non executable."},
		{m + "sentinel client-reconfig-script m /srv", 2,
			"Client reconfiguration script seems non existing or non executable."},
		{m + "sentinel rename-command m a b\nsentinel rename-command m A a", 3,
			"Same command renamed multiple times with rename-command."},
		{m + "sentinel known-sentinel m 1.1.1.1 1 x\nsentinel known-sentinel m 1.1.1.2 1 x", 3,
			"Duplicate runid for sentinel."},
		{m + "sentinel known-replica m 1.1.1.1 -1", 2, "Invalid port number."},
		{m + "sentinel config-epoch m -1", 2, "Invalid epoch."},
		{"sentinel myid 1234", 1, "Malformed Sentinel id in myid option."},
		{"\nsentinel resolve-hostnames maybe", 2, "Please specify yes or no for the resolve-hostnames option."},
		{"sentinel bootstrap-expect 0", 1, "argument must be between 1 and 1000 inclusive"},
	} {
		_, err := loadSentinelText(t, tc.text)
		refused, ok := errors.AsType[*LoadError](err)
		if !ok || refused.Line != tc.line || refused.Reason != tc.reason || refused.File != "/srv/s.conf" {
			t.Errorf("%q: %v", tc.text, err)
		}
	}
	if _, err := load(t, map[string]string{"/srv/s.conf": m}, "", "s.conf"); err == nil {
		t.Error("a data server takes a sentinel's line")
	}
}

// TestSentinelNeedsItsFile refuses to start where state could not be kept.
func TestSentinelNeedsItsFile(t *testing.T) {
	mem := vfs.NewMem()
	put(t, mem, "/etc/valkey/valkey.conf", "")
	if _, err := Load(Source{FS: mem, Dir: "/", Args: []string{rewriteFile}, Sentinel: true}); err != nil {
		t.Fatal(err)
	}
	_, err := Load(Source{FS: mem, Dir: "/", Sentinel: true})
	if err == nil || !strings.Contains(err.Error(), "Sentinel needs config file on disk to save state") {
		t.Errorf("without a file: %v", err)
	}
	if names, _ := mem.ReadDir("/etc/valkey"); len(names) != 1 {
		t.Errorf("the folder holds %q", names)
	}
	_, err = Load(Source{FS: deny{mem}, Dir: "/", Args: []string{rewriteFile}, Sentinel: true})
	if err == nil || !strings.Contains(err.Error(), "is not writable: Permission denied") {
		t.Errorf("in a folder that cannot be written: %v", err)
	}
}

// deny is a file system in which no file can be made.
type deny struct{ vfs.FS }

func (deny) Create(string, fs.FileMode) (vfs.File, error) { return nil, syscall.EACCES }

func TestSentinelRewritten(t *testing.T) {
	for _, tc := range []struct{ name, old, want string }{
		{
			name: "state is added below the mark, what others wrote stays",
			old: "# first\nport 26380\ndir \"/srv\"\nprotected-mode no\nsave \"\"\n\n\n" +
				"latency-tracking-info-percentiles \"\"\nsentinel monitor m 127.0.0.1 1 2\n# about m\n" +
				"sentinel down-after-milliseconds m 30000\nsentinel quorum-peer 1.1.1.1 1\n" +
				"sentinel announce-port 0\nSENTINEL resolve-hostnames no\nfoo bar\n",
			want: "# first\nport 26380\ndir \"/srv\"\nprotected-mode no\n\nlatency-tracking-info-percentiles \"\"\n" +
				"sentinel monitor m 127.0.0.1 1 2\n# about m\n\nsentinel quorum-peer 1.1.1.1 1\n\n" +
				"sentinel resolve-hostnames no\n# ??? foo bar\n\n# Generated by CONFIG REWRITE\n" +
				"sentinel config-epoch m 0\nsentinel leader-epoch m 0\nsentinel current-epoch 0\n",
		},
		{
			name: "lines of an option are used in their order",
			old: "port 26379\ndir \"/srv\"\nprotected-mode no\nlatency-tracking-info-percentiles \"\"\n" +
				"# Generated by CONFIG REWRITE\nsentinel known-slave m 10.0.0.1 1\n" +
				"sentinel known-replica m 10.0.0.2 1\nsentinel known-replica m 10.0.0.2 1\n" +
				"sentinel monitor m 127.0.0.1 1 2\nsentinel monitor \"a b\" ::1 2 3\nsentinel auth-pass \"a b\" \"x\\\\\"\n" +
				"sentinel max-lag-bytes m 5\nsentinel config-epoch m 3\nsentinel current-epoch 3\n",
			want: "port 26379\ndir \"/srv\"\nprotected-mode no\nlatency-tracking-info-percentiles \"\"\n" +
				"# Generated by CONFIG REWRITE\nsentinel known-replica m 10.0.0.1 1\nsentinel known-replica m 10.0.0.2 1\n\n" +
				"sentinel monitor m 127.0.0.1 1 2\nsentinel monitor \"a b\" ::1 2 3\nsentinel auth-pass \"a b\" \"x\\\\\"\n" +
				"sentinel max-lag-bytes m 5\nsentinel config-epoch m 3\nsentinel current-epoch 3\n" +
				"sentinel leader-epoch m 0\nsentinel config-epoch \"a b\" 0\nsentinel leader-epoch \"a b\" 0\n",
		},
	} {
		c, err := loadSentinelText(t, strings.ReplaceAll(tc.old, "foo bar\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		got := c.rewritten(tc.old, false)
		if got != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", tc.name, got, tc.want)
		}
		if again := c.rewritten(got, false); again != got {
			t.Errorf("%s: a second rewrite gives %q", tc.name, again)
		}
	}
}

// TestSentinelOwnLines shows that no line is added that a stock sentinel would refuse, and one that is there is kept.
func TestSentinelOwnLines(t *testing.T) {
	c, err := loadSentinelText(t, "sentinel monitor m 127.0.0.1 1 2\n")
	if err != nil {
		t.Fatal(err)
	}
	c.Sentinel.BootstrapExpect, c.Sentinel.ConsistentReads, c.Sentinel.QuorumForgetAfter = 3, true, time.Second
	c.Sentinel.QuorumPeers, c.Sentinel.Primaries[0].MaxLagBytes = []HostPort{{"1.1.1.1", 1}}, 7
	for _, d := range SentinelDirectives() {
		got := c.rewritten(fmt.Sprintf("sentinel monitor m 127.0.0.1 1 2\n%s %s\n", d.key(), d.Form), false)
		if d.Own && !strings.Contains(got, d.key()+" ") {
			t.Errorf("%s: its line is gone from %q", d.Name, got)
		}
		if bare := c.rewritten("", false); d.Own && strings.Contains(bare, d.key()) {
			t.Errorf("%s: a line was added to %q", d.Name, bare)
		}
	}
}

// randomSentinel draws a state with names and texts of every kind of byte.
func randomSentinel(r *rand.Rand) *Sentinel {
	word := func() string {
		const letters = "ab \"\\'\n\t#\x00\xff:é"
		b := make([]byte, 1+r.IntN(6))
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	ms := func() time.Duration { return time.Duration(1+r.IntN(1e6)) * time.Millisecond }
	s := NewSentinel()
	s.MyID = fmt.Sprintf("%040x", r.Uint64())
	s.ResolveHostnames = true
	s.CurrentEpoch, s.AnnouncePort, s.AnnounceHostnames = r.Uint64(), int64(r.IntN(65536)), r.IntN(2) == 0
	s.User, s.Pass, s.AnnounceIP, s.DenyScriptsReconfig = word(), word(), word(), r.IntN(2) == 0
	for i := range r.IntN(4) {
		p := NewMonitoredPrimary(fmt.Sprint(word(), i), HostPort{word(), int64(r.IntN(65536))}, 1+int64(r.IntN(9)))
		p.DownAfter, p.FailoverTimeout, p.RebootDownAfterPeriod = ms(), ms(), ms()
		p.ParallelSyncs, p.AuthPass, p.AuthUser = 1+int64(r.IntN(9)), word(), word()
		p.ConfigEpoch, p.LeaderEpoch = min(r.Uint64(), s.CurrentEpoch), r.Uint64()
		for j := range r.IntN(4) {
			p.Replicas = append(p.Replicas, HostPort{word(), int64(j)})
			p.Sentinels = append(p.Sentinels, KnownSentinel{HostPort{word(), int64(j)}, fmt.Sprint(word(), j)})
			p.RenameCommands = append(p.RenameCommands, Rename{From: fmt.Sprint(word(), j), To: word()})
		}
		s.Primaries = append(s.Primaries, p)
	}
	return s
}

// TestSentinelRoundTrip rewrites one random state after the other over the same file and reads each back.
func TestSentinelRoundTrip(t *testing.T) {
	text := "# mine\nsentinel monitor x 127.0.0.1 1 1\nsentinel known-slave x 1.1.1.1 1\n"
	for seed := range uint64(300) {
		c := New()
		c.Dir, c.Sentinel = "/srv", randomSentinel(rand.New(rand.NewPCG(seed, 0)))
		text = c.rewritten(text, false)
		back, err := loadSentinelText(t, text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if !reflect.DeepEqual(back.Sentinel, c.Sentinel) {
			t.Fatalf("seed %d: %q\n got %+v\nwant %+v", seed, text, back.Sentinel, c.Sentinel)
		}
		if !strings.HasPrefix(text, "# mine\n") || strings.Count(text, rewriteMark) != 1 {
			t.Fatalf("seed %d: %q", seed, text)
		}
	}
}

// TestSentinelRewriteCrash takes the power away before every step of a rewrite: the file is one of the two, whole.
func TestSentinelRewriteCrash(t *testing.T) {
	mem := vfs.NewMem()
	put(t, mem, rewriteFile, "sentinel monitor m 127.0.0.1 1 2\n")
	if err := errors.Join(mem.SyncDir("/"), mem.SyncDir("/etc")); err != nil {
		t.Fatal(err)
	}
	source := Source{FS: mem, Dir: "/etc", Args: []string{rewriteFile}, Sentinel: true}
	c, err := Load(source)
	if err != nil {
		t.Fatal(err)
	}
	c.Sentinel.CurrentEpoch = 9
	epochs := map[uint64]int{}
	look := func() {
		for seed := range uint64(20) {
			source.FS = mem.CrashClone(seed)
			after, err := Load(source)
			if err != nil {
				t.Fatal(err)
			}
			epochs[after.Sentinel.CurrentEpoch]++
		}
	}
	if err := c.Rewrite(vfs.NewWatched(mem, func(string, string) error { look(); return nil }), c.File); err != nil {
		t.Fatal(err)
	}
	look()
	if len(epochs) != 2 || epochs[0] == 0 || epochs[9] < 20 {
		t.Errorf("found epochs %v", epochs)
	}
}

// FuzzSentinel reads any file; one that is taken survives a rewrite, and every beginning of it is taken or refused.
func FuzzSentinel(f *testing.F) {
	f.Add("sentinel monitor m 127.0.0.1 1 2\nsentinel auth-pass m \"a\\\"b\"\nsentinel known-replica m ::1 1\n")
	f.Add("sentinel myid 0123456789012345678901234567890123456789\nsentinel known-sentinel m 1.1.1.1 1 x\n" +
		"sentinel monitor m 1.1.1.1 1 1")
	f.Add("sentinel\nsentinel rename-command m a b\nsentinel monitor m h 1 1\nsentinel resolve-hostnames yes\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include") || strings.Contains(text, "dir") || strings.Contains(text, "logfile") {
			t.Skip("touches other files")
		}
		c, err := loadSentinelText(t, text)
		if err != nil {
			return
		}
		back, err := loadSentinelText(t, c.rewritten(text, false))
		if err != nil || !reflect.DeepEqual(back.Sentinel, c.Sentinel) {
			t.Fatalf("%q becomes %q (%v)", text, c.rewritten(text, false), err)
		}
	})
}

// TestSentinelTruncated loads every beginning of a file: a broken word is refused or read, never a panic.
func TestSentinelTruncated(t *testing.T) {
	c := New()
	c.Dir, c.Sentinel = "/srv", randomSentinel(rand.New(rand.NewPCG(5, 5)))
	text := c.rewritten("", false)
	loaded := 0
	for i := range text {
		if _, err := loadSentinelText(t, text[:i]); err == nil {
			loaded++
		} else if _, ok := errors.AsType[*LoadError](err); !ok {
			t.Fatal(err)
		}
	}
	if loaded == 0 || loaded == len(text) {
		t.Errorf("%d of %d beginnings load", loaded, len(text))
	}
}
