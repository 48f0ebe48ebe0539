package server

import (
	"valkey/frontend/netloop"
	"valkey/frontend/session"
)

// protected reports whether protected mode turns a connection away: no password is set, and the peer is not this
// machine.
func (s *Server) protected(c *netloop.Conn) bool {
	return s.config.ProtectedMode && s.engine.Users.Default.NoPass() && !session.IsLocal(c)
}

// protectedText begins with the words that clients know.
const protectedText = "-DENIED Running in protected mode: the default user has no password, so only clients on this " +
	"machine are served. To let others in, set a password (CONFIG SET requirepass, or requirepass in the configuration " +
	"file); only on a network that can be trusted as a whole, switch it off instead (CONFIG SET protected-mode no).\r\n"
