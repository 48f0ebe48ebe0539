package session

import "time"

// RedisVersion is the Redis that this server is compatible with, told to clients that ask for no Valkey.
const RedisVersion = "7.2.4"

// Facts are facts of the process for HELLO, INFO, LATENCY DOCTOR and CLIENT LIST.
type Facts struct {
	Mode       string // standalone or sentinel
	RunID      string
	OS         string // name, release and machine
	Version    string // of Valkey that we are compatible with
	Build      string // of this program
	GoVersion  string
	Port       int
	PID        int
	Executable string
	ConfigFile string
	Supervisor string // who is told what becomes of the process; no for nobody
	StartedMs  int64
	Loops      int
	FileLimit  int
	ShutdownMs int64 // when a shutdown stops waiting for replicas; 0: none is under way
	Listeners  []Listener
}

// Listener is one listening address for INFO's listenerN lines.
type Listener struct {
	Name  string // tcp, unix
	Binds []string
	Port  int
}

// Usage is what the process has taken of the machine.
type Usage struct {
	ResidentBytes  uint64
	MachineBytes   uint64 // the machine's memory
	CPU, ThreadCPU CPUTime
}

// CPUTime is time spent by a process or thread, in the kernel and outside of it.
type CPUTime struct{ System, User time.Duration }

// Traffic counts bytes received and sent, and the calls that it took.
type Traffic struct{ In, Out, Reads, Writes uint64 }
