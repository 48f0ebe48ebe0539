package server

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"valkey/frontend/netloop"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
	"valkey/server/repl"
)

// feeding is what the server knows as a primary. Guarded by the engine lock.
type feeding struct {
	sent       atomic.Uint64 // to replicas
	acked      bool          // a replica, or the append-only file, has got further
	grownTo    int64         // where the stream ended at the last look
	inFile     int64         // where the append-only file was at the last look
	aloneMs    int64         // since when nobody follows
	nextCronMs int64
	emptyStart bool // there was no data at the start, and none was copied since
	jobEnded   bool // a snapshot is over: replicas may have waited for that
	crons      int64

	nextFailoverMs int64

	awaited   map[uint64]*awaited // by the client that gets the snapshot
	awaitTime time.Duration

	bySave       *fullSync // that goes through the data file; nil if none does
	fileIsTheirs bool      // the data file was made for replicas only
}

// replicationCronMs is how often the links to replicas are looked after.
const replicationCronMs = 1000

// failoverCronMs is how often a failover that waits is looked after.
const failoverCronMs = 100

// follower is a client that copies this server, as the shell sees it: session.Stream.
type follower struct {
	client *session.Client
	conn   *netloop.Conn
	outlet *repl.Outlet
	reader *repl.Reader // its place in the stream; nil before its snapshot begins
	onAck  bool         // the stream begins with its next acknowledgement
	doomed bool         // it is closed once it has been told why

	// While its snapshot is made and sent.
	sinceMs int64     // when it asked
	sync    *fullSync // nil before and after
	piece   *repl.TransferReader
	file    *fileFeed
	movedMs int64 // when it last took something, as far as the cron has seen
	movedAt int64 // and where it was then
}

// Behind is what the follower has not taken of the stream.
func (f *follower) Behind() (bytes, blocks int) {
	if f.reader == nil {
		return 0, 0
	}
	return f.reader.Behind()
}

// Taken is how much it was sent.
func (f *follower) Taken() uint64 { return f.outlet.Taken() }

func followerOf(cl *session.Client) *follower {
	f, _ := cl.Replica.Stream.(*follower)
	return f
}

// replicaName names a replica in the log.
func replicaName(cl *session.Client) string {
	if port := cl.Replica.Port; port != 0 {
		return fmt.Sprintf("%s:%d", engine.ReplicaAddress(cl), port)
	}
	return fmt.Sprintf("client id #%d", cl.ID)
}

func (s *Server) note(format string, args ...any) { s.log.Info().Msg(fmt.Sprintf(format, args...)) }

func (s *Server) warn(format string, args ...any) { s.log.Warn().Msg(fmt.Sprintf(format, args...)) }

// feedReplicas lets effects go to the stream, or not: a replica passes on what its primary sends.
func (s *Server) feedReplicas() {
	e := s.engine
	if !s.isReplica() && (s.history.Active() || e.AOF != nil) {
		e.Replicas = s.history
	} else {
		e.Replicas = nil
	}
}

// Replication is INFO's.
func (h host) Replication() engine.Replication {
	s := h.s
	return engine.Replication{
		Primary: s.primaryLink(), Failover: s.failoverState(), SentBytes: s.feeding.sent.Load(),
		WaitingPSync: len(s.feeding.awaited),
		ReadBytes:    uint64(s.inputBytes.Load()), FileOffset: s.appending.log.Synced(),
	}
}

// Synchronize is PSYNC and SYNC.
func (h host) Synchronize(cl *session.Client, y engine.Sync) error {
	s := h.s
	conn, ok := cl.Link.(*netloop.Conn)
	if !ok {
		return engine.ErrSyntax
	}
	if y.Failover {
		if err := s.takeOver(cl, y.ID); err != nil {
			return err
		}
	}
	if err := s.mayFollow(cl); err != nil {
		return err
	}
	s.note("Replica %s asks for synchronization", replicaName(cl))
	if y.WrongOffset != nil {
		s.warn("Replica %s asks for synchronization but with a wrong offset", replicaName(cl))
		return y.WrongOffset
	}
	if s.config.ReplDisableTcpNodelay {
		conn.SetNoDelay(false)
	}
	f := &follower{client: cl, conn: conn, outlet: repl.NewOutlet(&s.feeding.sent)}
	cl.Replica.OldSync = y.Old
	if !y.Old {
		if s.goesOn(cl, y) {
			s.resume(f, y.Offset)
			return nil
		}
		if !strings.HasPrefix(y.ID, "?") {
			s.engine.Stats.PartialSyncsRefused++
		}
		if cl.Replica.DualChannel {
			s.note("Replica %s is capable of dual channel synchronization, and partial sync isn't possible. Full sync "+
				"will continue with dedicated RDB channel.", replicaName(cl))
			cl.W.Simple("DUALCHANNELSYNC")
			return nil
		}
	}
	return s.copyTo(f)
}

// mayFollow says why a client cannot copy this server now.
func (s *Server) mayFollow(cl *session.Client) error {
	r := cl.Replica
	link := s.primaryLink()
	switch {
	case s.failoverState() != noFailover:
		return resp.Error("NOMASTERLINK Can't SYNC while failing over")
	case link != nil && !link.Up:
		return resp.Error("NOMASTERLINK Can't SYNC while not connected with my master")
	case cl.OutputBytes() > 0:
		return engine.Errorf("SYNC and PSYNC are invalid with pending output")
	case (r.NoData || r.NoFunctions) && !r.EOF:
		return engine.Errorf("Filtered replica requires EOF capability")
	}
	return nil
}

// goesOn decides whether a replica can follow from where its history ends, and logs why not.
func (s *Server) goesOn(cl *session.Client, y engine.Sync) bool {
	h := s.history
	second, upTo := h.Second()
	switch h.Can(y.ID, y.Offset) {
	case repl.Continue:
		return true
	case repl.OtherHistory:
		if strings.HasPrefix(y.ID, "?") {
			s.note("Full resync requested by replica %s", replicaName(cl))
		} else {
			s.note("Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '%s', "+
				"my replication IDs are '%s' and '%s')", y.ID, h.ID(), second)
		}
	case repl.BeyondSecond:
		s.note("Partial resynchronization not accepted: Requested offset for second ID was %d, "+
			"but I can reply up to %d", y.Offset, upTo)
	case repl.NoBacklog:
		s.note("Unable to partial resync with replica %s for lack of backlog (Replica request was: %s:%d).",
			replicaName(cl), y.ID, y.Offset)
	case repl.OutsideBacklog:
		s.note("Unable to partial resync with replica %s for lack of backlog (Replica request was %s:%d, "+
			"and I can only reply with the range [%d, %d]).", replicaName(cl), y.ID, y.Offset, h.First(),
			h.First()+h.Len())
		if y.Offset > h.Offset() {
			s.warn("Warning: replica %s tried to PSYNC with an offset (%d) that is greater than the primary "+
				"replication offset (%d)", replicaName(cl), y.Offset, h.Offset())
		}
	}
	return false
}

// resume has a replica follow from a wire offset on. It knows which database the stream has selected there.
func (s *Server) resume(f *follower, offset int64) {
	cl, e := f.client, s.engine
	cl.Replica.AckMs = e.NowMs()
	cl.Replica.Stream = f
	if cl.Replica.PSync2 {
		f.outlet.Say("+CONTINUE " + s.history.ID() + "\r\n")
	} else {
		f.outlet.Say("+CONTINUE\r\n")
	}
	f.reader = s.history.Read(offset - 1)
	f.outlet.Switch(f.reader)
	f.conn.SetSource(f.outlet)
	state := session.ReplicaOnline
	if s.joined(cl.Replica.RDBClient) {
		state = session.ReplicaLoads
	}
	e.Follow(cl, state)
	e.Stats.PartialSyncs++
	e.RefreshGoodReplicas()
	behind, _ := f.reader.Behind()
	s.note("Partial resynchronization request from %s accepted. Sending %d bytes of backlog starting from offset %d.",
		replicaName(cl), behind, offset)
}

// Acknowledged is told that a replica has said how far it is.
func (h host) Acknowledged(cl *session.Client) {
	s, f := h.s, followerOf(cl)
	s.feeding.acked = true
	if cl.Replica.State == session.ReplicaWaitEnd { // it may have seen the end before we did
		s.lookAfterSyncs()
	}
	if f != nil && cl.Replica.State == session.ReplicaLoads {
		s.putOnline(f)
	}
	if f != nil && f.onAck && cl.Replica.State == session.ReplicaOnline {
		s.startStream(f)
	}
}

// startStream sends a replica what has been kept for it since its snapshot.
func (s *Server) startStream(f *follower) {
	f.onAck = false
	if s.history.Offset() == 0 { // so that the offset says that it is there
		s.history.Append(engine.AnyDB, wirePing)
	}
	f.outlet.Switch(f.reader)
	f.conn.Pull()
}

var (
	wirePing   = resp.AppendCommand(nil, "PING")
	wireGetAck = resp.AppendCommand(nil, "REPLCONF", "GETACK", "*")
)

// Dropped is told that a replica is gone.
func (h host) Dropped(cl *session.Client) {
	s, f := h.s, followerOf(cl)
	if f != nil {
		f.conn.SetSource(nil)
		if f.reader != nil && !s.postpone(cl.ID) {
			s.history.End(f.reader)
		}
		s.leaveSync(f)
	}
	if len(s.engine.Followers) == 0 {
		s.feeding.aloneMs = s.engine.NowMs()
	}
	s.engine.RefreshGoodReplicas()
}

// dropReplicas closes the links to all replicas. They come back and ask how to go on.
func (s *Server) dropReplicas() {
	for _, cl := range slices.Clone(s.engine.Followers) {
		s.engine.Kill(cl)
	}
	for id := range s.feeding.awaited {
		s.forsake(id)
	}
}

// replicationTask is the task of every batch: what it has added to the stream goes out.
func (s *Server) replicationTask(nowMs int64) (nextMs int64, more bool) {
	r, e, h := &s.feeding, s.engine, s.history
	s.feedReplicas()
	if nowMs >= r.nextCronMs {
		r.nextCronMs = nowMs + replicationCronMs
		s.replicationCron()
	}
	if r.jobEnded {
		r.jobEnded = false
		s.startPending()
	}
	if s.failover.state == failoverWaiting {
		if r.acked || nowMs >= r.nextFailoverMs {
			s.failoverCron()
			r.nextFailoverMs = nowMs + failoverCronMs
		}
		nextMs = r.nextFailoverMs
	}
	if len(e.Followers) > 0 && e.TakeAcksWanted() {
		s.askReplicas()
	}
	if h.TakeGrown() {
		for _, cl := range slices.Backward(e.Followers) { // one may be closed on the way
			f := followerOf(cl)
			if f == nil || f.reader == nil {
				continue
			}
			if f.reader.Offset() < r.grownTo { // what this batch has added, nobody has had a chance to take
				e.CheckOutput(cl)
			}
			if cl.CloseASAP {
				s.forsake(cl.ID)
			}
			f.conn.Pull()
		}
		r.grownTo = h.Offset()
	}
	h.Trim()
	s.lookAfterSyncs()
	if e.AOF != nil {
		if at := s.appending.log.Synced(); at != r.inFile {
			r.inFile, r.acked = at, true
		}
	}
	if r.acked {
		r.acked = false
		e.RefreshGoodReplicas()
		e.CheckReplicaWaits()
	}
	if nextMs == 0 || r.nextCronMs < nextMs {
		nextMs = r.nextCronMs
	}
	return nextMs, false
}

// askReplicas asks how far they are, unless the stream must not grow.
func (s *Server) askReplicas() {
	if len(s.engine.Followers) > 0 && !s.isReplica() && !s.engine.Paused(engine.PauseReplicas) {
		s.history.Append(engine.AnyDB, wireGetAck)
	}
}

// replicationCron looks after the links once a second.
func (s *Server) replicationCron() {
	r, e, c := &s.feeding, s.engine, s.config
	if r.crons%c.ReplPingReplicaPeriod == 0 && len(e.Followers) > 0 && !s.isReplica() &&
		!(s.failover.endMs > 0 && e.Paused(engine.PauseReplicas)) { // the target would never be where we are
		s.history.Append(engine.AnyDB, wirePing)
	}
	r.crons++
	for _, cl := range slices.Backward(e.Followers) {
		rep := cl.Replica
		if rep.State == session.ReplicaOnline && !rep.OldSync && s.secondsSince(rep.AckMs) > c.ReplTimeout {
			s.warn("Disconnecting timedout replica (streaming sync): %s", replicaName(cl))
			e.Kill(cl)
			continue
		}
		if f := followerOf(cl); f != nil {
			s.keepAlive(f)
		}
	}
	s.startPending()
	s.forsakeLate()
	s.removeSyncFile()
	h := s.history
	if len(e.Followers) == 0 && c.ReplBacklogTtl > 0 && h.Active() && !s.isReplica() && !s.loading.on &&
		s.secondsSince(r.aloneMs) > c.ReplBacklogTtl {
		// Without a backlog the offset means nothing, so nobody may come back with the old id.
		h.Renew()
		h.Stop()
		s.note("Replication backlog freed after %d seconds without connected replicas.", c.ReplBacklogTtl)
	}
	e.RefreshGoodReplicas()
	e.CheckReplicaWaits() // the append-only file may have been switched off
}

// keepAlive tells a replica that waits for its snapshot that it is not forgotten, and drops one that takes nothing of
// it and so keeps others waiting.
func (s *Server) keepAlive(f *follower) {
	r := f.client.Replica
	switch {
	case f.doomed:
	case r.State == session.ReplicaWaitStart, r.State == session.ReplicaWaitEnd && f.piece == nil:
		f.outlet.Say("\n")
		f.conn.Pull()
	case r.State == session.ReplicaWaitEnd:
		if at := f.piece.Offset(); at != f.movedAt || !f.piece.Waits() || f.movedMs == 0 {
			f.movedAt, f.movedMs = at, s.engine.NowMs()
		} else if s.secondsSince(f.movedMs) > s.config.ReplTimeout {
			s.warn("Disconnecting timedout replica (full sync): %s", replicaName(f.client))
			s.engine.Kill(f.client)
		}
	}
}

func (s *Server) secondsSince(ms int64) int64 { return s.engine.NowMs()/1000 - ms/1000 }

// lagging reports whether a replica lacks something that it may still get before the server ends.
func (s *Server) lagging() bool {
	for _, cl := range s.engine.Followers {
		if cl.Replica.AckOffset != s.history.Offset() {
			return true
		}
	}
	return false
}

// tellLagging logs what replicas lack when the server ends.
func (s *Server) tellLagging() {
	lagging := 0
	for _, cl := range s.engine.Followers {
		r := cl.Replica
		if r.AckOffset == s.history.Offset() {
			continue
		}
		lagging++
		seconds := int64(0)
		if r.State == session.ReplicaOnline {
			seconds = s.secondsSince(r.AckMs)
		}
		s.note("Lagging replica %s reported offset %d behind master, lag=%d, state=%s.", replicaName(cl),
			s.history.Offset()-r.AckOffset, seconds, r.State)
	}
	if n := len(s.engine.Followers); n > 0 {
		s.note("%d of %d replicas are in sync when shutting down.", n-lagging, n)
	}
}
