package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"valkey/configs"
	"valkey/server/aof"
	"valkey/server/engine"
	"valkey/server/snapshot"
)

// appending is the append-only file as the server runs it. All but log is guarded by the engine lock.
type appending struct {
	log    *aof.Log
	folder string        // of its parts
	wake   chan struct{} // capacity 1: keepAOF has something to do

	on      bool // effects are logged, or will be
	waiting bool // for the first base: on, but nothing counts yet
	stops   bool // keepAOF has to close the log before anything else

	scheduled bool // a rewrite waits for what runs
	rewriting bool // one is asked for, or runs
	request   rewriteRequest
	job       *snapshot.Job // of it; nil before it begins
	copied    *copied       // waits to be the data and the base
	startedAt int64         // Unix seconds
	lastTook  int64         // seconds; -1: there was none
	lastOld   int64
	failed    bool // the latest did not succeed
	rewrites  int64
	failures  int64 // one after the other
	delayMin  int64 // minutes that automatic rewrites wait after so many
	resumesAt int64 // Unix seconds; 0: they do not wait

	nextCheckMs int64 // when to look for rewrites that are due
	err         error // why the log takes no writes, as last seen
}

const (
	// appendCheckMs is how often rewrites that are due are looked for.
	appendCheckMs = 100
	// rewriteFailuresMax is how many rewrites may fail one after the other before the next waits.
	rewriteFailuresMax = 3
	// rewriteDelayMax is the longest wait, in minutes.
	rewriteDelayMax = 60
)

// errLogOff ends a rewrite of a log that is turned off, or on anew.
var errLogOff = fmt.Errorf("the append-only file was turned off: %w", errKilled)

// newAppending makes the log, which is closed until the data is loaded.
func (s *Server) newAppending() error {
	folder, err := filepath.Abs(s.config.Appenddirname)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	a := &s.appending
	a.folder, a.wake = folder, make(chan struct{}, 1)
	a.lastTook = -1
	a.log = aof.New(aof.Options{
		FS: s.fs, Folder: folder, Name: s.config.Appendfilename, Log: s.tellAOF,
		Fatal: func(error) {
			os.Exit(1) // at once: a reply that leaves now would break its promise
		},
		Synced: s.aofSynced,
	})
	s.setAppendfsync()
	a.log.SetTimestamps(s.config.AofTimestampEnabled)
	s.tasks = append(s.tasks, s.appendTask)
	s.shutdown.finish = s.finishAOF
	s.commits = append(s.commits, a.log.Commit)
	c := s.config
	c.OnChange(func() error { return s.setAppendonly(c.Appendonly) }, "appendonly")
	c.OnChange(func() error { s.setAppendfsync(); return nil }, "appendfsync")
	c.OnChange(func() error { a.log.SetTimestamps(c.AofTimestampEnabled); return nil }, "aof-timestamp-enabled")
	c.OnChange(s.setAutoGC, "aof-disable-auto-gc")
	return nil
}

func (s *Server) tellAOF(warn bool, line string) {
	if warn {
		s.log.Warn().Msg(line)
	} else {
		s.log.Info().Msg(line)
	}
}

// aofSynced has those looked at who wait for the disk.
func (s *Server) aofSynced() { s.loops.Wake() }

func (s *Server) setAppendfsync() {
	policies := map[configs.Appendfsync]aof.Policy{
		configs.FsyncAlways: aof.Always, configs.FsyncEverysec: aof.Everysec, configs.FsyncNo: aof.Never,
	}
	s.appending.log.SetPolicy(policies[s.config.Appendfsync])
}

// setAutoGC removes what was kept while aof-disable-auto-gc was on.
func (s *Server) setAutoGC() error {
	if s.config.AofDisableAutoGc || s.appending.rewriting {
		return nil
	}
	if err := s.appending.log.RemoveHistory(); err != nil {
		s.log.Warn().Err(err).Msg("Replaced parts of the AOF stay")
	}
	return nil
}

// setAppendonly is CONFIG SET appendonly.
func (s *Server) setAppendonly(on bool) error {
	switch {
	case on && !s.appending.on:
		s.startAOF()
	case !on && s.appending.on:
		s.stopAOF()
	}
	return nil
}

// startAOF turns the log on: with a rewrite, since it has to hold what there is already. Effects are logged from the
// rewrite's cut on.
func (s *Server) startAOF() {
	a := &s.appending
	a.on, a.waiting = true, true
	switch {
	case a.rewriting:
		s.log.Info().Msg("AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF " +
			"and starting a rewrite now.")
		s.endRewrite(errLogOff)
		a.scheduled = true
	case s.engine.InExec():
		s.log.Info().Msg("AOF was enabled during a transaction. An AOF background was scheduled to start when possible.")
		a.scheduled = true
	case s.jobRunning():
		s.log.Info().Msg("AOF was enabled but there is already another background operation. An AOF background was " +
			"scheduled to start when possible.")
		a.scheduled = true
	default:
		s.startRewrite()
	}
}

// stopAOF turns the log off.
func (s *Server) stopAOF() {
	a := &s.appending
	if !a.on {
		return
	}
	a.on, a.waiting, a.stops = false, false, true
	s.engine.AOF = nil
	if a.scheduled {
		a.scheduled = false
		s.log.Info().Msg("AOF was disabled but there is a scheduled AOF background, cancel it.")
	}
	if a.rewriting {
		s.log.Info().Msg("Killing the running AOF rewrite, which is no child process")
		s.endRewrite(errLogOff)
	}
	s.wakeKeeper()
}

// restartAOF turns a log on again that stopAOF has turned off for a while.
func (s *Server) restartAOF() {
	if s.config.Appendonly && !s.appending.on {
		s.startAOF()
	}
}

func (s *Server) wakeKeeper() {
	select {
	case s.appending.wake <- struct{}{}:
	default: // it is awake
	}
}

// keepAOF does what blocks: it closes and rewrites the log. It ends with ctx, and with what it has begun.
func (s *Server) keepAOF(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	a := &s.appending
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		}
		var stops, rewrites bool
		s.holding(func() { stops, a.stops, rewrites = a.stops, false, a.takeCopy() })
		if stops {
			if err := a.log.Stop(); err != nil {
				s.log.Warn().Err(err).Msg("The AOF was not closed well")
			}
		}
		if rewrites {
			s.rewrite(ctx)
		}
	}
}

// finishAOF is a shutdown's question whether the log may end now. One without a base would be lost.
func (s *Server) finishAOF(force bool) error {
	a := &s.appending
	switch {
	case a.rewriting && a.waiting && !force:
		s.log.Warn().Msg("Writing initial AOF, can't exit.")
		return errFirstBase
	case a.rewriting && a.waiting:
		s.log.Warn().Msg("Writing initial AOF. Exit anyway.")
	case a.rewriting:
		s.log.Warn().Msg("There is a rewrite of the AOF. Ending it!")
	}
	if a.on {
		s.log.Info().Msg("Calling fsync() on the AOF file.") // closeAOF does
	}
	return nil
}

var errFirstBase = errors.New("the first base of the append-only file is being written")

// closeAOF ends the log with the server: nothing that has been appended is lost.
func (s *Server) closeAOF() {
	if err := s.appending.log.Close(); err != nil {
		s.log.Warn().Err(err).Msg("The AOF was not closed well")
	}
}

// appendTask keeps the log and the engine informed of each other, and starts rewrites that are due.
func (s *Server) appendTask(nowMs int64) (nextMs int64, more bool) {
	a := &s.appending
	if !a.on && !a.scheduled {
		return 0, false
	}
	a.log.Mark(s.history.Offset())
	st := a.log.Status()
	if !sameError(st.Err, a.err) {
		a.err = st.Err
		s.tellDiskError(st.Err)
	}
	a.log.SetQuiet(s.config.NoAppendfsyncOnRewrite && s.jobRunning())
	if t := s.config.LatencyMonitorThreshold; t > 0 {
		s.aofLatency(a.log.TakeSlowness())
	}
	if nowMs < a.nextCheckMs {
		return a.nextCheckMs, false
	}
	a.nextCheckMs = nowMs + appendCheckMs
	if s.engine.CronPaused() || s.jobRunning() || s.engine.Gated(engine.GateLoading|engine.GateAsyncLoading) {
		return a.nextCheckMs, false
	}
	s.rewriteIfDue(nowMs/1000, st)
	return a.nextCheckMs, false
}

func sameError(a, b error) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Error() == b.Error()
}

func (s *Server) tellDiskError(err error) {
	if err == nil {
		s.setAOFError(nil)
		return
	}
	s.setAOFError(engine.ErrDiskLog(configs.Strerror(err)))
}

func (s *Server) aofLatency(slow aof.Slowness) {
	alone := "aof-write-alone"
	if s.jobRunning() {
		alone = "aof-write-active-child"
	}
	for _, l := range []struct {
		event string
		took  time.Duration
	}{
		{"aof-write-pending-fsync", slow.WriteDuringSync}, {alone, slow.Write}, {"aof-write", slow.Write},
		{"aof-fsync-always", slow.SyncAlways},
	} {
		if l.took > 0 {
			s.engine.LatencyEvent(l.event, l.took)
		}
	}
}

// aofState is how the append-only file stands, for INFO.
func (s *Server) aofState() engine.AOFState {
	a := &s.appending
	st := a.log.Status()
	out := engine.AOFState{
		Enabled: a.on, RewriteRunning: a.rewriting, RewriteScheduled: a.scheduled, LastRewriteTime: a.lastTook,
		RewriteTime: -1, LastRewriteOK: !a.failed, Rewrites: a.rewrites, RewriteFailures: a.failures,
		LastWriteOK: st.Err == nil, LastOldBytes: a.lastOld, Size: st.Size, BaseSize: st.BaseSize,
		BufferBytes: int64(st.Buffered), PendingFsyncs: int64(st.Syncing), DelayedFsyncs: int64(st.Delayed),
	}
	if a.rewriting {
		out.RewriteTime = max(s.engine.NowMs()/1000-a.startedAt, 0)
	}
	return out
}

// SlowLog is DEBUG AOF-FLUSH-SLEEP.
func (h host) SlowLog(d time.Duration) { h.s.appending.log.SetPause(d) }

// RewriteLog is BGREWRITEAOF. Inside a transaction it only schedules the rewrite.
func (h host) RewriteLog(inExec bool) (string, error) {
	s, a := h.s, &h.s.appending
	switch {
	case a.rewriting:
		return "", engine.ErrRewriteRuns
	case s.jobRunning(), inExec:
		a.scheduled = true
		a.failures = 0 // asked for by hand, it need not wait
		s.log.Info().Msg("Background append only file rewriting scheduled.")
		return "Background append only file rewriting scheduled", nil
	}
	s.startRewrite()
	return "Background append only file rewriting started", nil
}

// LoadLog is DEBUG LOADAOF: the engine lock is held all the time.
func (h host) LoadLog() error {
	s, a := h.s, &h.s.appending
	if a.rewriting {
		return engine.ErrRewriteRuns
	}
	a.log.Commit()
	if err := s.reloadLog(); err != nil {
		s.log.Warn().Err(err).Msg("DEBUG LOADAOF")
		return engine.ErrLoadLog
	}
	s.log.Info().Msg("Append Only File loaded by DEBUG LOADAOF")
	return nil
}
