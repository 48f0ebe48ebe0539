package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"valkey/configs"
	"valkey/frontend/session"
)

// host is the process as the engine sees it: engine.Host. Its methods run under the engine lock.
type host struct{ s *Server }

// Log writes a line.
func (h host) Log(level int, message string) {
	switch level {
	case session.LogDebug:
		h.s.log.Debug().Msg(message)
	case session.LogVerbose:
		h.s.log.Trace().Msg(message)
	case session.LogNotice:
		h.s.log.Info().Msg(message)
	default:
		h.s.log.Warn().Msg(message)
	}
}

// Facts gives what only the process knows.
func (h host) Facts() session.Facts {
	f := h.s.facts
	f.Port = int(h.s.config.Port)
	f.Loops = h.s.Loops()
	f.ConfigFile = h.s.config.File
	f.Listeners = h.s.listeners()
	if h.s.shutdown.waiting {
		f.ShutdownMs = h.s.shutdown.untilMs
	}
	return f
}

func (s *Server) listeners() []session.Listener {
	var out []session.Listener
	if s.config.Port != 0 {
		out = append(out, session.Listener{Name: "tcp", Binds: s.config.Bind, Port: int(s.config.Port)})
	}
	if s.config.TlsPort != 0 {
		out = append(out, session.Listener{Name: "tls", Binds: s.config.Bind, Port: int(s.config.TlsPort)})
	}
	if s.config.Unixsocket != "" {
		out = append(out, session.Listener{Name: "unix", Binds: []string{s.config.Unixsocket}})
	}
	return out
}

// raiseFileLimit asks for enough descriptors for maxclients; what it cannot have lowers maxclients, loudly.
func (s *Server) raiseFileLimit() {
	want := uint64(s.config.Maxclients) + reservedFiles
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		s.log.Warn().Err(err).Msg("Unable to obtain the current NOFILE limit")
		return
	}
	if l.Cur >= want {
		s.facts.FileLimit = int(l.Cur)
		return
	}
	had := l.Cur
	for try := want; try > had; try -= min(try-had, 16) {
		l = syscall.Rlimit{Cur: try, Max: max(l.Max, try)}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
			s.facts.FileLimit = int(try)
			if try < want {
				s.lowerMaxclients(int64(try), int64(want))
			}
			return
		}
		l.Max = had
	}
	s.facts.FileLimit = int(had)
	s.lowerMaxclients(int64(had), int64(want))
}

// reservedFiles are descriptors for other things than clients: listeners, logs, files, links.
const reservedFiles = 32

func (s *Server) lowerMaxclients(have, want int64) {
	old := s.config.Maxclients
	s.config.Maxclients = max(have-reservedFiles, 1)
	s.log.Warn().Msg(fmt.Sprintf("maxclients %d needs %d open files and the system grants %d: maxclients is %d now. "+
		"Raise the limit of open files (ulimit -n, LimitNOFILE) for more.", old, want, have, s.config.Maxclients))
}

// logSink is where the log goes: standard output, or a file that CONFIG SET logfile may change.
type logSink struct {
	mu struct {
		sync.Mutex // held while a line is written, so that lines never mix
		out        io.Writer
		file       *os.File
	}
}

func openLog(name string) (*logSink, error) {
	l := &logSink{}
	return l, l.reopen(name)
}

// reopen directs the log to another file; an empty name is standard output. On an error the old one stays.
func (l *logSink) reopen(name string) error {
	var f *os.File
	if name != "" {
		var err error
		if f, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
			return fmt.Errorf("Can't open the log file: %s", configs.Strerror(err)) //nolint:staticcheck // wire text
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.mu.file != nil {
		err = l.mu.file.Close()
	}
	l.mu.file, l.mu.out = f, os.Stdout
	if f != nil {
		l.mu.out = f
	}
	return errors.Join(err)
}

// Write writes one line.
func (l *logSink) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.out.Write(line)
}
