package engine

import (
	"valkey/configs"
	"valkey/frontend/session"
)

// ProtectedAllowed decides what enable-debug-command, enable-module-command and enable-protected-configs say.
func ProtectedAllowed(setting configs.ProtectedAction, c *session.Client) bool {
	switch setting {
	case configs.ProtectedYes:
		return true
	case configs.ProtectedLocal:
		return c.Link == nil || session.IsLocal(c.Link)
	}
	return false
}
