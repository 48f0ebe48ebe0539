package engine

import (
	"slices"

	"valkey/frontend/session"
)

// Disconnect forgets a client: what it waits for, watches, listens to. Its link is gone or going. It may be called
// again.
func (e *Engine) Disconnect(c *session.Client) {
	c.CloseASAP = true
	if c.Block != nil {
		e.unlink(c, c.Block)
	}
	e.Discard(c)
	if c.IsMonitor {
		e.Monitors = slices.DeleteFunc(e.Monitors, func(o *session.Client) bool { return o == c })
	}
	if c.IsReplica() {
		e.unfollow(c)
	}
	e.Forget(c)
}

// Reset brings a client back to the state of a new connection: RESET.
func (e *Engine) Reset(c *session.Client) {
	if c.IsMonitor {
		c.IsMonitor = false
		e.Monitors = slices.DeleteFunc(e.Monitors, func(o *session.Client) bool { return o == c })
	}
	e.Discard(c)
	e.UnsubscribeAll(c)
	c.DB = 0
	c.W.Proto = 2
	c.Name = "" // what CLIENT SETINFO and CAPA told of the library stays true
	c.ReadOnly, c.ImportSource, c.NoEvict, c.NoTouch = false, false, false, false
	c.Reply = session.ReplyOn
	e.LogInDefault(c)
}
