package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"valkey/server/aof"
	"valkey/server/engine"
	"valkey/server/snapshot"
	"valkey/store/rdb"
)

// rewriteRequest is what a rewrite is to make.
type rewriteRequest struct {
	format string
	starts bool    // the log is off until it is done
	ended  error   // nobody wants it any more
	copied *copied // the base that is there already; nil to make one
}

// copied is a copy of a primary's data in a file, which is about to become this server's data: it can be the base, too.
type copied struct {
	name string
	// adopt makes it the data, at the moment at which effects begin to be logged; the engine lock is held. It is called
	// once, whatever becomes of the log.
	adopt func() error
	done  chan struct{} // closed when it has been called
}

// rewriteIfDue starts a rewrite that was scheduled, or that the growth of the log asks for.
func (s *Server) rewriteIfDue(now int64, st aof.Status) {
	a, c := &s.appending, s.config
	if a.scheduled {
		if !s.rewriteLimited(now) {
			s.startRewrite()
		}
		return
	}
	switch {
	case !a.on, a.waiting:
		return
	case st.Doubtful && st.Err == nil:
		if !s.rewriteLimited(now) {
			s.log.Warn().Msg("A sync of the AOF had failed: what it was to make safe is written anew")
			s.startRewrite()
		}
		return
	case c.AutoAofRewritePercentage == 0, st.Size <= c.AutoAofRewriteMinSize:
		return
	}
	growth := st.Size*100/max(st.BaseSize, 1) - 100
	if growth >= c.AutoAofRewritePercentage && !s.rewriteLimited(now) {
		s.log.Info().Msg(fmt.Sprintf("Starting automatic rewriting of AOF on %d%% growth", growth))
		s.startRewrite()
	}
}

// rewriteLimited reports whether rewrites that nobody asked for by hand have to wait: each that fails leaves one more
// increment, so the waits double from a minute to an hour.
func (s *Server) rewriteLimited(now int64) bool {
	a := &s.appending
	switch {
	case a.failures < rewriteFailuresMax:
		a.delayMin, a.resumesAt = 0, 0
		return false
	case a.resumesAt == 0:
		a.delayMin = min(max(a.delayMin*2, 1), rewriteDelayMax)
		a.resumesAt = now + a.delayMin*60
		s.log.Warn().Msg(fmt.Sprintf("Background AOF rewrite has repeatedly failed and triggered the limit, will retry in "+
			"%d minutes", a.delayMin))
		return true
	case now < a.resumesAt:
		return true
	}
	a.resumesAt = 0
	return false
}

// startRewrite asks for a rewrite. From now on it counts as running.
func (s *Server) startRewrite() {
	a := &s.appending
	format := aof.FormatCommands
	if s.config.AofUseRdbPreamble {
		format = aof.FormatRDB
	}
	a.request = rewriteRequest{format: format, starts: a.waiting}
	a.rewriting, a.scheduled, a.job = true, false, nil
	a.rewrites++
	a.startedAt = s.engine.NowMs() / 1000
	s.log.Info().Msg("Background append only file rewriting started")
	s.wakeKeeper()
}

// endRewrite gives up the rewrite that runs, or is about to.
func (s *Server) endRewrite(err error) {
	a := &s.appending
	a.request.ended = err
	if a.job != nil {
		a.job.Abort(err)
	}
}

// rewrite does the rewrite that was asked for; it blocks until it is over.
func (s *Server) rewrite(ctx context.Context) {
	a := &s.appending
	var request rewriteRequest
	s.holding(func() { request = a.request })
	result, err := s.tryRewrite(ctx, request)
	s.locked(func() { s.rewritten(request, result, err) })
}

func (s *Server) tryRewrite(ctx context.Context, request rewriteRequest) (r snapshot.Result, err error) {
	a := &s.appending
	w, err := a.log.Begin(request.format, request.starts)
	switch {
	case request.copied != nil:
		err = s.baseFromCopy(w, request.copied, err)
	case err == nil:
		ended := make(chan snapshot.Result, 1)
		s.locked(func() { err = s.cutForLog(ctx, w, request, ended) })
		if err == nil {
			r = <-ended
			err = r.Err
		}
	}
	if w == nil {
		return r, err
	}
	keep := false
	s.holding(func() {
		keep = s.config.AofDisableAutoGc
		if err == nil && a.request.ended != nil {
			err = a.request.ended
		}
		if err != nil && request.starts {
			s.engine.AOF = nil
		}
	})
	if err == nil {
		if request.copied == nil {
			s.log.Info().Msg("Background AOF rewrite terminated with success")
		}
		err = w.Finish(keep)
		if err != nil && request.starts {
			s.holding(func() { s.engine.AOF = nil })
		}
	}
	if err != nil {
		w.Abort()
	}
	return r, err
}

// cutForLog is the moment of the rewrite: the snapshot has what was before it, the new increment what comes after. The
// engine lock is held.
func (s *Server) cutForLog(ctx context.Context, w *aof.Rewrite, request rewriteRequest, ended chan<- snapshot.Result,
) error {
	a := &s.appending
	switch {
	case a.request.ended != nil:
		return a.request.ended
	case ctx.Err() != nil:
		return errKilled
	}
	o := s.baseOptions(w.BaseName(), request.format)
	o.Done = func(r snapshot.Result) { ended <- r }
	job, err := s.startJob(jobRewrite, o)
	if err != nil {
		return err
	}
	a.job = job
	a.log.Mark(s.history.Offset())
	w.Switch()
	if request.starts {
		s.engine.AOF = a.log
	}
	return nil
}

// baseFromCopy gives a copy the name of a base, and makes it the data. Where err, or an error, keeps it from the first,
// the second is done nevertheless.
func (s *Server) baseFromCopy(w *aof.Rewrite, c *copied, err error) error {
	if err == nil {
		err = s.appending.log.AddBase(c.name, w.BaseName())
	}
	s.locked(func() {
		defer close(c.done)
		if aerr := c.adopt(); aerr != nil {
			err = fmt.Errorf("the copy is not taken: %w: %w", aerr, errKilled)
			return
		}
		if ended := s.appending.request.ended; err == nil && ended != nil {
			err = ended
		}
		if err == nil {
			w.Switch()
			s.engine.AOF = s.appending.log
			s.note("Reused RDB file from primary sync as AOF base file: %s", w.BaseName())
		}
	})
	return err
}

// adoptWithLog makes a copy the data, and the base of the log, which is off. It waits for the first, and reports false
// when the server ends before.
func (s *Server) adoptWithLog(c *copied) bool {
	a := &s.appending
	s.locked(func() {
		a.on, a.waiting, a.copied = true, true, c
		s.wakeKeeper()
	})
	select {
	case <-c.done:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// takeCopy makes a copy that waits what the next rewrite is about. It reports whether there is a rewrite to do.
func (a *appending) takeCopy() bool {
	if c := a.copied; c != nil {
		a.copied = nil
		a.request = rewriteRequest{format: aof.FormatRDB, starts: true, copied: c}
		a.rewriting, a.scheduled, a.job = true, false, nil
		if !a.on { // turned off since
			a.request.ended = errLogOff
		}
	}
	return a.rewriting
}

// baseOptions are the options of a snapshot that becomes a base.
func (s *Server) baseOptions(name, format string) snapshot.Options {
	folder := s.appending.folder
	s.saving.files++
	f := &snapshot.File{
		FS: s.fs, Temp: filepath.Join(folder, fmt.Sprintf("temp-rewriteaof-bg-%d.aof", s.saving.files)),
		Name: filepath.Join(folder, name), Incremental: s.config.AofRewriteIncrementalFsync,
	}
	o := s.snapshotOptions(rdb.V80, true)
	o.Out, o.Open, o.Finish = f, f.Open, f.Finish
	if format == aof.FormatCommands {
		stamp := int64(0)
		if s.config.AofTimestampEnabled {
			stamp = time.Now().Unix()
		}
		t := aof.NewTranslator(f, stamp)
		o.Compress, o.Checksum, o.Out = false, false, t
		o.Finish = func(err error) error { return f.Finish(t.Finish(err)) }
	}
	return o
}

// rewritten is the end of a rewrite; the engine lock is held.
func (s *Server) rewritten(request rewriteRequest, r snapshot.Result, err error) {
	a := &s.appending
	a.rewriting, a.job = false, nil
	if request.copied == nil {
		a.lastTook = s.engine.NowMs()/1000 - a.startedAt
		a.lastOld = r.OldBytes
	}
	switch {
	case err == nil:
		a.failed, a.failures = false, 0
		if request.starts {
			a.waiting = false
		}
		if request.copied != nil {
			break
		}
		s.log.Info().Int("keys", r.Keys).Int64("bytes", r.Bytes).Int64("longest_stall_us", r.LongestStall.Microseconds()).
			Msg("Background AOF rewrite finished successfully")
	case errors.Is(err, errKilled):
		s.log.Warn().Msg("Background AOF rewrite ended before it was done")
	default:
		a.failed = true
		a.failures++
		s.log.Warn().Err(err).Msg("Background AOF rewrite terminated with error")
	}
	if a.waiting { // a log that is to be on is tried again
		a.scheduled = true
	}
}

// firstBase saves the base of a log that begins with the server.
func (s *Server) firstBase(format string) func(folder, name string) error {
	return func(_, name string) (err error) {
		s.locked(func() {
			o := s.baseOptions(name, format)
			o.FS, o.Store, o.Spill = s.fs, s.store, s.spillName()
			var job *snapshot.Job
			if job, err = snapshot.Start(o); err == nil {
				err = job.Drain().Err
			}
		})
		return err
	}
}

var _ engine.EffectSink = (*aof.Log)(nil)
