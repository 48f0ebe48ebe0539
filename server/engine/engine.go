package engine

import (
	"math/rand/v2"
	"time"

	"valkey/configs"
	"valkey/frontend/session"
	"valkey/server/metrics"
	"valkey/server/repl"
	"valkey/store"
)

// Engine executes commands against one store. All exported fields and methods are guarded by the lock of its Front: the
// engine lock.
type Engine struct {
	session.Front

	Store *store.Store
	Cmds  *Table
	Host  Host

	PerCommand []CommandStats // by Decl.ID
	Logs       [LogKinds]metrics.CommandLog
	Latency    metrics.LatencyMonitor
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

	calls     [callDepthMax]Call
	depth     int
	watched   watchTable
	blocked   blockTable
	pause     pauseState
	moving    moving
	evictable evictState
	expiry    expireState
	own       ownDeadlines
	cron      cronState
	debug     debugState
	pending   effects
	gates     Gate
	diskError error // why GateDisk is set

	diskWarningMs int64 // when the log may be told again of a replica's disk that fails

	acksWanted bool      // see RequestAcks
	replicated [2]uint64 // bytes read and sent at the last reset of the statistics

	eventChannel []byte // of notify, kept for reuse
}

// debugState is what DEBUG changed for tests.
type debugState struct {
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

// SetSkipChecksums takes files and payloads whatever their checksum is, or not.
func (e *Engine) SetSkipChecksums(on bool) { e.debug.skipChecksums = on }

// SkipChecksums reports whether checksums of files and payloads are not looked at.
func (e *Engine) SkipChecksums() bool { return e.debug.skipChecksums }

// Host is what commands ask of the process around the engine: the shell implements it.
type Host interface {
	session.Host
	// Shutdown asks the server to stop, on behalf of somebody as the log shows it. It returns an error that the client
	// is told, or nil once the stop is under way; waiting says that the client has to wait for that.
	Shutdown(o ShutdownOptions, by string) (waiting bool, err error)
	// CancelShutdown ends a shutdown that waits, and reports whether there was one.
	CancelShutdown() bool
	// RewriteConfig writes the present configuration to the file that the server was started with; all includes what
	// is at its default.
	RewriteConfig(all bool) error
	// Certificates describes the certificates that TLS is configured with.
	Certificates() Certificates
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
	// StopAtCopies has the process stop itself when it has sent a full copy, and before it asks for a stream whose copy
	// comes over a second connection; KeepStreams says how long a stream is kept whose replica has yet to ask for it.
	// Both are for tests.
	StopAtCopies(on bool)
	KeepStreams(d time.Duration)
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

// Certificates are those of TLS.
type Certificates struct{ Server, Client, CA Certificate }

// Certificate is one of them; without a serial number there is none.
type Certificate struct {
	Serial    string
	ExpiresMs int64 // Unix time
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
		Store: o.Store, Cmds: o.Commands, Host: o.Host,
		History:    repl.New(repl.NewID(), o.Config.ReplBacklogSize),
		PerCommand: make([]CommandStats, o.Commands.Len()),
		Rand:       rand.New(rand.NewPCG(o.Seed, o.Seed^0x9e3779b97f4a7c15)),
	}
	e.Open(session.Options{
		Config: o.Config, Commands: &o.Commands.Catalog, Host: o.Host, Owner: e, Monotonic: o.Monotonic,
	})
	e.expiry.active = true
	e.SetAging()
	return e
}

// Begin starts a batch at a time.
func (e *Engine) Begin(now time.Time) {
	e.Front.Begin(now)
	e.Store.SetClock(e.NowMs())
}

// Role is what HELLO tells: session.Owner.
func (e *Engine) Role() string {
	if e.gates&GateReplica != 0 {
		return "replica"
	}
	return "master"
}
