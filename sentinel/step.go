package sentinel

import (
	"errors"
	"time"

	"valkey/frontend/session"
	"valkey/sentinel/link"
	"valkey/sentinel/monitor"
)

// ErrCrashed is what Serve returns where SENTINEL SIMULATE-FAILURE wants a crash: the process is to end at once.
var ErrCrashed = errors.New("sentinel: crashed, as SENTINEL SIMULATE-FAILURE asked for")

// enter takes the lock, for anybody but a command; leave releases it.
func (s *Sentinel) enter() {
	s.front.Lock()
	s.front.Begin(time.Now())
}

func (s *Sentinel) leave() { s.front.Unlock() }

// now is the monitor's time.
func (s *Sentinel) now() time.Duration { return time.Since(s.began) }

// step gives the monitor news, and does what it wants done.
func (s *Sentinel) step(ev monitor.Event) {
	if s.ended {
		return
	}
	for _, a := range s.monitor.Step(ev, s.now()) {
		if s.perform(a); s.crashed {
			return
		}
	}
	if d := s.monitor.Deadline(); d != 0 {
		s.wake.Reset(max(d-s.now(), 0))
	}
}

// tick is the monitor's deadline.
func (s *Sentinel) tick() {
	s.enter()
	defer s.leave()
	s.step(monitor.Tick{})
}

// perform does one thing. None of it waits.
func (s *Sentinel) perform(a monitor.Action) {
	switch a := a.(type) {
	case monitor.Connect:
		s.links.SetDialer(s.dialer())
		s.links.Connect(link.Target{
			Link: uint64(a.Link), Role: link.Role(a.Conn), Host: a.Addr.Host, Port: a.Addr.Port, Setup: a.Setup,
		})
	case monitor.Disconnect:
		s.links.Disconnect(uint64(a.Link), link.Role(a.Conn))
	case monitor.Send:
		s.links.Send(uint64(a.Link), a.Seq, a.Commands) // if it is not up, its LinkDown is under way
	case monitor.Resolve:
		s.links.Resolve(a.Host)
	case monitor.Propose:
		s.propose(a)
	case monitor.Confirm:
		s.confirm(a)
	case monitor.Emit:
		s.emit(a)
	case monitor.Note:
		s.logs.Line(logLevels[a.Level], a.Text)
	case monitor.Script:
		s.runScript(append([]string{a.Path}, a.Args...))
	case monitor.Save:
		s.save()
	case monitor.Answer:
		s.answered(a)
	case monitor.Crash:
		s.log.Warn().Msg("Failure simulation: this Sentinel crashes")
		s.crashed, s.ended = true, true
		s.stop()
	}
}

// logLevels are the monitor's levels as the log has them.
var logLevels = [...]int{
	monitor.Debug: session.LogDebug, monitor.Verbose: session.LogVerbose, monitor.Notice: session.LogNotice,
	monitor.Warning: session.LogWarning,
}

// emit tells of an event, in the log and to those who listen to the channel of its name.
func (s *Sentinel) emit(e monitor.Emit) {
	s.logs.Line(logLevels[e.Level], e.Name+" "+e.Payload)
	if e.Level != monitor.Debug {
		s.front.Publish([]byte(e.Name), []byte(e.Payload))
	}
}

// eventsPerHold is how many events of links are taken in one hold of the lock.
const eventsPerHold = 64

// followLinks hands over what comes from links until ctx ends.
func (s *Sentinel) followLinks() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case e := <-s.links.Events():
			s.takeEvents(e)
		}
	}
}

// takeEvents takes an event, and those that are there already.
func (s *Sentinel) takeEvents(e link.Event) {
	s.enter()
	defer s.leave()
	for range eventsPerHold {
		if s.links.Take(e) {
			s.takeEvent(e)
		}
		select {
		case e = <-s.links.Events():
		default:
			return
		}
	}
	if s.links.Take(e) {
		s.takeEvent(e)
	}
}

func (s *Sentinel) takeEvent(e link.Event) {
	id, conn := monitor.LinkID(e.Link), monitor.Conn(e.Role)
	switch e.Kind {
	case link.Up:
		s.localIP = e.Text
		s.step(monitor.LinkUp{Link: id, Conn: conn, LocalIP: e.Text})
	case link.Down:
		s.step(monitor.LinkDown{Link: id, Conn: conn, Reason: e.Text})
	case link.Reply:
		s.step(monitor.Reply{Link: id, Seq: e.Seq, Text: e.Text, Items: e.Items})
	case link.Message:
		s.step(monitor.HelloHeard{Link: id, Payload: e.Text})
	case link.Resolved:
		s.step(monitor.Resolved{Host: e.Host, IP: e.Text})
	}
}
