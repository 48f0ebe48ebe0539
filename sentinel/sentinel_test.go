package sentinel_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valkey/frontend/command/commandtest"
	"valkey/sentinel"
	"valkey/sentinel/monitor"
	"valkey/testenv"
)

// replies are what is said to a sentinel, in this order, and what it answers.
var replies = []struct{ say, want string }{
	{"ROLE", "[sentinel [m]]"},
	{"SENTINEL myid", "MYID"},
	{"SENTINEL GET-MASTER-ADDR-BY-NAME m", "[127.0.0.1 1]"},
	{"SENTINEL GET-PRIMARY-ADDR-BY-NAME other", "*-1"},
	{"SENTINEL MASTER other", "ERR No such master with that name"},
	{"SENTINEL REPLICAS m", "[]"},
	{"SENTINEL SENTINELS m", "[]"},
	{"SENTINEL INFO-CACHE m other m", "[m [[0 $-1]]]"},
	{"SENTINEL PENDING-SCRIPTS", "[]"},
	{"SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 1 0 *", "[0 * 0]"},
	{"SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 x 0 *", "ERR value is not an integer or out of range"},
	{"SENTINEL CONFIG GET announce-*", "[announce-hostnames no announce-ip  announce-port 0]"},
	{"SENTINEL CONFIG SET announce-port 99999", "ERR Invalid value '99999' to SENTINEL CONFIG SET 'announce-port'"},
	{"SENTINEL CONFIG SET announce-ip 1.2.3.4 port 1", "ERR Invalid argument 'port' to SENTINEL CONFIG SET"},
	{"SENTINEL CONFIG SET loglevel debug loglevel debug", "ERR Duplicate argument 'loglevel' to SENTINEL CONFIG SET"},
	{"SENTINEL CONFIG SET announce-ip 1.2.3.4 loglevel", "ERR Missing argument 'loglevel' value"},
	{"SENTINEL CONFIG GET announce-ip", "[announce-ip ]"}, // none of it was done
	{"SENTINEL CONFIG SHOW x", sentinel.ErrConfigUsage},
	{"SENTINEL CONFIG SET announce-ip 1.2.3.4 loglevel verbose", "OK"},
	{"SENTINEL CONFIG GET announce-ip log*", "[announce-ip 1.2.3.4 loglevel verbose]"},
	{"SENTINEL DEBUG info-period 500 tilt-period 0", "ERR Invalid argument '0' for SENTINEL DEBUG 'tilt-period'"},
	{"SENTINEL DEBUG no 1", "ERR Unknown option or number of arguments for SENTINEL DEBUG 'no'"},
	{"SENTINEL SET m quorum 0", "ERR Invalid argument '0' for SENTINEL SET 'quorum'"},
	{"SENTINEL SET m down-after-milliseconds 700 no 1",
		"ERR Unknown option or number of arguments for SENTINEL SET 'no'"},
	{"SENTINEL SET m notification-script /bin/true", sentinel.ErrScriptsDenied},
	{"SENTINEL SET m max-lag-bytes much", "ERR Invalid argument 'much' for SENTINEL SET 'max-lag-bytes'"},
	{"SENTINEL SET m max-lag-bytes 1mb", "OK"},
	{"SENTINEL SET other quorum 1", "ERR No such master with that name"},
	{"SENTINEL SET m quorum 3 auth-pass x", "OK"},
	{"SENTINEL MONITOR m 127.0.0.1 1 1", "ERR Duplicate master name."},
	{"SENTINEL MONITOR n localhost 1 1", "ERR Invalid IP address or hostname specified"},
	{"SENTINEL MONITOR n 127.0.0.1 1 0", "ERR Quorum must be 1 or greater."},
	{"SENTINEL MONITOR n 127.0.0.1 70000 1", "ERR Invalid port number."},
	{"SENTINEL MONITOR n 127.0.0.1 0 1", "ERR Invalid port number."},
	{"SENTINEL MONITOR n 127.0.0.1 x 1", "ERR Invalid port"},
	{"SENTINEL MONITOR n 127.0.0.1 2 1", "OK"},
	{"SENTINEL RESET [mn]", "2"},
	{"SENTINEL CKQUORUM n", "NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the majority and " +
		"authorize a failover"},
	{"SENTINEL FAILOVER n SOON", "ERR Unknown failover option specified"},
	{"SENTINEL FAILOVER n COORDINATED", "NOGOODPRIMARY Primary does not support FAILOVER command"},
	{"SENTINEL FAILOVER n", "NOGOODSLAVE No suitable replica to promote"},
	{"SENTINEL REMOVE n", "OK"},
	{"SENTINEL REMOVE n", "ERR No such master with that name"},
	{"SENTINEL SIMULATE-FAILURE help", "[crash-after-election crash-after-promotion]"},
	{"SENTINEL SIMULATE-FAILURE no", "ERR Unknown failure simulation specified"},
	{"SENTINEL HISTORY m", "ERR No such master with that name"}, // the group has not heard of it
	{"SENTINEL QUORUM LINK MYID", "ERR unknown subcommand or wrong number of arguments for 'LINK'. Try SENTINEL HELP."},
	{"SENTINEL QUORUM REMOVE MYID", sentinel.ErrNoQuorum},
	{"PUBLISH news x", "ERR Only HELLO messages are accepted by Sentinel instances."},
	{"PUBLISH __sentinel__:hello nonsense", "1"},
	{"SENTINEL NO", "ERR unknown subcommand 'NO'. Try SENTINEL HELP."},
	{"SENTINEL MASTER", "ERR wrong number of arguments for 'sentinel|master' command"},
	{"SELECT 1", "ERR unknown command 'SELECT', with args beginning with: '1' "},
	{"CLIENT NO-TOUCH on", "ERR unknown subcommand 'NO-TOUCH'. Try CLIENT HELP."},
	{"SHUTDOWN ABORT", "ERR No shutdown in progress."},
	{"SHUTDOWN ABORT ABORT", "ERR No shutdown in progress."},
	{"SHUTDOWN LATER", "ERR syntax error"},
	{"SHUTDOWN SAVE NOSAVE", "ERR syntax error"},
	{"SHUTDOWN NOW ABORT", "ERR syntax error"},
	{"SHUTDOWN FAILOVER", "ERR SHUTDOWN FAILOVER is only supported in cluster mode."},
}

// TestReplies holds commands to the shape and the words that Valkey's sentinel answers with.
func TestReplies(t *testing.T) {
	s := start(t, "sentinel monitor m 127.0.0.1 1 2", "sentinel deny-scripts-reconfig yes", "sentinel max-lag-bytes m 7")
	c := s.client()
	id := s.MyID()
	for _, tc := range replies {
		tc.say, tc.want = strings.ReplaceAll(tc.say, "MYID", id), strings.ReplaceAll(tc.want, "MYID", id)
		if got := say(c, tc.say); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.say, got, tc.want)
		}
	}
	if got := c.Do("SENTINEL", "SET", "m", "auth-pass", "a\nb"); fmt.Sprint(got) !=
		"ERR Invalid argument at index 4 for SENTINEL SET: control characters are not allowed" {
		t.Errorf("a line end in a password: %v", got)
	}
	if got := field(c.Do("SENTINEL", "PRIMARY", "m"), "max-lag-bytes"); got != "1048576" {
		t.Errorf("max-lag-bytes is %s", got)
	}
	info := fmt.Sprint(c.Do("INFO"))
	for _, want := range []string{"redis_version:", "server_mode:sentinel", "maxclients:", "used_cpu_user:", "# Sentinel",
		"sentinel_tilt_since_seconds:-1", "master0:name=m,status=ok,address=127.0.0.1:1,slaves=0,sentinels=1"} {
		if !strings.Contains(info, want) {
			t.Errorf("INFO lacks %q", want)
		}
	}
	if strings.Contains(info, "used_memory") {
		t.Error("INFO tells of memory")
	}
	file, _ := os.ReadFile(s.file)
	for _, line := range []string{"monitor m 127.0.0.1 1 3", "down-after-milliseconds m 700", "max-lag-bytes m 1mb"} {
		if !strings.Contains(string(file), "sentinel "+line+"\n") {
			t.Errorf("the file lacks %s:\n%s", line, file)
		}
	}
}

// TestTracking switches tracking on and off. A sentinel has no keys: there is nothing that it would have to tell.
func TestTracking(t *testing.T) {
	s := start(t, "sentinel monitor m 127.0.0.1 1 2")
	c := s.client()
	info := func(flags, redirect, prefixes string) string {
		return "[flags [" + flags + "] redirect " + redirect + " prefixes [" + prefixes + "]]"
	}
	self := say(c, "CLIENT ID")
	const (
		overlap = " Prefixes for a single client must not overlap."
		change  = " before disabling tracking for this client, and then re-enabling it with a different mode."
	)
	for _, tc := range []struct{ say, want string }{
		{"CLIENT TRACKINGINFO", info("off", "-1", "")},
		{"CLIENT CACHING yes", "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or " +
			"OPTOUT mode enabled"},
		{"CLIENT TRACKING maybe", "ERR syntax error"},
		{"CLIENT TRACKING on PREFIX", "ERR syntax error"},
		{"CLIENT TRACKING on PREFIX a", "ERR PREFIX option requires BCAST mode to be enabled"},
		{"CLIENT TRACKING on REDIRECT x", "ERR value is not an integer or out of range"},
		{"CLIENT TRACKING on REDIRECT 99999", "ERR The client ID you want redirect to does not exist"},
		{"CLIENT TRACKING on REDIRECT SELF REDIRECT SELF", "ERR A client can only redirect to a single other client"},
		{"CLIENT TRACKING on OPTIN OPTOUT", "ERR You can't specify both OPTIN mode and OPTOUT mode"},
		{"CLIENT TRACKING on OPTIN BCAST", "ERR OPTIN and OPTOUT are not compatible with BCAST"},
		{"CLIENT TRACKING on OPTIN NOLOOP REDIRECT SELF", "OK"},
		{"CLIENT GETREDIR", "SELF"},
		{"CLIENT CACHING no", "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."},
		{"CLIENT CACHING maybe", "ERR syntax error"},
		{"CLIENT CACHING yes", "OK"},
		{"CLIENT TRACKINGINFO", info("on optin caching-yes noloop", "SELF", "")},
		{"PING", "PONG"},
		{"CLIENT TRACKINGINFO", info("on optin noloop", "SELF", "")},
		{"CLIENT TRACKING on OPTOUT", "ERR You can't switch OPTIN/OPTOUT mode" + change},
		{"CLIENT TRACKING on BCAST", "ERR You can't switch BCAST mode on/off" + change},
		{"CLIENT TRACKING off", "OK"},
		{"CLIENT TRACKING on OPTOUT", "OK"},
		{"CLIENT CACHING no", "OK"},
		{"CLIENT TRACKINGINFO", info("on optout caching-no", "0", "")},
		{"CLIENT CACHING yes", "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."},
		{"CLIENT TRACKING off", "OK"},
		{"CLIENT TRACKING on BCAST PREFIX b PREFIX ab PREFIX a",
			"ERR Prefix 'ab' overlaps with another provided prefix 'a'." + overlap},
		{"CLIENT TRACKING on BCAST PREFIX b PREFIX a", "OK"},
		{"CLIENT TRACKING on BCAST PREFIX ab", "ERR Prefix 'ab' overlaps with an existing prefix 'a'." + overlap},
		{"CLIENT TRACKING on BCAST PREFIX c", "OK"},
		{"CLIENT TRACKINGINFO", info("on bcast", "0", "a b c")},
	} {
		tc.say, tc.want = strings.ReplaceAll(tc.say, "SELF", self), strings.ReplaceAll(tc.want, "SELF", self)
		if got := say(c, tc.say); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.say, got, tc.want)
		}
	}
	list := say(c, "CLIENT LIST FLAGS tB")
	if !strings.Contains(list, " flags=tB ") || !strings.Contains(list, " redir=0 ") {
		t.Errorf("CLIENT LIST: %s", list)
	}
	if info := say(s.client(), "INFO clients"); !strings.Contains(info, "tracking_clients:1\r") {
		t.Error("INFO counts no client that tracks")
	}
}

// TestMapsOfRESP3 shows that records are maps for those who speak RESP3.
func TestMapsOfRESP3(t *testing.T) {
	c := start(t, "sentinel monitor m 127.0.0.1 1 2").client()
	if hello := say(c, "HELLO 3"); strings.Contains(hello, "role") || !strings.Contains(hello, "mode sentinel") {
		t.Errorf("HELLO says %v", hello)
	}
	if r, ok := c.Do("SENTINEL", "PRIMARY", "m").(testenv.Map); !ok || !strings.Contains(fmt.Sprint(r), "quorum 2") {
		t.Errorf("PRIMARY says %v", r)
	}
	for _, call := range []string{"SENTINEL DEBUG", "SENTINEL CONFIG GET *", "SENTINEL QUORUM STATUS"} {
		if r, ok := c.Do(split(call)...).(testenv.Map); !ok || len(r) < 7 {
			t.Errorf("%v says %v", call, r)
		}
	}
}

// TestFailover has a sentinel, a group of its own, watch servers that the test plays: it finds the replica, sees the
// primary die, promotes the replica and says so to whoever listens.
func TestFailover(t *testing.T) {
	t.Parallel()
	primary := newInstance(t, 0)
	replica := newInstance(t, primary.port)
	primary.change(func(s *instanceState) { s.replicas = []int{replica.port} })
	s := start(t, fmt.Sprintf("sentinel monitor m 127.0.0.1 %d 1", primary.port), "sentinel down-after-milliseconds m 300",
		"sentinel failover-timeout m 20000")
	c, listener := s.client(), s.client()
	listener.Do("SUBSCRIBE", "+switch-master")
	testenv.Eventually(t, patience, "the replica is known and the group stands", func() bool {
		return strings.HasPrefix(say(c, "SENTINEL CKQUORUM m"), "OK 1 usable") &&
			field(c.Do("SENTINEL", "MASTER", "m"), "num-slaves") == "1" &&
			field(c.Do("SENTINEL", "MASTER", "m"), "flags") == "master" &&
			field(c.Do("SENTINEL", "REPLICAS", "m").([]any)[0], "flags") == "slave"
	})
	primary.change(func(st *instanceState) {
		if f := strings.Split(st.hello, ","); len(f) != 8 || f[1] != fmt.Sprint(s.port) || f[4] != "m" {
			t.Errorf("hello says %q", st.hello)
		}
	})
	primary.kill()
	to := fmt.Sprintf("[127.0.0.1 %d]", replica.port)
	testenv.Eventually(t, patience, "the replica's address answers", func() bool {
		return say(c, "SENTINEL GET-PRIMARY-ADDR-BY-NAME m") == to
	})
	got, err := listener.ReadWithin(patience)
	want := fmt.Sprintf("[message +switch-master m 127.0.0.1 %d 127.0.0.1 %d]", primary.port, replica.port)
	if fmt.Sprint(got) != want {
		t.Errorf("heard %v (%v), want %s", got, err, want)
	}
	replica.change(func(s *instanceState) {
		if orders := strings.Join(s.orders, "; "); !strings.Contains(orders, "SLAVEOF NO ONE; CONFIG REWRITE; CLIENT KILL") {
			t.Errorf("the replica was told %s", orders)
		}
	})
	history := fmt.Sprint(c.Do("SENTINEL", "HISTORY", "m"))
	for _, what := range []string{"odown", "failover", "candidate", "promoted"} {
		if !strings.Contains(history, "what "+what) {
			t.Errorf("the history lacks %s: %s", what, history)
		}
	}
	testenv.Eventually(t, patience, "the file has the new address", func() bool {
		file, _ := os.ReadFile(s.file)
		return strings.Contains(string(file), fmt.Sprintf("sentinel monitor m 127.0.0.1 %d 1\n", replica.port))
	})
}

// TestSimulatedCrash has a sentinel end at the point that it was told to, with nothing done that comes after it.
func TestSimulatedCrash(t *testing.T) {
	t.Parallel()
	primary := newInstance(t, 0)
	replica := newInstance(t, primary.port)
	primary.change(func(s *instanceState) { s.replicas = []int{replica.port} })
	s := start(t, fmt.Sprintf("sentinel monitor m 127.0.0.1 %d 1", primary.port))
	c := s.client()
	if got := say(c, "SENTINEL SIMULATE-FAILURE crash-after-election"); got != "OK" {
		t.Fatal(got)
	}
	testenv.Eventually(t, patience, "the failover begins", func() bool {
		reply, err := c.Call("SENTINEL", "FAILOVER", "m")
		return err != nil || !strings.HasPrefix(fmt.Sprint(reply), "NO") // no group or no replica yet
	})
	select {
	case err := <-s.done:
		if !errors.Is(err, sentinel.ErrCrashed) {
			t.Errorf("it ended with %v", err)
		}
		s.done <- nil
	case <-time.After(patience):
		t.Fatal("it has not crashed")
	}
	replica.change(func(st *instanceState) {
		if len(st.orders) != 0 {
			t.Errorf("the replica was told %v", st.orders)
		}
	})
	if file, _ := os.ReadFile(s.file); strings.Contains(string(file), fmt.Sprint("monitor m 127.0.0.1 ", replica.port)) {
		t.Errorf("the file has a new primary:\n%s", file)
	}
}

// TestConsistentReads answers addresses only with the group behind it.
func TestConsistentReads(t *testing.T) {
	t.Parallel()
	alone := start(t, "sentinel monitor m 127.0.0.1 1 2", "sentinel consistent-reads yes").client()
	if got := say(alone, "SENTINEL GET-PRIMARY-ADDR-BY-NAME m"); got != sentinel.ErrNoQuorum {
		t.Errorf("without a group: %s", got)
	}
	c := start(t, "sentinel monitor m 127.0.0.1 1 1", "sentinel consistent-reads yes",
		"sentinel bootstrap-expect 1").client()
	testenv.Eventually(t, patience, "the group confirms", func() bool {
		return say(c, "SENTINEL GET-PRIMARY-ADDR-BY-NAME m") == "[127.0.0.1 1]"
	})
	got := c.all("SENTINEL GET-PRIMARY-ADDR-BY-NAME m", "PING", "SENTINEL QUORUM MEMBERS")
	if !strings.HasPrefix(got, "[[127.0.0.1 1] PONG [[id ") {
		t.Errorf("replies are out of order: %s", got)
	}
	testenv.Eventually(t, patience, "members show what they watch", func() bool {
		return strings.Contains(say(c, "SENTINEL QUORUM MEMBERS"), "watches [m]")
	})
}

// TestNoGroupBeforeAnythingAnswers shows that who has reached no server, where the others are met, does not take itself
// for the only one.
func TestNoGroupBeforeAnythingAnswers(t *testing.T) {
	t.Parallel()
	primary := newInstance(t, 0)
	primary.change(func(s *instanceState) { s.away = true })
	c := start(t, fmt.Sprintf("sentinel monitor m 127.0.0.1 %d 1", primary.port),
		"sentinel down-after-milliseconds m 100").client()
	status := func(name string) string { return field(c.Do("SENTINEL", "QUORUM", "STATUS"), name) }
	testenv.Eventually(t, patience, "the primary is missed", func() bool {
		return strings.Contains(field(c.Do("SENTINEL", "MASTER", "m"), "flags"), "s_down")
	})
	if needed, state := status("needed"), status("state"); needed != "0" || state != "waiting for others" {
		t.Fatalf("it takes %s sentinels to be a group, and the state is %s", needed, state)
	}
	primary.change(func(s *instanceState) { s.away = false })
	testenv.Eventually(t, patience, "one is enough", func() bool { return status("needed") == "1" })
}

// TestResetForgetsThoseWhoAreGone lets an operator take dead sentinels of a file out of what makes a group.
func TestResetForgetsThoseWhoAreGone(t *testing.T) {
	t.Parallel()
	primary := newInstance(t, 0)
	lines := []string{fmt.Sprintf("sentinel monitor m 127.0.0.1 %d 1", primary.port)}
	for i := range 3 {
		lines = append(lines, fmt.Sprintf("sentinel known-sentinel m 127.0.0.1 %d %040x", i+1, i+1))
	}
	c := start(t, lines...).client()
	shows := func(known, needed string) func() bool {
		return func() bool {
			st := c.Do("SENTINEL", "QUORUM", "STATUS")
			return field(st, "known") == known && field(st, "needed") == needed
		}
	}
	testenv.Eventually(t, patience, "the dead count", shows("4", "3"))
	if got := say(c, "SENTINEL RESET m"); got != "1" {
		t.Fatal(got)
	}
	testenv.Eventually(t, patience, "the dead count no more", shows("1", "1"))
}

// TestUnwritableFile tells that a change is not in the file; the change stays.
func TestUnwritableFile(t *testing.T) {
	s := start(t, "sentinel monitor m 127.0.0.1 1 2")
	c := s.client()
	if err := os.Rename(s.file, s.file+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.file, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, call := range []string{"SENTINEL SET m quorum 4", "SENTINEL FLUSHCONFIG"} {
		if got := say(c, call); got != sentinel.ErrSave {
			t.Errorf("%s: %s", call, got)
		}
	}
	if got := field(c.Do("SENTINEL", "MASTER", "m"), "quorum"); got != "4" {
		t.Errorf("the quorum is %s", got)
	}
}

// TestEntryOfANewerVersion is passed over, and told of once a while.
func TestEntryOfANewerVersion(t *testing.T) {
	s := start(t, "sentinel monitor m 127.0.0.1 1 2")
	c := s.client()
	before := say(c, "SENTINEL HISTORY m")
	for range 3 {
		s.Apply([]byte{99, 1, 2, 3})
	}
	if status := fmt.Sprint(c.Do("SENTINEL", "QUORUM", "STATUS")); !strings.Contains(status, "ledger-index 3 ") {
		t.Errorf("the entries are not applied: %s", status)
	}
	if after := say(c, "SENTINEL HISTORY m"); after != before {
		t.Errorf("before %s, after %s", before, after)
	}
	log, _ := os.ReadFile(filepath.Join(filepath.Dir(s.file), "log"))
	if n := strings.Count(string(log), "newer version"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log)
	}
}

// TestPause holds commands back, and lets them go on in their order.
func TestPause(t *testing.T) {
	s := start(t, "sentinel monitor m 127.0.0.1 1 2")
	c, other := s.client(), s.client()
	began := time.Now()
	if got := say(c, "CLIENT PAUSE 200 ALL"); got != "OK" {
		t.Fatal(got)
	}
	if got := other.all("PING", "ROLE", "PING x"); got != "[PONG [sentinel [m]] x]" {
		t.Errorf("got %s", got)
	}
	if waited := time.Since(began); waited < 190*time.Millisecond {
		t.Errorf("waited %v", waited)
	}
	say(c, "CLIENT PAUSE 100000 WRITE")
	if got := say(other, "PING"); got != "PONG" {
		t.Errorf("a read waits: %s", got)
	}
	if err := other.Send(testenv.AppendCommand(nil, "PUBLISH", monitor.HelloChannel, "x")); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, patience, "PUBLISH waits", func() bool {
		return strings.Contains(say(c, "INFO clients"), "blocked_clients:1")
	})
	say(c, "CLIENT UNPAUSE")
	if got, err := other.ReadWithin(patience); fmt.Sprint(got) != "1" {
		t.Errorf("PUBLISH: %v, %v", got, err)
	}
}

// TestLinkNeedsLogin shows that who does not know the password gets no link, and that who does has one.
func TestLinkNeedsLogin(t *testing.T) {
	s := start(t, "requirepass secret")
	c := s.client()
	if got := say(c, "SENTINEL QUORUM LINK"); got != "NOAUTH Authentication required." {
		t.Errorf("got %s", got)
	}
	conn, err := net.Dial("tcp", s.where())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if err := sentinel.BecomeLink(conn, "", "wrong"); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("with a wrong password: %v", err)
	}
	if err := sentinel.BecomeLink(conn, "default", "secret"); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, patience, "the link is no client any more", func() bool {
		return say(c, "AUTH secret") == "OK" && strings.Contains(say(c, "INFO clients"), "connected_clients:1\r")
	})
	if _, err := conn.Write([]byte("garbage that is no greeting at all, and long enough\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("garbage was answered with %d bytes", n)
	}
}

// TestDeclarations holds arities to the arguments that are declared.
func TestDeclarations(t *testing.T) {
	table := sentinel.NewTable()
	for d := range table.All {
		own := d.Name != "config" || d.Parent == nil // whose SET needs two words more than its GET
		if err := commandtest.CheckArity(d); err != nil && own && d.Parent != nil && d.Parent.Name == "sentinel" {
			t.Error(err)
		}
	}
}

// TestAddressAllocatesNothing keeps the most frequent question free of garbage.
func TestAddressAllocatesNothing(t *testing.T) {
	s := start(t, "sentinel monitor m 127.0.0.1 1 2")
	n, got := s.AskAddress("m")
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
	if got != "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n1\r\n" {
		t.Errorf("got %q", got)
	}
}
