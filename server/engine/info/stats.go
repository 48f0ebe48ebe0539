package info

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

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

func commandName(r *reading, id int) string { return safe.Replace(r.Cmds.Decl(id).FullName) }

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
