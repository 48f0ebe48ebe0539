package server

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

// stacksBytes is how much of all goroutines' stacks goes into a report.
const stacksBytes = 1 << 20

// stacks writes what every goroutine is doing to the log.
func (s *Server) stacks(title string) {
	buf := make([]byte, stacksBytes)
	buf = buf[:runtime.Stack(buf, true)]
	s.log.Warn().Msg("------ STACK TRACE (" + title + ") ------")
	for line := range strings.Lines(string(buf)) {
		s.log.Warn().Msg(strings.TrimRight(line, "\n"))
	}
	s.log.Warn().Msg("------ STACK TRACE DONE ------")
}

// crashCode is the exit code of a panic.
const crashCode = 2

// reportCrash is deferred where commands run: what panics, an invalid access to memory among it, is told in the log
// before it ends the process.
func (s *Server) reportCrash() {
	v := recover()
	if v == nil {
		return
	}
	what := fmt.Sprintf("panic: %v", v)
	if err, ok := v.(runtime.Error); ok && strings.Contains(err.Error(), "invalid memory address") {
		what = fmt.Sprintf("signal: %d (%v)", syscall.SIGSEGV, v)
	}
	s.log.Error().Msg(fmt.Sprintf("Valkey %s crashed by %s", s.facts.Version, what))
	s.stacks("crash")
	os.Exit(crashCode) // a panic that went on would repeat all that, and run what was deferred over broken state
}

// onCrashSignals reports what the server is doing at SIGALRM, and at SIGABRT, which then ends it. It returns when ctx
// ends.
func (s *Server) onCrashSignals(ctx context.Context) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGABRT, syscall.SIGALRM)
	defer signal.Stop(ch)
	for {
		select {
		case <-ctx.Done():
			return
		case sig := <-ch:
			if sig == syscall.SIGALRM {
				s.log.Warn().Msg("Received SIGALRM")
				s.stacks("SIGALRM")
				continue
			}
			s.log.Error().Msg(fmt.Sprintf("Valkey %s crashed by signal: %d", s.facts.Version, syscall.SIGABRT))
			s.stacks("SIGABRT")
			signal.Reset(syscall.SIGABRT)
			_ = syscall.Kill(os.Getpid(), syscall.SIGABRT) // the process's own, which may always signal itself
		}
	}
}
