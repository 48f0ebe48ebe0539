package admin

import (
	"fmt"
	"slices"
	"strings"

	"valkey/server/engine"
	"valkey/server/metrics"
)

// examineLatency reports on every event that the monitor has samples of, and gives the advice that fits them.
func examineLatency(e *engine.Engine) string {
	events := e.Latency.Events()
	if len(events) == 0 {
		if e.Config.LatencyMonitorThreshold == 0 {
			return "The latency monitor is off, so there is nothing to report. CONFIG SET latency-monitor-threshold " +
				"<milliseconds> turns it on.\n"
		}
		return "No latency spike has been seen since this server started.\n"
	}
	var b strings.Builder
	b.WriteString("This server has seen latency spikes.\n\n")
	for i, event := range events {
		s := e.Latency.Series(event)
		sp := summarize(s.Samples, e.NowMs()/1000)
		fmt.Fprintf(&b, "%d. %s: %d latency spikes (average %dms, mean deviation %dms, period %.2f sec). "+
			"Worst of all time: %dms.\n", i+1, event, len(s.Samples), sp.average, sp.deviation, sp.period, s.MaxMs)
	}
	b.WriteString("\nWhat may help:\n\n")
	found := false
	for _, a := range latencyAdvice {
		if slices.Contains(events, a.event) && (a.when == nil || a.when(e)) {
			b.WriteString("- " + a.text(e) + "\n")
			found = true
		}
	}
	if !found {
		b.WriteString("- Nothing here fits these events. Show this report to someone who knows the machine.\n")
	}
	return b.String()
}

// spikes summarizes the samples of an event: milliseconds, and the seconds between two samples on average.
type spikes struct {
	average, deviation int64
	period             float64
}

func summarize(samples []metrics.LatencySample, nowUnix int64) (s spikes) {
	n := int64(len(samples))
	for _, x := range samples {
		s.average += x.Ms
	}
	s.average /= n
	for _, x := range samples {
		s.deviation += max(x.Ms-s.average, s.average-x.Ms)
	}
	s.deviation /= n
	s.period = float64(max(nowUnix-samples[0].Unix, 1)) / float64(n)
	return s
}

// latencyAdvice says what to do about an event, where the condition holds.
var latencyAdvice = []struct {
	event string
	when  func(*engine.Engine) bool
	text  func(*engine.Engine) string
}{
	{"command", slowLogIsOff, func(e *engine.Engine) string {
		return fmt.Sprintf("Turn the slow log on, so that it names the commands: CONFIG SET slowlog-log-slower-than %d.",
			e.Config.LatencyMonitorThreshold*1000)
	}},
	{"command", slowLogIsCoarse, func(e *engine.Engine) string {
		return fmt.Sprintf("The slow log records only commands that take longer than a spike has to; CONFIG SET "+
			"slowlog-log-slower-than %d lets it record them all.", e.Config.LatencyMonitorThreshold*1000)
	}},
	{"command", nil, plain("Look at SLOWLOG GET: it shows which commands are too slow, and for whom.")},
	{"command", nil, plain("A command that touches very many elements holds everybody up. Split large values, and read " +
		"them in parts (the SCAN family, ranges).")},
	{"fast-command", nil, plain("Commands that need no time at all were slow, so the process did not get the processor. " +
		"Lower the load of the machine, look for other processes and for neighbours on the same host, and measure what " +
		"the machine itself loses with valkey-cli --intrinsic-latency 100.")},
	{"expire-cycle", nil, plain("Many keys expire at the same time. Spread their expiry, or lower active-expire-effort.")},
	{"expire-cycle", func(e *engine.Engine) bool { return e.Config.Hz < 100 },
		plain("CONFIG SET hz 100 makes the search for expired keys take smaller bites.")},
	{"eviction-cycle", nil, plain("Many keys had to go at once. Raise maxmemory in steps rather than lower it at once, " +
		"and avoid commands that write very much in one go.")},
}

func plain(text string) func(*engine.Engine) string {
	return func(*engine.Engine) string { return text }
}

func slowLogIsOff(e *engine.Engine) bool {
	return e.Config.CommandlogExecutionSlowerThan < 0 || e.Config.CommandlogSlowExecutionMaxLen == 0
}

func slowLogIsCoarse(e *engine.Engine) bool {
	return !slowLogIsOff(e) && e.Config.CommandlogExecutionSlowerThan/1000 > e.Config.LatencyMonitorThreshold
}
