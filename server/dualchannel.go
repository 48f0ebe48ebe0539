package server

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// A replica may take its snapshot over a connection of its own, and follow the stream over the other one meanwhile.
// It asks for the stream when it has been told, on the connection of the snapshot, where that begins; until then the
// stream from there on is kept for it, even if that connection has ended already.

// awaited is such a claim on the stream.
type awaited struct {
	follower *follower // that gets the snapshot; its reader is the claim
	untilMs  int64     // when the claim ends; 0 while the connection is there
}

// awaitTime is how long the stream is kept for a replica whose snapshot has been sent, or broken off.
const awaitTime = time.Minute

// StopAtCopies is DEBUG PAUSE-AFTER-FORK, for a server that does not fork.
func (h host) StopAtCopies(on bool) { h.s.stopsAtCopies.Store(on) }

// KeepStreams is DEBUG DELAY-RDB-CLIENT-FREE-SECONDS.
func (h host) KeepStreams(d time.Duration) { h.s.feeding.awaitTime = d }

// stopAtCopy stops the process, until somebody continues it, if that is asked for.
func (s *Server) stopAtCopy() {
	if !s.stopsAtCopies.Load() {
		return
	}
	s.note("Process is about to stop.")
	runtime.LockOSThread() // a signal to the own thread is there when the call returns
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGSTOP); err != nil {
		s.log.Warn().Err(err).Msg("The process cannot stop itself")
	}
	runtime.UnlockOSThread()
	s.note("Process has been continued.")
}

// AwaitsStream is engine.Host's.
func (h host) AwaitsStream(id uint64) bool { return h.s.feeding.awaited[id] != nil }

// awaitStream keeps the stream from a snapshot on, and tells the replica where that is.
func (s *Server) awaitStream(f *follower, y *fullSync) {
	h, id := s.history, f.client.ID
	f.reader = h.Read(y.offset)
	if s.feeding.awaited == nil {
		s.feeding.awaited = make(map[uint64]*awaited)
	}
	s.feeding.awaited[id] = &awaited{follower: f}
	s.note("Dual channel replication: Sending to replica %s RDB end offset %d and client-id %d",
		replicaName(f.client), y.offset, id)
	f.outlet.Say(fmt.Sprintf("$ENDOFF:%d %s %d %d\r\n", y.offset, h.ID(), h.DB(), id))
	h.ForceSelect()
}

// joined ends a claim: its replica follows the stream. It reports whether there was one.
func (s *Server) joined(id uint64) bool {
	a := s.feeding.awaited[id]
	if a != nil {
		s.forsake(id)
	}
	return a != nil
}

// postpone lets a claim outlive its connection for a while. It reports whether there is one.
func (s *Server) postpone(id uint64) bool {
	a := s.feeding.awaited[id]
	if a != nil && a.untilMs == 0 {
		a.untilMs = s.engine.NowMs() + s.feeding.awaitTime.Milliseconds()
	}
	return a != nil
}

// forsake ends a claim.
func (s *Server) forsake(id uint64) {
	a := s.feeding.awaited[id]
	if a == nil {
		return
	}
	delete(s.feeding.awaited, id)
	s.history.End(a.follower.reader)
	a.follower.reader = nil
}

// forsakeLate ends the claims that nobody has taken up in time.
func (s *Server) forsakeLate() {
	for id, a := range s.feeding.awaited {
		if a.untilMs > 0 && s.engine.NowMs() > a.untilMs {
			s.note("Dual channel replication: Replica main channel failed to establish PSYNC within the grace period "+
				"(%d seconds). Freeing RDB client %d.", int(s.feeding.awaitTime.Seconds()), id)
			s.forsake(id)
		}
	}
}
