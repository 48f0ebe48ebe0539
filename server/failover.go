package server

import (
	"strings"

	"valkey/frontend/session"
	"valkey/server/engine"
)

// The states of a failover, as INFO shows them.
const (
	noFailover      = "no-failover"
	failoverWaiting = "waiting-for-sync"
	failoverHanding = "failover-in-progress"
)

// failover is the handing over of this server's role: it waits, writes held back, until a replica has everything, and
// then becomes that replica's replica. Guarded by the engine lock; the zero value is none.
type failover struct {
	state string
	host  string // of the target, "" while any replica will do
	port  int
	force bool
	endMs int64 // when the waiting ends, 0 never
	asked int64 // where the stream was when replicas were asked how far they are, 0 until then
}

// failoverState is how a failover stands.
func (s *Server) failoverState() string {
	if s.failover.state == "" {
		return noFailover
	}
	return s.failover.state
}

// Failover is FAILOVER.
func (h host) Failover(o engine.FailoverOptions) error {
	s := h.s
	switch {
	case s.failoverState() != noFailover:
		return engine.Errorf("FAILOVER already in progress.")
	case s.isReplica():
		return engine.Errorf("FAILOVER is not valid when server is a replica.")
	case len(s.engine.Followers) == 0:
		return engine.Errorf("FAILOVER requires connected replicas.")
	case o.Force && (o.TimeoutMs == 0 || o.Host == ""):
		return engine.Errorf("FAILOVER with force option requires both a timeout and target HOST and IP.")
	}
	if o.Host != "" {
		target := s.findFollower(o.Host, o.Port)
		if target == nil {
			return engine.Errorf("FAILOVER target HOST and PORT is not a replica.")
		}
		if target.Replica.State != session.ReplicaOnline {
			return engine.Errorf("FAILOVER target replica is not online.")
		}
		s.note("FAILOVER requested to %s:%d.", o.Host, o.Port)
	} else {
		s.note("FAILOVER requested to any replica.")
	}
	f := failover{state: failoverWaiting, host: o.Host, port: o.Port, force: o.Force}
	if o.TimeoutMs > 0 {
		f.endMs = s.engine.NowMs() + o.TimeoutMs
	}
	s.failover = f
	s.engine.PauseFor(engine.PauseForFailover)
	return nil
}

func (s *Server) findFollower(host string, port int) *session.Client {
	for _, cl := range s.engine.Followers {
		if strings.EqualFold(host, engine.ReplicaAddress(cl)) && port == cl.Replica.Port {
			return cl
		}
	}
	return nil
}

// AbortFailover is FAILOVER ABORT.
func (h host) AbortFailover() error {
	if h.s.failoverState() == noFailover {
		return engine.Errorf("No failover in progress.")
	}
	h.s.abortFailover("Failover manually aborted")
	return nil
}

// abortFailover goes on as the primary.
func (s *Server) abortFailover(why string) {
	f := s.failover
	if f.host != "" {
		s.note("FAILOVER to %s:%d aborted: %s", f.host, f.port, why)
	} else {
		s.note("FAILOVER to any replica aborted: %s", why)
	}
	if f.state == failoverHanding {
		s.promote()
	}
	s.endFailover()
}

func (s *Server) endFailover() {
	s.failover = failover{}
	s.engine.UnpauseFor(engine.PauseForFailover)
}

// failoverCron hands over as soon as a replica has everything, or the time is over. It runs ten times a second while
// a failover waits, and when a replica says how far it is.
func (s *Server) failoverCron() {
	f := &s.failover
	if f.state != failoverWaiting {
		return
	}
	if f.asked == 0 { // who is not asked says it once a second, while all writers wait
		f.asked = s.history.Offset()
		s.history.Append(engine.AnyDB, wireGetAck)
	}
	if f.endMs > 0 && f.endMs <= s.engine.NowMs() {
		if !f.force {
			s.abortFailover("Replica never caught up before timeout")
			return
		}
		s.note("FAILOVER to %s:%d time out exceeded, failing over.", f.host, f.port)
		s.handOver()
		return
	}
	var target *session.Client
	if f.host != "" {
		target = s.findFollower(f.host, f.port)
	} else {
		for _, cl := range s.engine.Followers {
			if s.hasAll(cl) {
				target = cl
				f.host, f.port = engine.ReplicaAddress(cl), cl.Replica.Port
				break
			}
		}
	}
	if target != nil && s.hasAll(target) {
		s.note("Failover target %s:%d is synced, failing over.", f.host, f.port)
		s.handOver()
	}
}

// hasAll tells whether a replica has acknowledged all that was written. The question, which is in the stream as well,
// is answered by some as they read it, and so with the offset before it.
func (s *Server) hasAll(cl *session.Client) bool {
	at := s.history.Offset()
	if at == s.failover.asked+int64(len(wireGetAck)) {
		at = s.failover.asked
	}
	return cl.Replica.AckOffset >= at
}

// handOver makes this server the target's replica, and the target the primary. Writers that come now are held like
// those that came before: READONLY would be an answer that those never see.
func (s *Server) handOver() {
	s.failover.state = failoverHanding
	s.replicate(s.failover.host, int64(s.failover.port), true)
	s.engine.HoldWriters()
}

// failoverAnswered is told whether the target of a failover has taken over.
func (s *Server) failoverAnswered(ok bool) {
	switch {
	case s.failover.state != failoverHanding:
	case ok:
		s.endFailover()
		s.engine.EndWaits()
	default:
		s.abortFailover("Failover target rejected psync request")
	}
}

// takeOver makes this replica the primary, as its primary asks.
func (s *Server) takeOver(cl *session.Client, id string) error {
	s.note("Failover request received for replid %s.", id)
	switch {
	case !s.isReplica():
		return engine.Errorf("PSYNC FAILOVER can't be sent to a master.")
	case !strings.EqualFold(id, s.history.ID()):
		return engine.Errorf("PSYNC FAILOVER replid must match my replid.")
	}
	s.promote()
	s.note("PRIMARY MODE enabled (failover request from '%s')", s.engine.ClientForLog(cl))
	return nil
}
