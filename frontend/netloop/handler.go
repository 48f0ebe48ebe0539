package netloop

import (
	"errors"
	"time"

	"valkey/internal/invariant"
)

// Handler is what the loops serve. With several loops its methods are called from several goroutines at once, though
// never two at a time for one connection.
type Handler interface {
	// Open is told of a new connection, on its loop, and sets c.State. A non-nil reject is written and the connection
	// closed; Closed is then not called.
	Open(c *Conn) (reject []byte)

	// Run executes r.Commands in order, asking r.Take before each, and hands the replies over with Conn.Send. It is
	// also called without commands when connections were notified or have got a larger query buffer.
	Run(r *Round)

	// Closed is told, exactly once and on c's loop, that c is gone. What was not sent is lost.
	Closed(c *Conn)

	// Tick runs timers, on loop 0 only. It returns when it wants to be called again; that is no later than 100 ms
	// ahead.
	Tick(now time.Time) time.Time
}

// ErrQueryBuffer is the Err of a Command whose connection has sent more than the query buffer limit allows without
// making a request of it.
var ErrQueryBuffer = errors.New("netloop: query buffer limit reached")

// Command is one request. Args are slices of a read buffer that dies with the round: what is kept is copied.
type Command struct {
	Conn *Conn
	Args [][]byte
	Size int // bytes on the wire

	// Err is set when the stream cannot be read on: a *resp.ProtocolError, to be replied to, with what cannot be read as
	// the only one of Args, or ErrQueryBuffer. The loop closes the connection once the replies are written.
	Err error
}

// Round is what a loop has collected: requests, and connections that were notified. It is valid until Run returns.
type Round struct {
	Loop     *Loop
	Commands []Command
	Notified []*Conn
	Grown    []*Conn // have got a larger query buffer, for a handler that limits the memory of its clients
}

// Take reports whether command i is to be executed now and, if so, counts it as executed. It must be asked exactly once
// for each command that the handler executes, in order. It says no when the connection is held, closing, or had an
// earlier command refused in this round; the command then comes again later, or never.
func (r *Round) Take(i int) bool {
	cmd := &r.Commands[i]
	c := cmd.Conn
	outgrown := cmd.Err == ErrQueryBuffer //nolint:errorlint // never wrapped, and on the hot path
	if c.flags&(held|closing|refused) != 0 && !(outgrown && c.flags&closing == 0) {
		c.flags |= refused
		return false
	}
	c.taken += cmd.Size
	if cmd.Err != nil {
		c.flags |= failed
	}
	return true
}

// Postpone gives back command i, the last one taken of its connection, and holds the connection: after Release it comes
// again.
func (r *Round) Postpone(i int) {
	cmd := &r.Commands[i]
	c := cmd.Conn
	c.taken -= cmd.Size
	invariant.Check(c.taken >= 0, "netloop: a command is postponed that was not taken")
	c.flags |= refused
	c.flags &^= failed
	c.Hold()
}

// TakeNotified returns the connections of this loop that were notified since the round began, so that Run can send
// their replies in the same round. The slice is valid until the next call.
func (r *Round) TakeNotified() []*Conn {
	l := r.Loop
	l.late = l.inbox.takeNotified(l.late[:0])
	return l.late
}
