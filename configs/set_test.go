package configs

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// pairs makes settings of names and values in turn.
func pairs(words ...string) []Setting {
	var all []Setting
	for i := 0; i+1 < len(words); i += 2 {
		all = append(all, Setting{words[i], words[i+1]})
	}
	return all
}

// TestSetRefusals holds the texts to those that Valkey 9.1.2 gives.
func TestSetRefusals(t *testing.T) {
	failed := func(name, reason string) string {
		return "CONFIG SET failed (possibly related to argument '" + name + "') - " + reason
	}
	policies := "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, " +
		"allkeys-lru, allkeys-lfu, allkeys-random, noeviction"
	for _, tc := range []struct {
		settings []Setting
		want     string
	}{
		{pairs("foo", "bar"), "Unknown option or number of arguments for CONFIG SET - 'foo'"},
		{pairs("maxmemory", "1", "Foo", "2"), "Unknown option or number of arguments for CONFIG SET - 'Foo'"},
		{pairs("port", "x", "nosuch", "2"), "Unknown option or number of arguments for CONFIG SET - 'nosuch'"},
		{pairs("PORT", "1", "port", "2"), failed("port", "duplicate parameter")},
		{pairs("maxmemory", "1", "MAXMEMORY", "2"), failed("MAXMEMORY", "duplicate parameter")},
		{pairs("tcp-backlog", "3"), failed("tcp-backlog", "can't set immutable config")},
		{pairs("dbfilename", "x"), failed("dbfilename", "can't set protected config")},
		{pairs("SLOWLOG-MAX-LEN", "x"), failed("slowlog-max-len", "argument couldn't be parsed into an integer")},
		{pairs("maxmemory-policy", "foo"), failed("maxmemory-policy", policies)},
		{pairs("maxmemory", "-1"), failed("maxmemory", "argument must be a memory value")},
		{pairs("maxmemory-clients", "101%"), failed("maxmemory-clients", "percentage argument must be less or equal to 100")},
		{pairs("maxmemory-clients", "x%"), failed("maxmemory-clients", "argument must be a memory or percent value")},
		{pairs("tcp-keepalive", "9999999999"), failed("tcp-keepalive",
			"argument must be between 0 and 2147483647 inclusive")},
		{pairs("slot-migration-max-failover-repl-bytes", "-2"), failed("slot-migration-max-failover-repl-bytes",
			"argument must be between -1 and 9223372036854775807 inclusive")},
		{pairs("protected-mode", "maybe"), failed("protected-mode", "argument must be 'yes' or 'no'")},
		{pairs("notify-keyspace-events", "q"), failed("notify-keyspace-events",
			"Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")},
		{pairs("shutdown-on-sigint", "nosave save"), failed("shutdown-on-sigint",
			"shutdown options SAVE and NOSAVE can't be used simultaneously")},
		{pairs("client-output-buffer-limit", "normal"), failed("client-output-buffer-limit",
			"Wrong number of arguments in buffer limit configuration.")},
		{pairs("client-output-buffer-limit", "master 0 0 0"), failed("client-output-buffer-limit",
			"Invalid client class specified in buffer limit configuration.")},
		{pairs("client-output-buffer-limit", "normal 1 x 0"), failed("client-output-buffer-limit",
			"Error in hard, soft or soft_seconds setting in buffer limit configuration.")},
		{pairs("proc-title-template", "{x}"), failed("proc-title-template",
			"template format is invalid or contains unknown variables")},
		{pairs("save", "1"), failed("save", "Invalid save parameters")},
		{pairs("save", "0 1"), failed("save", "Invalid save parameters")},
		{pairs("oom-score-adj-values", "1 2"), failed("oom-score-adj-values", "wrong number of arguments")},
		{pairs("latency-tracking-info-percentiles", "x"), failed("latency-tracking-info-percentiles",
			"Invalid latency-tracking-info-percentiles parameters")},
		{pairs("latency-tracking-info-percentiles", "101"), failed("latency-tracking-info-percentiles",
			"latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")},
		{pairs("bind", strings.Repeat("127.0.0.1 ", 16)+"::1"), failed("bind", "Too many bind addresses specified.")},
		{pairs("cluster-announce-ip", "a;b"), failed("cluster-announce-ip",
			"cluster-announce-ip contains invalid character")},
		{pairs("cluster-announce-client-ipv4", "::1"), failed("cluster-announce-client-ipv4", "Invalid IPv4 address")},
		{pairs("cluster-announce-client-ipv6", "1.2.3.4"), failed("cluster-announce-client-ipv6", "Invalid IPv6 address")},
		{pairs("cluster-announce-hostname", "a_b"), failed("cluster-announce-hostname",
			"Hostnames may only contain alphanumeric characters, hyphens or dots")},
		{pairs("locale-collate", "xx"), failed("locale-collate", "Invalid locale name")},
	} {
		c := New()
		err := c.Set(tc.settings, Situation{})
		if err == nil || err.Error() != tc.want {
			t.Errorf("%q:\n got %v\nwant %v", tc.settings, err, tc.want)
		}
		if got := c.Get("*"); !slices.Equal(got, New().Get("*")) {
			t.Errorf("%q was refused and changed something", tc.settings)
		}
	}
}

func TestSet(t *testing.T) {
	for _, tc := range []struct{ name, value, want string }{
		{"hz", "1000", "500"}, {"hz", "0", "1"},
		{"maxmemory", "1mb", "1048576"}, {"maxmemory", "9223372036854775808", "9223372036854775808"},
		{"maxmemory-clients", "5%", "5%"}, {"maxmemory-clients", "1k", "1000"},
		{"slot-migration-max-failover-repl-bytes", "-1", "-1"},
		{"oom-score-adj", "relative", "yes"}, {"maxmemory-policy", "AllKeys-LRU", "allkeys-lru"},
		{"save", "", ""}, {"save", "900 1 300 10", "900 1 300 10"},
		{"bind", "", ""}, {"bind", "127.0.0.1 -::1", "127.0.0.1 -::1"},
		{"shutdown-on-sigterm", "NOW nosave", "nosave now"}, {"shutdown-on-sigterm", "default", "default"},
		{"client-output-buffer-limit", "replica 1mb 1k 5",
			"normal 0 0 0 slave 1048576 1000 5 pubsub 33554432 8388608 60"},
		{"latency-tracking-info-percentiles", "0.123456789 100", "0.123457 100"},
		{"latency-tracking-info-percentiles", "", ""},
		{"notify-keyspace-events", "KEA", "AKE"}, {"proc-title-template", "{{ {port}", "{{ {port}"},
		{"oom-score-adj-values", "-1 2 3", "-1 2 3"}, {"replica-priority", "0", "0"}, {"slave-priority", "7", "7"},
		{"list-max-ziplist-size", "-5", "-5"},
	} {
		c := New()
		if err := c.Set(pairs(tc.name, tc.value), Situation{}); err != nil {
			t.Errorf("%s %q: %v", tc.name, tc.value, err)
		} else if got := c.Get(tc.name); len(got) != 1 || got[0].Value != tc.want {
			t.Errorf("%s %q is shown as %q", tc.name, tc.value, got)
		}
	}
}

func TestSetSituation(t *testing.T) {
	c := New()
	if err := c.Set(pairs("appendonly", "yes"), Situation{Loading: true}); !errors.Is(err, ErrLoading) {
		t.Errorf("while loading: %v", err)
	}
	if err := c.Set(pairs("dir", "tmp", "DbFilename", "x.rdb"), Situation{Protected: true}); err != nil {
		t.Error(err)
	}
	if c.Dir != "/tmp" || c.Dbfilename != "x.rdb" {
		t.Errorf("got %q and %q", c.Dir, c.Dbfilename)
	}
	// Two names of one directive are both set; the later one wins.
	if err := c.Set(pairs("slowlog-max-len", "1", "commandlog-slow-execution-max-len", "2"), Situation{}); err != nil {
		t.Error(err)
	}
	if c.CommandlogSlowExecutionMaxLen != 2 {
		t.Errorf("got %d", c.CommandlogSlowExecutionMaxLen)
	}
}

func TestOnChange(t *testing.T) {
	c := New()
	var calls []string
	refuse := false
	c.OnChange(func() error {
		calls = append(calls, "listen:"+c.Bind[0]+":"+c.Get("port")[0].Value)
		return nil
	}, "port", "bind")
	c.OnChange(func() error {
		calls = append(calls, "memory:"+c.Get("maxmemory")[0].Value)
		if refuse {
			return syscall.ENOSPC
		}
		return nil
	}, "maxmemory")
	c.OnChange(func() error { calls = append(calls, "tls"); return nil }, "tls-cert-file")

	if err := c.Set(pairs("port", "1", "maxmemory", "0", "bind", "::1", "tls-cert-file", ""), Situation{}); err != nil {
		t.Fatal(err)
	}
	// One call for two directives with both new values; none where nothing changed, but for what is volatile.
	if want := []string{"listen:::1:1", "tls"}; !slices.Equal(calls, want) {
		t.Errorf("calls %q, not %q", calls, want)
	}

	calls, refuse = nil, true
	err := c.Set(pairs("port", "2", "maxmemory", "5"), Situation{})
	want := "CONFIG SET failed (possibly related to argument 'maxmemory') - No space left on device"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if e, ok := errors.AsType[*SetError](err); !ok || !errors.Is(e.Rollback, syscall.ENOSPC) {
		t.Errorf("the failed way back is lost: %v", err)
	}
	if c.Port != 1 || c.Maxmemory != 0 {
		t.Errorf("port %d and maxmemory %d stayed", c.Port, c.Maxmemory)
	}
	if want := []string{"listen:::1:2", "memory:5", "listen:::1:1", "memory:0"}; !slices.Equal(calls, want) {
		t.Errorf("calls %q, not %q", calls, want)
	}
}

func TestGet(t *testing.T) {
	c := New()
	for _, tc := range []struct {
		patterns, want []string
	}{
		{[]string{"MaxMemory", "maxmemory"}, []string{"MaxMemory"}},
		{[]string{"slow*len"}, []string{"slowlog-max-len"}},
		{[]string{"key-load-d*", "nosuch", "port?"}, nil},
		{[]string{"key-load-delay"}, []string{"key-load-delay"}},
		{[]string{"[L]oglevel", "loglevel"}, []string{"loglevel"}},
		{[]string{"save", "HZ", "hash-max-[lz]*-entries"}, []string{"HZ", "hash-max-listpack-entries",
			"hash-max-ziplist-entries", "save"}},
	} {
		var got []string
		for _, s := range c.Get(tc.patterns...) {
			got = append(got, s.Name)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%q gives %q, not %q", tc.patterns, got, tc.want)
		}
	}
}
