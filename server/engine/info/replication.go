package info

import (
	"fmt"

	"valkey/frontend/session"
	"valkey/frontend/session/report"
	"valkey/server/engine"
)

var roleFields = []field{{"role", func(r *reading) any {
	if r.repl.Primary != nil {
		return "slave"
	}
	return "master"
}}}

// copying is a field of a replica only.
func copying(name string, value func(*reading) any) field {
	return field{name, func(r *reading) any {
		if r.repl.Primary == nil {
			return nil
		}
		return value(r)
	}}
}

// receiving is a field of a replica while it receives a snapshot.
func receiving(name string, value func(*reading) any) field {
	return copying(name, func(r *reading) any {
		if !r.repl.Primary.Syncing {
			return nil
		}
		return value(r)
	})
}

var replicaFields = []field{
	copying("master_host", func(r *reading) any { return r.repl.Primary.Host }),
	copying("master_port", func(r *reading) any { return r.repl.Primary.Port }),
	copying("master_link_status", func(r *reading) any {
		if r.repl.Primary.Up {
			return "up"
		}
		return "down"
	}),
	copying("master_last_io_seconds_ago", func(r *reading) any { return secondsSince(r, r.repl.Primary.LastIOMs) }),
	copying("master_sync_in_progress", func(r *reading) any { return r.repl.Primary.Syncing }),
	copying("slave_read_repl_offset", func(r *reading) any { return r.repl.Primary.ReadOffset }),
	copying("slave_repl_offset", func(r *reading) any { return r.repl.Primary.Offset }),
	copying("replicas_repl_buffer_size", func(r *reading) any { return r.repl.Primary.BufferBytes }),
	copying("replicas_repl_buffer_peak", func(r *reading) any { return r.repl.Primary.BufferPeak }),
	receiving("master_sync_total_bytes", func(r *reading) any { return r.repl.Primary.SyncTotal }),
	receiving("master_sync_read_bytes", func(r *reading) any { return r.repl.Primary.SyncRead }),
	receiving("master_sync_left_bytes", func(r *reading) any {
		return r.repl.Primary.SyncTotal - r.repl.Primary.SyncRead
	}),
	receiving("master_sync_perc", func(r *reading) any {
		if r.repl.Primary.SyncTotal == 0 {
			return report.Ratio(0)
		}
		return report.Ratio(100 * float64(r.repl.Primary.SyncRead) / float64(r.repl.Primary.SyncTotal))
	}),
	receiving("master_sync_last_io_seconds_ago", func(r *reading) any {
		return secondsSince(r, r.repl.Primary.SyncLastIOMs)
	}),
	copying("master_link_down_since_seconds", func(r *reading) any {
		if r.repl.Primary.Up {
			return nil
		}
		return secondsSince(r, r.repl.Primary.DownMs)
	}),
	copying("replica_keeps_data_seconds", func(r *reading) any {
		if r.repl.Primary.KeepsMs == 0 {
			return nil
		}
		return (r.repl.Primary.KeepsMs + 999) / 1000
	}),
	copying("slave_priority", func(r *reading) any { return r.Config.ReplicaPriority }),
	copying("slave_read_only", func(r *reading) any { return r.Config.ReplicaReadOnly }),
	copying("replica_announced", func(r *reading) any { return r.Config.ReplicaAnnounced }),
}

func secondsSince(r *reading, ms int64) int64 {
	if ms == 0 {
		return -1
	}
	return r.NowMs()/1000 - ms/1000
}

var followerFields = []field{
	{"connected_slaves", func(r *reading) any { return len(r.Followers) }},
	{"min_slaves_good_slaves", func(r *reading) any {
		return report.Unless(r.Config.MinReplicasToWrite == 0 || r.Config.MinReplicasMaxLag == 0, r.GoodReplicas())
	}},
}

var historyFields = []field{
	{"replicas_waiting_psync", func(r *reading) any { return r.repl.WaitingPSync }},
	{"master_failover_state", func(r *reading) any { return r.repl.Failover }},
	{"master_replid", func(r *reading) any { return r.History.ID() }},
	{"master_replid2", func(r *reading) any { id, _ := r.History.Second(); return id }},
	{"master_repl_offset", func(r *reading) any { return r.History.Offset() }},
	{"second_repl_offset", func(r *reading) any { _, at := r.History.Second(); return at }},
	{"role_epoch", func(r *reading) any { return r.RoleEpoch }},
	{"repl_backlog_active", func(r *reading) any { return r.History.Active() }},
	{"repl_backlog_size", func(r *reading) any { return r.Config.ReplBacklogSize }},
	{"repl_backlog_first_byte_offset", func(r *reading) any { return r.History.First() }},
	{"repl_backlog_histlen", func(r *reading) any { return r.History.Len() }},
}

// replication has what follows the role: the fields of a replica, a line for each that copies this server, the stream.
func replication(r *reading, b []byte) []byte {
	b = report.Rows(b, roleFields, r)
	b = report.Rows(b, replicaFields, r)
	b = report.Rows(b, followerFields, r)
	for i, c := range r.Followers {
		b = appendFollower(b, r.Engine, i, c)
	}
	b = report.Rows(b, historyFields, r)
	return b
}

func appendFollower(b []byte, e *engine.Engine, i int, c *session.Client) []byte {
	rep := c.Replica
	lag := int64(0)
	if rep.State == session.ReplicaOnline {
		lag = e.NowMs()/1000 - rep.AckMs/1000
	}
	kind := "replica"
	switch {
	case rep.RDBChannel:
		kind = "rdb-channel"
	case rep.State == session.ReplicaLoads:
		kind = "main-channel"
	}
	return fmt.Appendf(b, "slave%d:ip=%s,port=%d,state=%s,offset=%d,lag=%d,type=%s\r\n", i, engine.ReplicaAddress(c),
		rep.Port, rep.State, rep.AckOffset, lag, kind)
}
