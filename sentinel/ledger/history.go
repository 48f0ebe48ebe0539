package ledger

import (
	"cmp"
	"slices"
)

// size is what a decision takes of a snapshot, at most.
func (d *Decision) size() int { return len(d.By) + len(d.What) + len(d.Detail) + decisionOverhead }

// remember adds a decision to a primary's history, which keeps the last of them.
func (l *Ledger) remember(name string, d Decision) {
	h := append(l.history[name], d)
	l.historyBytes += d.size()
	if len(h) > historyMax {
		h = l.dropped(h, len(h)-historyMax)
	}
	l.history[name] = h
	if l.historyBytes > l.historyLimit {
		l.trim()
	}
}

// dropped is a history without its first n decisions.
func (l *Ledger) dropped(h []Decision, n int) []Decision {
	for i := range n {
		l.historyBytes -= h[i].size()
	}
	return slices.Clone(h[n:])
}

// trim drops the oldest decisions of all primaries together, an eighth at a time: where there are very many primaries,
// their histories would make a snapshot that nobody can send. Only the agreed state counts, so all members do it alike.
func (l *Ledger) trim() {
	type old struct {
		index uint64
		size  int
	}
	var all []old
	for _, h := range l.history {
		for i := range h {
			all = append(all, old{h[i].Index, h[i].size()})
		}
	}
	slices.SortFunc(all, func(a, b old) int { return cmp.Compare(a.index, b.index) })
	last := uint64(0)
	for left := l.historyBytes; left > l.historyLimit-l.historyLimit/8; all = all[1:] {
		left -= all[0].size
		last = all[0].index
	}
	for name, h := range l.history {
		n := slices.IndexFunc(h, func(d Decision) bool { return d.Index > last })
		if n < 0 {
			n = len(h)
		}
		if n > 0 {
			l.history[name] = l.dropped(h, n)
		}
	}
}
