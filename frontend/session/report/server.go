package report

import (
	"fmt"
	"strconv"
	"time"

	"valkey/frontend/session"
)

// Server is the section about the process.
func (r *Reading) Server() Section {
	return Section{Name: "server", Title: "Server", Rows: func(b []byte) []byte {
		return listeners(r, Rows(b, serverFields, r))
	}}
}

var serverFields = []Field[*Reading]{
	{"redis_version", Constant[*Reading](session.RedisVersion)},
	{"server_name", Constant[*Reading]("valkey")},
	{"valkey_version", func(r *Reading) any { return r.Facts.Version }},
	{"valkey_release_stage", Constant[*Reading]("ga")},
	{"redis_git_sha1", Constant[*Reading]("00000000")},
	{"redis_git_dirty", Constant[*Reading](0)},
	{"redis_build_id", func(r *Reading) any { return r.Facts.Build }},
	{"server_mode", func(r *Reading) any { return Unless(r.Config.ExtendedRedisCompatibility, r.Facts.Mode) }},
	{"redis_mode", func(r *Reading) any { return Unless(!r.Config.ExtendedRedisCompatibility, r.Facts.Mode) }},
	{"os", func(r *Reading) any { return r.Facts.OS }},
	{"arch_bits", Constant[*Reading](strconv.IntSize)},
	{"monotonic_clock", Constant[*Reading]("POSIX clock_gettime")},
	{"multiplexing_api", Constant[*Reading]("epoll")},
	{"gcc_version", Constant[*Reading]("0.0.0")}, // what Valkey shows when another compiler made it
	{"process_id", func(r *Reading) any { return r.Facts.PID }},
	{"process_supervised", func(r *Reading) any { return r.Facts.Supervisor }},
	{"run_id", func(r *Reading) any { return r.Facts.RunID }},
	{"tcp_port", func(r *Reading) any { return r.Facts.Port }},
	{"server_time_usec", func(r *Reading) any { return r.NowUs() }},
	{"uptime_in_seconds", func(r *Reading) any { return uptime(r) }},
	{"uptime_in_days", func(r *Reading) any { return uptime(r) / (24 * 3600) }},
	{"hz", func(r *Reading) any { return r.Config.Hz }},
	{"configured_hz", func(r *Reading) any { return r.Config.Hz }},
	{"clients_hz", func(r *Reading) any { return r.Config.Hz }},
	{"lru_clock", func(r *Reading) any { return r.NowMs() / 1000 & (1<<24 - 1) }},
	{"executable", func(r *Reading) any { return r.Facts.Executable }},
	{"config_file", func(r *Reading) any { return r.Facts.ConfigFile }},
	{"io_threads_active", func(r *Reading) any { return activeLoops(r) > 1 }},
	{"availability_zone", func(r *Reading) any { return r.Config.AvailabilityZone }},
	{"shutdown_in_milliseconds", func(r *Reading) any {
		return Unless(r.Facts.ShutdownMs == 0, r.Facts.ShutdownMs-r.NowMs())
	}},
}

func uptime(r *Reading) int64 { return (r.NowMs() - r.Facts.StartedMs) / 1000 }

// listeners has a line for each kind of socket that the server listens on.
func listeners(r *Reading, b []byte) []byte {
	for i, l := range r.Facts.Listeners {
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

// CPU is the section about the processor's time.
func (r *Reading) CPU() Section {
	return Section{Name: "cpu", Title: "CPU", Rows: func(b []byte) []byte {
		return loopTimes(r, Rows(b, cpuFields, r))
	}}
}

var cpuFields = []Field[*Reading]{
	{"used_cpu_sys", func(r *Reading) any { return CPU(r.Usage.CPU.System) }},
	{"used_cpu_user", func(r *Reading) any { return CPU(r.Usage.CPU.User) }},
	{"used_cpu_sys_children", Constant[*Reading](CPU(0))},
	{"used_cpu_user_children", Constant[*Reading](CPU(0))},
	{"used_cpu_sys_main_thread", func(r *Reading) any { return CPU(r.Usage.ThreadCPU.System) }},
	{"used_cpu_user_main_thread", func(r *Reading) any { return CPU(r.Usage.ThreadCPU.User) }},
	{"used_active_time_main_thread", func(r *Reading) any { return CPU(loopTime(r, 0)) }},
}

// loopTimes has a line for each event loop beside the first: how long it was busy.
func loopTimes(r *Reading, b []byte) []byte {
	for i := 1; i < r.Facts.Loops; i++ {
		b = append(strconv.AppendInt(append(b, "used_active_time_io_thread_"...), int64(i), 10), ':')
		b = append(appendValue(b, CPU(loopTime(r, i))), "\r\n"...)
	}
	return b
}

func loopTime(r *Reading, i int) time.Duration {
	if i >= len(r.Stats.Loops) {
		return 0
	}
	return time.Duration(r.Stats.Loops[i].BusyNs)
}

// activeLoops counts the event loops that have had a command lately. One that has none sleeps.
func activeLoops(r *Reading) (n int) {
	for i := range r.Stats.Loops {
		if r.NowMs()-r.Stats.Loops[i].ActiveMs < latelyMs {
			n++
		}
	}
	return n
}

const latelyMs = 100
