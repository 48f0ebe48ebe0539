package server

import "time"

// A task is a part's work between batches: it runs on a loop's thread under the engine lock, at the end of every
// round and tick, and must return within a fraction of a millisecond. It gives the Unix time in milliseconds of its
// next deadline, 0 for none, and whether it has more to do right now.
type task func(nowMs int64) (nextMs int64, more bool)

// after ends a batch, engine lock held: what the engine has left to do, and every task.
func (s *Server) after() (nextMs int64, more bool) {
	nextMs, more = s.engine.After()
	for _, t := range s.tasks {
		next, again := t(s.engine.NowMs())
		if next > 0 && (nextMs == 0 || next < nextMs) {
			nextMs = next
		}
		more = more || again
	}
	return nextMs, more
}

// commit makes what a batch has changed as durable as its replies promise. It runs outside the engine lock and before
// the replies are written.
func (s *Server) commit() {
	for _, f := range s.commits {
		f()
	}
}

// locked runs f as a batch of its own: from any goroutine but those of the loops.
func (s *Server) locked(f func()) {
	e := s.engine
	e.Lock()
	e.Begin(time.Now())
	f()
	e.Unlock()
	s.commit()
	s.loops.Wake() // ends the batch: a tick runs the tasks, and what clients are sent goes out
}
