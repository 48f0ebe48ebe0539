package engine

import (
	"slices"
	"strings"

	"valkey/frontend/session"
)

// Replication is how replication stands at a moment, as far as only the shell knows.
type Replication struct {
	Primary *PrimaryLink // nil on a primary

	Failover     string // no-failover, waiting-for-sync, failover-in-progress
	WaitingPSync int    // snapshots on a connection of their own whose replica has yet to ask for the stream
	SentBytes    uint64 // to replicas since the start
	ReadBytes    uint64 // from primaries since the start
	FileOffset   int64  // of the stream, up to which the append-only file holds it for good
}

// Sync is what a client asks for with PSYNC or SYNC.
type Sync struct {
	Old         bool   // SYNC: no partial copies, no acknowledgements
	ID          string // of the history that it has
	Offset      int64  // where it wants to go on, counted from 1
	WrongOffset error  // in place of that
	Failover    bool   // it asks this server to become the primary first
}

// FailoverOptions are FAILOVER's words. Without a host any replica will do.
type FailoverOptions struct {
	Host      string
	Port      int
	Force     bool
	TimeoutMs int64 // 0 for ever
}

// RequestAcks has the replicas be asked how far they are when the batch ends, once for all who wait.
func (e *Engine) RequestAcks() { e.acksWanted = true }

// TakeAcksWanted reports whether somebody asked for that since the last call.
func (e *Engine) TakeAcksWanted() bool {
	w := e.acksWanted
	e.acksWanted = false
	return w
}

// Follow makes a client one of those that copy this server.
func (e *Engine) Follow(c *session.Client, state session.ReplicaState) {
	c.Replica.State = state
	e.Followers = append(e.Followers, c)
}

// unfollow takes it out again. Its state stays: it is going.
func (e *Engine) unfollow(c *session.Client) {
	i := slices.Index(e.Followers, c)
	if i < 0 {
		return
	}
	e.Followers = slices.Delete(e.Followers, i, i+1)
	e.Host.Dropped(c)
}

// Acked counts the replicas that have executed the stream up to an offset.
func (e *Engine) Acked(offset int64) (n int64) {
	for _, c := range e.Followers {
		if c.Replica.State == session.ReplicaOnline && c.Replica.AckOffset >= offset {
			n++
		}
	}
	return n
}

// AckedInFile counts the replicas whose append-only file holds the stream up to an offset for good.
func (e *Engine) AckedInFile(offset int64) (n int64) {
	for _, c := range e.Followers {
		if c.Replica.State == session.ReplicaOnline && c.Replica.AckFileOffset >= offset {
			n++
		}
	}
	return n
}

// GoodReplicas counts those that min-replicas-to-write counts: online, and heard of lately.
func (e *Engine) GoodReplicas() (n int64) {
	for _, c := range e.Followers {
		lag := e.NowMs()/1000 - c.Replica.AckMs/1000
		if c.Replica.State == session.ReplicaOnline && lag <= e.Config.MinReplicasMaxLag {
			n++
		}
	}
	return n
}

// RefreshGoodReplicas opens or closes the gate of min-replicas-to-write.
func (e *Engine) RefreshGoodReplicas() {
	c := e.Config
	e.SetGate(GateFewReplicas, c.MinReplicasToWrite > 0 && c.MinReplicasMaxLag > 0 && !e.Gated(GateReplica) &&
		e.GoodReplicas() < c.MinReplicasToWrite)
}

// checkFollower ends a replica that got a reply: its link carries the stream, where a reply would be taken for a part
// of it.
func (e *Engine) checkFollower(c *Call, mark int) {
	cl := c.Client
	if !cl.IsReplica() || len(cl.W.Buf) <= mark || cl.CloseASAP || cl.CloseAfter {
		return
	}
	cl.W.Buf = cl.W.Buf[:mark]
	e.Host.Log(session.LogWarning, "Replica generated a reply to command '"+cl.LastCommand+"', disconnecting it: "+
		e.ClientForLog(cl))
	cl.Kill()
}

// ReplicaAddress is the address of a replica as it announced it, or that of its connection.
func ReplicaAddress(c *session.Client) string {
	if c.Replica.Address != "" {
		return c.Replica.Address
	}
	if c.Link == nil {
		return ""
	}
	addr := c.Link.Remote()
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		addr = addr[:i]
	}
	return strings.Trim(addr, "[]")
}
