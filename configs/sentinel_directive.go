package configs

import (
	"strings"
	"sync"
)

// SentinelDirective is one row of the sentinel's table: what may follow the word sentinel on a line.
type SentinelDirective struct {
	Name  string
	Alias string // an older name, equal in every use
	Form  string // of the value, for the sample file
	Doc   string
	State bool // the sentinel writes it, nobody else has to
	Own   bool // a stock sentinel does not know it

	kind    lineKind
	field   fieldOf // of the value; a row of a primary ignores the first
	words   []int   // how many may follow, without the name of the primary
	phase   phase
	check   func(*loader, []string) error // after the others, with the same words; nil takes all
	refused error                         // instead of the kind's own refusal; nil keeps that
	keeps   bool                          // a line with the default stays where there is one
}

// phase is when a line is read: the order of a file's lines does not matter.
type phase int

const (
	phaseGlobal  phase = iota // what later phases depend on
	phaseMonitor              // declares a primary
	phasePrimary              // speaks of a declared one, whose name comes first
)

// key is the directive as the rewriter knows it.
func (d *SentinelDirective) key() string { return "sentinel " + d.Name }

// sentinelRows is the rows in the order in which a rewrite adds their lines, and the way from every name to its row.
type sentinelRows struct {
	rows   []*SentinelDirective
	byName map[string]*SentinelDirective
}

var sentinelTable = sync.OnceValue(func() *sentinelRows {
	t := &sentinelRows{byName: map[string]*SentinelDirective{}}
	for _, topic := range [][]SentinelDirective{sentinelIdentity(), sentinelWatch(), sentinelState(), sentinelNetwork(),
		sentinelQuorum()} {
		for i := range topic {
			d := &topic[i]
			t.rows = append(t.rows, d)
			for _, name := range []string{d.Name, d.Alias} {
				if t.byName[name] != nil {
					panic("BUG: configs: two sentinel directives are called " + name)
				}
				if name != "" {
					t.byName[name] = d
				}
			}
		}
	}
	return t
})

// SentinelDirectives gives all rows. They are not to be changed.
func SentinelDirectives() []*SentinelDirective { return sentinelTable().rows }

// lookupSentinel finds a directive by either of its names, in any case; nil if there is none.
func lookupSentinel(name string) *SentinelDirective {
	return sentinelTable().byName[strings.ToLower(name)]
}

// rewriteSentinel puts the lines of a sentinel: the rows about a primary together for each, the others in their order.
func (s *Sentinel) rewriteSentinel(r *rewriter) {
	rows := SentinelDirectives()
	primariesDone := false
	for _, d := range rows {
		switch {
		case d.phase == phaseGlobal:
			d.put(r, s, nil)
		case !primariesDone:
			primariesDone = true
			for i := range s.Primaries {
				for _, d := range rows {
					if d.phase != phaseGlobal {
						d.put(r, s, &s.Primaries[i])
					}
				}
			}
		}
	}
	for _, d := range rows {
		r.blank(d.key())
	}
}

func (d *SentinelDirective) put(r *rewriter, s *Sentinel, p *MonitoredPrimary) {
	for _, l := range d.kind.lines(d.field(s, p)) {
		if !l.forced && !d.keeps {
			continue
		}
		if p != nil {
			l.text = wordText(p.Name) + " " + l.text
		}
		l.forced = l.forced && !d.Own
		r.put(d.key(), l)
	}
}
