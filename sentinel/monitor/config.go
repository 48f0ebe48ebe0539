package monitor

import (
	"time"

	"valkey/sentinel/ledger"
)

// Option is a setting of a primary as an operator writes it; only rename-command has a second value.
type Option struct {
	Name   string
	Value  string
	Value2 string
}

// Global are the settings of a sentinel itself.
type Global struct {
	AnnounceIP          string // "": the near end of each connection
	AnnouncePort        int    // 0: Port
	Port                int    // where this sentinel listens for other sentinels
	User, Pass          string // for other sentinels; the shell puts requirepass in where no sentinel-pass is set
	DenyScriptsReconfig bool
	ResolveHostnames    bool
	AnnounceHostnames   bool
}

// Config is what a monitor begins with.
type Config struct {
	ID           string // myid
	CurrentEpoch ledger.Epoch
	Global       Global
	Primaries    []Settings
}

// Settings are one primary as the configuration file has it: what an operator set, and what was known at the time.
type Settings struct {
	Name            string
	Addr            ledger.Addr
	Quorum          int
	DownAfter       time.Duration
	FailoverTimeout time.Duration
	ParallelSyncs   int
	RebootDownAfter time.Duration // 0: off
	MaxLagBytes     uint64        // how far a replica may be behind and still be promoted; 0: any lag
	Notification    string        // path of the notification script
	Reconfig        string        // path of the client reconfiguration script
	User, Pass      string
	Renamed         map[string]string // upper case to what the instances call it
	ConfigEpoch     ledger.Epoch
	LeaderEpoch     ledger.Epoch
	Replicas        []ledger.Addr
	Sentinels       []KnownSentinel
}

// KnownSentinel is another sentinel of a primary.
type KnownSentinel struct {
	ID   string
	Addr ledger.Addr
}

// State is what the configuration file has to remember.
type State struct {
	ID           string
	CurrentEpoch ledger.Epoch
	Global       Global
	Primaries    []Settings // by name
}

// Timings are the periods that DEBUG shows and sets.
type Timings struct {
	InfoPeriod             time.Duration
	PingPeriod             time.Duration
	AskPeriod              time.Duration
	PublishPeriod          time.Duration
	DefaultDownAfter       time.Duration
	DefaultFailoverTimeout time.Duration
	TiltTrigger            time.Duration
	TiltPeriod             time.Duration
	ReplicaReconfTimeout   time.Duration
	MinLinkReconnectPeriod time.Duration
	ElectionTimeout        time.Duration
	ScriptMaxRuntime       time.Duration
	ScriptRetryDelay       time.Duration
}

// DefaultTimings are stock Sentinel's.
func DefaultTimings() Timings {
	return Timings{
		InfoPeriod:             10 * time.Second,
		PingPeriod:             time.Second,
		AskPeriod:              time.Second,
		PublishPeriod:          2 * time.Second,
		DefaultDownAfter:       30 * time.Second,
		DefaultFailoverTimeout: 3 * time.Minute,
		TiltTrigger:            2 * time.Second,
		TiltPeriod:             30 * time.Second,
		ReplicaReconfTimeout:   10 * time.Second,
		MinLinkReconnectPeriod: 15 * time.Second,
		ElectionTimeout:        10 * time.Second,
		ScriptMaxRuntime:       time.Minute,
		ScriptRetryDelay:       30 * time.Second,
	}
}
