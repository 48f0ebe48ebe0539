package server

import (
	"fmt"
	"syscall"

	"valkey/frontend/session"
	"valkey/frontend/shell"
	"valkey/internal/vfs"
)

// host is the process as the engine sees it: engine.Host. Its methods run under the engine lock.
type host struct{ s *Server }

// Log writes a line.
func (h host) Log(level int, message string) {
	h.s.logs.Line(level, message)
}

// Facts gives what only the process knows.
func (h host) Facts() session.Facts {
	f := h.s.facts
	if f.Port = int(h.s.config.Port); f.Port == 0 {
		f.Port = int(h.s.config.TlsPort)
	}
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
	defer func() { s.loops.SetConnsMax(int(s.config.Maxclients)) }()
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

// Usage is what the process has taken of the machine.
func (host) Usage() session.Usage { return shell.Usage() }

// LoadUsers reads the ACL file.
func (h host) LoadUsers() error { return shell.LoadUsers(&h.s.engine.Front) }

// SaveUsers writes the ACL file.
func (h host) SaveUsers() error { return shell.SaveUsers(&h.s.engine.Front) }

// Traffic adds up the loops' counters.
func (h host) Traffic() session.Traffic {
	t := h.s.loops.Stats()
	return session.Traffic{In: t.NetIn, Out: t.NetOut, Reads: t.Reads, Writes: t.Writes}
}

// PauseSweep stops the loops from taking query buffers back.
func (h host) PauseSweep(on bool) { h.s.loops.PauseSweep(on) }

// RewriteConfig writes the present configuration to the file that the server was started with.
func (h host) RewriteConfig(all bool) error {
	rewrite := h.s.config.Rewrite
	if all {
		rewrite = h.s.config.RewriteAll
	}
	if err := rewrite(vfs.OS{}, h.s.config.File); err != nil {
		h.s.log.Warn().Err(err).Msg("CONFIG REWRITE failed")
		return err
	}
	h.s.log.Info().Msg("CONFIG REWRITE executed with success.")
	return nil
}
