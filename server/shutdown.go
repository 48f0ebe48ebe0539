package server

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"valkey/configs"
	"valkey/frontend/shell"
	"valkey/server/engine"
)

// shutdown is the end of the server on its way: asked for, waiting for replicas, done. Guarded by the engine lock, but
// for what signals write.
type shutdown struct {
	signal  atomic.Int32 // that asks for it; 0: none
	waiting bool
	untilMs int64 // when the wait ends
	options engine.ShutdownOptions
	done    bool // the data is safe: nothing may change it any more

	// lagging reports whether replicas lack something that they may still get; tell logs which. nil: there are none.
	lagging func() bool
	tell    func()
	// finish makes the append-only file safe, or says why the server must go on. nil: there is none.
	finish func(force bool) error
}

// Shutdown is SHUTDOWN. It reports whether the client has to wait for the outcome.
func (h host) Shutdown(o engine.ShutdownOptions, by string) (waiting bool, err error) {
	return h.s.prepareShutdown(o, by)
}

// CancelShutdown is SHUTDOWN ABORT.
func (h host) CancelShutdown() bool {
	s := h.s
	asked := s.shutdown.signal.Swap(0) != 0
	if !s.shutdown.waiting && !asked {
		return false
	}
	s.cancelShutdown()
	s.log.Info().Msg("Shutdown manually aborted.")
	return true
}

// prepareShutdown ends the server, or begins to wait for its replicas.
func (s *Server) prepareShutdown(o engine.ShutdownOptions, by string) (waiting bool, err error) {
	d := &s.shutdown
	if d.waiting {
		return true, nil
	}
	if s.loading.on { // half of the data must not replace the whole
		o.Save, o.NoSave = false, true
	}
	d.options = o
	s.log.Info().Msg("User requested shutdown..." + by)
	timeout := s.config.ShutdownTimeout
	if !o.Now && timeout != 0 && d.lagging != nil && d.lagging() {
		d.waiting, d.untilMs = true, s.engine.NowMs()+timeout*1000
		s.askReplicas()
		s.engine.PauseFor(engine.PauseForShutdown)
		s.log.Info().Msg("Waiting for replicas before shutting down.")
		return true, nil
	}
	return false, s.finishShutdown()
}

// shutdownCron begins what a signal asked for, and ends a wait.
func (s *Server) shutdownCron(nowMs int64) (nextMs int64, more bool) {
	d := &s.shutdown
	switch {
	case d.done || s.engine.CronPaused():
	case d.waiting && (nowMs >= d.untilMs || !d.lagging()):
		_ = s.finishShutdown() // it has logged why not, and told the clients
	case d.waiting:
		return d.untilMs, false
	case d.signal.Load() != 0:
		if _, err := s.prepareShutdown(s.optionsOfSignal(syscall.Signal(d.signal.Load())), ""); err != nil {
			d.signal.Store(0)
		}
	}
	return 0, false
}

func (s *Server) optionsOfSignal(sig syscall.Signal) engine.ShutdownOptions {
	f := s.config.ShutdownOnSigterm
	if sig == syscall.SIGINT {
		f = s.config.ShutdownOnSigint
	}
	has := func(flag configs.ShutdownFlags) bool { return f&flag != 0 }
	return engine.ShutdownOptions{
		Save: has(configs.ShutdownSave), NoSave: has(configs.ShutdownNosave), Now: has(configs.ShutdownNow),
		Force: has(configs.ShutdownForce), Safe: has(configs.ShutdownSafe), Failover: has(configs.ShutdownFailover),
	}
}

// finishShutdown makes the data safe and stops the loops, or says why not and goes on.
func (s *Server) finishShutdown() error {
	d := &s.shutdown
	if d.tell != nil {
		d.tell()
	}
	if err := s.makeSafe(d.options); err != nil {
		s.log.Warn().Msg("Errors trying to shut down the server. Check the logs for more information.")
		s.cancelShutdown()
		return engine.ErrShutdown
	}
	d.done = true
	s.stop()
	return nil
}

func (s *Server) makeSafe(o engine.ShutdownOptions) error {
	if s.abortJobs(errKilled, jobSave, jobSync) {
		s.log.Warn().Msg("There is a background save. Ending it!")
	}
	if s.shutdown.finish != nil {
		if err := s.shutdown.finish(o.Force); err != nil {
			return err
		}
	}
	if (len(s.config.Save) == 0 || o.NoSave) && !o.Save {
		return nil
	}
	s.log.Info().Msg("Saving the final RDB snapshot before exiting.")
	err := s.save()
	switch {
	case err != nil && o.Force:
		s.log.Warn().Msg("Error trying to save the DB. Exit anyway.")
	case err != nil:
		s.log.Warn().Msg("Error trying to save the DB, can't exit.")
		return err
	}
	return nil
}

// cancelShutdown goes on serving; clients that wait for the end are told.
func (s *Server) cancelShutdown() {
	d := &s.shutdown
	d.signal.Store(0)
	if d.waiting {
		d.waiting = false
		s.engine.UnpauseFor(engine.PauseForShutdown)
	}
	s.engine.EndShutdownWaits(engine.ErrShutdown)
}

// onSignals asks for a shutdown at SIGTERM or SIGINT, as shutdown-on-sigterm and shutdown-on-sigint say. A SIGINT while
// one is under way ends the process at once. It returns when ctx ends.
func (s *Server) onSignals(ctx context.Context, ch chan os.Signal) {
	defer signal.Stop(ch)
	for {
		select {
		case <-ctx.Done():
			return
		case sig := <-ch:
			was := s.shutdown.signal.Swap(int32(sig.(syscall.Signal)))
			if was != 0 && sig == syscall.SIGINT {
				s.log.Warn().Msg("You insist... exiting now.")
				removeTempFiles()
				os.Exit(1)
			}
			shell.TellSignal(s.log, sig)
			s.loops.Wake()
		}
	}
}

// removeTempFiles removes what the process was writing in its folder.
func removeTempFiles() {
	for _, pattern := range []string{"temp-%d.*", "temp-%d-*"} {
		names, _ := filepath.Glob(fmt.Sprintf(pattern, os.Getpid())) // the patterns are good ones
		for _, name := range names {
			_ = os.Remove(name) // nobody is left to be told
		}
	}
}
