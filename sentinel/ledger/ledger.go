package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"valkey/internal/invariant"
)

// State is the step that a failover has reached.
type State uint8

// The states of a failover. The words of stock Sentinel for them are the monitor's matter.
const (
	Choosing  State = iota // a driver is named, and looks for a candidate
	Promoting              // the candidate is named, and is to become a primary
	Following              // the candidate is the primary; the others are told to follow it
)

// Report of a sentinel that stands, as the ledger keeps it.
type standing struct {
	By      string
	Index   uint64
	At      time.Time
	Reason  string
	Silence time.Duration
}

// Verdict is the agreement that a primary is down.
type Verdict struct {
	Index   uint64
	At      time.Time
	By      string
	Quorum  int
	Counted []string
}

// Failover is the one that is going on.
type Failover struct {
	Epoch     Epoch
	State     State
	Kind      Kind
	Driver    string // the sentinel that acts
	Fence     uint64 // the index of the entry that made it the driver
	From      Addr   // the primary that is replaced
	Candidate Addr   // from Promoting on
	RunID     string // of the candidate
	Way       Way    // from Promoting on
	Fellback  string // why a hand-over was given up
	Index     uint64 // of the entry that brought it into this state
}

// Primary is what is agreed about one watched primary. It is a value that is never changed: a later entry makes a new
// one, so that a Change may be kept and read by anybody.
type Primary struct {
	Ref
	Addr        Addr
	ConfigEpoch Epoch
	Watchers    []string  // sorted
	Lineages    []string  // the replication ids that it has had, the latest first
	Reports     []string  // the sentinels whose report stands, sorted
	Down        *Verdict  // nil: not agreed to be down
	Failover    *Failover // nil: none is going on

	evidence []standing // of Reports, in the same order
}

// Change is what one record did.
type Change struct {
	Index   uint64
	At      time.Time
	By      string
	Record  Record
	Was     Addr     // the address before; the zero Addr when the record opened the primary
	Primary *Primary // after it
	Closed  bool     // nobody watches it any more
}

// Result is the outcome of an entry: what changed, and why the rest of the entry was refused, if it was.
type Result struct {
	Changes []Change
	Err     error
}

// ErrRefused marks the refusal of a record that the state of the ledger does not allow.
var ErrRefused = errors.New("refused")

// Ledger is the state machine. The zero value is not usable; New makes an empty one.
type Ledger struct {
	index     uint64
	hash      [sha256.Size]byte
	epoch     Epoch
	closed    Epoch // the highest config epoch that a primary had when it was closed
	primaries map[string]*Primary
	history   map[string][]Decision

	historyBytes int // of all of history
	historyLimit int // of historyBytes
}

// entry is what a record may know of its surroundings, and what it leaves behind.
type entry struct {
	index   uint64
	at      time.Time
	by      string
	changes []Change
}

// New makes an empty ledger.
func New() *Ledger {
	return &Ledger{
		primaries: map[string]*Primary{}, history: map[string][]Decision{}, historyLimit: historyBytesMax,
	}
}

// Apply applies the entry at index, which must be above every index before. It never fails: an entry that is damaged
// or not allowed is an outcome too, the same one everywhere.
func (l *Ledger) Apply(index uint64, at time.Time, by string, data []byte) Result {
	invariant.Check(index > l.index, "ledger: entry %d applied after %d", index, l.index)
	e := &entry{index: index, at: at.UTC(), by: by}
	records, err := Decode(data)
	for _, r := range records {
		if err = r.apply(l, e); err != nil {
			err = fmt.Errorf("ledger: entry %d: %T: %w", index, r, err)
			break
		}
	}
	l.index = index
	l.chain(e, data, err)
	return Result{Changes: e.changes, Err: err}
}

// chain folds the entry and its outcome into the hash.
func (l *Ledger) chain(e *entry, data []byte, outcome error) {
	h := sha256.New()
	h.Write(l.hash[:])
	var n [8]byte
	at, changes, by := uint64(e.at.UnixNano()), uint64(len(e.changes)), uint64(len(e.by))
	for _, v := range []uint64{e.index, at, uint64(l.epoch), changes, by} {
		binary.BigEndian.PutUint64(n[:], v)
		h.Write(n[:])
	}
	h.Write([]byte(e.by))
	h.Write(data)
	for _, ch := range e.changes {
		p := ch.Primary
		h.Write(fmt.Appendf(nil, "%s %d %s %d\n", p.Name, p.Incarnation, p.Addr, p.ConfigEpoch))
	}
	if outcome != nil {
		h.Write([]byte{1})
	}
	h.Sum(l.hash[:0])
}

// Index is the last entry that was applied.
func (l *Ledger) Index() uint64 { return l.index }

// Hash is the chain over all entries up to Index.
func (l *Ledger) Hash() string { return hex.EncodeToString(l.hash[:]) }

// Epoch is the highest epoch that was agreed.
func (l *Ledger) Epoch() Epoch { return l.epoch }

// Primary is what is agreed about a name, nil when nobody watches it.
func (l *Ledger) Primary(name string) *Primary { return l.primaries[name] }

// Primaries are all that somebody watches, by name.
func (l *Ledger) Primaries() []*Primary {
	return slices.SortedFunc(maps.Values(l.primaries), func(a, b *Primary) int { return strings.Compare(a.Name, b.Name) })
}

// Watches tells whether a sentinel watches the primary.
func (p *Primary) Watches(id string) bool { return has(p.Watchers, id) }

// Reported tells whether a sentinel's report that the primary is down stands.
func (p *Primary) Reported(id string) bool { return has(p.Reports, id) }

// clone is the next value of the primary, free to be changed until it is stored.
func (p *Primary) clone() *Primary {
	n := *p
	n.Watchers = slices.Clone(p.Watchers)
	n.Reports = slices.Clone(p.Reports)
	n.evidence = slices.Clone(p.evidence)
	if p.Failover != nil {
		f := *p.Failover
		n.Failover = &f
	}
	return &n
}

// dropReport takes a sentinel's report out.
func (p *Primary) dropReport(id string) {
	if i, found := slices.BinarySearch(p.Reports, id); found {
		p.Reports = slices.Delete(p.Reports, i, i+1)
		p.evidence = slices.Delete(p.evidence, i, i+1)
	}
}

func has(sorted []string, id string) bool {
	_, found := slices.BinarySearch(sorted, id)
	return found
}

// refuse is the refusal of a record, with the rule that it broke.
func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// store keeps the next value of a primary and tells of it.
func (l *Ledger) store(e *entry, r Record, was Addr, next *Primary) {
	closed := len(next.Watchers) == 0
	if closed {
		l.closed = max(l.closed, next.ConfigEpoch)
		delete(l.primaries, next.Name)
		l.dropped(l.history[next.Name], len(l.history[next.Name]))
		delete(l.history, next.Name)
	} else {
		l.primaries[next.Name] = next
	}
	e.changes = append(e.changes, Change{
		Index: e.index, At: e.at, By: e.by, Record: r, Was: was, Primary: next, Closed: closed,
	})
	if invariant.Enabled {
		l.check(next)
	}
}

// check holds what must be true of every stored primary.
func (l *Ledger) check(p *Primary) {
	ordered := slices.IsSorted(p.Watchers) && slices.IsSorted(p.Reports)
	invariant.Check(ordered, "ledger: %s: lists are out of order", p.Name)
	invariant.Check(len(p.evidence) == len(p.Reports), "ledger: %s: reports without evidence", p.Name)
	invariant.Check(p.ConfigEpoch <= l.epoch, "ledger: %s: config epoch %d above %d", p.Name, p.ConfigEpoch, l.epoch)
	for _, id := range p.Reports {
		invariant.Check(p.Watches(id), "ledger: %s: %s reports and does not watch", p.Name, id)
	}
	if f := p.Failover; f != nil {
		invariant.Check(f.Epoch <= l.epoch && f.Fence > 0, "ledger: %s: failover out of order", p.Name)
		invariant.Check(f.State != Following || p.Addr == f.Candidate, "ledger: %s: follows another candidate", p.Name)
	}
}
