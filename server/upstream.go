package server

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"valkey/configs"
	"valkey/frontend/session"
	"valkey/server/engine"
	"valkey/server/repl/link"
)

// upstream is the primary that this server copies, and the work of copying it: link.Follower. It lasts from a REPLICAOF
// to the next one, over as many connections as it takes; a goroutine of its own runs them one after the other. Its
// fields are guarded by the engine lock but for those that say otherwise.
type upstream struct {
	s        *Server
	address  configs.HostPort
	ctx      context.Context    // until there is another primary
	cancel   context.CancelFunc // nil until it begins
	state    upstreamState
	failover bool // the primary is asked to take over first

	link      *link.Link
	client    *session.Client // executes the stream; nil unless connected
	legacy    bool            // the primary counts no offsets
	ahead     int64           // bytes received and not yet part of the history
	held      []byte          // of them, those of a transaction whose EXEC is to come
	waited    bool            // the next command waited for a pause to end: it has run, or is about to
	ackWanted bool
	sync      link.Answer // what the full copy that is under way will be
	window    []engine.Prepared
	wake      chan struct{} // holds one signal that the client may go on; more are the same signal

	guard guard

	applied, durable atomic.Int64 // what is acknowledged
	timeoutMs        atomic.Int64
	reserveMax       atomic.Int64
	syncTotal        int64
	syncRead         atomic.Int64
}

// Tries begin so far apart: some time where the primary refused the replica, hardly any where it served it, as what is
// missing may not be kept for long.
const (
	retryRefused = time.Second
	retryServed  = 20 * time.Millisecond
)

// errReplaced ends a link whose primary is no longer the server's.
var errReplaced = errors.New("server: the server follows another primary now")

// run follows the primary until ctx ends.
func (u *upstream) run() {
	ctx := u.ctx
	for {
		began := time.Now()
		served, err := u.attempt(ctx)
		if ctx.Err() != nil {
			return
		}
		apart := retryRefused
		if served {
			apart = retryServed
		}
		wait := max(apart-time.Since(began), 0)
		u.s.log.Info().Err(err).Str("primary", u.addressText()).Int64("retry_ms", wait.Milliseconds()).
			Msg("The link to the primary is down")
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// attempt is one connection. It reports whether the primary got as far as a copy or a stream.
func (u *upstream) attempt(ctx context.Context) (served bool, err error) {
	s := u.s
	var l *link.Link
	if err := u.locked(func() error {
		u.state = stateConnecting
		u.setLimits()
		dial := s.dialer(u.address)
		l = link.New(u, func(ctx context.Context) (net.Conn, error) {
			s.note("Connecting to PRIMARY %s", u.addressText())
			return dial(ctx)
		})
		u.link = l
		return nil
	}); err != nil {
		return false, err
	}
	err = l.Run(ctx)
	_ = u.locked(func() error { // replaced: then there is nothing to put down
		served = u.state == stateSync || u.state == stateConnected
		if u.state != stateSync && u.state != stateConnected && link.IsSilent(err) {
			s.warn("Timeout connecting to the PRIMARY...")
		}
		u.disconnect(err)
		return nil
	})
	return served, err
}

// locked runs f under the engine lock, unless the server has turned to another primary.
func (u *upstream) locked(f func() error) (err error) {
	u.s.locked(func() {
		if u.s.upstream != u {
			err = errReplaced
			return
		}
		err = f()
	})
	return err
}

// leave ends the work for good. The engine lock is held.
func (u *upstream) leave() {
	u.cancel()
	u.disconnect(nil)
}

// disconnect puts down what belongs to a connection: what has been executed stays, what has not is forgotten. The
// engine lock is held.
func (u *upstream) disconnect(err error) {
	s := u.s
	if cl := u.client; cl != nil {
		u.client = nil
		var corrupt *link.StreamError
		s.resumption = resumption{possible: !u.legacy && !errors.As(err, &corrupt), db: cl.DB}
		s.engine.Disconnect(cl)
		s.downMs = s.engine.NowMs()
	}
	if u.link != nil {
		var held int64
		held, s.reservePeak = s.reserve()
		s.engine.Stats.ReserveDropped += uint64(held / link.ReserveBlock)
	}
	u.state, u.link = stateConnect, nil
	u.ahead, u.held, u.waited = 0, nil, false
	u.syncTotal = 0
	s.engine.SetGate(engine.GateStale, true)
}

// setLimits follows the directives that a link asks for without the lock.
func (u *upstream) setLimits() {
	c := u.s.config
	u.timeoutMs.Store(c.ReplTimeout * 1000)
	u.reserveMax.Store(c.ClientOutputBufferLimit[configs.OutputReplica].Hard)
}

// ReserveMax is link.Follower's. As in Valkey, who limits what replicas may leave with a primary limits what they take.
func (u *upstream) ReserveMax() int64 { return u.reserveMax.Load() }

// Timeout is link.Follower's.
func (u *upstream) Timeout() time.Duration {
	return time.Duration(u.timeoutMs.Load()) * time.Millisecond
}

// Introduce is link.Follower's.
func (u *upstream) Introduce() (who link.Introduction) {
	_ = u.locked(func() error { // replaced: the connection is closed already
		u.state = stateHandshake
		who = u.s.introduction()
		who.Failover = u.failover
		return nil
	})
	return who
}

// Note is link.Follower's.
func (u *upstream) Note(text string) { u.s.note("%s", text) }

// Claimed is link.Follower's.
func (u *upstream) Claimed() { u.s.stopAtCopy() }

// Answered is link.Follower's.
func (u *upstream) Answered(a link.Answer) error {
	return u.locked(func() error {
		s := u.s
		if u.failover {
			u.failover = false
			s.failoverAnswered(a.Verdict != link.Legacy && a.Verdict != link.Later)
		}
		u.legacy = a.Verdict == link.Legacy
		switch a.Verdict {
		case link.Continue:
			return u.goOn(a)
		case link.FullSync, link.Legacy:
			if err := u.admit(a); err != nil {
				return err
			}
			if !s.resumption.possible {
				s.note("There is nothing that a partial resynchronization could go on from")
			}
			u.state, u.sync = stateSync, a
			u.syncTotal = 0
			u.syncRead.Store(0)
		case link.DualChannel, link.Later, link.Undecided:
		}
		return nil
	})
}

// errUnasked: a primary that goes on where nothing is would leave this server with half a data set.
var errUnasked = errors.New("server: the primary goes on with a history that this replica does not have")

// goOn takes up the stream where it was left.
func (u *upstream) goOn(a link.Answer) error {
	s := u.s
	if !s.resumption.possible {
		return errUnasked
	}
	s.note("Successful partial resynchronization with primary.")
	if a.ID != "" && a.ID != s.history.ID() {
		s.note("Primary replication ID changed to %s", a.ID)
		s.history.Follow(a.ID)
		s.dropReplicas() // they have to hear of it
	}
	s.history.Activate()
	s.note("PRIMARY <-> REPLICA sync: Primary accepted a Partial Resynchronization.")
	return nil
}

// Stream is link.Follower's: the client that executes the stream comes to be.
func (u *upstream) Stream(conn net.Conn) error {
	return u.locked(func() error {
		s := u.s
		cl := &session.Client{Obeyed: true}
		cl.Link = &primaryConn{conn: conn, client: cl, wake: u.wake, ahead: &u.ahead}
		s.engine.Connect(cl)
		s.engine.Stats.Connections--          // nobody connected to this server
		cl.User, cl.Authenticated = nil, true // it may do everything
		cl.DB = s.resumption.db
		u.client = cl
		u.guard = guard{followed: true}
		u.store()
		return nil
	})
}

// Current is link.Follower's: the data is the primary's.
func (u *upstream) Current() error {
	return u.locked(func() error {
		u.state = stateConnected
		u.s.downMs = 0
		u.s.engine.SetGate(engine.GateStale, false)
		return nil
	})
}

// store notes what is to be acknowledged.
func (u *upstream) store() {
	u.durable.Store(link.NoOffset)
	if u.legacy {
		u.applied.Store(link.NoOffset)
		return
	}
	u.durable.Store(u.s.durableOffset())
	u.applied.Store(u.s.history.Offset())
}

// Position is link.Follower's.
func (u *upstream) Position() (applied, durable int64) { return u.applied.Load(), u.durable.Load() }

// errLinkKilled means that somebody has closed the link with CLIENT KILL.
var errLinkKilled = errors.New("server: the link was closed by CLIENT KILL")

// Apply is link.Follower's. The lock is held for a bounded time, again and again.
func (u *upstream) Apply(b *link.Batch) error {
	u.s.inputBytes.Add(int64(len(b.Raw)))
	for at, done := 0, 0; at < len(b.Commands); {
		var blocked, ack bool
		if err := u.locked(func() error {
			if u.client == nil || u.client.CloseASAP {
				return errLinkKilled
			}
			u.ahead = int64(len(u.held) + len(b.Raw) - done + b.Pending)
			n, size := u.execute(b.Commands[at:], b.Raw[done:])
			at, done = at+n, done+size
			u.ahead = int64(len(u.held) + len(b.Raw) - done + b.Pending)
			blocked = u.client.Block != nil
			ack, u.ackWanted = u.ackWanted, false
			u.store()
			return nil
		}); err != nil {
			return err
		}
		if ack {
			u.link.Acknowledge()
		}
		if blocked {
			if err := u.waitForClient(u.ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdMax is how long a batch keeps others from the data.
const holdMax = 300 * time.Microsecond

// execute runs commands for a while and adds what they were to the history. It returns their number and size. One that
// has to wait is not among them: the engine runs it when the wait is over, and it is counted then.
func (u *upstream) execute(cmds []link.Command, raw []byte) (n, size int) {
	e, cl := u.s.engine, u.client
	start := e.Monotonic()
	whole := 0 // bytes of raw up to the end of a command outside of transactions, or of a transaction
	for n < len(cmds) && cl.Block == nil && !cl.CloseASAP && (n == 0 || e.Duration(start) < holdMax) {
		ahead := cmds[n:min(len(cmds), n+prepareWindow)]
		u.window = u.window[:0]
		for i := range ahead {
			u.window = append(u.window, engine.Prepared{Client: cl, Argv: ahead[i].Argv, Size: ahead[i].Size})
		}
		e.Prepare(u.window)
		for i := range u.window {
			if len(u.window[i].Argv) > 0 && !u.waited {
				e.Execute(&u.window[i])
			}
			cl.W.Buf = cl.W.Buf[:0] // a primary wants no replies
			if u.waited = cl.Block != nil; u.waited || cl.CloseASAP {
				break
			}
			n++
			size += ahead[i].Size
			if cl.Multi == nil {
				whole = size
			}
		}
	}
	u.record(raw[:size], whole)
	return n, size
}

// record adds executed bytes to the history, but those of a transaction only once it is whole: a link that breaks in
// the middle of one goes on before it.
func (u *upstream) record(raw []byte, whole int) {
	if whole > 0 {
		u.s.history.AppendRaw(u.held)
		u.s.history.AppendRaw(raw[:whole])
		u.held = u.held[:0]
	}
	u.held = append(u.held, raw[whole:]...)
	if len(u.held) == 0 && cap(u.held) > heldKept {
		u.held = nil
	}
}

// heldKept is the largest buffer that is kept for the next transaction that comes in parts.
const heldKept = 64 << 10

// waitForClient waits until the client's command has run: a pause held it back.
func (u *upstream) waitForClient(ctx context.Context) error {
	for waits := true; waits; {
		select {
		case <-ctx.Done():
			return errReplaced
		case <-u.wake:
		}
		if err := u.locked(func() error {
			if u.client == nil || u.client.CloseASAP {
				return errLinkKilled
			}
			waits = u.client.Block != nil
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
