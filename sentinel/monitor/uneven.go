package monitor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// uneven tells the operator when the members of the group do not watch the same primaries. All of them decide, and be
// it by their absence, so sentinels that watch other fleets belong into other groups.
type uneven struct {
	m     *Monitor
	slot  slot
	text  string        // how they differ, "" when they do not
	since time.Duration // they differ in this way
	said  time.Duration // it was told last; 0: not yet
}

// touch makes it be looked at in this Step.
func (u *uneven) touch() { u.m.due.set(&u.slot, u.m.now) }

// run tells of a difference that has lasted, and from then on once a while. A primary is told to one sentinel after the
// other, and a member that joins has the others know what it watches a moment later.
func (u *uneven) run() {
	now := u.m.now
	if text := u.m.differences(); text != u.text {
		u.text, u.since, u.said = text, now, 0
	}
	if u.text == "" {
		return
	}
	next := u.since + noteEvery
	if u.said != 0 {
		next = u.said + remindEvery
	}
	if next <= now {
		u.said, next = now, now+remindEvery
		u.m.do(Note{Warning, "the sentinels of this group do not watch the same primaries: " + u.text +
			". All of them decide about each; fleets that differ want groups of their own"})
	}
	u.m.due.set(&u.slot, next)
}

// differences are the primaries that not all members watch.
func (m *Monitor) differences() string {
	if !m.standing.Formed {
		return ""
	}
	var out []string
	for name, p := range m.agreed {
		missing := slices.DeleteFunc(slices.Clone(m.standing.Members), p.Watches)
		if len(missing) > 0 {
			out = append(out, fmt.Sprintf("%s is not watched by %s", name, strings.Join(missing, ", ")))
		}
	}
	slices.Sort(out)
	if more := len(out) - unevenMax; more > 0 {
		out = append(out[:unevenMax], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, "; ")
}
