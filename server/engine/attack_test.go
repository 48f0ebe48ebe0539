package engine_test

import (
	"slices"
	"strings"
	"testing"

	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/frontend/command/commandtest"
	"valkey/frontend/session"
	"valkey/frontend/session/users"
	"valkey/server/engine"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/persistence"
)

// secured are the families with those that the other tests of this package leave out.
func secured() [][]engine.Command {
	return append(slices.Clip(families), persistence.Commands, engine.Lift(users.Commands), []engine.Command{shift})
}

// attack is a server, and someone who tries what is forbidden.
type attack struct {
	*enginetest.Server
	t      *testing.T
	client *session.Client
}

func newAttack(t *testing.T) *attack {
	s := enginetest.New(t, secured()...)
	return &attack{s, t, s.Client("attacker")}
}

// try runs a call of the attacker's and returns the reply in wire form.
func (a *attack) try(argv ...string) string {
	a.t.Helper()
	words := make([][]byte, len(argv))
	for i, w := range argv {
		words[i] = []byte(w)
	}
	a.Exec(a.client, words)
	reply := string(a.client.W.Buf)
	a.client.W.Buf = a.client.W.Buf[:0]
	return reply
}

// allow sets up a user and logs the attacker in as that.
func (a *attack) allow(rules ...string) {
	a.t.Helper()
	a.must("OK", append([]string{"ACL", "SETUSER", "mallory", "reset", "on", "nopass"}, rules...)...)
	if got := a.try("AUTH", "mallory", ""); got != "+OK\r\n" {
		a.t.Fatalf("AUTH: %q", got)
	}
}

// must runs a call of the operator's.
func (a *attack) must(want string, argv ...string) {
	a.t.Helper()
	if got := a.Do(argv...); got != want {
		a.t.Fatalf("%q: %s, want %s", argv, got, want)
	}
}

// seen is what a call may not change: how often keys were looked for, and how much was changed.
func (a *attack) seen() [3]int64 {
	return [3]int64{int64(a.Engine.Stats.KeyspaceHits), int64(a.Engine.Stats.KeyspaceMisses), a.Engine.Dirty}
}

func stringsOf(argv [][]byte) []string {
	out := make([]string, len(argv))
	for i, w := range argv {
		out[i] = string(w)
	}
	return out
}

const attackSeed, attackCalls = 7, 20

// TestNothingBeforeAuth tries every command, in calls that are right, wrong and too short, before the password.
func TestNothingBeforeAuth(t *testing.T) {
	a := newAttack(t)
	a.Step("config", "requirepass secret")
	a.client = a.Client("stranger") // who comes after the password is set
	open := map[string]bool{"auth": true, "hello": true, "quit": true, "reset": true}
	g := commandtest.NewGenerator(attackSeed)
	for d := range a.Engine.Cmds.All {
		if open[d.FullName] != d.Flags.Has(command.NoAuth) {
			t.Errorf("%s before AUTH: %v", d.FullName, d.Flags.Has(command.NoAuth))
		}
		if open[d.FullName] {
			continue
		}
		names := strings.Split(d.FullName, "|")
		calls := [][]string{names, append(slices.Clip(names), strings.Fields("a b c d e f g h")...)}
		if !d.IsContainer() {
			for range attackCalls {
				calls = append(calls, stringsOf(g.Valid(d)))
			}
		}
		for _, call := range calls {
			before := a.seen()
			want := "-NOAUTH Authentication required.\r\n"
			if d.FullName == "exec" {
				want = "-EXECABORT Transaction discarded because of: " + want[1:]
			}
			if got := a.try(call...); got != want || a.seen() != before {
				t.Fatalf("%q before AUTH: %q", call, got)
			}
		}
	}
	for _, call := range [][]string{{"NOSUCH"}, {"ACL", "NOSUCH"}, {"HELLO", "3"}} {
		if got := a.try(call...); !strings.HasPrefix(got, "-NOAUTH ") {
			t.Errorf("%q before AUTH: %q", call, got)
		}
	}
	if a.client.Multi != nil || a.client.Subs.Count() != 0 || a.client.Block != nil || a.client.IsMonitor {
		t.Error("something of what was tried has stayed")
	}
}

// TestHiddenKeysStayHidden has every command that takes keys try one that is forbidden, at each of its keys' places,
// the others permitted: MIGRATE, COPY … DB and whatever comes later among them.
func TestHiddenKeysStayHidden(t *testing.T) {
	a := newAttack(t)
	a.must("OK", "MSET", "hidden", "secret", "open", "value")
	a.allow("+@all", "~open", "allchannels")
	g := commandtest.NewGenerator(attackSeed)
	tried := map[string]bool{}
	for d := range a.Engine.Cmds.All {
		if d.IsContainer() || !d.HasKeys() {
			continue
		}
		for range attackCalls {
			argv := g.Valid(d)
			keys, err := d.AppendKeys(argv, nil)
			if err != nil {
				continue
			}
			for hidden := range keys {
				call := stringsOf(argv)
				for i, k := range keys {
					call[k.Index] = []string{"open", "hidden"}[b2i(i == hidden)]
				}
				before := a.seen()
				if got := a.try(call...); got != "-NOPERM No permissions to access a key\r\n" || a.seen() != before {
					t.Fatalf("%q: %q", call, got)
				}
				tried[d.FullName] = true
			}
		}
	}
	for _, name := range []string{"copy", "migrate", "move", "rename", "get", "memory|usage", "object|encoding"} {
		if !tried[name] {
			t.Errorf("%s was not tried", name)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestHiddenDatabaseStaysHidden has every command of the keyspace try a database that is forbidden: the one that is
// selected, and those that it names.
func TestHiddenDatabaseStaysHidden(t *testing.T) {
	a := newAttack(t)
	a.must("OK", "SET", "k", "secret")
	a.allow("+@all", "~*", "allchannels", "db=1")
	g := commandtest.NewGenerator(attackSeed)
	const ofData = command.CategoryKeyspace | command.CategoryRead | command.CategoryWrite
	for d := range a.Engine.Cmds.All {
		if d.IsContainer() || d.Databases.Any() && !d.HasKeys() || !d.HasKeys() && d.Categories&ofData == 0 {
			continue
		}
		for range attackCalls {
			call := stringsOf(g.Valid(d))
			before := a.seen()
			if got := a.try(call...); got != "-NOPERM No permissions to access database\r\n" || a.seen() != before {
				t.Fatalf("%q: %q", call, got)
			}
		}
	}
	for _, call := range []string{"SELECT 0", "SELECT 2", "SWAPDB 0 1", "SWAPDB 1 2"} {
		if got := a.try(strings.Fields(call)...); !strings.HasPrefix(got, "-NOPERM ") {
			t.Errorf("%s: %q", call, got)
		}
	}
	if got := a.try("SELECT", "1"); got != "+OK\r\n" {
		t.Fatalf("SELECT 1: %q", got)
	}
	for _, call := range []string{"COPY k k2 DB 0", "COPY k k2 DB 2", "MOVE k 0", "FLUSHALL", "COPY k k2 DB 1 DB 0"} {
		if got := a.try(strings.Fields(call)...); got != "-NOPERM No permissions to access database\r\n" {
			t.Errorf("%s: %q", call, got)
		}
	}
}

// TestNamesWithControlCharacters: nobody becomes another by what a name has behind a zero byte, and nothing breaks out
// of a line of the ACL file.
func TestNamesWithControlCharacters(t *testing.T) {
	a := newAttack(t)
	for _, name := range []string{"a b", "a\x00", "a\nuser b on nopass +@all", "a\r", "a\t", "\x00"} {
		if got := a.Do("ACL", "SETUSER", name, "on"); !strings.Contains(got, "can't contain spaces or null") {
			t.Errorf("a user named %q: %s", name, got)
		}
		for _, rule := range []string{"~" + name, "&" + name, "%R~" + name} {
			if got := a.Do("ACL", "SETUSER", "u", rule); !strings.Contains(got, "Syntax error") {
				t.Errorf("a rule %q: %s", rule, got)
			}
		}
	}
	a.allow("+@all", "-select", "+select|0", "~news*", "&news", "&news.*")
	for call, want := range map[string]string{
		"AUTH default\x00 x":            "-WRONGPASS ",
		"AUTH mallory\x00default x":     "-WRONGPASS ",
		"GET news\x00x":                 "$-1",
		"GET x\x00news":                 "-NOPERM ",
		"PUBLISH news\x00x m":           "-NOPERM ",
		"PSUBSCRIBE news.*\x00x":        "-NOPERM ",
		"SUBSCRIBE news\x00":            "-NOPERM ",
		"SELECT 0\x00":                  "-NOPERM ",
		"ACL DELUSER default\x00":       ":0",
		"ACL GETUSER default\x00":       "$-1",
		"GET\x00 x":                     "-ERR unknown command",
		"ACL\x00|whoami":                "-ERR unknown command",
		"ACL|WHOAMI":                    "-ERR unknown command",
		"ACL DRYRUN mallory GET x\x00":  "$",
		"ACL DRYRUN mallory GET\x00 x":  "-ERR Command 'GET' not found",
		"ACL SETUSER u +get\x00":        "-ERR Error in ACL SETUSER modifier",
		"ACL SETUSER u +select|0\x001":  "+OK",
		"ACL SETUSER u +@all\x00":       "-ERR Error in ACL SETUSER modifier",
		"ACL SETUSER u (+get\x00~*)":    "-ERR Error in ACL SETUSER modifier",
		"ACL SETUSER u db=0\x00":        "-ERR Error in ACL SETUSER modifier",
		"ACL SETUSER u on\x00":          "-ERR Error in ACL SETUSER modifier",
		"ACL SETUSER u >password\x00\n": "+OK",
	} {
		if got := a.try(strings.Split(call, " ")...); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q", call, got)
		}
	}
	text := a.Engine.Users.Text()
	if _, _, err := a.Engine.Users.Load("file", text); err != nil || a.Engine.Users.Text() != text {
		t.Errorf("what the users are saved as is read as something else: %v\n%q", err, text)
	}
}

// TestUserDeletedInItsTransaction: from there on the client is nobody, so that the rest is up to the default user.
func TestUserDeletedInItsTransaction(t *testing.T) {
	for _, nobody := range []string{"off resetkeys -@all", "on nopass ~* +@all"} {
		a := newAttack(t)
		a.allow("+@all", "~*", "alldbs")
		a.must("OK", append([]string{"ACL", "SETUSER", "default"}, strings.Fields(nobody)...)...)
		if strings.HasPrefix(nobody, "off") {
			a.must(`(error) NOPERM User default has no permissions to run the 'ping' command`, "PING")
		}
		for _, call := range []string{"MULTI", "SET before x", "ACL DELUSER mallory", "SET after x", "ACL WHOAMI"} {
			if got := a.try(strings.Fields(call)...); got[0] != '+' {
				t.Fatalf("%s: %q", call, got)
			}
		}
		got := a.try("EXEC")
		if allowed := strings.HasPrefix(nobody, "on"); allowed != !strings.Contains(got, "-NOPERM ") {
			t.Errorf("default user %s: %q", nobody, got)
		}
		if !a.client.CloseAfter && !a.client.CloseASAP {
			t.Error("the client stays")
		}
	}
}

// TestBlockedClientLosesItsRights: what a client was allowed to wait for is not handed over when its rules have
// changed.
func TestBlockedClientLosesItsRights(t *testing.T) {
	for _, lost := range []string{"-shift", "resetkeys", "db=1"} {
		a := newAttack(t)
		a.allow("+@all", "~*")
		if got := a.try("SHIFT", "from", "to"); got != "" || a.client.Block == nil {
			t.Fatalf("no wait: %q", got)
		}
		a.must("OK", "ACL", "SETUSER", "mallory", lost)
		a.must("OK", "SET", "from", "v")
		reply := string(a.client.W.Buf)
		if !strings.HasPrefix(reply, "-NOPERM ") || a.client.Block != nil {
			t.Errorf("%s: %q", lost, reply)
		}
		a.must(`"v"`, "GET", "from")
		a.must("(nil)", "GET", "to")
		log := a.Engine.ACLLog.Latest(9)
		if len(log) != 1 || log[0].User != "mallory" || log[0].Context != acl.TopLevel {
			t.Errorf("%s: %+v", lost, log)
		}
	}
}

// TestDenialsAreCounted, each kind in its own field of INFO, and in no other.
func TestDenialsAreCounted(t *testing.T) {
	a := newAttack(t)
	a.allow("+@all", "-dbsize", "~a", "&a", "db=0")
	counts := func() (out []string) {
		for line := range strings.Lines(a.Do("INFO", "stats")) {
			for field := range strings.SplitSeq(line, `\r\n`) {
				if strings.HasPrefix(field, "acl_access_denied_") && !strings.HasSuffix(field, ":0") {
					out = append(out, strings.TrimPrefix(field, "acl_access_denied_"))
				}
			}
		}
		return out
	}
	var want []string
	for _, step := range []struct{ call, field string }{
		{"AUTH mallory2 x", "auth"}, {"DBSIZE", "cmd"}, {"GET b", "key"}, {"PUBLISH b x", "channel"}, {"SELECT 1", "db"},
	} {
		for range 2 {
			a.try(strings.Fields(step.call)...)
		}
		want = append(want, step.field+":2")
		got := counts()
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Fatalf("after %s: %v, want %v", step.call, got, want)
		}
	}
	a.try("MULTI")
	a.try("GET", "a")
	a.must("OK", "ACL", "SETUSER", "mallory", "resetkeys")
	a.try("EXEC")
	if got := strings.Join(counts(), " "); !strings.Contains(got, "key:3") {
		t.Errorf("a command that EXEC refuses is not counted: %s", got)
	}
}

// TestSecretsStayOutOfLogs: a password is in no log, also not that of a call that fails, however it is wrong.
func TestSecretsStayOutOfLogs(t *testing.T) {
	const secret = "s3cret"
	a := newAttack(t)
	a.Step("config", "commandlog-execution-slower-than 0\ncommandlog-request-larger-than 0\n"+
		"commandlog-reply-larger-than 0\ncommandlog-slow-execution-max-len 1000\ncommandlog-large-request-max-len 1000\n"+
		"commandlog-large-reply-max-len 1000")
	watcher := a.Client("watcher")
	a.Exec(watcher, [][]byte{[]byte("MONITOR")})
	a.must("OK", "ACL", "SETUSER", "alice", "on", ">"+secret, "+@all", "~*")
	long := strings.Repeat(" COPY", 80)
	for _, call := range []string{
		"AUTH wrong-s3cret", "AUTH alice wrong-s3cret", "AUTH alice s3cret more", "AUTH s3cret", "AUTH alice s3cret",
		"HELLO 9 AUTH alice s3cret", "HELLO x AUTH alice s3cret", "HELLO 2 AUTH alice s3cret NOSUCH",
		"HELLO 2 SETNAME \x01 AUTH alice s3cret", "HELLO 2 AUTH s3cret", "HELLO 2 AUTH alice s3cret",
		"MIGRATE h 1 k 0 1 COPIES AUTH s3cret", "MIGRATE h 1 k 0 x AUTH s3cret", "MIGRATE h 1 k 0 1 AUTH2 alice s3cret",
		"MIGRATE h 1 k 0 1" + long + " AUTH s3cret", "MIGRATE h 1 k 0 1" + long + " AUTH2 alice s3cret",
		"CONFIG SET requirepass s3cret nosuch x", "CONFIG SET primaryauth s3cret",
		"CONFIG SET tls-key-file-pass s3cret hz y", "ACL SETUSER bob >s3cret nosuch", "ACL SETUSER bob <s3cret",
		"ACL SETUSER bob >s3cret" + strings.Repeat(" +get", 80) + " >s3cret",
		"MULTI", "AUTH alice s3cret", "HELLO 2 AUTH alice s3cret", "EXEC",
	} {
		a.try(strings.Fields(call)...)
	}
	logs := map[string]string{"MONITOR": string(watcher.W.Buf)}
	for _, call := range []string{
		"SLOWLOG GET -1", "COMMANDLOG GET -1 slow", "COMMANDLOG GET -1 large-request", "COMMANDLOG GET -1 large-reply",
		"ACL LOG 1000", "CLIENT LIST", "INFO everything", "LATENCY LATEST", "ACL LIST",
	} {
		logs[call] = a.Do(strings.Fields(call)...)
		if strings.HasPrefix(logs[call], "(error)") {
			t.Errorf("%s: %s", call, logs[call])
		}
	}
	for name, text := range logs {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%s tells it: ...%s", name, text[max(0, at-200):min(len(text), at+20)])
		}
	}
	for _, name := range []string{"MONITOR", "SLOWLOG GET -1"} {
		if n := strings.Count(logs[name], "(redacted)"); n < 10 {
			t.Errorf("%s has %d places where something is left out", name, n)
		}
	}
}

// FuzzForbiddenCalls lets a user without any right send anything: nothing is seen or changed.
func FuzzForbiddenCalls(f *testing.F) {
	f.Add("GET k")
	f.Add("COPY k k2 DB 1")
	f.Add("MULTI\nGET k\nEXEC")
	f.Fuzz(func(t *testing.T, script string) {
		a := newAttack(t)
		a.must("OK", "SET", "k", "v")
		a.allow("nocommands")
		before := a.seen()
		for line := range strings.Lines(script) {
			words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
			if got := a.try(words...); got != "" && got[0] != '-' && !harmless(words[0]) {
				t.Fatalf("%q: %q", words, got)
			}
			if u := a.client.User; u == a.Engine.Users.Default || a.client.CloseASAP || a.client.CloseAfter {
				return // gone, or no longer this user
			}
		}
		if a.seen() != before {
			t.Fatalf("%q: %v, before %v", script, a.seen(), before)
		}
	})
}

// harmless are the commands that need no right.
func harmless(name string) bool {
	return slices.ContainsFunc([]string{"auth", "hello", "quit", "reset"}, func(n string) bool {
		return strings.EqualFold(n, name)
	})
}
