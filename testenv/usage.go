package testenv

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc's CPU times, the same on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// CPUTime is the user and system time that a process has used.
func CPUTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(b), ") ") // the name may contain spaces
	var user, system int
	f := strings.Fields(after)
	if _, err := fmt.Sscan(strings.Join(f[min(11, len(f)):], " "), &user, &system); err != nil {
		return 0, fmt.Errorf("cannot read /proc/%d/stat: %w", pid, err)
	}
	return time.Duration(user+system) * tick, nil
}

// ResidentBytes is what a process has in memory.
func ResidentBytes(pid int) (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) == 3 && f[0] == "VmRSS:" {
			kb, err := strconv.Atoi(f[1])
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no VmRSS in /proc/%d/status", pid)
}
