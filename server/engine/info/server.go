package info

import (
	"fmt"
	"strconv"
	"time"

	"valkey/frontend/session"
	"valkey/server/engine"
)

var serverFields = []field{
	{"redis_version", constant(session.RedisVersion)},
	{"server_name", constant("valkey")},
	{"valkey_version", func(r *reading) any { return r.facts.Version }},
	{"valkey_release_stage", constant("ga")},
	{"redis_git_sha1", constant("00000000")},
	{"redis_git_dirty", constant(0)},
	{"redis_build_id", func(r *reading) any { return r.facts.Build }},
	{"server_mode", func(r *reading) any { return unless(r.Config.ExtendedRedisCompatibility, "standalone") }},
	{"redis_mode", func(r *reading) any { return unless(!r.Config.ExtendedRedisCompatibility, "standalone") }},
	{"os", func(r *reading) any { return r.facts.OS }},
	{"arch_bits", constant(strconv.IntSize)},
	{"monotonic_clock", constant("POSIX clock_gettime")},
	{"multiplexing_api", constant("epoll")},
	{"gcc_version", constant("0.0.0")}, // what Valkey shows when another compiler made it
	{"process_id", func(r *reading) any { return r.facts.PID }},
	{"process_supervised", constant("no")},
	{"run_id", func(r *reading) any { return r.facts.RunID }},
	{"tcp_port", func(r *reading) any { return r.facts.Port }},
	{"server_time_usec", func(r *reading) any { return r.NowUs() }},
	{"uptime_in_seconds", func(r *reading) any { return uptime(r) }},
	{"uptime_in_days", func(r *reading) any { return uptime(r) / (24 * 3600) }},
	{"hz", func(r *reading) any { return r.Config.Hz }},
	{"configured_hz", func(r *reading) any { return r.Config.Hz }},
	{"clients_hz", func(r *reading) any { return r.Config.Hz }},
	{"lru_clock", func(r *reading) any { return r.NowMs() / 1000 & (1<<24 - 1) }},
	{"executable", func(r *reading) any { return r.facts.Executable }},
	{"config_file", func(r *reading) any { return r.facts.ConfigFile }},
	{"io_threads_active", func(r *reading) any { return activeLoops(r) > 1 }},
	{"availability_zone", func(r *reading) any { return r.Config.AvailabilityZone }},
	{"shutdown_in_milliseconds", func(r *reading) any {
		return unless(r.facts.ShutdownMs == 0, r.facts.ShutdownMs-r.NowMs())
	}},
}

// unless leaves a field out.
func unless(out bool, v any) any {
	if out {
		return nil
	}
	return v
}

func uptime(r *reading) int64 { return (r.NowMs() - r.facts.StartedMs) / 1000 }

// listeners has a line for each kind of socket that the server listens on.
func listeners(r *reading, b []byte) []byte {
	for i, l := range r.facts.Listeners {
		b = fmt.Appendf(b, "listener%d:name=%s", i, l.Name)
		for _, bind := range l.Binds {
			b = fmt.Appendf(b, ",bind=%s", bind)
		}
		if l.Port != 0 {
			b = fmt.Appendf(b, ",port=%d", l.Port)
		}
		b = append(b, "\r\n"...)
	}
	return b
}

var tlsFields = []field{
	{"tls_server_cert_serial", func(r *reading) any { return serial(r.Host.Certificates().Server) }},
	{"tls_server_cert_expires_in_seconds", func(r *reading) any { return expiresIn(r, r.Host.Certificates().Server) }},
	{"tls_client_cert_serial", func(r *reading) any { return serial(r.Host.Certificates().Client) }},
	{"tls_client_cert_expires_in_seconds", func(r *reading) any { return expiresIn(r, r.Host.Certificates().Client) }},
	{"tls_ca_cert_serial", func(r *reading) any { return serial(r.Host.Certificates().CA) }},
	{"tls_ca_cert_expires_in_seconds", func(r *reading) any { return expiresIn(r, r.Host.Certificates().CA) }},
}

func serial(c engine.Certificate) string {
	if c.Serial == "" {
		return "none"
	}
	return c.Serial
}

func expiresIn(r *reading, c engine.Certificate) int64 {
	if c.Serial == "" {
		return 0
	}
	return (c.ExpiresMs - r.NowMs()) / 1000
}

var clusterFields = []field{{"cluster_enabled", constant(0)}}

var scriptingFields = []field{
	{"engines_count", constant(0)},
	{"engines_total_used_memory", constant(0)},
	{"engines_total_memory_overhead", constant(0)},
}

var cpuFields = []field{
	{"used_cpu_sys", func(r *reading) any { return cpu(r.usage.CPU.System) }},
	{"used_cpu_user", func(r *reading) any { return cpu(r.usage.CPU.User) }},
	{"used_cpu_sys_children", constant(cpu(0))},
	{"used_cpu_user_children", constant(cpu(0))},
	{"used_cpu_sys_main_thread", func(r *reading) any { return cpu(r.usage.ThreadCPU.System) }},
	{"used_cpu_user_main_thread", func(r *reading) any { return cpu(r.usage.ThreadCPU.User) }},
	{"used_active_time_main_thread", func(r *reading) any { return cpu(loopTime(r, 0)) }},
}

// loopTimes has a line for each event loop beside the first: how long it was busy.
func loopTimes(r *reading, b []byte) []byte {
	for i := 1; i < r.facts.Loops; i++ {
		b = append(strconv.AppendInt(append(b, "used_active_time_io_thread_"...), int64(i), 10), ':')
		b = append(appendValue(b, cpu(loopTime(r, i))), "\r\n"...)
	}
	return b
}

func loopTime(r *reading, i int) time.Duration {
	if i >= len(r.Stats.Loops) {
		return 0
	}
	return time.Duration(r.Stats.Loops[i].BusyNs)
}

// activeLoops counts the event loops that have had a command lately. One that has none sleeps.
func activeLoops(r *reading) (n int) {
	for i := range r.Stats.Loops {
		if r.NowMs()-r.Stats.Loops[i].ActiveMs < latelyMs {
			n++
		}
	}
	return n
}

const latelyMs = 100
