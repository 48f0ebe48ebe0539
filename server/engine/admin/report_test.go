package admin

import (
	"strings"
	"testing"

	"valkey/configs"
	"valkey/frontend/session"
	"valkey/server/engine"
	"valkey/server/metrics"
)

func TestDrawLatency(t *testing.T) {
	const now = 1_000_000
	s := &metrics.LatencySeries{MaxMs: 99}
	for i, ms := range []int64{10, 20, 30, 40, 70} {
		ages := []int64{2 * 24 * 3600, 3 * 3600, 120, 59, 0}
		s.Samples = append(s.Samples, metrics.LatencySample{Unix: now - ages[i], Ms: ms})
	}
	want := strings.Join([]string{
		"command - high 70 ms, low 10 ms (all time high 99 ms)",
		strings.Repeat("-", 80),
		"    #",
		"   _|",
		"  o||",
		"_#|||",
		"     ",
		"23250",
		"dhm9s",
		"   s ",
		"",
	}, "\n")
	if got := drawLatency("command", s, now); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestDrawLatencyBreaksLines(t *testing.T) {
	s := &metrics.LatencySeries{}
	for i := range int64(100) {
		s.Samples = append(s.Samples, metrics.LatencySample{Unix: i, Ms: 5})
	}
	got := drawLatency("e", s, 100)
	bar := func(n int) string { return "\n" + strings.Repeat("_", n) + "\n" }
	if strings.Count(got, bar(80)) != 1 || strings.Count(got, bar(20)) != 1 {
		t.Error(got)
	}
}

func TestSummarize(t *testing.T) {
	s := summarize([]metrics.LatencySample{{Unix: 100, Ms: 10}, {Unix: 110, Ms: 20}, {Unix: 120, Ms: 60}}, 130)
	if s.average != 30 || s.deviation != 20 || s.period != 10 {
		t.Errorf("%+v", s)
	}
}

func TestExamineLatency(t *testing.T) {
	e := &engine.Engine{Front: session.Front{Config: configs.New()}}
	e.Config.LatencyMonitorThreshold = 5
	for _, event := range []string{"command", "fast-command", "expire-cycle", "eviction-cycle"} {
		e.Latency.Add(event, 7, 0)
	}
	got := examineLatency(e)
	for _, want := range []string{
		"1. command: 1 latency spikes (average 7ms, mean deviation 0ms, period 1.00 sec). Worst of all time: 7ms.\n",
		"CONFIG SET slowlog-log-slower-than 5000", "SLOWLOG GET", "--intrinsic-latency", "CONFIG SET hz 100", "maxmemory",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	e.Config.CommandlogExecutionSlowerThan = 1000
	e.Config.Hz = 100
	if got := examineLatency(e); strings.Contains(got, "CONFIG SET") {
		t.Errorf("advises what is set already:\n%s", got)
	}
}

func TestExamineMemory(t *testing.T) {
	healthy := engine.MemoryReport{
		Used: 100 << 20, Peak: 110 << 20, Allocated: 90 << 20, Held: 95 << 20, Resident: 120 << 20,
	}
	if got := examineMemory(&healthy, 1); got != "No problem with memory is to be seen.\n" {
		t.Error(got)
	}
	ill := engine.MemoryReport{
		Used: 100 << 20, Peak: 200 << 20, Allocated: 90 << 20, Held: 190 << 20, Resident: 220 << 20, Clients: 50 << 20,
	}
	got := examineMemory(&ill, 10)
	for _, want := range []string{
		"* Peak:", "* Resident memory:", "2.20 times", "* Fragmentation:", "2.11 times", "* Clients: 10",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}
