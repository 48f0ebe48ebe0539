package configs

import (
	"os"
	"strings"
	"testing"
)

const sentinelSampleHead = `# The configuration of valkey-sentinel: every sentinel directive, and the directives
# of valkey-server that a sentinel usually needs. It takes all of those, see valkey.conf.
#
# A sentinel keeps what it learns in this file and writes it anew, so that the file and its folder must be writable.
# Comments stay. The order of the lines does not matter. Times are in milliseconds.
#
# This file is written from the table of directives; a test keeps the two equal.
`

// sentinelServerLines is what the sample says about the process.
var sentinelServerLines = []Setting{{"port", "26379"}, {"protected-mode", "no"}, {"daemonize", "no"},
	{"pidfile", "/var/run/valkey-sentinel.pid"}, {"loglevel", "notice"}, {"logfile", `""`}, {"dir", "/tmp"},
	{"acllog-max-len", "128"}}

// sentinelSample writes sentinel.conf from the table.
func sentinelSample() string {
	var b strings.Builder
	heading := func(title string) { b.WriteString("\n" + strings.Repeat("#", 40) + "\n# " + title + "\n") }
	b.WriteString(sentinelSampleHead)
	heading("The process")
	for _, s := range sentinelServerLines {
		d, _ := Lookup(s.Name)
		b.WriteString("\n" + comment(d.Doc) + s.Name + " " + s.Value + "\n")
	}
	heading("What is watched, and how")
	for _, d := range SentinelDirectives() {
		if !d.State && !d.Own {
			b.WriteString("\n" + comment(d.Doc) + sentinelMute(d) + d.key() + " " + d.Form + "\n")
		}
	}
	heading("The group of sentinels: not known to a stock sentinel, which refuses such lines")
	for _, d := range SentinelDirectives() {
		if d.Own {
			b.WriteString("\n" + comment(d.Doc) + "# " + d.key() + " " + d.Form + "\n")
		}
	}
	heading("What the sentinel writes by itself")
	for _, d := range SentinelDirectives() {
		if d.State {
			b.WriteString("\n" + comment(d.Doc) + "# " + d.key() + " " + d.Form + "\n")
		}
	}
	return b.String()
}

// sentinelMute comments out what has no default.
func sentinelMute(d *SentinelDirective) string {
	s := NewSentinel()
	p := NewMonitoredPrimary("mymaster", HostPort{}, 1)
	for _, l := range d.kind.lines(d.field(s, &p)) {
		if l.text != "0" || d.phase != phaseGlobal {
			return ""
		}
	}
	return "# "
}

// TestSentinelSample keeps the sample and the table equal, both ways: the file is what the table gives, loading it
// changes no default, and each of its lines is one that the table takes.
func TestSentinelSample(t *testing.T) {
	want := sentinelSample()
	if *update {
		if err := os.WriteFile("sentinel.conf", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("sentinel.conf")
	if err != nil || string(got) != want {
		t.Errorf("sentinel.conf is not what the table says; run: go test ./configs -run TestSentinelSample -update (%v)", err)
	}
	c, err := loadSentinelText(t, strings.Replace(want, "dir /tmp", "dir /srv", 1))
	if err != nil {
		t.Fatal(err)
	}
	def := NewSentinel()
	def.Primaries = []MonitoredPrimary{NewMonitoredPrimary("mymaster", HostPort{"127.0.0.1", 6379}, 2)}
	a, b := &Config{Sentinel: c.Sentinel}, &Config{Sentinel: def}
	if got, want := a.rewritten("", true), b.rewritten("", true); got != want {
		t.Errorf("loading the sample gives %q, the defaults are %q", got, want)
	}
	for _, d := range SentinelDirectives() {
		value := strings.NewReplacer("<40 hex digits>", strings.Repeat("a", 40), "<its myid>", "x", "/var/valkey/notify.sh",
			"notify", "/var/valkey/reconfig.sh", "notify").Replace(d.Form)
		line := "sentinel monitor mymaster 127.0.0.1 6379 2\n"
		if d.Name == "monitor" {
			line = ""
		}
		if _, err := loadSentinelText(t, line+d.key()+" "+value); err != nil {
			t.Errorf("the example of %s: %v", d.Name, err)
		}
		if strings.Count(want, d.key()+" "+d.Form+"\n") != 1 {
			t.Errorf("%s is not in the sample once", d.Name)
		}
	}
}
