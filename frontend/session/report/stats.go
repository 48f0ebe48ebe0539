package report

import (
	"time"

	"valkey/frontend/acl"
)

// Statistics is the section of counters.
func (r *Reading) Statistics() Section {
	return Section{Name: "stats", Title: "Stats", Rows: func(b []byte) []byte { return Rows(b, statsFields, r) }}
}

var statsFields = []Field[*Reading]{
	{"total_connections_received", func(r *Reading) any { return r.Stats.Connections }},
	{"total_commands_processed", func(r *Reading) any { return r.Stats.Commands }},
	{"instantaneous_ops_per_sec", func(r *Reading) any { return int64(r.Stats.OpsPerSecond.Average()) }},
	{"total_net_input_bytes", func(r *Reading) any { return r.Traffic.In }},
	{"total_net_output_bytes", func(r *Reading) any { return r.Traffic.Out }},
	{"total_net_repl_input_bytes", func(r *Reading) any { return r.Extra.ReplicationIn }},
	{"total_net_repl_output_bytes", func(r *Reading) any { return r.Extra.ReplicationOut }},
	{"total_net_cluster_slot_import_bytes", Constant[*Reading](0)},
	{"total_net_cluster_slot_export_bytes", Constant[*Reading](0)},
	{"instantaneous_input_kbps", func(r *Reading) any { return Ratio(r.Stats.InputPerSecond.Average() / 1024) }},
	{"instantaneous_output_kbps", func(r *Reading) any { return Ratio(r.Stats.OutputPerSecond.Average() / 1024) }},
	{"instantaneous_input_repl_kbps", Constant[*Reading](Ratio(0))},
	{"instantaneous_output_repl_kbps", Constant[*Reading](Ratio(0))},
	{"rejected_connections", func(r *Reading) any { return r.Stats.RejectedConnections }},
	{"sync_full", func(r *Reading) any { return r.Stats.FullSyncs }},
	{"sync_partial_ok", func(r *Reading) any { return r.Stats.PartialSyncs }},
	{"sync_partial_err", func(r *Reading) any { return r.Stats.PartialSyncsRefused }},
	{"expired_keys", func(r *Reading) any { return r.Stats.ExpiredKeys }},
	{"expired_fields", Constant[*Reading](0)},
	{"expired_stale_perc", func(r *Reading) any { return Ratio(r.Extra.StalePercent) }},
	{"expired_keys_with_volatile_items_stale_perc", Constant[*Reading](Ratio(0))},
	{"expired_time_cap_reached_count", func(r *Reading) any { return r.Stats.ExpiredTimeCapped }},
	{"expire_cycle_cpu_milliseconds", func(r *Reading) any { return r.Stats.ExpireCycleCPUNs / 1e6 }},
	{"evicted_keys", func(r *Reading) any { return r.Stats.EvictedKeys }},
	{"evicted_clients", func(r *Reading) any { return r.Stats.EvictedClients }},
	{"evicted_scripts", Constant[*Reading](0)},
	{"total_eviction_exceeded_time", func(r *Reading) any {
		return (time.Duration(r.Stats.EvictionExceeded) + r.Extra.AboveLimit).Milliseconds()
	}},
	{"current_eviction_exceeded_time", func(r *Reading) any { return r.Extra.AboveLimit.Milliseconds() }},
	{"keyspace_hits", func(r *Reading) any { return r.Stats.KeyspaceHits }},
	{"keyspace_misses", func(r *Reading) any { return r.Stats.KeyspaceMisses }},
	{"pubsub_channels", func(r *Reading) any { return r.PubSub.Channels.Len() }},
	{"pubsub_patterns", func(r *Reading) any { return r.PubSub.Patterns.Len() }},
	{"pubsubshard_channels", func(r *Reading) any { return r.PubSub.Shards.Len() }},
	{"latest_fork_usec", func(r *Reading) any { return r.Extra.LatestStallUs }},
	{"total_forks", func(r *Reading) any { return r.Extra.Snapshots }},
	{"migrate_cached_sockets", func(r *Reading) any { return r.Extra.MigrationLinks }},
	{"slave_expires_tracked_keys", func(r *Reading) any { return r.Extra.OwnDeadlines }},
	{"active_defrag_hits", Constant[*Reading](0)},
	{"active_defrag_misses", Constant[*Reading](0)},
	{"active_defrag_key_hits", Constant[*Reading](0)},
	{"active_defrag_key_misses", Constant[*Reading](0)},
	{"total_active_defrag_time", Constant[*Reading](0)},
	{"current_active_defrag_time", Constant[*Reading](0)},
	{"tracking_total_keys", Constant[*Reading](0)},
	{"tracking_total_items", Constant[*Reading](0)},
	{"tracking_total_prefixes", Constant[*Reading](0)},
	{"unexpected_error_replies", func(r *Reading) any { return r.Stats.UnexpectedErrors }},
	{"total_error_replies", func(r *Reading) any { return r.Stats.ErrorReplies }},
	{"dump_payload_sanitizations", Constant[*Reading](0)},
	{"total_reads_processed", func(r *Reading) any { return r.Traffic.Reads }},
	{"total_writes_processed", func(r *Reading) any { return r.Traffic.Writes }},
	{"io_threaded_reads_processed", Constant[*Reading](0)},
	{"io_threaded_writes_processed", Constant[*Reading](0)},
	{"io_threaded_freed_objects", Constant[*Reading](0)},
	{"io_threaded_accept_processed", Constant[*Reading](0)},
	{"io_threaded_poll_processed", Constant[*Reading](0)},
	{"io_threaded_total_prefetch_batches", Constant[*Reading](0)},
	{"io_threaded_total_prefetch_entries", Constant[*Reading](0)},
	{"client_query_buffer_limit_disconnections", func(r *Reading) any { return r.Stats.QueryLimitClosed }},
	{"client_output_buffer_limit_disconnections", func(r *Reading) any { return r.Stats.OutputLimitClosed }},
	{"reply_buffer_shrinks", func(r *Reading) any { return r.Stats.ReplyShrinks }},
	{"reply_buffer_expands", func(r *Reading) any { return r.Stats.ReplyExpands }},
	{"eventloop_cycles", func(r *Reading) any { return r.Stats.EventLoopCycles }},
	{"eventloop_duration_sum", func(r *Reading) any { return r.Stats.EventLoopNs / 1000 }},
	{"eventloop_duration_cmd_sum", func(r *Reading) any { return r.Stats.EventLoopCommandsNs / 1000 }},
	{"instantaneous_eventloop_cycles_per_sec", func(r *Reading) any {
		return int64(r.Stats.CyclesPerSecond.Average())
	}},
	{"instantaneous_eventloop_duration_usec", func(r *Reading) any {
		return int64(r.Stats.NsPerCycle.Average() / 1000)
	}},
	{"acl_access_denied_auth", func(r *Reading) any { return r.Stats.Denied[acl.DeniedAuth] }},
	{"acl_access_denied_cmd", func(r *Reading) any { return r.Stats.Denied[acl.DeniedCommand] }},
	{"acl_access_denied_key", func(r *Reading) any { return r.Stats.Denied[acl.DeniedKey] }},
	{"acl_access_denied_channel", func(r *Reading) any { return r.Stats.Denied[acl.DeniedChannel] }},
	{"acl_access_denied_tls_cert", func(r *Reading) any { return r.Stats.Denied[acl.DeniedTLSCert] }},
	{"acl_access_denied_db", func(r *Reading) any { return r.Stats.Denied[acl.DeniedDatabase] }},
}
