package monitor

import (
	"errors"

	"valkey/sentinel/ledger"
)

// Action is something that the shell is to do.
type Action interface{ action() }

// Connect asks for a connection of a link. Setup are the commands that go first on it, whose replies nobody reads:
// AUTH, CLIENT SETNAME and, for PubSub, SUBSCRIBE.
type Connect struct {
	Link  LinkID
	Conn  Conn
	Addr  ledger.Addr
	Setup [][]string
}

// Disconnect closes a connection, or gives up making it. A LinkDown need not follow.
type Disconnect struct {
	Link LinkID
	Conn Conn
}

// Send sends commands on a link's command connection: one, or a transaction from MULTI to EXEC. One Reply with the
// same Seq follows, unless the connection goes down first.
type Send struct {
	Link     LinkID
	Seq      uint64
	Commands [][]string
}

// Propose offers an entry to the group.
type Propose struct {
	ID   uint64
	Data []byte
}

// Confirm asks the group whether what is applied here is all that is agreed, before something is done in its name.
type Confirm struct{ ID uint64 }

// Level is how loud an event is. All but Debug are published on the channel of their name.
type Level uint8

// The levels of events.
const (
	Debug Level = iota
	Verbose
	Notice
	Warning
)

// Emit is an event of Sentinel's: a line of the log and, above Debug, a message on the channel of its name.
type Emit struct {
	Level   Level
	Name    string
	Payload string
}

// Note is a line for the operator's log alone.
type Note struct {
	Level Level
	Text  string
}

// Script runs a notification or reconfiguration script.
type Script struct {
	Path string
	Args []string
}

// Save asks for the configuration file to be written.
type Save struct{}

// Resolve asks what a host name means.
type Resolve struct{ Host string }

// Answer answers an operator.
type Answer struct {
	Req  uint64
	Err  error // one of the errors below, nil for OK
	Vote Vote  // for AskVote
	N    int   // for ResetPrimaries
}

// Vote is the answer to AskVote.
type Vote struct {
	Down   bool
	Leader string // "*" for none
	Epoch  ledger.Epoch
}

// Crash ends the process with exit code 99, as SIMULATE-FAILURE wished.
type Crash struct{}

func (Connect) action()    {}
func (Disconnect) action() {}
func (Send) action()       {}
func (Propose) action()    {}
func (Confirm) action()    {}
func (Emit) action()       {}
func (Note) action()       {}
func (Script) action()     {}
func (Save) action()       {}
func (Resolve) action()    {}
func (Answer) action()     {}
func (Crash) action()      {}

// The reasons for which an operator's wish is refused; the shell has their texts on the wire.
var (
	ErrNoSuchPrimary  = errors.New("monitor: no primary has that name")
	ErrDuplicate      = errors.New("monitor: a primary has that name already")
	ErrInProgress     = errors.New("monitor: a failover is going on")
	ErrNoGoodReplica  = errors.New("monitor: no replica can be promoted")
	ErrNoGoodPrimary  = errors.New("monitor: the primary knows no FAILOVER")
	ErrNoQuorum       = errors.New("monitor: no majority of the group is in contact")
	ErrUnknownOption  = errors.New("monitor: no option has that name, or its arguments are too few")
	ErrBadValue       = errors.New("monitor: an option's value is out of its range")
	ErrScriptsDenied  = errors.New("monitor: scripts must not be changed at run time")
	ErrUnknownOutcome = errors.New("monitor: the group has not said whether it took the failover")
)

// OptionError is a setting that SetPrimary could not take, with what the operator wrote.
type OptionError struct {
	Option Option
	Err    error
}

func (e *OptionError) Error() string { return e.Err.Error() + ": " + e.Option.Name }

// Unwrap is the reason.
func (e *OptionError) Unwrap() error { return e.Err }
