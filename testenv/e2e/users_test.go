//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"valkey/testenv"
)

// TestSecretsStayOutOfCrashOutput ends the server by its own fault behind commands with passwords.
func TestSecretsStayOutOfCrashOutput(t *testing.T) {
	s := testenv.Start(t, "--enable-debug-command", "yes", "--loglevel", "debug", "--requirepass", "s3cret")
	c := s.Client(t)
	c.Do("AUTH", "wrong-s3cret")
	c.Do("HELLO", "3", "AUTH", "default", "s3cret")
	c.Do("ACL", "SETUSER", "alice", "on", ">s3cret")
	c.Do("CONFIG", "SET", "primaryauth", "s3cret")
	c.Do("MULTI")
	c.Do("AUTH", "default", "s3cret")
	c.Do("EXEC")
	last := testenv.AppendCommand(nil, "AUTH", "s3cret")
	must(t, c.Send(testenv.AppendCommand(last, "DEBUG", "PANIC")))
	if code := s.Wait(t); code == 0 {
		t.Error("DEBUG PANIC ends well")
	}
	log := s.Log()
	if !strings.Contains(log, "crashed by") || !strings.Contains(log, "STACK TRACE") {
		t.Error("the log tells no crash")
	}
	if strings.Contains(log, "s3cret") {
		t.Error("the log tells a password")
	}
}

// TestUsersAreKept in the file that holds them: their own, and the configuration's.
func TestUsersAreKept(t *testing.T) {
	dir := t.TempDir()
	users, config := filepath.Join(dir, "users.acl"), filepath.Join(dir, "valkey.conf")
	must(t, os.WriteFile(users, []byte("user default on nopass ~* &* +@all\nuser gone on nopass &* +@all\n"), 0o600))
	must(t, os.WriteFile(config, []byte("user default on nopass ~* &* +@all\n"), 0o600))
	for _, tt := range []struct {
		file, save string
		args       []string
	}{{users, "ACL SAVE", []string{"--aclfile", users}}, {config, "CONFIG REWRITE", []string{config}}} {
		s := testenv.Start(t, tt.args...)
		c := s.Client(t)
		c.Do("ACL", "SETUSER", "alice", "on", ">s3cret", "~app:*", "%R~shared", "&news", "+@read", "-get", "db=0,1",
			"(+set ~x resetdbs)")
		c.Do("ACL", "SETUSER", "bob", "+select|0", "+config|get")
		want := fmt.Sprint(c.Do("ACL", "LIST"))
		words := strings.Fields(tt.save)
		if v := c.Do(words[0], words[1]); v != testenv.Simple("OK") {
			t.Fatalf("%s: %v", tt.save, v)
		}
		text, err := os.ReadFile(tt.file)
		must(t, err)
		if strings.Contains(string(text), "s3cret") || !strings.Contains(string(text), "user alice on #") {
			t.Errorf("the file has\n%s", text)
		}
		s.Stop(t)
		s.Launch(t)
		c = s.Client(t)
		if got := fmt.Sprint(c.Do("ACL", "LIST")); got != want {
			t.Errorf("%s: after a start\n%s\nwant\n%s", tt.save, got, want)
		}
		if v := c.Do("AUTH", "alice", "s3cret"); v != testenv.Simple("OK") {
			t.Errorf("AUTH: %v", v)
		}
	}
}

// TestUsersAreLoaded again while clients are in: whoever is no longer a user is disconnected, subscribers too, and a
// file with a mistake changes nothing.
func TestUsersAreLoaded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users.acl")
	write := func(lines ...string) { must(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600)) }
	const admin, both = "user default on nopass ~* &* +@all", "on nopass &a &b +@all"
	write(admin, "user gone "+both, "user less "+both, "user same "+both)
	s := testenv.Start(t, "--aclfile", file)
	c := s.Client(t)
	clients := map[string]*testenv.Client{}
	for _, name := range []string{"gone", "less", "same"} {
		for _, listens := range []string{"", " a", " b"} {
			u := s.Client(t)
			u.Do("AUTH", name, "x")
			if listens != "" {
				u.Do("SUBSCRIBE", listens[1:])
			}
			clients[name+listens] = u
		}
	}
	write(admin, "user gone +nosuch", "nonsense")
	if v := c.Do("ACL", "LOAD"); !isError(v, "ERR ") || !strings.Contains(fmt.Sprint(v), ":3 should start with user") {
		t.Errorf("ACL LOAD of mistakes: %v", v)
	}
	for name, u := range clients {
		answersOrPushes(t, u, name)
	}
	write(admin, "user less on nopass &b +@all", "user same "+both)
	if v := c.Do("ACL", "LOAD"); v != testenv.Simple("OK") {
		t.Fatalf("ACL LOAD: %v", v)
	}
	for name, u := range clients {
		if strings.HasPrefix(name, "gone") || name == "less a" {
			if v, err := u.Call("PING"); err == nil {
				t.Errorf("%s stays: %v", name, v)
			}
		} else {
			answersOrPushes(t, u, name)
		}
	}
}

// answersOrPushes is answers for subscribers, too.
func answersOrPushes(t *testing.T, c *testenv.Client, what string) {
	t.Helper()
	if v, err := c.Call("PING"); err != nil || !strings.Contains(strings.ToLower(fmt.Sprint(v)), "pong") {
		t.Errorf("%s: %v, %v", what, v, err)
	}
}
