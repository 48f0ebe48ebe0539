package engine

import (
	"slices"

	"valkey/frontend/acl"
	"valkey/frontend/session"
)

// Connect registers a new client and gives it its id.
func (e *Engine) Connect(c *session.Client) {
	e.Clients.Add(c)
	e.Stats.Connections++
	c.CreatedMs, c.ActiveMs = e.NowMs(), e.NowMs()
	c.W.Proto = int(e.Config.ClientDefaultResp)
	e.logInDefault(c)
	c.ReplyCapacity, c.ReplyPeakMs = replyBufferMax, e.NowMs()
	e.accountMemory(c)
}

// LogIn makes a connection a user's.
func (e *Engine) LogIn(c *session.Client, user *acl.User) {
	c.User = user
	c.Authenticated, c.EverAuthenticated = true, true
}

// logInDefault gives a connection the user that it has without logging in, who needs a password or not.
func (e *Engine) logInDefault(c *session.Client) {
	c.User = e.Users.Default
	c.Authenticated = c.User.NoPass() && c.User.Enabled()
	c.EverAuthenticated = c.EverAuthenticated || c.Authenticated
}

// MustAuthenticate is true for a client that has to log in first. A default user that needs no password frees it.
func (e *Engine) MustAuthenticate(c *session.Client) bool {
	return !c.Authenticated && !(e.Users.Default.NoPass() && e.Users.Default.Enabled())
}

// Kill closes a client's connection without waiting for its output. It is forgotten at once, except by a command of its
// own that is on the stack.
func (e *Engine) Kill(c *session.Client) {
	c.Kill()
	if c.Executing {
		e.memory.drop(c)
	} else {
		e.Disconnect(c)
	}
}

// Disconnect forgets a client: what it waits for, watches, listens to. Its link is gone or going. It may be called
// again.
func (e *Engine) Disconnect(c *session.Client) {
	c.CloseASAP = true
	if c.Block != nil {
		e.unlink(c, c.Block)
	}
	e.Discard(c)
	e.unsubscribeAll(c)
	if c.IsMonitor {
		e.Monitors = slices.DeleteFunc(e.Monitors, func(o *session.Client) bool { return o == c })
	}
	if c.IsReplica() {
		e.unfollow(c)
	}
	e.Clients.Remove(c)
	e.memory.drop(c)
}

// Reset brings a client back to the state of a new connection: RESET.
func (e *Engine) Reset(c *session.Client) {
	if c.IsMonitor {
		c.IsMonitor = false
		e.Monitors = slices.DeleteFunc(e.Monitors, func(o *session.Client) bool { return o == c })
	}
	e.Discard(c)
	e.unsubscribeAll(c)
	c.DB = 0
	c.W.Proto = 2
	c.Name = "" // what CLIENT SETINFO and CAPA told of the library stays true
	c.ReadOnly, c.ImportSource, c.NoEvict, c.NoTouch = false, false, false, false
	c.Reply = session.ReplyOn
	e.logInDefault(c)
}

// AgeSeconds is how long ago a client connected, IdleSeconds how long ago it was heard of: differences of whole
// seconds.
func (e *Engine) AgeSeconds(c *session.Client) int64 { return e.NowMs()/1000 - c.CreatedMs/1000 }

// IdleSeconds is how long ago a client was last heard of; see AgeSeconds.
func (e *Engine) IdleSeconds(c *session.Client) int64 { return e.NowMs()/1000 - c.ActiveMs/1000 }

// Settle accounts a client after its share of a batch: its memory, its output limits.
func (e *Engine) Settle(c *session.Client) {
	e.accountMemory(c)
	if !c.IsReplica() { // what it gets is looked at when the stream grows: it may have come for more than its limit
		e.CheckOutput(c)
	}
}

// WriteError sends an error to a client outside of any command, and counts it.
func (e *Engine) WriteError(c *session.Client, err error) {
	c.W.Error(err.Error())
	e.Stats.countError(err.Error())
}

// Log levels of Host.Log.
const (
	LogDebug = iota
	LogVerbose
	LogNotice
	LogWarning
)
