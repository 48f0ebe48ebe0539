package configs

import "valkey/internal/invariant"

// enumName is the wire name of value v; a value outside the table is a broken promise of ours.
func enumName[T ~int](names []string, v T) string {
	invariant.Check(v >= 0 && int(v) < len(names), "configs: enum value %d of %v", v, names)
	return names[v]
}

// TlsAuthClients is whether a TLS client must show a certificate.
type TlsAuthClients int

// The values of TlsAuthClients.
const (
	TlsAuthClientsNo TlsAuthClients = iota
	TlsAuthClientsYes
	TlsAuthClientsOptional
)

var tlsAuthClientsNames = []string{"no", "yes", "optional"}

// String is the word that the configuration uses.
func (v TlsAuthClients) String() string { return enumName(tlsAuthClientsNames, v) }

// TlsAuthClientsUser is which field of a TLS client's certificate names its user.
type TlsAuthClientsUser int

// The values of TlsAuthClientsUser.
const (
	TlsUserFromCN TlsAuthClientsUser = iota
	TlsUserFromURI
	TlsUserOff
)

var tlsAuthClientsUserNames = []string{"CN", "URI", "off"}

// String is the word that the configuration uses.
func (v TlsAuthClientsUser) String() string { return enumName(tlsAuthClientsUserNames, v) }

// Supervised is the process supervisor the server reports to.
type Supervised int

// The values of Supervised.
const (
	SupervisedUpstart Supervised = iota
	SupervisedSystemd
	SupervisedAuto
	SupervisedNo
)

var supervisedNames = []string{"upstart", "systemd", "auto", "no"}

// String is the word that the configuration uses.
func (v Supervised) String() string { return enumName(supervisedNames, v) }

// Loglevel is the least important kind of message that is logged.
type Loglevel int

// The values of Loglevel.
const (
	LogDebug Loglevel = iota
	LogVerbose
	LogNotice
	LogWarning
	LogNothing
)

var loglevelNames = []string{"debug", "verbose", "notice", "warning", "nothing"}

// String is the word that the configuration uses.
func (v Loglevel) String() string { return enumName(loglevelNames, v) }

// LogFormat is the shape of a log line.
type LogFormat int

// The values of LogFormat.
const (
	LogFormatLegacy LogFormat = iota
	LogFormatLogfmt
	LogFormatJSON
)

var logFormatNames = []string{"legacy", "logfmt", "json"}

// String is the word that the configuration uses.
func (v LogFormat) String() string { return enumName(logFormatNames, v) }

// LogTimestampFormat is the shape of the time in a log line.
type LogTimestampFormat int

// The values of LogTimestampFormat.
const (
	LogTimestampLegacy LogTimestampFormat = iota
	LogTimestampISO8601
	LogTimestampMilliseconds
)

var logTimestampFormatNames = []string{"legacy", "iso8601", "milliseconds"}

// String is the word that the configuration uses.
func (v LogTimestampFormat) String() string { return enumName(logTimestampFormatNames, v) }

// SyslogFacility is the facility of messages sent to syslog.
type SyslogFacility int

// The values of SyslogFacility.
const (
	SyslogUser SyslogFacility = iota
	SyslogLocal0
	SyslogLocal1
	SyslogLocal2
	SyslogLocal3
	SyslogLocal4
	SyslogLocal5
	SyslogLocal6
	SyslogLocal7
)

var syslogFacilityNames = []string{
	"user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// String is the word that the configuration uses.
func (v SyslogFacility) String() string { return enumName(syslogFacilityNames, v) }

// OomScoreAdj is how the server's OOM score is set.
type OomScoreAdj int

// The values of OomScoreAdj.
const (
	OomScoreNo       OomScoreAdj = iota
	OomScoreRelative             // written "yes"
	oomScoreSynonym              // "relative", taken as "yes"
	OomScoreAbsolute
)

var oomScoreAdjNames = []string{"no", "yes", "relative", "absolute"}

// String is the word that the configuration uses.
func (v OomScoreAdj) String() string { return enumName(oomScoreAdjNames, v) }

// AclPubsubDefault is which channels a new user may reach.
type AclPubsubDefault int

// The values of AclPubsubDefault.
const (
	PubsubAllChannels AclPubsubDefault = iota
	PubsubResetChannels
)

var aclPubsubDefaultNames = []string{"allchannels", "resetchannels"}

// String is the word that the configuration uses.
func (v AclPubsubDefault) String() string { return enumName(aclPubsubDefaultNames, v) }

// ProtectedAction is who may use a dangerous facility.
type ProtectedAction int

// The values of ProtectedAction.
const (
	ProtectedNo ProtectedAction = iota
	ProtectedYes
	ProtectedLocal
)

var protectedActionNames = []string{"no", "yes", "local"}

// String is the word that the configuration uses.
func (v ProtectedAction) String() string { return enumName(protectedActionNames, v) }

// MaxmemoryPolicy is what is evicted when maxmemory is reached.
type MaxmemoryPolicy int

// The values of MaxmemoryPolicy.
const (
	PolicyVolatileLRU MaxmemoryPolicy = iota
	PolicyVolatileLFU
	PolicyVolatileRandom
	PolicyVolatileTTL
	PolicyAllkeysLRU
	PolicyAllkeysLFU
	PolicyAllkeysRandom
	PolicyNoEviction
)

var maxmemoryPolicyNames = []string{
	"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
	"allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction",
}

// String is the word that the configuration uses.
func (v MaxmemoryPolicy) String() string { return enumName(maxmemoryPolicyNames, v) }

// RdbVersionCheck is whether a snapshot of a newer format is tried.
type RdbVersionCheck int

// The values of RdbVersionCheck.
const (
	RdbVersionStrict RdbVersionCheck = iota
	RdbVersionRelaxed
)

var rdbVersionCheckNames = []string{"strict", "relaxed"}

// String is the word that the configuration uses.
func (v RdbVersionCheck) String() string { return enumName(rdbVersionCheckNames, v) }

// Appendfsync is when the append-only file is flushed to the disk.
type Appendfsync int

// The values of Appendfsync.
const (
	FsyncEverysec Appendfsync = iota
	FsyncAlways
	FsyncNo
)

var appendfsyncNames = []string{"everysec", "always", "no"}

// String is the word that the configuration uses.
func (v Appendfsync) String() string { return enumName(appendfsyncNames, v) }

// PropagationErrorBehavior is what a replica does when a command from its primary fails.
type PropagationErrorBehavior int

// The values of PropagationErrorBehavior.
const (
	PropagationIgnore PropagationErrorBehavior = iota
	PropagationPanic
	PropagationPanicOnReplicas
)

var propagationErrorBehaviorNames = []string{"ignore", "panic", "panic-on-replicas"}

// String is the word that the configuration uses.
func (v PropagationErrorBehavior) String() string { return enumName(propagationErrorBehaviorNames, v) }

// ReplDisklessLoad is how a replica loads a snapshot straight from the socket.
type ReplDisklessLoad int

// The values of ReplDisklessLoad.
const (
	DisklessLoadDisabled ReplDisklessLoad = iota
	DisklessLoadOnEmptyDB
	DisklessLoadSwapDB
	DisklessLoadFlush
)

var replDisklessLoadNames = []string{"disabled", "on-empty-db", "swapdb", "flush-before-load"}

// String is the word that the configuration uses.
func (v ReplDisklessLoad) String() string { return enumName(replDisklessLoadNames, v) }

// ClusterConfigSaveBehavior is what a node does when its cluster file cannot be written.
type ClusterConfigSaveBehavior int

// The values of ClusterConfigSaveBehavior.
const (
	ClusterSaveSync ClusterConfigSaveBehavior = iota
	ClusterSaveBestEffort
)

var clusterConfigSaveBehaviorNames = []string{"sync", "best-effort"}

// String is the word that the configuration uses.
func (v ClusterConfigSaveBehavior) String() string {
	return enumName(clusterConfigSaveBehaviorNames, v)
}

// ClusterPreferredEndpointType is what CLUSTER SLOTS and redirections call a node.
type ClusterPreferredEndpointType int

// The values of ClusterPreferredEndpointType.
const (
	EndpointIP ClusterPreferredEndpointType = iota
	EndpointHostname
	EndpointUnknown
)

var clusterPreferredEndpointTypeNames = []string{"ip", "hostname", "unknown-endpoint"}

// String is the word that the configuration uses.
func (v ClusterPreferredEndpointType) String() string {
	return enumName(clusterPreferredEndpointTypeNames, v)
}
