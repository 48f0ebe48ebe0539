package configs

// Server is the value of every directive, a field each, named after it: maxmemory-policy is MaxmemoryPolicy. What a
// directive means, its default and its range stand in its row of the table.
//
// Numbers keep the unit of the directive (seconds, milliseconds, microseconds as the row says); memory is in bytes.
// Slices are replaced, never changed in place, so a copy of a Server is a snapshot.
type Server struct {
	// Network.
	Bind                         []string // as written: a leading "-" makes an address optional, "*" is any
	BindSourceAddr               string
	Port                         int64
	TcpBacklog                   int64
	TcpKeepalive                 int64 // seconds
	Timeout                      int64 // seconds; 0 never closes an idle client
	Unixsocket                   string
	Unixsocketgroup              string
	Unixsocketperm               int64 // 0 leaves it to the umask
	ProtectedMode                bool
	Mptcp                        bool
	SocketMarkId                 int64
	MaxNewConnectionsPerCycle    int64
	MaxNewTlsConnectionsPerCycle int64
	RdmaBind                     []string
	RdmaPort                     int64
	RdmaRxSize                   int64
	RdmaCompletionVector         int64

	// TLS.
	TlsPort                int64
	TlsCertFile            string
	TlsKeyFile             string
	TlsKeyFilePass         string
	TlsClientCertFile      string
	TlsClientKeyFile       string
	TlsClientKeyFilePass   string
	TlsDhParamsFile        string
	TlsCaCertFile          string
	TlsCaCertDir           string
	TlsAuthClients         TlsAuthClients
	TlsAuthClientsUser     TlsAuthClientsUser
	TlsAutoReloadInterval  int64 // seconds
	TlsCluster             bool
	TlsReplication         bool
	TlsProtocols           string
	TlsCiphers             string
	TlsCiphersuites        string
	TlsPreferServerCiphers bool
	TlsSessionCaching      bool
	TlsSessionCacheSize    int64
	TlsSessionCacheTimeout int64 // seconds

	// The process.
	Daemonize                  bool
	Supervised                 Supervised
	Pidfile                    string
	Dir                        string // the working folder, absolute
	Loglevel                   Loglevel
	LogFormat                  LogFormat
	LogTimestampFormat         LogTimestampFormat
	Logfile                    string // empty: standard output
	SyslogEnabled              bool
	SyslogIdent                string
	SyslogFacility             SyslogFacility
	CrashLogEnabled            bool
	CrashMemcheckEnabled       bool
	Databases                  int64
	AlwaysShowLogo             bool
	SetProcTitle               bool
	ProcTitleTemplate          string
	LocaleCollate              string
	ExtendedRedisCompatibility bool
	HideUserDataFromLog        bool
	AvailabilityZone           string
	HashSeed                   string
	IgnoreWarnings             string
	OomScoreAdj                OomScoreAdj
	OomScoreAdjValues          [3]int64 // primary, replica, background child
	DisableThp                 bool
	ServerCpulist              string
	BioCpulist                 string
	AofRewriteCpulist          string
	BgsaveCpulist              string
	ShutdownTimeout            int64 // seconds
	ShutdownOnSigint           ShutdownFlags
	ShutdownOnSigterm          ShutdownFlags

	// Threads and the clock of background work.
	IoThreads            int64
	PrefetchBatchMaxSize int64
	Hz                   int64 // kept within HzMin and HzMax
	Activerehashing      bool
	ActiveExpireEffort   int64
	BusyReplyThreshold   int64 // milliseconds

	// Security.
	Requirepass            string
	Aclfile                string
	AcllogMaxLen           int64
	AclPubsubDefault       AclPubsubDefault
	EnableProtectedConfigs ProtectedAction
	EnableDebugCommand     ProtectedAction
	EnableModuleCommand    ProtectedAction

	// Clients.
	Maxclients              int64
	ClientQueryBufferLimit  int64
	ProtoMaxBulkLen         int64
	ClientOutputBufferLimit [OutputClassCount]OutputLimit // indexed by OutputClass
	MaxmemoryClients        int64                         // bytes; negative: percent of maxmemory
	TrackingTableMaxKeys    int64

	// Memory.
	Maxmemory                  uint64 // bytes; 0 is no limit
	MaxmemoryPolicy            MaxmemoryPolicy
	MaxmemorySamples           int64
	MaxmemoryEvictionTenacity  int64
	LfuLogFactor               int64
	LfuDecayTime               int64 // minutes
	LazyfreeLazyEviction       bool
	LazyfreeLazyExpire         bool
	LazyfreeLazyServerDel      bool
	LazyfreeLazyUserDel        bool
	LazyfreeLazyUserFlush      bool
	Activedefrag               bool
	ActiveDefragIgnoreBytes    int64
	ActiveDefragThresholdLower int64 // percent
	ActiveDefragThresholdUpper int64 // percent
	ActiveDefragCycleMin       int64 // percent of a core
	ActiveDefragCycleMax       int64 // percent of a core
	ActiveDefragCycleUs        int64 // microseconds
	ActiveDefragMaxScanFields  int64
	JemallocBgThread           bool

	// Encodings of values.
	HashMaxListpackEntries int64
	HashMaxListpackValue   int64
	ListMaxListpackSize    int64 // entries; -1 to -5: 4, 8, 16, 32, 64 KB
	ListCompressDepth      int64
	SetMaxIntsetEntries    int64
	SetMaxListpackEntries  int64
	SetMaxListpackValue    int64
	ZsetMaxListpackEntries int64
	ZsetMaxListpackValue   int64
	HllSparseMaxBytes      int64
	StreamNodeMaxBytes     int64
	StreamNodeMaxEntries   int64

	// Snapshots.
	Save                    []SavePoint
	StopWritesOnBgsaveError bool
	Rdbcompression          bool
	Rdbchecksum             bool
	RdbVersionCheck         RdbVersionCheck
	RdbSaveIncrementalFsync bool
	RdbDelSyncFiles         bool
	Dbfilename              string

	// Append-only file.
	Appendonly                 bool
	Appendfilename             string
	Appenddirname              string
	Appendfsync                Appendfsync
	NoAppendfsyncOnRewrite     bool
	AutoAofRewritePercentage   int64
	AutoAofRewriteMinSize      int64
	AofLoadTruncated           bool
	AofUseRdbPreamble          bool
	AofTimestampEnabled        bool
	AofRewriteIncrementalFsync bool

	// Replication.
	Replicaof                     HostPort // Host is empty on a primary
	Primaryauth                   string
	Primaryuser                   string
	ReplicaKeepDataSeconds        int64
	ReplicaServeStaleData         bool
	ReplicaReadOnly               bool
	ReplicaIgnoreMaxmemory        bool
	ReplicaIgnoreDiskWriteErrors  bool
	ReplicaLazyFlush              bool
	ReplicaPriority               int64
	ReplicaAnnounced              bool
	ReplicaAnnounceIp             string
	ReplicaAnnouncePort           int64
	PropagationErrorBehavior      PropagationErrorBehavior
	ReplDisklessSync              bool
	ReplDisklessSyncDelay         int64 // seconds
	ReplDisklessSyncMaxReplicas   int64
	ReplDisklessLoad              ReplDisklessLoad
	DualChannelReplicationEnabled bool
	ReplPingReplicaPeriod         int64 // seconds
	ReplTimeout                   int64 // seconds
	ReplDisableTcpNodelay         bool
	ReplMptcp                     bool
	ReplBacklogSize               int64
	ReplBacklogTtl                int64 // seconds; 0 never frees it
	MinReplicasToWrite            int64
	MinReplicasMaxLag             int64 // seconds
	ImportMode                    bool

	// Logs, latency and notifications.
	CommandlogExecutionSlowerThan  int64 // microseconds; negative: off
	CommandlogSlowExecutionMaxLen  int64
	CommandlogRequestLargerThan    int64 // bytes; negative: off
	CommandlogLargeRequestMaxLen   int64
	CommandlogReplyLargerThan      int64 // bytes; negative: off
	CommandlogLargeReplyMaxLen     int64
	LatencyMonitorThreshold        int64 // milliseconds; 0: off
	LatencyTracking                bool
	LatencyTrackingInfoPercentiles []float64
	NotifyKeyspaceEvents           NotifyFlags

	// Cluster.
	ClusterEnabled                    bool
	ClusterConfigFile                 string
	ClusterConfigSaveBehavior         ClusterConfigSaveBehavior
	ClusterNodeTimeout                int64 // milliseconds
	ClusterPort                       int64
	ClusterDatabases                  int64
	ClusterReplicaValidityFactor      int64
	ClusterMigrationBarrier           int64
	ClusterAllowReplicaMigration      bool
	ClusterRequireFullCoverage        bool
	ClusterReplicaNoFailover          bool
	ClusterAllowReadsWhenDown         bool
	ClusterAllowPubsubshardWhenDown   bool
	ClusterLinkSendbufLimit           uint64
	ClusterAnnounceHostname           string
	ClusterAnnounceHumanNodename      string
	ClusterPreferredEndpointType      ClusterPreferredEndpointType
	ClusterAnnounceIp                 string
	ClusterAnnounceClientIpv4         string
	ClusterAnnounceClientIpv6         string
	ClusterAnnouncePort               int64
	ClusterAnnounceTlsPort            int64
	ClusterAnnounceBusPort            int64
	ClusterAnnounceClientPort         int64
	ClusterAnnounceClientTlsPort      int64
	ClusterBlacklistTtl               int64 // seconds
	ClusterManualFailoverTimeout      int64 // milliseconds
	ClusterSlotStatsEnabled           bool
	ClusterSlotMigrationLogMaxLen     int64
	SlotMigrationMaxFailoverReplBytes int64 // -1: no limit

	// Hidden: for tests and for those who debug the server.
	AofDisableAutoGc                    bool
	ClientDefaultResp                   int64
	ClusterMessageGossipPerc            int64
	ClusterPingInterval                 int64 // milliseconds
	DebugContext                        string
	EnableDebugAssert                   bool
	IoThreadsAlwaysActive               bool
	KeyLoadDelay                        int64 // microseconds a key; negative: one pause every that many keys
	LoadingProcessEventsIntervalBytes   int64
	LuaEnableInsecureApi                bool
	MinIoThreadsAvoidCopyReply          int64
	MinStringSizeAvoidCopyReply         int64
	MinStringSizeAvoidCopyReplyThreaded int64
	RdbKeySaveDelay                     int64 // microseconds a key; negative: one pause every that many keys
	ReqResLogfile                       string
	UseExitOnPanic                      bool
	WatchdogPeriod                      int64 // milliseconds

	// Known to files and arguments alone: CONFIG GET and SET do not see these.
	RenameCommand []Rename
	User          []UserLine
}

// Limits that hz is brought back to, silently as Valkey does.
const (
	HzMin = 1
	HzMax = 500
)

// Rename is one rename-command line; an empty To removes the command. Whether there is such a command is for the owner
// of the commands to see; Place.Refuse makes its error.
type Rename struct {
	From, To string
	Place    Place
}

// UserLine is one user line: the words after `user`, for the owner of the users to read.
type UserLine struct {
	Words []string
	Place Place
}

// HostPort is the address of a primary.
type HostPort struct {
	Host string
	Port int64
}

// SavePoint asks for a snapshot once Seconds have passed with at least Changes changes.
type SavePoint struct {
	Seconds, Changes int64
}

// OutputClass is a class of clients as client-output-buffer-limit tells them apart.
type OutputClass int

// The classes of clients with an output limit of their own.
const (
	OutputNormal OutputClass = iota
	OutputReplica
	OutputPubsub
	OutputClassCount
)

// OutputLimit bounds the replies that wait for one client; 0 means no limit.
type OutputLimit struct {
	Hard        int64 // bytes: reaching it disconnects at once
	Soft        int64 // bytes: exceeding it for SoftSeconds disconnects
	SoftSeconds int64
}
