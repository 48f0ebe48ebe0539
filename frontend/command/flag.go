package command

// A Flag is a property of a command that dispatch, clients and proxies act on. The order of the bits is the order
// in which COMMAND INFO lists those that it shows.
type Flag uint32

// The flags of a command.
const (
	Write                Flag = 1 << iota // may change the data
	Readonly                              // reads keys and changes nothing
	DenyOOM                               // may grow memory: refused when over maxmemory
	Admin                                 // for operators: implies the categories admin and dangerous
	Pubsub                                // belongs to pub/sub
	NoScript                              // not from scripts
	Blocking                              // may block the client
	Loading                               // permitted while the data set loads
	Stale                                 // permitted on a replica with stale data
	SkipMonitor                           // not shown to MONITOR
	SkipCommandlog                        // not recorded in the command log
	Asking                                // implies ASKING in a cluster
	Fast                                  // O(1) or O(log N), never delays others
	NoAuth                                // permitted before authentication
	NoMandatoryKeys                       // its keys are optional
	NoAsyncLoading                        // refused while a replica loads beside its old data
	NoMulti                               // not inside MULTI
	MovableKeys                           // derived: the legacy key range does not cover all keys
	AllowBusy                             // permitted while a script is running too long
	MayReplicate                          // hidden: not a write, yet may produce effects
	SentinelToo                           // hidden: Sentinel has it as well
	SentinelOnly                          // hidden: only Sentinel has it
	Protected                             // hidden: needs enable-debug-command or its like
	TouchesArbitraryKeys                  // hidden: may touch, and so expire, keys that it does not name
	AllDBs                                // hidden: works on every database
	flagEnd
)

// flagNames holds the wire names of the flags that COMMAND INFO shows, by bit.
var flagNames = []string{
	"write", "readonly", "denyoom", "admin", "pubsub", "noscript", "blocking", "loading", "stale", "skip_monitor",
	"skip_commandlog", "asking", "fast", "no_auth", "no_mandatory_keys", "no_async_loading", "no_multi", "movablekeys",
	"allow_busy",
}

// Has reports whether all of want are set.
func (f Flag) Has(want Flag) bool { return f&want == want }
