package engine

import "valkey/server/metrics"

// ResetStats sets everything back that CONFIG RESETSTAT promises; refusals by access control are not among it.
func (e *Engine) ResetStats() {
	e.Front.ResetStats()
	clear(e.PerCommand)
	e.Store.ResetReclaimed()
	r := e.Host.Replication()
	e.replicated = [2]uint64{r.ReadBytes, r.SentBytes}
}

// Replicated is how many bytes came from primaries and went to replicas since the last reset of the statistics.
func (e *Engine) Replicated() (read, sent uint64) {
	r := e.Host.Replication()
	return r.ReadBytes - e.replicated[0], r.SentBytes - e.replicated[1]
}

// CommandStats are one command's counters.
type CommandStats struct {
	Calls, Rejected, Failed uint64
	Ns                      int64
	Histogram               *metrics.Histogram // nil until the first call with latency-tracking
}
