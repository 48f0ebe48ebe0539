package monitor

import "valkey/sentinel/ledger"

// LinkID numbers the links to instances; a number is never used twice.
type LinkID uint64

// Conn is one of the connections of a link.
type Conn uint8

// The connections of a link. A sentinel's link has commands only.
const (
	Commands Conn = iota
	PubSub
)

// Event is what happened, or what somebody asks.
type Event interface{ event() }

// Tick says that Deadline has come.
type Tick struct{}

// LinkUp says that a connection is ready for commands; LocalIP is its near end.
type LinkUp struct {
	Link    LinkID
	Conn    Conn
	LocalIP string
}

// LinkDown says that a connection is closed, or could not be made. What was sent and not answered never will be.
type LinkDown struct {
	Link   LinkID
	Conn   Conn
	Reason string
}

// Reply answers a Send.
type Reply struct {
	Link LinkID
	Seq  uint64
	// Text is the reply as text: a status or a bulk string as it is, an error with its leading '-'. For a transaction
	// it is EXEC's own reply, and Items are the replies inside in the same form.
	Text  string
	Items []string
}

// HelloHeard is a message on the hello channel of an instance, or, with Link 0, one that was published here.
type HelloHeard struct {
	Link    LinkID
	Payload string
}

// Resolved is what a host name means now; no IP when it means nothing.
type Resolved struct {
	Host string
	IP   string
}

// Applied is an entry that the ledger has applied.
type Applied struct {
	Epoch   ledger.Epoch // the ledger's, after it
	Changes []ledger.Change
}

// Restored replaces everything that was agreed: the ledger was loaded from a snapshot.
type Restored struct {
	Epoch     ledger.Epoch
	Primaries []*ledger.Primary
}

// Outcome answers a Propose. No error means that the entry was applied, whether or not the ledger refused a part.
type Outcome struct {
	ID  uint64
	Err error
}

// Confirmed answers a Confirm. No error means that a majority still stood behind the group's log after it was asked,
// and that everything up to that moment has been applied here.
type Confirmed struct {
	ID  uint64
	Err error
}

// Standing is this sentinel's place in the group.
type Standing struct {
	Formed    bool     // there is a group, and this sentinel knows it
	Voter     bool     // it is one of those who decide
	Leader    string   // the sentinel that leads, "" when none is known
	InContact bool     // the leader was heard lately and has a majority
	Frozen    bool     // another group watches the same primaries: nothing is failed over automatically
	Removed   bool     // an operator has removed this sentinel; it joins again when its process starts anew
	Members   []string // voters and learners
}

// The events of operators carry a number of the shell's choice, which the Answer repeats.
type (
	// WatchPrimary begins to watch a primary.
	WatchPrimary struct {
		Req    uint64
		Name   string
		Addr   ledger.Addr
		Quorum int
	}
	// RemovePrimary ends it.
	RemovePrimary struct {
		Req  uint64
		Name string
	}
	// ResetPrimaries forgets what is known about the primaries with these names, but not the primaries.
	ResetPrimaries struct {
		Req   uint64
		Names []string
	}
	// SetPrimary changes settings of a primary, from left to right until one is wrong.
	SetPrimary struct {
		Req     uint64
		Name    string
		Options []Option
	}
	// SetGlobal changes settings of the sentinel itself, which the shell has checked.
	SetGlobal struct {
		Req    uint64
		Global Global
	}
	// SetTimings changes periods, as DEBUG does.
	SetTimings struct {
		Req     uint64
		Timings Timings
	}
	// StartFailover asks for a failover of a primary.
	StartFailover struct {
		Req         uint64
		Name        string
		Coordinated bool
	}
	// AskVote is stock Sentinel's question whether a primary is down, and for a vote when RunID is not "*".
	AskVote struct {
		Req   uint64
		Addr  ledger.Addr
		Epoch ledger.Epoch
		RunID string
	}
	// SimulateFailure makes this sentinel crash at a step of a failover that it drives.
	SimulateFailure struct {
		Req            uint64
		AfterElection  bool
		AfterPromotion bool
	}
)

func (Tick) event()            {}
func (LinkUp) event()          {}
func (LinkDown) event()        {}
func (Reply) event()           {}
func (HelloHeard) event()      {}
func (Resolved) event()        {}
func (Applied) event()         {}
func (Restored) event()        {}
func (Outcome) event()         {}
func (Confirmed) event()       {}
func (Standing) event()        {}
func (WatchPrimary) event()    {}
func (RemovePrimary) event()   {}
func (ResetPrimaries) event()  {}
func (SetPrimary) event()      {}
func (SetGlobal) event()       {}
func (SetTimings) event()      {}
func (StartFailover) event()   {}
func (AskVote) event()         {}
func (SimulateFailure) event() {}
