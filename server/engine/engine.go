package engine

import (
	"math/rand/v2"
	"sync"
	"time"

	"valkey/configs"
	"valkey/frontend/acl"
	"valkey/frontend/session"
	"valkey/server/metrics"
	"valkey/server/repl"
	"valkey/store"
)

// Engine executes commands against one store. All exported fields and methods are guarded by the engine lock.
type Engine struct {
	lock sync.Mutex

	Config  *configs.Config
	Store   *store.Store
	Cmds    *Table
	Clients *session.Registry
	Host    Host
	Users   *acl.Users
	ACLLog  acl.Log

	Stats      Stats
	PerCommand []CommandStats // by Entry.ID
	Logs       [LogKinds]metrics.CommandLog
	Latency    metrics.LatencyMonitor
	PubSub     PubSub
	Monitors   []*session.Client
	Rand       *rand.Rand

	// Dirty counts changes of the data set; rdb_changes_since_last_save comes from it.
	Dirty int64
	// AOF and Replicas take what commands change: the append-only file, and the replication stream with its backlog.
	// Each is nil while nobody wants it.
	AOF, Replicas EffectSink

	// History is the replication stream; Replicas is it while it is wanted.
	History *repl.History
	// Followers are the clients that copy this server, in the order in which they came.
	Followers []*session.Client
	// RoleEpoch is the latest epoch that came with REPLICAOF.
	RoleEpoch uint64

	clock     clock
	calls     [callDepthMax]Call
	depth     int
	watched   watchTable
	blocked   blockTable
	pause     pauseState
	moving    moving
	current   *session.Client // whose command is executing; nil between commands
	evictable evictState
	expiry    expireState
	memory    clientMemory
	cron      cronState
	debug     debugState
	pending   effects
	gates     Gate
	diskError error // why GateDisk is set

	diskWarningMs int64 // when the log may be told again of a replica's disk that fails

	acksWanted bool      // see RequestAcks
	replicated [2]uint64 // bytes read and sent at the last reset of the statistics

	eventChannel []byte  // of notify, kept for reuse
	traffic      Traffic // at the last reset of the statistics
}

// debugState is what DEBUG changed for tests.
type debugState struct {
	replyPeakMs   int64 // DEBUG REPLYBUFFER PEAK-RESET-TIME; 0 is the default period
	replyFixed    bool  // DEBUG REPLYBUFFER RESIZING 0
	replyList     bool  // DEBUG CLIENT-ENFORCE-REPLY-LIST
	skipChecksums bool
	cronPaused    bool // DEBUG PAUSE-CRON
}

// PauseCron stops the background work of every tick, or lets it go on.
func (e *Engine) PauseCron(on bool) {
	e.debug.cronPaused = on
	e.Host.PauseSweep(on)
}

// CronPaused reports whether background work is stopped.
func (e *Engine) CronPaused() bool { return e.debug.cronPaused }

// SetReplyResizing lets reply buffers adapt their size, or not.
func (e *Engine) SetReplyResizing(on bool) { e.debug.replyFixed = !on }

// SetReplyList counts all unsent replies of a client as memory beyond its reply buffer, or not.
func (e *Engine) SetReplyList(on bool) { e.debug.replyList = on }

// SetSkipChecksums takes files and payloads whatever their checksum is, or not.
func (e *Engine) SetSkipChecksums(on bool) { e.debug.skipChecksums = on }

// SkipChecksums reports whether checksums of files and payloads are not looked at.
func (e *Engine) SkipChecksums() bool { return e.debug.skipChecksums }

// SetReplyPeakPeriod sets how long a reply buffer's peak is remembered, milliseconds; negative: for ever.
func (e *Engine) SetReplyPeakPeriod(ms int64) { e.debug.replyPeakMs = ms }

// replyPeakPeriod is the default of it.
const replyPeakPeriod = 5000

func (e *Engine) replyPeakPeriodMs() int64 {
	if e.debug.replyPeakMs == 0 {
		return replyPeakPeriod
	}
	return e.debug.replyPeakMs
}

// Host is what commands ask of the process around the engine: the shell implements it.
type Host interface {
	// Shutdown asks the server to stop, on behalf of somebody as the log shows it. It returns an error that the client
	// is told, or nil once the stop is under way; waiting says that the client has to wait for that.
	Shutdown(o ShutdownOptions, by string) (waiting bool, err error)
	// CancelShutdown ends a shutdown that waits, and reports whether there was one.
	CancelShutdown() bool
	// Log writes a line of a level (0 debug to 3 warning) to the server's log.
	Log(level int, message string)
	// Facts are what only the process knows: ports, run id, start time, loops, descriptors.
	Facts() Facts
	// Usage is what the process has taken of the machine until now. It asks the system: not for the hot path.
	Usage() Usage
	// Traffic is what went over clients' connections since the start.
	Traffic() Traffic
	// RewriteConfig writes the present configuration to the file that the server was started with; all includes what
	// is at its default.
	RewriteConfig(all bool) error
	// Certificates describes the certificates that TLS is configured with.
	Certificates() Certificates
	// LoadUsers reads all users from the ACL file, SaveUsers writes them to it.
	LoadUsers() error
	SaveUsers() error
	// Migrate carries the keys of a migration to another server; from then on the migration is the host's, which ends
	// it. MigrationLinks is how many connections it keeps for that.
	Migrate(m *Migration)
	MigrationLinks() int
	// Primary is the address, host:port, of the primary that this server copies; empty when it copies none.
	Primary() string
	// Persistence is how loading and saving stand.
	Persistence() Persistence
	// Save saves the data set while everybody waits.
	Save() error
	// BackgroundSave does what BGSAVE asks for and returns the reply; inExec is inside a transaction, at whose end a
	// save would begin.
	BackgroundSave(r SaveRequest, inExec bool) (string, error)
	// Reload saves and loads the data set, for DEBUG RELOAD.
	Reload(r Reload) error
	// RewriteLog does what BGREWRITEAOF asks for and returns the reply; inExec is as for BackgroundSave.
	RewriteLog(inExec bool) (string, error)
	// LoadLog replaces the data by what the append-only file has, for DEBUG LOADAOF.
	LoadLog() error
	// SlowLog makes every write of that file take longer, for tests.
	SlowLog(d time.Duration)
	// Flushed hears that a command has emptied all databases.
	Flushed()
	// Replication is the replica's side of replication, and the failover that is under way.
	Replication() Replication
	// Synchronize begins to copy the data to a client: PSYNC and SYNC. It returns an error that the client is told.
	Synchronize(c *session.Client, s Sync) error
	// Replicate makes the server a replica of a primary, and Promote a primary: REPLICAOF. SendAck tells the primary
	// how far this replica is, once what it has sent by now is executed.
	Replicate(host string, port int64)
	Promote()
	SendAck()
	// Acknowledged is told that a replica has said how far it is.
	Acknowledged(c *session.Client)
	// Dropped is told that a replica is gone.
	Dropped(c *session.Client)
	// AwaitsStream reports whether a client gets a snapshot whose replica has yet to ask for the stream on its other
	// connection.
	AwaitsStream(id uint64) bool
	// Failover begins to hand this server's role to a replica; AbortFailover ends that.
	Failover(o FailoverOptions) error
	AbortFailover() error
	// PauseSweep stops taking memory back from idle connections, or lets it go on.
	PauseSweep(on bool)
}

// ShutdownOptions are SHUTDOWN's words.
type ShutdownOptions struct {
	NoSave, Save, Now, Force, Safe, Failover bool
}

// RedisVersion is the Redis that this server is compatible with, told to clients that ask for no Valkey.
const RedisVersion = "7.2.4"

// Facts are facts of the process for INFO, LATENCY DOCTOR and CLIENT LIST.
type Facts struct {
	RunID      string
	OS         string // name, release and machine
	Version    string // of Valkey that we are compatible with
	Build      string // of this program
	GoVersion  string
	Port       int
	PID        int
	Executable string
	ConfigFile string
	StartedMs  int64
	Loops      int
	FileLimit  int
	ShutdownMs int64 // when a shutdown stops waiting for replicas; 0: none is under way
	Listeners  []Listener
}

// Certificates are those of TLS.
type Certificates struct{ Server, Client, CA Certificate }

// Certificate is one of them; without a serial number there is none.
type Certificate struct {
	Serial    string
	ExpiresMs int64 // Unix time
}

// Usage is what the process has taken of the machine.
type Usage struct {
	ResidentBytes  uint64
	MachineBytes   uint64 // the machine's memory
	CPU, ThreadCPU CPUTime
}

// Traffic counts bytes received and sent, and the calls that it took.
type Traffic struct{ In, Out, Reads, Writes uint64 }

// CPUTime is time spent by a process or thread, in the kernel and outside of it.
type CPUTime struct{ System, User time.Duration }

// Listener is one listening address for INFO's listenerN lines.
type Listener struct {
	Name  string // tcp, unix
	Binds []string
	Port  int
}

// Options are what New needs.
type Options struct {
	Config   *configs.Config
	Store    *store.Store
	Commands *Table
	Host     Host
	Seed     uint64 // of the engine's random numbers
	// Monotonic reads a clock that never goes back, in nanoseconds; nil is that of the process. Tests bring their own.
	Monotonic func() int64
}

// New returns an engine with an empty registry of clients.
func New(o Options) *Engine {
	e := &Engine{
		Config: o.Config, Store: o.Store, Cmds: o.Commands, Host: o.Host,
		Clients:    session.NewRegistry(),
		History:    repl.New(repl.NewID(), o.Config.ReplBacklogSize),
		PerCommand: make([]CommandStats, o.Commands.Len()),
		Rand:       rand.New(rand.NewPCG(o.Seed, o.Seed^0x9e3779b97f4a7c15)),
	}
	e.Users = acl.New(acl.NewCommands(o.Commands.All), o.Config.AclPubsubDefault == configs.PubsubAllChannels)
	e.Users.SetPassword(o.Config.Requirepass)
	e.Stats.Errors = make(map[string]uint64)
	e.clock.read = o.Monotonic
	e.expiry.active = true
	e.SetAging()
	return e
}

// Lock takes the engine lock; every other method wants it held.
func (e *Engine) Lock() { e.lock.Lock() }

// Unlock releases it.
func (e *Engine) Unlock() { e.lock.Unlock() }

// clock is the engine's idea of the time. The wall clock is read once a batch; inside it time advances by the monotonic
// clock, which is read once a command, at its end.
type clock struct {
	read   func() int64 // Options.Monotonic
	base   time.Time    // of monotonic nanoseconds
	wallUs int64        // wall clock at monoNs
	monoNs int64
	lastNs int64 // the last reading of the monotonic clock: where one command ends, the next one of the batch begins
	// nowUs is the time of the current command, Unix microseconds: frozen while it runs, nested calls included.
	nowUs int64
}

// Begin starts a batch at a time.
func (e *Engine) Begin(now time.Time) {
	if e.clock.base.IsZero() {
		e.clock.base = now
	}
	e.clock.wallUs = now.UnixMicro()
	if e.clock.read != nil {
		e.clock.monoNs = e.clock.read()
	} else {
		e.clock.monoNs = int64(now.Sub(e.clock.base))
	}
	e.clock.nowUs, e.clock.lastNs = e.clock.wallUs, e.clock.monoNs
	e.Store.SetClock(e.NowMs())
}

// monotonic reads the monotonic clock, nanoseconds since the engine's first batch.
func (e *Engine) monotonic() int64 {
	if e.clock.read != nil {
		return e.clock.read()
	}
	return int64(time.Since(e.clock.base))
}

// advance sets the current command's time from a monotonic reading.
func (e *Engine) advance(monoNs int64) { e.clock.nowUs = e.clock.wallUs + (monoNs-e.clock.monoNs)/1000 }

// NowMs is the time of the current command, Unix milliseconds.
func (e *Engine) NowMs() int64 { return e.clock.nowUs / 1000 }

// NowUs is the time of the current command, Unix microseconds.
func (e *Engine) NowUs() int64 { return e.clock.nowUs }

// Duration is the monotonic time that passed since the current command's start, for handlers that bound their own work.
func (e *Engine) Duration(sinceNs int64) time.Duration { return time.Duration(e.monotonic() - sinceNs) }

// Monotonic is the monotonic clock for such handlers, nanoseconds.
func (e *Engine) Monotonic() int64 { return e.monotonic() }
