package ledger

import (
	"fmt"
	"slices"
	"strings"
)

// epochStepMax bounds what one sentinel's memory of an epoch, which anybody who can send it a command can raise, may
// add to the group's, so that no forged number brings the epochs near their end.
const epochStepMax = 1 << 32

// epochMax is above every epoch that a configuration may bring along.
const epochMax = Epoch(1) << 62

// open finds the primary that a record is about, for a proposer that watches it.
func (l *Ledger) open(e *entry, r Ref) (*Primary, error) {
	p := l.primaries[r.Name]
	switch {
	case p == nil:
		return nil, refuse("nobody watches %q", r.Name)
	case p.Incarnation != r.Incarnation:
		return nil, refuse("%q is incarnation %d, not %d", r.Name, p.Incarnation, r.Incarnation)
	case !p.Watches(e.by):
		return nil, refuse("%s does not watch %q", e.by, r.Name)
	}
	return p, nil
}

// drive finds the failover that a record moves on, for the driver that holds its fence.
func (l *Ledger) drive(e *entry, r Ref, fence uint64, states ...State) (*Primary, error) {
	p, err := l.open(e, r)
	switch {
	case err != nil:
		return nil, err
	case p.Failover == nil:
		return nil, refuse("no failover of %q is going on", r.Name)
	case p.Failover.Driver != e.by || p.Failover.Fence != fence:
		return nil, refuse("%s at fence %d drives, not %s at %d", p.Failover.Driver, p.Failover.Fence, e.by, fence)
	case !slices.Contains(states, p.Failover.State):
		return nil, refuse("the failover of %q is in state %d", r.Name, p.Failover.State)
	}
	return p, nil
}

// note stores the next value of a primary, and the decision in its history.
func (l *Ledger) note(e *entry, r Record, was Addr, next *Primary, what string, detail string) {
	before := l.primaries[next.Name]
	l.store(e, r, was, next)
	if len(next.Watchers) == 0 {
		return // closed, and its history with it
	}
	d := Decision{Index: e.index, At: e.at, By: e.by, What: what, Detail: detail[:min(len(detail), nameBytesMax)]}
	switch {
	case next.Failover != nil:
		d.Epoch = next.Failover.Epoch
	case before != nil && before.Failover != nil:
		d.Epoch = before.Failover.Epoch
	default:
		d.Epoch = next.ConfigEpoch
	}
	l.remember(next.Name, d)
}

func (r *Watch) apply(l *Ledger, e *entry) error {
	p := l.primaries[r.Name]
	switch {
	case r.Name == "" || e.by == "" || r.Addr.Host == "" || r.Addr.Port == 0:
		return refuse("a watch without a name, an address or a watcher")
	case r.ConfigEpoch > epochMax:
		return refuse("config epoch %d is above the limit", r.ConfigEpoch)
	case p == nil && len(l.primaries) >= primariesMax:
		return refuse("%d primaries are watched, which is the limit", primariesMax)
	case p != nil && len(p.Watchers) >= listMax && !p.Watches(e.by):
		return refuse("%q has %d watchers, which is the limit", r.Name, listMax)
	}
	if p == nil {
		// The configuration of an earlier incarnation, which a sentinel that was away may still have, is not newer.
		next := &Primary{
			Ref: Ref{Name: r.Name, Incarnation: e.index}, Addr: r.Addr, ConfigEpoch: max(r.ConfigEpoch, l.closed),
			Watchers: []string{e.by},
		}
		l.epoch = max(l.epoch, r.ConfigEpoch)
		l.note(e, r, Addr{}, next, "open", r.Addr.String())
		return nil
	}
	// A configuration that a failover outside the group made is newer than what the group has agreed.
	newer := r.ConfigEpoch > p.ConfigEpoch && p.Failover == nil
	next, what, detail := p.clone(), "watch", p.Addr.String()
	if i, found := slices.BinarySearch(next.Watchers, e.by); !found {
		next.Watchers = slices.Insert(next.Watchers, i, e.by)
	} else if !newer {
		return refuse("%s watches %q already", e.by, r.Name)
	}
	if newer {
		next.ConfigEpoch = r.ConfigEpoch
		l.epoch = max(l.epoch, r.ConfigEpoch)
		if r.Addr != p.Addr {
			next.Addr, next.Down, next.Reports, next.evidence = r.Addr, nil, nil, nil
			what, detail = "adopt", fmt.Sprintf("%s, which config epoch %d names", r.Addr, r.ConfigEpoch)
		}
	}
	l.note(e, r, p.Addr, next, what, detail)
	return nil
}

func (r *Unwatch) apply(l *Ledger, e *entry) error {
	p, err := l.open(e, r.Ref)
	if err != nil {
		return err
	}
	out := []string{e.by}
	if !slices.ContainsFunc(p.Watchers, func(w string) bool { return w != e.by && !slices.Contains(r.Absent, w) }) {
		out = p.Watchers
	}
	l.withdraw(e, r, p, out, "unwatch")
	return nil
}

func (r *Forget) apply(l *Ledger, e *entry) error {
	if r.Member == e.by {
		return refuse("%s forgets itself", e.by)
	}
	found := false
	for _, p := range l.Primaries() {
		if p.Watches(r.Member) {
			l.withdraw(e, r, p, []string{r.Member}, "forget")
			found = true
		}
	}
	if !found {
		return refuse("%s watches nothing", r.Member)
	}
	return nil
}

// withdraw takes watchers out, and their reports with them.
func (l *Ledger) withdraw(e *entry, r Record, p *Primary, out []string, what string) {
	next := p.clone()
	for _, id := range out {
		next.dropReport(id)
	}
	next.Watchers = slices.DeleteFunc(next.Watchers, func(w string) bool { return slices.Contains(out, w) })
	l.note(e, r, p.Addr, next, what, strings.Join(out, ", "))
}

// apply keeps the latest histories. It is no decision: history does not tell of it.
func (r *Lineage) apply(l *Ledger, e *entry) error {
	p, err := l.open(e, r.Ref)
	switch {
	case err != nil:
		return err
	case r.Addr != p.Addr:
		return refuse("%q is at %s, the history is of %s", r.Name, p.Addr, r.Addr)
	case r.ID == "" || len(r.ID) > LineageBytesMax:
		return refuse("a history whose name has %d bytes", len(r.ID))
	case slices.Contains(p.Lineages, r.ID):
		return refuse("%q is known to have had the history %s", r.Name, r.ID)
	}
	next := p.clone()
	next.Lineages = append([]string{r.ID}, p.Lineages[:min(len(p.Lineages), lineagesMax-1)]...)
	l.store(e, r, p.Addr, next)
	return nil
}

func (r *Report) apply(l *Ledger, e *entry) error {
	p, err := l.open(e, r.Ref)
	switch {
	case err != nil:
		return err
	case r.Addr != p.Addr:
		return refuse("%q is at %s, the report is about %s", r.Name, p.Addr, r.Addr)
	case p.Reported(e.by):
		return refuse("%s reports %q already", e.by, r.Name)
	}
	next := p.clone()
	i, _ := slices.BinarySearch(next.Reports, e.by)
	next.Reports = slices.Insert(next.Reports, i, e.by)
	next.evidence = slices.Insert(next.evidence, i, standing{
		By: e.by, Index: e.index, At: e.at, Reason: r.Reason, Silence: r.Silence,
	})
	l.note(e, r, p.Addr, next, "report", fmt.Sprintf("%s, silent for %d ms", r.Reason, r.Silence.Milliseconds()))
	return nil
}

func (r *Withdraw) apply(l *Ledger, e *entry) error {
	p, err := l.open(e, r.Ref)
	switch {
	case err != nil:
		return err
	case !p.Reported(e.by):
		return refuse("%s does not report %q", e.by, r.Name)
	}
	next := p.clone()
	next.dropReport(e.by)
	l.note(e, r, p.Addr, next, "withdraw", "")
	return nil
}

func (r *Down) apply(l *Ledger, e *entry) error {
	p, err := l.open(e, r.Ref)
	switch {
	case err != nil:
		return err
	case p.Down != nil:
		return refuse("%q is agreed to be down already", r.Name)
	case r.Quorum < 1 || len(r.Counted) < r.Quorum:
		return refuse("%d reports do not reach a quorum of %d", len(r.Counted), r.Quorum)
	case !slices.Contains(r.Counted, e.by):
		return refuse("%s does not find %q down itself", e.by, r.Name)
	}
	counted := slices.Clone(r.Counted)
	slices.Sort(counted)
	if len(slices.Compact(slices.Clone(counted))) != len(counted) {
		return refuse("a sentinel is counted twice")
	}
	for _, id := range counted {
		if !p.Reported(id) {
			return refuse("%s does not report %q", id, r.Name)
		}
	}
	next := p.clone()
	next.Down = &Verdict{Index: e.index, At: e.at, By: e.by, Quorum: r.Quorum, Counted: counted}
	l.note(e, r, p.Addr, next, "odown", fmt.Sprintf("quorum %d/%d: %s", len(counted), r.Quorum, p.account(counted)))
	return nil
}

// account is the evidence of the reports that were counted, as history tells it.
func (p *Primary) account(counted []string) string {
	var parts []string
	for _, s := range p.evidence {
		if has(counted, s.By) {
			parts = append(parts, fmt.Sprintf("%s (%s, %d ms)", s.By, s.Reason, s.Silence.Milliseconds()))
		}
	}
	return strings.Join(parts, ", ")
}

func (r *Up) apply(l *Ledger, e *entry) error {
	p, err := l.open(e, r.Ref)
	switch {
	case err != nil:
		return err
	case p.Down == nil:
		return refuse("%q is not agreed to be down", r.Name)
	}
	next := p.clone()
	next.Down = nil
	l.note(e, r, p.Addr, next, "-odown", "")
	return nil
}

func (r *Intent) apply(l *Ledger, e *entry) error {
	p, err := l.open(e, r.Ref)
	switch {
	case err != nil:
		return err
	case p.Failover != nil:
		return refuse("a failover of %q is going on", r.Name)
	case r.Kind == Automatic && p.Down == nil:
		return refuse("%q is not agreed to be down", r.Name)
	}
	l.epoch = max(l.epoch, min(r.EpochSeen, l.epoch+epochStepMax)) + 1
	next := p.clone()
	next.Failover = &Failover{
		Epoch: l.epoch, Kind: r.Kind, Driver: e.by, Fence: e.index, From: p.Addr, Index: e.index,
	}
	l.note(e, r, p.Addr, next, "failover", [...]string{"automatic", "forced", "coordinated"}[r.Kind])
	return nil
}

func (r *Takeover) apply(l *Ledger, e *entry) error {
	p, err := l.open(e, r.Ref)
	switch {
	case err != nil:
		return err
	case p.Failover == nil:
		return refuse("no failover of %q is going on", r.Name)
	case p.Failover.Fence != r.Fence:
		return refuse("the fence is %d, not %d", p.Failover.Fence, r.Fence)
	}
	next := p.clone()
	next.Failover.Driver, next.Failover.Fence = e.by, e.index
	l.note(e, r, p.Addr, next, "takeover", fmt.Sprintf("from %s: %s", p.Failover.Driver, r.Why))
	return nil
}

func (r *Candidate) apply(l *Ledger, e *entry) error {
	p, err := l.drive(e, r.Ref, r.Fence, Choosing)
	switch {
	case err != nil:
		return err
	case r.Addr.Host == "" || r.Addr.Port == 0 || r.Addr == p.Addr:
		return refuse("%s cannot follow %s", r.Addr, p.Addr)
	case r.Way == Seize && p.Failover.Kind == Coordinated:
		return refuse("a coordinated failover hands over or ends")
	}
	next := p.clone()
	f := next.Failover
	f.State, f.Candidate, f.RunID, f.Way, f.Index = Promoting, r.Addr, r.RunID, r.Way, e.index
	way := [...]string{"seize", "hand-over"}[r.Way]
	l.note(e, r, p.Addr, next, "candidate", fmt.Sprintf("%s by %s of [%s]", r.Addr, way, listSeen(r.Considered)))
	return nil
}

// listSeen is what was considered, as history tells it.
func listSeen(list []Seen) string {
	var parts []string
	for _, s := range list {
		part := fmt.Sprintf("%s priority %d offset %d", s.Addr, s.Priority, s.Offset)
		if s.History > 0 {
			part += fmt.Sprintf(" of a history %d before the last", s.History)
		}
		if s.Excluded != "" {
			part += " excluded: " + s.Excluded
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func (r *Fallback) apply(l *Ledger, e *entry) error {
	p, err := l.drive(e, r.Ref, r.Fence, Promoting)
	switch {
	case err != nil:
		return err
	case p.Failover.Way != HandOver || p.Failover.Kind == Coordinated:
		return refuse("there is no hand-over to give up")
	}
	next := p.clone()
	next.Failover.Way, next.Failover.Fellback, next.Failover.Index = Seize, r.Why, e.index
	l.note(e, r, p.Addr, next, "fallback", r.Why)
	return nil
}

func (r *Promoted) apply(l *Ledger, e *entry) error {
	p, err := l.drive(e, r.Ref, r.Fence, Promoting)
	if err != nil {
		return err
	}
	next := p.clone()
	f := next.Failover
	next.Addr, next.ConfigEpoch = f.Candidate, f.Epoch
	next.Down, next.Reports, next.evidence = nil, nil, nil
	f.State, f.Index = Following, e.index
	l.note(e, r, p.Addr, next, "promoted", fmt.Sprintf("%s in place of %s", f.Candidate, f.From))
	return nil
}

func (r *Abort) apply(l *Ledger, e *entry) error {
	p, err := l.drive(e, r.Ref, r.Fence, Choosing, Promoting)
	if err != nil {
		return err
	}
	why := r.Why
	if len(r.Considered) > 0 {
		why += " of [" + listSeen(r.Considered) + "]"
	}
	l.finish(e, r, p, "abort", why)
	return nil
}

func (r *End) apply(l *Ledger, e *entry) error {
	p, err := l.drive(e, r.Ref, r.Fence, Following)
	if err != nil {
		return err
	}
	why := "every replica in reach follows"
	if r.TimedOut {
		why = "the time for it is over"
	}
	l.finish(e, r, p, "end", why)
	return nil
}

// finish closes the failover.
func (l *Ledger) finish(e *entry, r Record, p *Primary, what, why string) {
	next := p.clone()
	next.Failover = nil
	l.note(e, r, p.Addr, next, what, why)
}
