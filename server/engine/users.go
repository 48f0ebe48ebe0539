package engine

import (
	"valkey/frontend/acl"
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

// permitted asks whether the client's user may run a command, and answers the refusal.
func (e *Engine) permitted(c *Call) bool {
	db, context := c.Client.DB, acl.TopLevel
	if tx := c.Client.Multi; tx != nil {
		db, context = tx.DB, acl.InMulti
	}
	why := e.Denied(&c.Call, db, context)
	if why == acl.Allowed {
		return true
	}
	return e.reject(c, session.ErrPermission(c.Client.User, c.Cmd, why))
}

// lostPermission is the answer of EXEC for a command that was permitted when it was queued.
func lostPermission(why acl.Reason) resp.Error {
	text := "no permission"
	switch why {
	case acl.DeniedCommand:
		text = "no permission to execute the command or subcommand"
	case acl.DeniedKey:
		text = "no permission to touch the specified keys"
	case acl.DeniedChannel:
		text = "no permission to access one of the channels used as arguments"
	default:
	}
	return resp.Error("NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. " +
		"This command is no longer allowed for the following reason: " + text)
}
