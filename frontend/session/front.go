package session

import (
	"sync"

	"valkey/configs"
	"valkey/frontend/acl"
	"valkey/frontend/command"
)

// Front is what a server knows of its clients, and what commands about clients, users and messages work on. It is a
// part of the data engine, and of a sentinel. All exported fields and methods are guarded by its lock.
type Front struct {
	lock sync.Mutex
	Clock

	Config   *configs.Config
	Commands *command.Catalog
	Clients  *Registry
	Host     Host
	Users    *acl.Users
	ACLLog   acl.Log
	Stats    Stats
	PubSub   PubSub

	// Owner is the server that this is a part of.
	Owner Owner

	current *Call // a client's that is executing; nil between commands
	memory  clientMemory
	replies replySettings
	traffic Traffic // at the last reset of the statistics
	next    *Client // whose turn it is in ClientsCron
}

// Owner is the server that a Front is a part of, as commands about clients need it.
type Owner interface {
	// Disconnect forgets a client whose link is gone or going: what the owner itself knows of it, then Forget.
	Disconnect(c *Client)
	// Pause holds clients back until a time, Unpause ends that.
	Pause(untilMs int64, all bool)
	Unpause()
	// Unblock ends a client's wait, as if its time were over or with an error. It returns false if the client does not
	// wait in a way that can be ended so.
	Unblock(c *Client, with error) bool
	// Role is what HELLO tells of it; empty for a server that has none.
	Role() string
}

// Host is what commands about clients ask of the process around the server: its shell implements it.
type Host interface {
	// Log writes a line of a level (LogDebug to LogWarning) to the server's log.
	Log(level int, message string)
	// Facts are what only the process knows: ports, run id, start time, loops, descriptors.
	Facts() Facts
	// Usage is what the process has taken of the machine until now. It asks the system: not for the hot path.
	Usage() Usage
	// Traffic is what went over clients' connections since the start.
	Traffic() Traffic
	// LoadUsers reads all users from the ACL file, SaveUsers writes them to it.
	LoadUsers() error
	SaveUsers() error
}

// Log levels of Host.Log.
const (
	LogDebug = iota
	LogVerbose
	LogNotice
	LogWarning
)

// Options are what Open needs.
type Options struct {
	Config   *configs.Config
	Commands *command.Catalog
	Host     Host
	Owner    Owner
	// Monotonic reads a clock that never goes back, in nanoseconds; nil is that of the process. Tests bring their own.
	Monotonic func() int64
}

// Open makes a zero Front ready: without clients, and with the users that the configuration has from the start.
func (f *Front) Open(o Options) {
	f.Config, f.Commands, f.Host, f.Owner = o.Config, o.Commands, o.Host, o.Owner
	f.Clients = NewRegistry()
	f.Users = acl.New(acl.NewCommands(o.Commands.All), o.Config.AclPubsubDefault == configs.PubsubAllChannels)
	f.Users.SetPassword(o.Config.Requirepass)
	f.Stats.Errors = make(map[string]uint64)
	f.read = o.Monotonic
}

// Lock takes the lock; every other method wants it held.
func (f *Front) Lock() { f.lock.Lock() }

// Unlock releases it.
func (f *Front) Unlock() { f.lock.Unlock() }
