package session

import "valkey/frontend/command"

// Enter opens a client's command: its time, and what CLIENT LIST shows of it.
func (f *Front) Enter(c *Call) {
	cl := c.Client
	c.StartNs = f.LastNs
	f.Advance(c.StartNs)
	cl.ActiveMs = f.NowMs()
	cl.Executing = true
	f.current = c
}

// Leave closes it: a reply, which begins at mark, is cut off if it is not wanted, and kept-back pushes follow.
func (f *Front) Leave(c *Call, mark int) {
	cl := c.Client
	if cl.Block == nil {
		Suppress(cl, mark, c.pushes)
	}
	if t := cl.Tracking; t != nil && (c.Cmd == nil || c.Cmd.Parent == nil || c.Cmd.Parent.Name != "client") {
		t.Caching = false // it was about this command
	}
	cl.Executing = false
	f.current = nil
	cl.FlushPushes()
}

// Suppress does what CLIENT REPLY asked for: it takes back the reply that begins at mark, unless that is made of
// messages.
func Suppress(cl *Client, mark int, messages bool) {
	if cl.Reply != ReplyOn && !messages {
		cl.W.Buf = cl.W.Buf[:mark]
	}
	switch cl.Reply {
	case ReplySkipNext:
		cl.Reply = ReplySkip
	case ReplySkip:
		cl.Reply = ReplyOn
	case ReplyOff, ReplyOn:
	}
}

// Current is the call that is executing, nil between commands; Resume makes one that another interrupted it again.
func (f *Front) Current() *Call { return f.current }

// Resume is for commands that run others for another client; see Current.
func (f *Front) Resume(c *Call) { f.current = c }

// Fail writes an error reply and counts it.
func (f *Front) Fail(c *Call, err error) {
	c.Failed = true
	text := err.Error()
	c.Reply.Error(text)
	f.Stats.CountError(text)
}

// Unfit says why a call cannot be one at all: what names no command, or has the wrong number of arguments. Those who
// have to log in first are told nothing else. known is what Catalog.Find said.
func (f *Front) Unfit(c *Call, known bool) error {
	if c.Cmd != nil {
		c.Client.LastCommand = c.Cmd.FullName
	}
	switch {
	case f.MustAuthenticate(c.Client) && (c.Cmd == nil || !c.Cmd.Flags.Has(command.NoAuth)):
		return ErrNoAuth
	case known && c.Cmd.ArityOK(len(c.Argv)):
		return nil
	case known:
		return ErrArity(c.Cmd)
	case c.Cmd != nil:
		container := c.Cmd.FullName
		c.Cmd = nil // it is the container's
		return ErrSubcommand(container, c.Argv[1])
	case EqualFold(c.Argv[0], "host:") || EqualFold(c.Argv[0], "post"):
		f.Host.Log(LogWarning, "SECURITY: a client speaks HTTP. A web page may be made to send commands here "+
			"(cross-protocol scripting); the connection is closed.")
		c.Client.CloseASAP = true
	}
	return ErrUnknown(c.Argv)
}

// Unhearable refuses what a RESP2 connection with subscriptions may not send: it carries messages only, as replies
// could not be told from them.
func Unhearable(c *Call) error {
	if c.Client.Subs.Count() == 0 || c.Reply.Proto != 2 || allowedWhileSubscribed(c.Cmd) {
		return nil
	}
	return Errorf("Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are"+
		" allowed in this context", c.Cmd.FullName)
}

func allowedWhileSubscribed(cmd *command.Decl) bool {
	switch cmd.Name {
	case "ping", "subscribe", "ssubscribe", "psubscribe", "unsubscribe", "sunsubscribe", "punsubscribe", "quit", "reset":
		return cmd.Parent == nil
	}
	return false
}
