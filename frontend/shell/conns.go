package shell

import (
	"errors"
	"fmt"

	"valkey/frontend/netloop"
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

// Conns is what lies between connections and clients, but for the execution of commands: a connection's State is its
// client. Its methods need the Front's lock.
type Conns struct {
	front                   *session.Front
	limits, unauthenticated *resp.Limits // loops read what they point to
	spare                   []byte       // a reply buffer for the next client that needs one: one at rest has none
}

// Open begins to serve the clients of a Front.
func (k *Conns) Open(f *session.Front) {
	k.front = f
	k.SetLimits()
}

// Connect makes a client of a new connection, or says why it is turned away. Limit follows, once it is known who it is.
func (k *Conns) Connect(c *netloop.Conn) (cl *session.Client, reject []byte) {
	f := k.front
	switch {
	case int64(f.Clients.Len()) >= f.Config.Maxclients:
		reject = []byte("-" + string(session.ErrMaxClients) + "\r\n")
	case f.Config.ProtectedMode && f.Users.Default.NoPass() && !session.IsLocal(c):
		reject = []byte(protectedText)
	default:
		cl = &session.Client{Link: c}
		c.State = cl
		f.Connect(cl)
		return cl, nil
	}
	f.Stats.RejectedConnections++
	return nil, reject
}

// rejected counts a connection that came while there were as many as may be. It takes the lock.
func (k *Conns) rejected() {
	k.front.Lock()
	defer k.front.Unlock()
	k.front.Stats.RejectedConnections++
}

// protectedText begins with the words that clients know.
const protectedText = "-DENIED Running in protected mode: the default user has no password, so only clients on this " +
	"machine are served. To let others in, set a password (CONFIG SET requirepass, or requirepass in the configuration " +
	"file); only on a network that can be trusted as a whole, switch it off instead (CONFIG SET protected-mode no).\r\n"

// Unauthenticated is what the parser accepts of a client before anything is known of it.
func (k *Conns) Unauthenticated() *resp.Limits { return k.unauthenticated }

// SetLimits makes new limits, after a change of proto-max-bulk-len or of who needs a password, instead of changing
// those that the loops are reading. They hold for every client's next request.
func (k *Conns) SetLimits() {
	bulkMax := int(k.front.Config.ProtoMaxBulkLen)
	k.limits = &resp.Limits{BulkMax: bulkMax}
	k.unauthenticated = &resp.Limits{BulkMax: bulkMax, Unauthenticated: true}
	for cl := range k.front.Clients.All {
		if c, ok := cl.Link.(*netloop.Conn); ok {
			k.Limit(c, cl)
		}
	}
}

// Limit sets what the parser accepts from a client: very little while it has to show a password first.
func (k *Conns) Limit(c *netloop.Conn, cl *session.Client) {
	l := k.limits
	if k.front.MustAuthenticate(cl) {
		l = k.unauthenticated
	}
	c.SetLimits(l)
}

// Lend gives a client a reply buffer that another has returned, if it has none.
func (k *Conns) Lend(cl *session.Client) {
	if cl.W.Buf == nil {
		cl.W.Buf, k.spare = k.spare, nil
	}
}

// After looks at a client once its command is done, before its next one of the same round.
func (k *Conns) After(c *netloop.Conn, cl *session.Client) {
	switch {
	case cl.CloseASAP:
		c.CloseNow()
		return
	case cl.CloseAfter:
		k.Send(c, cl)
		c.CloseAfterFlush()
		return
	case cl.Block != nil:
		c.Hold()
		return
	}
	if len(cl.W.Buf) > replyChunk {
		k.Send(c, cl)
		k.front.CheckOutput(cl)
	}
}

// replyChunk is the size from which a reply is handed to the connection before the round ends, so that no buffer
// grows by copying.
const replyChunk = 64 << 10

// spareMax is the largest reply buffer that is kept for another client.
const spareMax = 2 * replyChunk

// Flush hands a connection's replies over and lets its state follow the client's.
func (k *Conns) Flush(c *netloop.Conn) {
	cl, ok := c.State.(*session.Client)
	if !ok {
		return
	}
	k.Send(c, cl)
	switch {
	case len(cl.W.Buf) > 0:
	case cap(cl.W.Buf) > spareMax: // of a reply that was taken back
		cl.W.Buf = nil
	case cl.W.Buf != nil && cl.Subs.Count() == 0:
		k.spare, cl.W.Buf = cl.W.Buf, nil
	}
	k.front.Settle(cl)
	switch {
	case cl.CloseASAP:
		c.CloseNow()
	case cl.CloseAfter:
		c.CloseAfterFlush()
	case cl.Block != nil:
		c.Hold()
	default:
		c.Release()
	}
	k.Limit(c, cl)
}

// Send hands a client's replies to its connection.
func (k *Conns) Send(c *netloop.Conn, cl *session.Client) {
	if n := len(cl.W.Buf); n > 0 {
		k.front.Replied(cl, n)
		cl.W.Buf = c.Send(cl.W.Buf)
	}
}

// ProtocolError answers a request that cannot be parsed, or that has outgrown the query buffer, and closes.
func (k *Conns) ProtocolError(cmd *netloop.Command) {
	cl := cmd.Conn.State.(*session.Client)
	f := k.front
	if errors.Is(cmd.Err, netloop.ErrQueryBuffer) {
		f.CloseForQuery(cl)
		return
	}
	f.Host.Log(session.LogVerbose, fmt.Sprintf("Protocol error (%s) from client: %s. Query buffer: %s", cmd.Err,
		f.ClientForLog(cl), Excerpt(cmd.Args[0], f.Config.HideUserDataFromLog)))
	f.WriteError(cl, resp.Error("ERR "+cmd.Err.Error()))
	cl.CloseAfter = true
}
