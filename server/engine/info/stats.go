package info

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"valkey/frontend/acl"
)

var statsFields = []field{
	{"total_connections_received", func(r *reading) any { return r.Stats.Connections }},
	{"total_commands_processed", func(r *reading) any { return r.Stats.Commands }},
	{"instantaneous_ops_per_sec", func(r *reading) any { return int64(r.Stats.OpsPerSecond.Average()) }},
	{"total_net_input_bytes", func(r *reading) any { return r.traffic.In }},
	{"total_net_output_bytes", func(r *reading) any { return r.traffic.Out }},
	{"total_net_repl_input_bytes", func(r *reading) any { n, _ := r.Replicated(); return n }},
	{"total_net_repl_output_bytes", func(r *reading) any { _, n := r.Replicated(); return n }},
	{"total_net_cluster_slot_import_bytes", constant(0)},
	{"total_net_cluster_slot_export_bytes", constant(0)},
	{"instantaneous_input_kbps", func(r *reading) any { return ratio(r.Stats.InputPerSecond.Average() / 1024) }},
	{"instantaneous_output_kbps", func(r *reading) any { return ratio(r.Stats.OutputPerSecond.Average() / 1024) }},
	{"instantaneous_input_repl_kbps", constant(ratio(0))},
	{"instantaneous_output_repl_kbps", constant(ratio(0))},
	{"rejected_connections", func(r *reading) any { return r.Stats.RejectedConnections }},
	{"sync_full", func(r *reading) any { return r.Stats.FullSyncs }},
	{"sync_partial_ok", func(r *reading) any { return r.Stats.PartialSyncs }},
	{"sync_partial_err", func(r *reading) any { return r.Stats.PartialSyncsRefused }},
	{"expired_keys", func(r *reading) any { return r.Stats.ExpiredKeys }},
	{"expired_fields", constant(0)},
	{"expired_stale_perc", func(r *reading) any { return ratio(r.Store.StalePercent()) }},
	{"expired_keys_with_volatile_items_stale_perc", constant(ratio(0))},
	{"expired_time_cap_reached_count", func(r *reading) any { return r.Stats.ExpiredTimeCapped }},
	{"expire_cycle_cpu_milliseconds", func(r *reading) any { return r.Stats.ExpireCycleCPUNs / 1e6 }},
	{"evicted_keys", func(r *reading) any { return r.Stats.EvictedKeys }},
	{"evicted_clients", func(r *reading) any { return r.Stats.EvictedClients }},
	{"evicted_scripts", constant(0)},
	{"total_eviction_exceeded_time", func(r *reading) any {
		return (time.Duration(r.Stats.EvictionExceeded) + aboveLimit(r)).Milliseconds()
	}},
	{"current_eviction_exceeded_time", func(r *reading) any { return aboveLimit(r).Milliseconds() }},
	{"keyspace_hits", func(r *reading) any { return r.Stats.KeyspaceHits }},
	{"keyspace_misses", func(r *reading) any { return r.Stats.KeyspaceMisses }},
	{"pubsub_channels", func(r *reading) any { return r.PubSub.Channels.Len() }},
	{"pubsub_patterns", func(r *reading) any { return r.PubSub.Patterns.Len() }},
	{"pubsubshard_channels", func(r *reading) any { return r.PubSub.Shards.Len() }},
	{"latest_fork_usec", func(r *reading) any { return r.saving.LatestStall }},
	{"total_forks", func(r *reading) any { return r.saving.Snapshots }},
	{"migrate_cached_sockets", func(r *reading) any { return r.Host.MigrationLinks() }},
	{"slave_expires_tracked_keys", func(r *reading) any { return r.OwnDeadlines() }},
	{"active_defrag_hits", constant(0)},
	{"active_defrag_misses", constant(0)},
	{"active_defrag_key_hits", constant(0)},
	{"active_defrag_key_misses", constant(0)},
	{"total_active_defrag_time", constant(0)},
	{"current_active_defrag_time", constant(0)},
	{"tracking_total_keys", constant(0)},
	{"tracking_total_items", constant(0)},
	{"tracking_total_prefixes", constant(0)},
	{"unexpected_error_replies", func(r *reading) any { return r.Stats.UnexpectedErrors }},
	{"total_error_replies", func(r *reading) any { return r.Stats.ErrorReplies }},
	{"dump_payload_sanitizations", constant(0)},
	{"total_reads_processed", func(r *reading) any { return r.traffic.Reads }},
	{"total_writes_processed", func(r *reading) any { return r.traffic.Writes }},
	{"io_threaded_reads_processed", constant(0)},
	{"io_threaded_writes_processed", constant(0)},
	{"io_threaded_freed_objects", constant(0)},
	{"io_threaded_accept_processed", constant(0)},
	{"io_threaded_poll_processed", constant(0)},
	{"io_threaded_total_prefetch_batches", constant(0)},
	{"io_threaded_total_prefetch_entries", constant(0)},
	{"client_query_buffer_limit_disconnections", func(r *reading) any { return r.Stats.QueryLimitClosed }},
	{"client_output_buffer_limit_disconnections", func(r *reading) any { return r.Stats.OutputLimitClosed }},
	{"reply_buffer_shrinks", func(r *reading) any { return r.Stats.ReplyShrinks }},
	{"reply_buffer_expands", func(r *reading) any { return r.Stats.ReplyExpands }},
	{"eventloop_cycles", func(r *reading) any { return r.Stats.EventLoopCycles }},
	{"eventloop_duration_sum", func(r *reading) any { return r.Stats.EventLoopNs / 1000 }},
	{"eventloop_duration_cmd_sum", func(r *reading) any { return r.Stats.EventLoopCommandsNs / 1000 }},
	{"instantaneous_eventloop_cycles_per_sec", func(r *reading) any {
		return int64(r.Stats.CyclesPerSecond.Average())
	}},
	{"instantaneous_eventloop_duration_usec", func(r *reading) any {
		return int64(r.Stats.NsPerCycle.Average() / 1000)
	}},
	{"acl_access_denied_auth", func(r *reading) any { return r.Stats.Denied[acl.DeniedAuth] }},
	{"acl_access_denied_cmd", func(r *reading) any { return r.Stats.Denied[acl.DeniedCommand] }},
	{"acl_access_denied_key", func(r *reading) any { return r.Stats.Denied[acl.DeniedKey] }},
	{"acl_access_denied_channel", func(r *reading) any { return r.Stats.Denied[acl.DeniedChannel] }},
	{"acl_access_denied_tls_cert", func(r *reading) any { return r.Stats.Denied[acl.DeniedTLSCert] }},
	{"acl_access_denied_db", func(r *reading) any { return r.Stats.Denied[acl.DeniedDatabase] }},
}

// aboveLimit is how long memory has been above maxmemory until now.
func aboveLimit(r *reading) time.Duration {
	if r.Stats.EvictionSinceNs == 0 {
		return 0
	}
	return r.Duration(r.Stats.EvictionSinceNs)
}

var debugFields = []field{
	{"eventloop_duration_aof_sum", func(r *reading) any { return r.saving.AOF.FsyncNs / 1000 }},
	{"eventloop_duration_cron_sum", func(r *reading) any { return r.Stats.CronNs / 1000 }},
	{"eventloop_duration_max", func(r *reading) any { return r.Stats.EventLoopNsMax / 1000 }},
	{"eventloop_cmd_per_cycle_max", func(r *reading) any { return r.Stats.LoopCommandsMax }},
	{"io_threaded_reads_pending", constant(0)},
	{"io_threaded_writes_pending", constant(0)},
}

// commandStats has a line for each command that was called.
func commandStats(r *reading, b []byte) []byte {
	for id := range r.PerCommand {
		s := &r.PerCommand[id]
		if s.Calls == 0 && s.Failed == 0 && s.Rejected == 0 {
			continue
		}
		us, each := s.Ns/1000, 0.0
		if s.Calls > 0 {
			each = float64(us) / float64(s.Calls)
		}
		b = fmt.Appendf(b, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d\r\n",
			commandName(r, id), s.Calls, us, each, s.Rejected, s.Failed)
	}
	return b
}

// errorStats has a line for each code of an error reply.
func errorStats(r *reading, b []byte) []byte {
	for _, code := range slices.Sorted(maps.Keys(r.Stats.Errors)) {
		b = fmt.Appendf(b, "errorstat_%s:count=%d\r\n", safe.Replace(code), r.Stats.Errors[code])
	}
	return b
}

// latencyStats has a line of percentiles for each command that was timed.
func latencyStats(r *reading, b []byte) []byte {
	if !r.Config.LatencyTracking {
		return b
	}
	for id := range r.PerCommand {
		h := r.PerCommand[id].Histogram
		if h == nil {
			continue
		}
		b = append(b, "latency_percentiles_usec_"+commandName(r, id)+":"...)
		for i, p := range r.Config.LatencyTrackingInfoPercentiles {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(strconv.AppendFloat(append(b, 'p'), p, 'f', -1, 64), '=')
			b = strconv.AppendFloat(b, float64(h.Quantile(p))/1000, 'f', 3, 64)
		}
		b = append(b, "\r\n"...)
	}
	return b
}

func commandName(r *reading, id int) string { return safe.Replace(r.Cmds.Entry(id).FullName) }

// keyspace has a line for each database with keys.
func keyspace(r *reading, b []byte) []byte {
	for db := range r.Store.Each {
		if db.Len() > 0 {
			b = fmt.Appendf(b, "db%d:keys=%d,expires=%d,avg_ttl=%d,keys_with_volatile_items=0\r\n", db.ID(), db.Len(),
				db.Volatile(), db.AverageTTL())
		}
	}
	return b
}
