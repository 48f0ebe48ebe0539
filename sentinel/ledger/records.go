package ledger

import (
	"strconv"
	"strings"
	"time"
)

// Epoch numbers failovers and configurations, as clients and operators see it; it has nothing to do with raft's terms.
type Epoch uint64

// Addr is where an instance listens: a literal address or a host name, and a port.
type Addr struct {
	Host string
	Port int
}

// String is host:port, with brackets round a literal IPv6 address.
func (a Addr) String() string {
	if strings.Contains(a.Host, ":") {
		return "[" + a.Host + "]:" + strconv.Itoa(a.Port)
	}
	return a.Host + ":" + strconv.Itoa(a.Port)
}

// Ref names one primary for as long as somebody watches it. A name that was closed and opened again is another primary.
type Ref struct {
	Name        string
	Incarnation uint64 // the index of the entry that opened it
}

// Record is one thing that a sentinel proposes. The proposer is the entry's, not the record's.
type Record interface {
	kind() kind
	code(c *codec)
	apply(l *Ledger, e *entry) error
}

// Watch makes the proposer a watcher of a name, and opens the primary when nobody watches it yet. Where it is open,
// its agreed address holds, unless ConfigEpoch is newer: then a failover that the group knows nothing of has moved it,
// such as one by stock sentinels that ran in its place.
type Watch struct {
	Name        string
	Addr        Addr
	ConfigEpoch Epoch
}

// Unwatch withdraws the proposer as a watcher. The last one closes the primary, and so does one after which only Absent
// ones would be left: sentinels that the proposer cannot hear, which must not keep a name open for ever.
type Unwatch struct {
	Ref
	Absent []string
}

// Forget withdraws another sentinel, one that left the group, from everything that it watched.
type Forget struct{ Member string }

// Report says that the proposer has found the primary at Addr down, and why.
type Report struct {
	Ref
	Addr    Addr // what was found down; a report about an earlier address is refused
	Reason  string
	Silence time.Duration // since the last sign of life
}

// Withdraw takes the proposer's report back.
type Withdraw struct{ Ref }

// Down says that the reports of Counted, the proposer's among them, reach the proposer's quorum.
type Down struct {
	Ref
	Quorum  int
	Counted []string
}

// Up takes Down back: fewer than a quorum stand by their reports.
type Up struct{ Ref }

// Kind is why a failover began.
type Kind uint8

// The kinds of a failover.
const (
	Automatic   Kind = iota // the primary is agreed to be down
	Forced                  // an operator asked
	Coordinated             // an operator asked, and will have no other way than a hand-over
)

// Intent begins a failover, makes the proposer its driver, and raises the epoch above EpochSeen and every epoch so far.
type Intent struct {
	Ref
	Kind      Kind
	EpochSeen Epoch
}

// Takeover makes the proposer the driver in place of the one that held Fence.
type Takeover struct {
	Ref
	Fence uint64
	Why   string
}

// Way is how the candidate becomes the primary.
type Way uint8

// The ways of a promotion.
const (
	Seize    Way = iota // the candidate is told to be a primary, whatever the old one does
	HandOver            // the old primary is asked to pause its writers, let the candidate catch up and swap roles
)

// Seen is what a replica said when a candidate was chosen: the evidence of the choice.
type Seen struct {
	Addr     Addr
	History  int // whose data it holds: 0 the primary's latest history, 1 the one before, ...
	Priority int
	Offset   uint64
	RunID    string
	Excluded string // why it could not be chosen; "" when it could
}

// Candidate names the replica that will be promoted, and what the choice was made from.
type Candidate struct {
	Ref
	Fence      uint64
	Addr       Addr
	RunID      string
	Way        Way
	Considered []Seen
}

// Fallback gives a hand-over up, and seizes.
type Fallback struct {
	Ref
	Fence uint64
	Why   string
}

// Promoted says that the candidate was seen to be a primary. From this entry on its address answers for the name.
type Promoted struct {
	Ref
	Fence uint64
}

// Abort ends a failover that has promoted nothing. Where nobody could be promoted, Considered says why each could not.
type Abort struct {
	Ref
	Fence      uint64
	Why        string
	Considered []Seen
}

// End ends a failover that has: every replica in reach follows the new primary, or the time for it is over.
type End struct {
	Ref
	Fence    uint64
	TimedOut bool
}

// Lineage says that the primary at Addr has a history of the name ID: its replication id, which its replicas take
// together with its data. It is kept so that also a sentinel that never heard the primary knows whose data is whose.
type Lineage struct {
	Ref
	Addr Addr // whose history it is; one about an earlier address is refused
	ID   string
}

// kind numbers the records on the wire. A number is never used again for something else.
type kind uint64

const (
	kindWatch kind = iota + 1
	kindUnwatch
	kindForget
	kindReport
	kindWithdraw
	kindDown
	kindUp
	kindIntent
	kindTakeover
	kindCandidate
	kindFallback
	kindPromoted
	kindAbort
	kindEnd
	kindLineage
)

func (*Watch) kind() kind     { return kindWatch }
func (*Unwatch) kind() kind   { return kindUnwatch }
func (*Forget) kind() kind    { return kindForget }
func (*Report) kind() kind    { return kindReport }
func (*Withdraw) kind() kind  { return kindWithdraw }
func (*Down) kind() kind      { return kindDown }
func (*Up) kind() kind        { return kindUp }
func (*Intent) kind() kind    { return kindIntent }
func (*Takeover) kind() kind  { return kindTakeover }
func (*Candidate) kind() kind { return kindCandidate }
func (*Fallback) kind() kind  { return kindFallback }
func (*Promoted) kind() kind  { return kindPromoted }
func (*Abort) kind() kind     { return kindAbort }
func (*End) kind() kind       { return kindEnd }
func (*Lineage) kind() kind   { return kindLineage }

// blank is an empty record of a kind, nil for a kind that this version does not know.
func blank(k kind) Record {
	switch k {
	case kindWatch:
		return &Watch{}
	case kindUnwatch:
		return &Unwatch{}
	case kindForget:
		return &Forget{}
	case kindReport:
		return &Report{}
	case kindWithdraw:
		return &Withdraw{}
	case kindDown:
		return &Down{}
	case kindUp:
		return &Up{}
	case kindIntent:
		return &Intent{}
	case kindTakeover:
		return &Takeover{}
	case kindCandidate:
		return &Candidate{}
	case kindFallback:
		return &Fallback{}
	case kindPromoted:
		return &Promoted{}
	case kindAbort:
		return &Abort{}
	case kindEnd:
		return &End{}
	case kindLineage:
		return &Lineage{}
	}
	return nil
}
