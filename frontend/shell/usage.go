package shell

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"valkey/frontend/session"
)

// Usage asks the system what the process has taken of the machine. What cannot be found out is zero. The thread is
// that of the event loop which executes INFO.
func Usage() session.Usage {
	u := session.Usage{
		ResidentBytes: residentBytes(),
		CPU:           cpuTime(unix.RUSAGE_SELF), ThreadCPU: cpuTime(unix.RUSAGE_THREAD),
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		u.MachineBytes = info.Totalram * uint64(info.Unit)
	}
	return u
}

func cpuTime(who int) session.CPUTime {
	var r unix.Rusage
	if unix.Getrusage(who, &r) != nil {
		return session.CPUTime{}
	}
	return session.CPUTime{System: time.Duration(r.Stime.Nano()), User: time.Duration(r.Utime.Nano())}
}

// residentBytes reads the second figure of statm, which is in pages.
func residentBytes() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}

// SystemName is the system's name, release and machine, as uname has them.
func SystemName() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:]) + " " +
		unix.ByteSliceToString(u.Machine[:])
}
