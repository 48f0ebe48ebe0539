package engine

import (
	"math"

	"valkey/frontend/command"
	"valkey/frontend/session"
)

// PauseActions are what a pause holds back.
type PauseActions uint8

// The actions of a pause.
const (
	PauseWrites PauseActions = 1 << iota // commands that may change or publish something
	PauseAll                             // every command
	PauseExpire
	PauseEvict
	PauseReplicas // the stream is not added to beside what commands change
)

// PauseReason is who holds clients back. Each does for itself; what any of them holds back is held back.
type PauseReason uint8

// The reasons of a pause.
const (
	PauseByClient PauseReason = iota
	PauseForShutdown
	PauseForFailover
	pauseReasons
)

var pauseReasonNames = [pauseReasons]string{"client_pause", "shutdown_in_progress", "failover_in_progress"}

// pauseState are the pauses in force.
type pauseState struct {
	actions PauseActions // of all
	by      [pauseReasons]pause
	handing bool // writers are held, though this server is a replica by now, until the last pause ends
}

type pause struct {
	actions PauseActions
	until   int64 // Unix ms
}

// pausing is what a pause for a reason holds back beside commands.
const pausing = PauseExpire | PauseEvict | PauseReplicas

// Pause holds clients back until a time. A pause that stands is never shortened nor weakened by another.
func (e *Engine) Pause(untilMs int64, all bool) {
	actions := PauseWrites | pausing
	if all || e.paused(PauseAll) && e.pause.by[PauseByClient].actions&PauseAll != 0 {
		actions = PauseAll | pausing
	}
	e.pauseFor(PauseByClient, untilMs, actions)
}

// PauseFor holds writes back until UnpauseFor.
func (e *Engine) PauseFor(r PauseReason) { e.pauseFor(r, math.MaxInt64, PauseWrites|pausing) }

// HoldWriters has what is paused now hold writers back instead of READONLY, which comes first otherwise.
func (e *Engine) HoldWriters() { e.pause.handing = e.paused(PauseWrites) }

// handing tells whether writers are held by HoldWriters. A pause whose time is over ends here.
func (e *Engine) handing() bool { return e.pause.handing && e.paused(PauseWrites) }

func (e *Engine) pauseFor(r PauseReason, untilMs int64, actions PauseActions) {
	p := &e.pause.by[r]
	p.actions = actions
	p.until = max(p.until, untilMs)
	e.pause.actions |= actions
}

// Unpause ends the pause of clients; whoever was postponed runs.
func (e *Engine) Unpause() { e.UnpauseFor(PauseByClient) }

// UnpauseFor ends the pause for a reason.
func (e *Engine) UnpauseFor(r PauseReason) {
	s := &e.pause
	was := s.actions
	s.by[r] = pause{}
	s.actions = 0
	for _, p := range s.by {
		s.actions |= p.actions
	}
	s.handing = s.handing && s.actions&PauseWrites != 0
	if s.actions != was { // else another pause goes on: a server turned replica meanwhile must not answer READONLY
		e.blocked.resumeAll = true // what is still held back is postponed again
	}
}

// PauseInfo gives the state for INFO: the reason, actions ("none", "all", "write") and milliseconds left of the pause
// that lasts longest.
func (e *Engine) PauseInfo() (reason, actions string, leftMs int64) {
	held := PauseAll
	switch {
	case e.paused(PauseAll):
		actions = "all"
	case e.paused(PauseWrites):
		held, actions = PauseWrites, "write"
	default:
		return "none", "none", 0
	}
	until := int64(-1)
	for r, p := range e.pause.by {
		if p.actions&held != 0 && p.until > until {
			until, reason = p.until, pauseReasonNames[r]
		}
	}
	return reason, actions, max(0, until-e.NowMs())
}

// pausedUntil is when the first pause ends.
func (e *Engine) pausedUntil() int64 {
	until := int64(math.MaxInt64)
	for _, p := range e.pause.by {
		if p.actions != 0 {
			until = min(until, p.until)
		}
	}
	return until
}

// Paused reports whether any of the actions is held back now.
func (e *Engine) Paused(a PauseActions) bool { return e.paused(a) }

// paused reports whether any of the actions is held back now; a pause whose time is over ends here.
func (e *Engine) paused(a PauseActions) bool {
	if e.pause.actions&a == 0 {
		return false
	}
	for r, p := range e.pause.by {
		if p.actions != 0 && e.NowMs() >= p.until {
			e.UnpauseFor(PauseReason(r))
		}
	}
	return e.pause.actions&a != 0
}

// pausedFor reports whether a command with these flags (for EXEC: and its queue's) has to wait.
func (e *Engine) pausedFor(flags uint64) bool {
	if e.paused(PauseAll) {
		return true
	}
	return command.Flag(flags)&(command.Write|command.MayReplicate) != 0 && e.paused(PauseWrites)
}

// postpone keeps a command until the pause ends; it then runs from the beginning.
func (e *Engine) postpone(c *Call) {
	argv, n := session.CopyArgv(c.Argv)
	c.Client.ArgvBytes = n
	c.Client.Block = &session.Block{Kind: session.BlockPostponed, Argv: argv, StartedNs: c.StartNs}
	e.blocked.postponed = append(e.blocked.postponed, c.Client)
}
