package engine

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Gate is a state of the server in which some commands are refused. The shell sets and clears them as its parts
// change state; while none is set, a command pays one comparison.
type Gate uint8

// The gates.
const (
	GateLoading      Gate = 1 << iota // the data is being loaded
	GateAsyncLoading                  // data is being loaded beside the one that is served
	GateReplica                       // the server copies a primary
	GateStale                         // and its link to the primary is down
	GateDisk                          // what is written cannot be made durable; see SetDiskError
	GateFewReplicas                   // fewer replicas are near than min-replicas-to-write asks for
)

// SetGate opens or closes gates.
func (e *Engine) SetGate(g Gate, on bool) {
	if on {
		e.gates |= g
	} else {
		e.gates &^= g
	}
	if g&(GateLoading|GateAsyncLoading) != 0 {
		e.own = nil // the keys are, or are about to be, those of a primary or a file
	}
}

// Gated reports whether any of some gates is set.
func (e *Engine) Gated(g Gate) bool { return e.gates&g != 0 }

// SetDiskError sets the error that writes are refused with as long as they cannot be made durable; nil ends that.
func (e *Engine) SetDiskError(err error) {
	e.diskError = err
	e.SetGate(GateDisk, err != nil)
}

// refusedEarly is the part of admission that Valkey has between memory and subscriptions. A client that is obeyed is
// the primary, or the append-only file: its commands were taken elsewhere already.
func (e *Engine) refusedEarly(c *Call, flags command.Flag) error {
	write := flags.Has(command.Write)
	obeyed := c.Client.Obeyed
	switch {
	case e.Gated(GateDisk) && !obeyed && (write || c.Cmd.Name == "ping" && c.Cmd.Parent == nil):
		return e.diskError
	case e.Gated(GateDisk) && obeyed && write && c.Client.Link != nil:
		e.obeyedInVain()
	case e.Gated(GateFewReplicas) && write && !obeyed:
		return ErrNoReplicas
	case e.Gated(GateReplica) && write && !obeyed && e.Config.ReplicaReadOnly && !e.handing():
		return ErrReadOnly
	}
	return nil
}

// obeyedInVain: a replica whose disk fails either ends, so that nobody relies on it, or goes on as its configuration
// says, and says so now and then.
func (e *Engine) obeyedInVain() {
	if !e.Config.ReplicaIgnoreDiskWriteErrors {
		panic("a replica cannot write to its disk what its primary sends, and replica-ignore-disk-write-errors is no")
	}
	if now := e.NowMs(); now >= e.diskWarningMs {
		e.diskWarningMs = now + diskWarningPeriodMs
		e.Host.Log(session.LogWarning, "Replica is applying a command even though it is unable to write to disk.")
	}
}

const diskWarningPeriodMs = 10_000

// refusedLate is the part that comes after subscriptions.
func (e *Engine) refusedLate(c *Call, flags, all command.Flag) error {
	switch {
	case e.Gated(GateStale) && !e.Config.ReplicaServeStaleData && !all.Has(command.Stale):
		return ErrPrimaryDown
	case e.Gated(GateLoading) && !all.Has(command.Loading):
		return ErrLoading
	case e.Gated(GateAsyncLoading) && flags.Has(command.NoAsyncLoading):
		return ErrLoading
	}
	return nil
}

// failoverInProgress is the state in which both sides of a failover are replicas: INFO's word.
const failoverInProgress = "failover-in-progress"

// turnAway tells a client to go to the primary. While the role is being handed over there is none: it would be sent
// back, so it waits.
func (e *Engine) turnAway(c *Call, err error) bool {
	switch {
	case e.Host.Replication().Failover == failoverInProgress:
		e.postpone(c)
	case c.Cmd.Name == "exec" && c.Cmd.Parent == nil:
		e.PerCommand[c.Cmd.ID].Rejected++
		e.Discard(c.Client)
		e.fail(c, err)
	default:
		e.reject(c, err)
	}
	return false
}

// redirect is the answer of a replica to a client that said it follows redirections (CLIENT CAPA redirect); nil if
// the command may run here.
func (e *Engine) redirect(cl *session.Client, flags command.Flag) error {
	if !cl.Redirect || cl.Obeyed || !e.Gated(GateReplica) ||
		!flags.Has(command.Write) && (!flags.Has(command.Readonly) || cl.ReadOnly) {
		return nil
	}
	return errRedirect(e.Host.Primary())
}
