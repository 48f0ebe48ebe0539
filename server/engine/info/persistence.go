package info

import (
	"valkey/frontend/session/report"
	"valkey/server/engine"
)

var persistenceFields = []field{
	{"loading", func(r *reading) any { return r.saving.Loading && !r.saving.AsyncLoading }},
	{"async_loading", func(r *reading) any { return r.saving.AsyncLoading }},
	{"current_cow_peak", func(r *reading) any { return r.saving.OldBytesPeak }},
	{"current_cow_size", func(r *reading) any { return r.saving.OldBytes }},
	{"current_cow_size_age", constant(0)},
	{"current_fork_perc", func(r *reading) any { return report.Ratio(part(r.saving.SaveProcessed, r.saving.SaveKeys)) }},
	{"current_save_keys_processed", func(r *reading) any { return r.saving.SaveProcessed }},
	{"current_save_keys_total", func(r *reading) any { return r.saving.SaveKeys }},
	{"rdb_changes_since_last_save", func(r *reading) any { return r.Dirty }},
	{"rdb_bgsave_in_progress", func(r *reading) any { return r.saving.SaveRunning }},
	{"rdb_last_save_time", func(r *reading) any { return r.saving.LastSave }},
	{"rdb_last_bgsave_status", func(r *reading) any { return status(r.saving.LastSaveOK) }},
	{"rdb_last_bgsave_time_sec", func(r *reading) any { return r.saving.LastSaveTime }},
	{"rdb_current_bgsave_time_sec", func(r *reading) any { return r.saving.SaveTime }},
	{"rdb_saves", func(r *reading) any { return r.saving.Saves }},
	{"rdb_last_cow_size", func(r *reading) any { return r.saving.LastOldBytes }},
	{"rdb_last_load_keys_expired", func(r *reading) any { return r.saving.LoadExpired }},
	{"rdb_last_load_keys_loaded", func(r *reading) any { return r.saving.LoadKeys }},
	{"aof_enabled", func(r *reading) any { return r.saving.AOF.Enabled }},
	{"aof_rewrite_in_progress", func(r *reading) any { return r.saving.AOF.RewriteRunning }},
	{"aof_rewrite_scheduled", func(r *reading) any { return r.saving.AOF.RewriteScheduled }},
	{"aof_last_rewrite_time_sec", func(r *reading) any { return r.saving.AOF.LastRewriteTime }},
	{"aof_current_rewrite_time_sec", func(r *reading) any { return r.saving.AOF.RewriteTime }},
	{"aof_last_bgrewrite_status", func(r *reading) any { return status(r.saving.AOF.LastRewriteOK) }},
	{"aof_rewrites", func(r *reading) any { return r.saving.AOF.Rewrites }},
	{"aof_rewrites_consecutive_failures", func(r *reading) any { return r.saving.AOF.RewriteFailures }},
	{"aof_last_write_status", func(r *reading) any { return status(r.saving.AOF.LastWriteOK) }},
	{"aof_last_cow_size", func(r *reading) any { return r.saving.AOF.LastOldBytes }},
	{"module_fork_in_progress", constant(0)},
	{"module_fork_last_cow_size", constant(0)},
	{"slot_migration_fork_in_progress", constant(0)},

	{"aof_current_size", ofAOF(func(a *engine.AOFState) any { return a.Size })},
	{"aof_base_size", ofAOF(func(a *engine.AOFState) any { return a.BaseSize })},
	{"aof_pending_rewrite", ofAOF(func(a *engine.AOFState) any { return a.RewriteScheduled })},
	{"aof_buffer_length", ofAOF(func(a *engine.AOFState) any { return a.BufferBytes })},
	{"aof_pending_bio_fsync", ofAOF(func(a *engine.AOFState) any { return a.PendingFsyncs })},
	{"aof_delayed_fsync", ofAOF(func(a *engine.AOFState) any { return a.DelayedFsyncs })},

	{"loading_start_time", ofLoad(func(p *engine.Persistence) any { return p.LoadStarted })},
	{"loading_total_bytes", ofLoad(func(p *engine.Persistence) any { return p.LoadTotal })},
	{"loading_rdb_used_mem", ofLoad(func(p *engine.Persistence) any { return p.LoadUsedMem })},
	{"loading_loaded_bytes", ofLoad(func(p *engine.Persistence) any { return p.LoadBytes })},
	{"loading_loaded_perc", ofLoad(func(p *engine.Persistence) any { return report.Ratio(loadedPercent(p)) })},
	{"loading_eta_seconds", func(r *reading) any {
		if !r.saving.Loading {
			return nil
		}
		return loadSecondsLeft(&r.saving, r.NowMs()/1000)
	}},
}

// ofAOF is a field that is there while the append-only file is on.
func ofAOF(value func(*engine.AOFState) any) func(*reading) any {
	return func(r *reading) any { return report.Unless(!r.saving.AOF.Enabled, value(&r.saving.AOF)) }
}

// ofLoad is a field that is there while data is being loaded.
func ofLoad(value func(*engine.Persistence) any) func(*reading) any {
	return func(r *reading) any { return report.Unless(!r.saving.Loading, value(&r.saving)) }
}

func status(ok bool) string {
	if ok {
		return "ok"
	}
	return "err"
}

// part is how much n is of a total, in percent.
func part(n, total int) float64 {
	if total == 0 {
		return 0
	}
	return float64(n) / float64(total) * 100
}

// loadedPercent takes the memory that the data once took for its size where that is not known.
func loadedPercent(p *engine.Persistence) float64 {
	switch {
	case p.LoadTotal > 0:
		return float64(p.LoadBytes) / float64(p.LoadTotal) * 100
	case p.LoadUsedMem > 0:
		return min(float64(p.LoadBytes)/float64(p.LoadUsedMem)*100, 99.99)
	}
	return 0
}

func loadSecondsLeft(p *engine.Persistence, now int64) int64 {
	left := int64(1)
	switch {
	case p.LoadTotal > 0:
		left = p.LoadTotal - p.LoadBytes
	case p.LoadUsedMem > 0:
		left = max(p.LoadUsedMem-p.LoadBytes, 1)
	}
	elapsed := now - p.LoadStarted
	if elapsed == 0 {
		return 1 // nothing to judge by yet
	}
	return elapsed * left / (p.LoadBytes + 1)
}
