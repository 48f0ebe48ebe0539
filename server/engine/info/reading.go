package info

import (
	"time"

	"valkey/frontend/session/report"
	"valkey/server/engine"
)

// reading is the state that one report is made from.
type reading struct {
	*engine.Engine
	common report.Reading
	memory engine.MemoryReport
	saving engine.Persistence
	repl   engine.Replication
}

// field is one row of it: a report.Field.
type field struct {
	Name  string
	Value func(*reading) any
}

func constant(v any) func(*reading) any { return report.Constant[*reading](v) }

func read(e *engine.Engine) *reading {
	r := &reading{
		Engine: e, common: report.Read(&e.Front), memory: e.MemoryReport(), saving: e.Host.Persistence(),
		repl: e.Host.Replication(),
	}
	x := &r.common.Extra
	x.Replicas = len(e.Followers)
	x.Blocked, x.BlockingKeys, x.Deadlines = e.BlockedCounts()
	x.PausedReason, x.PausedActions, x.PausedMs = e.PauseInfo()
	x.ReplicationIn, x.ReplicationOut = e.Replicated()
	x.StalePercent, x.AboveLimit = e.Store.StalePercent(), aboveLimit(e)
	x.LatestStallUs, x.Snapshots = r.saving.LatestStall, r.saving.Snapshots
	x.MigrationLinks = e.Host.MigrationLinks()
	x.OwnDeadlines = e.OwnDeadlines()
	return r
}

// aboveLimit is how long memory has been above maxmemory until now.
func aboveLimit(e *engine.Engine) time.Duration {
	if e.Stats.EvictionSinceNs == 0 {
		return 0
	}
	return e.Duration(e.Stats.EvictionSinceNs)
}
