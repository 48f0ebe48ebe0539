package configs

import "time"

// Sentinel is what the sentinel lines of a file say, settings and state alike. A sentinel changes it and has the file
// rewritten; slices are replaced or changed by its owner alone.
type Sentinel struct {
	MyID         string // 40 characters; empty until the first start has chosen one
	CurrentEpoch uint64

	AnnounceIP          string
	AnnouncePort        int64
	AnnounceHostnames   bool
	ResolveHostnames    bool
	DenyScriptsReconfig bool
	User, Pass          string // what this sentinel shows to the others; empty is none

	// Settings that a stock sentinel does not know. A rewrite changes a line of one and never adds it.
	BootstrapExpect   int64 // 0: as many as the monitored primaries need
	QuorumPeers       []HostPort
	QuorumForgetAfter time.Duration
	ConsistentReads   bool

	Primaries []MonitoredPrimary // in the order of their monitor lines
}

// MonitoredPrimary is one primary with the settings and the state that the file has for it.
type MonitoredPrimary struct {
	Name    string
	Address HostPort // of the replica already promoted, while a failover is about to end
	Quorum  int64

	DownAfter             time.Duration
	FailoverTimeout       time.Duration
	RebootDownAfterPeriod time.Duration // 0 is off
	ParallelSyncs         int64
	NotificationScript    string
	ClientReconfigScript  string
	AuthUser, AuthPass    string
	RenameCommands        []Rename
	MaxLagBytes           int64 // 0 is off; not known to a stock sentinel

	ConfigEpoch uint64
	LeaderEpoch uint64
	Replicas    []HostPort
	Sentinels   []KnownSentinel
}

// KnownSentinel is another sentinel that watches the same primary.
type KnownSentinel struct {
	Address HostPort
	ID      string
}

const (
	sentinelPort             = 26379
	defaultDownAfter         = 30 * time.Second
	defaultFailoverTimeout   = 180 * time.Second
	defaultQuorumForgetAfter = 24 * time.Hour
	defaultParallelSyncs     = 1
)

// NewSentinel gives a Sentinel with the defaults that watches nothing.
func NewSentinel() *Sentinel {
	return &Sentinel{DenyScriptsReconfig: true, QuorumForgetAfter: defaultQuorumForgetAfter}
}

// NewMonitoredPrimary gives a primary with the default settings.
func NewMonitoredPrimary(name string, address HostPort, quorum int64) MonitoredPrimary {
	return MonitoredPrimary{Name: name, Address: address, Quorum: quorum, DownAfter: defaultDownAfter,
		FailoverTimeout: defaultFailoverTimeout, ParallelSyncs: defaultParallelSyncs}
}

// Primary finds a primary by its name; nil if there is none.
func (s *Sentinel) Primary(name string) *MonitoredPrimary {
	for i := range s.Primaries {
		if s.Primaries[i].Name == name {
			return &s.Primaries[i]
		}
	}
	return nil
}
