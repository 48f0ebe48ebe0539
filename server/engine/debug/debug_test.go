package debug_test

import (
	"regexp"
	"testing"

	"valkey/configs"
	"valkey/server/engine/connection"
	"valkey/server/engine/debug"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/keys"
	"valkey/server/engine/strings"
	"valkey/server/repl"
)

func newServer(t *testing.T) *enginetest.Server {
	s := enginetest.New(t, connection.Commands, debug.Commands, keys.Commands, strings.Commands)
	s.Config.EnableDebugCommand = configs.ProtectedYes
	return s
}

func TestDebugIsOffByDefault(t *testing.T) {
	s := enginetest.New(t, debug.Commands)
	want := "(error) ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run " +
		"it from a local connection, otherwise you need to set this option in the configuration file, and then restart " +
		"the server."
	if got := s.Do("DEBUG", "SLEEP", "0"); got != want {
		t.Error(got)
	}
}

func TestObject(t *testing.T) {
	s := newServer(t)
	for _, tc := range []struct{ value, want string }{
		{"1", "encoding:int serializedlength:2"},
		{"-1000", "encoding:int serializedlength:3"},
		{"100000", "encoding:int serializedlength:5"},
		{"9999999999", "encoding:int serializedlength:11"},
		{"hello", "encoding:embstr serializedlength:6"},
	} {
		s.Do("SET", "k", tc.value)
		want := regexp.MustCompile(`^Value at:0x[0-9a-f]+ refcount:1 ` + tc.want + ` lru:\d+ lru_seconds_idle:0$`)
		if got := s.Do("DEBUG", "OBJECT", "k"); !want.MatchString(got) {
			t.Errorf("%s: %s", tc.value, got)
		}
	}
	fast := regexp.MustCompile(`^Value at:\S+ refcount:1 encoding:embstr lru:\d+ lru_seconds_idle:0$`)
	if got := s.Do("DEBUG", "OBJECT", "k", "fast"); !fast.MatchString(got) {
		t.Error(got)
	}
	s.Config.MaxmemoryPolicy = configs.PolicyAllkeysLFU
	s.Engine.SetAging()
	s.Do("SET", "l", "v")
	lfu := regexp.MustCompile(` lfu_freq:5 lfu_access_time_minutes:\d+$`)
	if got := s.Do("DEBUG", "OBJECT", "l"); !lfu.MatchString(got) {
		t.Error(got)
	}
}

func TestCrashes(t *testing.T) {
	for _, how := range []string{"PANIC", "ASSERT", "OOM"} {
		t.Run(how, func(t *testing.T) {
			s := newServer(t)
			defer func() {
				if recover() == nil {
					t.Errorf("DEBUG %s returned", how)
				}
			}()
			s.Do("DEBUG", how)
		})
	}
}

func TestChangeReplID(t *testing.T) {
	s := newServer(t)
	h := repl.New(repl.NewID(), 1<<20)
	s.Engine.History = h
	before := h.ID()
	if got := s.Do("DEBUG", "CHANGE-REPL-ID"); got != "OK" {
		t.Error(got)
	}
	if second, _ := h.Second(); h.ID() == before || second != repl.NoID {
		t.Errorf("%s, then %s and %s", before, h.ID(), second)
	}
}
