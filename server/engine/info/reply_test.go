package info_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/server/engine/admin"
	"valkey/server/engine/connection"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/info"
	"valkey/server/engine/keys"
	"valkey/server/engine/pubsub"
	engstrings "valkey/server/engine/strings"
	"valkey/server/engine/transactions"
)

func newServer(t *testing.T) *enginetest.Server {
	return enginetest.New(t, admin.Commands, connection.Commands, info.Commands, keys.Commands, pubsub.Commands,
		engstrings.Commands, transactions.Commands)
}

// ask runs INFO and gives its text.
func ask(t *testing.T, s *enginetest.Server, sections ...string) string {
	t.Helper()
	text, err := strconv.Unquote(s.Do(append([]string{"INFO"}, sections...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSections(t *testing.T) {
	s := newServer(t)
	byDefault, all := info.WantTitles(false), info.WantTitles(true)
	for _, tc := range []struct {
		names []string
		want  []string
	}{
		{nil, byDefault}, {[]string{"default"}, byDefault}, {[]string{"cpu", "DEFAULT"}, byDefault},
		{[]string{"all"}, all}, {[]string{"everything"}, all}, {[]string{"cpu", "All"}, all},
		{[]string{"debug", "all"}, append(append([]string(nil), all...), "Debug")},
		{[]string{"cpu"}, []string{"CPU"}}, {[]string{"cpu", "cpu", "SERVER"}, []string{"Server", "CPU"}},
		{[]string{"modules"}, []string{"Modules"}}, {[]string{"module_list"}, []string{"Modules"}},
		{[]string{"debug"}, []string{"Debug"}}, {[]string{"nosuch"}, nil},
		{[]string{"nosuch", "keyspace"}, []string{"Keyspace"}},
	} {
		info.Equal(t, strings.Join(tc.names, " "), info.Titles(ask(t, s, tc.names...)), tc.want)
	}
}

func TestFieldNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for line := range strings.SplitSeq(ask(t, newServer(t), "everything", "debug"), "\r\n") {
		name, _, ok := strings.Cut(line, ":")
		if ok && seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	if len(seen) < 190 {
		t.Errorf("only %d fields", len(seen))
	}
}

func TestLinesAreWellFormed(t *testing.T) {
	s := newServer(t)
	s.Do("SET", "k", "v", "EX", "100")
	s.Do("NOSUCH:#")
	form := regexp.MustCompile(`^(# [A-Z][A-Za-z ]*|[a-z][a-zA-Z0-9_|.-]*:.*|errorstat_[A-Z_]+:count=\d+|)$`)
	for line := range strings.SplitSeq(ask(t, s, "everything", "debug"), "\r\n") {
		if !form.MatchString(line) {
			t.Errorf("%q", line)
		}
	}
}

func TestNumbersAreTrue(t *testing.T) {
	s := newServer(t)
	has := func(section string, lines ...string) {
		t.Helper()
		text := "\r\n" + ask(t, s, section)
		for _, l := range lines {
			if !strings.Contains(text, "\r\n"+l+"\r\n") {
				t.Errorf("INFO %s lacks %s:\n%s", section, l, text)
			}
		}
	}
	s.Do("SET", "a", "1")
	s.Do("SET", "b", "2", "EX", "100")
	s.Do("GET", "a")
	s.Do("GET", "none")
	s.Do("SET", "b")
	s.Do("INCR", "none:#", "x")
	s.Do("SELECT", "3")
	s.Do("SET", "c", "x")
	has("keyspace", "db0:keys=2,expires=1,avg_ttl=0,keys_with_volatile_items=0",
		"db3:keys=1,expires=0,avg_ttl=0,keys_with_volatile_items=0")
	has("stats", "keyspace_hits:1", "keyspace_misses:1", "total_error_replies:2")
	has("errorstats", "errorstat_ERR:count=2")
	has("commandstats", "cmdstat_set:calls=3,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0",
		"cmdstat_incr:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0")
	has("latencystats", "latency_percentiles_usec_set:p50=0.001,p99=0.001,p99.9=0.001")
	has("persistence", "rdb_changes_since_last_save:3")
	has("server", "server_mode:standalone", "uptime_in_seconds:0", "redis_version:7.2.4")

	s.Step("run", "w: WATCH a b\nw2: WATCH a\np: SUBSCRIBE x\np: PSUBSCRIBE x*\nCLIENT PAUSE 1000 WRITE")
	has("clients", "connected_clients:4", "watching_clients:2", "total_watched_keys:2", "pubsub_clients:1",
		"paused_reason:client_pause", "paused_actions:write", "paused_timeout_milliseconds:1000")
	has("stats", "pubsub_channels:1", "pubsub_patterns:1")
	s.Advance(90 * time.Second)
	has("server", "uptime_in_seconds:90")
	has("clients", "paused_reason:none")

	s.Config.ExtendedRedisCompatibility = true
	has("server", "redis_mode:standalone")
	s.Do("CONFIG", "RESETSTAT")
	has("stats", "keyspace_hits:0", "total_error_replies:0")
	has("errorstats", "# Errorstats")
}
