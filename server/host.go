package server

import (
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
	f.Listeners = shell.Listeners(h.s.config)
	if h.s.shutdown.waiting {
		f.ShutdownMs = h.s.shutdown.untilMs
	}
	return f
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
