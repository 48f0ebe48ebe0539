package repl

import "strings"

// Verdict is the answer to a replica that wants to go on where its link broke.
type Verdict int

// The verdicts.
const (
	Continue       Verdict = iota
	OtherHistory           // it has a history that is not ours
	BeyondSecond           // it has the one before ours, and more of it than we have
	NoBacklog              // nothing is kept
	OutsideBacklog         // what it misses is not kept, or it has more than there is
)

// Can decides on PSYNC: whether a replica that has the history id, and asks for what begins at a wire offset, can go
// on from there.
func (h *History) Can(id string, offset int64) Verdict {
	switch {
	case strings.EqualFold(id, h.id):
	case !strings.EqualFold(id, h.id2):
		return OtherHistory
	case offset > h.second:
		return BeyondSecond
	}
	switch {
	case h.tail == nil:
		return NoBacklog
	case !h.holds(offset - 1):
		return OutsideBacklog
	}
	return Continue
}
