package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"valkey/testenv"
)

// tick is the unit of /proc's CPU times, the same on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// cpuTime is the user and system time that a process has used.
func cpuTime(pid int) (time.Duration, error) {
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

// residentBytes is what a process has in memory.
func residentBytes(pid int) (int, error) {
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

// probe is a client that asks all the time and remembers its longest wait.
type probe struct {
	quit chan struct{}
	done chan struct{}
	max  time.Duration
	err  error
}

// probeEvery is the pause between two questions.
const probeEvery = 500 * time.Microsecond

func startProbe(addr string) (*probe, error) {
	c, err := testenv.Dial(addr)
	if err != nil {
		return nil, err
	}
	p := &probe{quit: make(chan struct{}), done: make(chan struct{})}
	go func() { // owned by the probe; ends with stop
		defer close(p.done)
		defer c.Close()
		tick := time.NewTicker(probeEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.quit:
				return
			case <-tick.C:
			}
			from := time.Now()
			if _, p.err = c.Call("PING"); p.err != nil {
				return
			}
			p.max = max(p.max, time.Since(from))
		}
	}()
	return p, nil
}

// stop ends the probe and returns its longest wait.
func (p *probe) stop() (time.Duration, error) {
	close(p.quit)
	<-p.done
	return p.max, p.err
}
