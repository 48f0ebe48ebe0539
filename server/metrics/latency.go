package metrics

import "slices"

// LatencyMonitor keeps, for each kind of event, the last samples that took at least latency-monitor-threshold.
type LatencyMonitor struct {
	events map[string]*LatencySeries
}

// LatencySeries is one event's history.
type LatencySeries struct {
	Samples []LatencySample // oldest first, at most latencySamplesMax, one a second (the worst of it)
	MaxMs   int64           // the worst ever, until a reset
	Sum     int64           // of all samples ever, ms
	Count   int64           // of all samples ever
}

// LatencySample is the worst latency of one second.
type LatencySample struct {
	Unix int64 // seconds
	Ms   int64
}

const latencySamplesMax = 160

// Add records an event that took ms milliseconds at a Unix time in seconds.
func (m *LatencyMonitor) Add(event string, ms, unix int64) {
	if m.events == nil {
		m.events = make(map[string]*LatencySeries)
	}
	s := m.events[event]
	if s == nil {
		s = &LatencySeries{}
		m.events[event] = s
	}
	s.MaxMs = max(s.MaxMs, ms)
	s.Sum += ms
	s.Count++
	if n := len(s.Samples); n > 0 && s.Samples[n-1].Unix == unix {
		s.Samples[n-1].Ms = max(s.Samples[n-1].Ms, ms)
		return
	}
	if len(s.Samples) == latencySamplesMax {
		s.Samples = append(s.Samples[:0], s.Samples[1:]...)
	}
	s.Samples = append(s.Samples, LatencySample{unix, ms})
}

// Series finds an event's history, nil when there is none.
func (m *LatencyMonitor) Series(event string) *LatencySeries { return m.events[event] }

// Events lists the events that have a history, sorted.
func (m *LatencyMonitor) Events() []string {
	names := make([]string, 0, len(m.events))
	for name := range m.events {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Reset forgets one event and reports whether it had a history.
func (m *LatencyMonitor) Reset(event string) bool {
	_, ok := m.events[event]
	delete(m.events, event)
	return ok
}
