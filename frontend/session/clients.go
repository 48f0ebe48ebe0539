package session

import (
	"valkey/frontend/acl"
)

// Connect registers a new client and gives it its id.
func (f *Front) Connect(c *Client) {
	f.Clients.Add(c)
	f.Stats.Connections++
	c.CreatedMs, c.ActiveMs = f.NowMs(), f.NowMs()
	c.W.Proto = int(f.Config.ClientDefaultResp)
	f.LogInDefault(c)
	c.ReplyCapacity, c.ReplyPeakMs = replyBufferMax, f.NowMs()
	f.AccountMemory(c)
}

// LogIn makes a connection a user's.
func (f *Front) LogIn(c *Client, user *acl.User) {
	c.User = user
	c.Authenticated, c.EverAuthenticated = true, true
}

// LogInDefault gives a connection the user that it has without logging in, who needs a password or not.
func (f *Front) LogInDefault(c *Client) {
	c.User = f.Users.Default
	c.Authenticated = c.User.NoPass() && c.User.Enabled()
	c.EverAuthenticated = c.EverAuthenticated || c.Authenticated
}

// MustAuthenticate is true for a client that has to log in first. A default user that needs no password frees it.
func (f *Front) MustAuthenticate(c *Client) bool {
	return !c.Authenticated && !(f.Users.Default.NoPass() && f.Users.Default.Enabled())
}

// Kill closes a client's connection without waiting for its output. It is forgotten at once, except by a command of its
// own that is on the stack.
func (f *Front) Kill(c *Client) {
	c.Kill()
	if c.Executing {
		f.memory.drop(c)
	} else {
		f.Owner.Disconnect(c)
	}
}

// Forget takes a client out of everything that is known of clients here. It may be called again.
func (f *Front) Forget(c *Client) {
	f.UnsubscribeAll(c)
	f.Clients.Remove(c)
	f.memory.drop(c)
}

// AgeSeconds is how long ago a client connected, IdleSeconds how long ago it was heard of: differences of whole
// seconds.
func (f *Front) AgeSeconds(c *Client) int64 { return f.NowMs()/1000 - c.CreatedMs/1000 }

// IdleSeconds is how long ago a client was last heard of; see AgeSeconds.
func (f *Front) IdleSeconds(c *Client) int64 { return f.NowMs()/1000 - c.ActiveMs/1000 }

// Settle accounts a client after its share of a batch: its memory, its output limits.
func (f *Front) Settle(c *Client) {
	f.AccountMemory(c)
	if !c.IsReplica() { // what it gets is looked at when the stream grows: it may have come for more than its limit
		f.CheckOutput(c)
	}
}

// WriteError sends an error to a client outside of any command, and counts it.
func (f *Front) WriteError(c *Client, err error) {
	c.W.Error(err.Error())
	f.Stats.CountError(err.Error())
}
