package netloop

import (
	"slices"

	"valkey/internal/invariant"
)

// touch is one connection's part in a round.
type touch struct {
	conn   *Conn
	data   []byte // what was parsed, from the first byte not executed
	parsed int    // bytes that the round's commands take
	seen   int    // bytes parsed, empty requests at the end included
	own    bool   // data is the connection's query buffer
	again  bool   // there is more to parse without reading
}

// run executes what has been collected, then writes the replies and closes what is to be closed.
func (l *Loop) run() {
	l.notified = l.inbox.takeNotified(l.notified[:0])
	l.growing, l.grown = l.grown, l.growing[:0]
	l.growing = slices.DeleteFunc(l.growing, func(c *Conn) bool {
		c.flags &^= inGrown
		return c.flags&closed != 0
	})
	if len(l.commands) > 0 || len(l.notified) > 0 || len(l.growing) > 0 {
		l.round = Round{Loop: l, Commands: l.commands, Notified: l.notified, Grown: l.growing}
		l.server.handler.Run(&l.round)
	}
	for i := range l.touched {
		l.settle(&l.touched[i])
	}
	l.queuePulled()
	l.flushAll()
	l.closeAll()
	l.reset()
}

// settle keeps what a connection's part in the round has left: a torn request, and commands that were not executed.
func (l *Loop) settle(t *touch) {
	c := t.conn
	waiting := c.flags&refused != 0 || t.again
	c.flags &^= inRound | refused
	if c.flags&closed != 0 {
		return
	}
	consumed := t.seen
	if c.taken != t.parsed {
		invariant.Check(c.taken >= 0 && c.taken < t.parsed, "netloop: %d of %d bytes executed", c.taken, t.parsed)
		consumed = c.taken
		c.parser.Reset() // its position was behind what now comes first
	}
	switch rest := t.data[consumed:]; {
	case t.own:
		l.consume(c, consumed)
	case len(rest) > 0:
		l.keep(c, rest)
	}
	if c.flags&failed != 0 {
		c.CloseAfterFlush()
	}
	if waiting && c.flags&held == 0 {
		l.queueBacklog(c)
	}
}

// reset forgets the round. Slots are cleared where they would keep something large or dead alive.
func (l *Loop) reset() {
	clear(l.touched)
	l.touched = l.touched[:0]
	clear(l.commands)
	l.commands = l.commands[:0]
	if cap(l.argv) > argvKept {
		l.argv = nil
	}
	clear(l.argv)
	l.argv = l.argv[:0]
	clear(l.notified)
	clear(l.late)
	clear(l.growing)
	if invariant.Enabled { // an argument that was kept is found out
		for i := range l.shared[:l.sharedUsed] {
			l.shared[i] = 0xdb
		}
	}
	l.sharedUsed = 0
	l.round = Round{}
}

// queueBacklog has c's query buffer parsed in the next round, without waiting for its socket.
func (l *Loop) queueBacklog(c *Conn) {
	if c.flags&inBacklog == 0 {
		c.flags |= inBacklog
		l.backlog = append(l.backlog, c)
	}
}

// parseBacklog parses what was left over and may be executed now.
func (l *Loop) parseBacklog() {
	l.backlog, l.parsing = l.parsing[:0], l.backlog
	for i, c := range l.parsing {
		l.parsing[i] = nil
		c.flags &^= inBacklog
		if c.flags&(closed|closing|held|inRound) == 0 && c.queued() > 0 {
			l.parse(c, c.in[c.start:], true)
		}
	}
}
