package session

import (
	"strings"
	"time"

	"valkey/frontend/acl"
)

// Stats are the server-wide counters behind INFO. They are plain fields: one writer, under the lock. INFO has one list
// of them for every server, so they stand together: those about data remain at zero where there is none.
type Stats struct {
	Connections         uint64
	RejectedConnections uint64
	Commands            uint64
	KeyspaceHits        uint64
	KeyspaceMisses      uint64
	ExpiredKeys         uint64
	ExpiredTimeCapped   uint64
	ExpiredStalePerc    float64
	ExpireCycleCPUNs    int64
	EvictedKeys         uint64
	EvictedClients      uint64
	EvictionExceeded    int64 // total ns spent above maxmemory
	EvictionSinceNs     int64 // monotonic start of the current stay above maxmemory, 0 when below
	UnexpectedErrors    uint64
	ErrorReplies        uint64
	Denied              [acl.Reasons]uint64 // by reason
	FullSyncs           uint64              // begun
	PartialSyncs        uint64              // granted
	PartialSyncsRefused uint64
	ReserveDropped      uint64 // blocks of a primary's stream whose copy failed, left to the collector
	QueryLimitClosed    uint64
	OutputLimitClosed   uint64
	ReplyShrinks        uint64 // of reply buffers
	ReplyExpands        uint64
	PeakMemory          uint64
	EventLoopCycles     uint64
	EventLoopNs         int64
	Loops               []LoopStats // never reset
	EventLoopCommandsNs int64
	EventLoopNsMax      int64  // of one cycle
	LoopCommandsMax     uint64 // of one cycle
	CronNs              int64
	Errors              map[string]uint64 // by code, at most errorKindsMax
	OpsPerSecond        Rate
	InputPerSecond      Rate
	OutputPerSecond     Rate
	CyclesPerSecond     Rate
	NsPerCycle          Rate
}

// LoopStats are the counters of one event loop.
type LoopStats struct {
	BusyNs   int64
	ActiveMs int64 // when it last had a command, Unix milliseconds
}

// ResetStats sets back what CONFIG RESETSTAT promises; refusals by access control are not among it.
func (f *Front) ResetStats() {
	old := f.Stats
	f.Stats = Stats{
		PeakMemory: old.PeakMemory, Loops: old.Loops, Errors: make(map[string]uint64),
		Denied: old.Denied,
	}
	f.traffic = f.Host.Traffic()
}

// Traffic is what went over clients' connections since the last reset of the statistics.
func (f *Front) Traffic() Traffic {
	now, then := f.Host.Traffic(), f.traffic
	return Traffic{now.In - then.In, now.Out - then.Out, now.Reads - then.Reads, now.Writes - then.Writes}
}

// EndCycle counts one cycle of an event loop: how long it was busy, and how many commands it had to execute.
func (f *Front) EndCycle(loop int, busy time.Duration, commands int) {
	s := &f.Stats
	for loop >= len(s.Loops) {
		s.Loops = append(s.Loops, LoopStats{})
	}
	s.Loops[loop].BusyNs += int64(busy)
	if commands > 0 {
		s.Loops[loop].ActiveMs = f.NowMs()
	}
	s.EventLoopCycles++
	s.EventLoopNs += int64(busy)
	s.EventLoopNsMax = max(s.EventLoopNsMax, int64(busy))
	s.LoopCommandsMax = max(s.LoopCommandsMax, uint64(commands))
}

// SampleRates reads the counters behind the instantaneous figures of INFO.
func (f *Front) SampleRates(nowMs int64) {
	s, t := &f.Stats, f.Traffic()
	s.OpsPerSecond.Sample(s.Commands, nowMs)
	s.InputPerSecond.Sample(t.In, nowMs)
	s.OutputPerSecond.Sample(t.Out, nowMs)
	s.CyclesPerSecond.Sample(s.EventLoopCycles, nowMs)
	s.NsPerCycle.SampleBy(uint64(s.EventLoopNs), int64(s.EventLoopCycles), 1)
}

// Rate is how fast a counter grows, averaged over the last rateSamples readings.
type Rate struct {
	samples   [rateSamples]float64
	at        int
	lastValue uint64
	lastBase  int64
}

const rateSamples = 16

// Sample reads the counter at a time in milliseconds, for a rate per second.
func (r *Rate) Sample(value uint64, nowMs int64) { r.SampleBy(value, nowMs, 1000) }

// SampleBy reads the counter, and what its growth is to be divided by; the quotient is multiplied by a factor.
func (r *Rate) SampleBy(value uint64, base int64, factor float64) {
	if d := base - r.lastBase; r.lastBase != 0 && d > 0 {
		r.samples[r.at] = float64(value-min(value, r.lastValue)) * factor / float64(d)
		r.at = (r.at + 1) % rateSamples
	}
	r.lastValue, r.lastBase = value, base
}

// Average is the average over the samples.
func (r *Rate) Average() float64 {
	sum := 0.0
	for _, s := range r.samples {
		sum += s
	}
	return sum / rateSamples
}

// CountError counts an error reply by its code, the first word of its text.
func (s *Stats) CountError(text string) {
	s.ErrorReplies++
	code, _, _ := strings.Cut(text, " ")
	if _, known := s.Errors[code]; !known && len(s.Errors) >= errorKindsMax {
		code = "ERRORSTATS_OVERFLOW"
	}
	s.Errors[code]++
}
