package session

import (
	"net/netip"
	"strings"

	"valkey/frontend/acl"
	"valkey/frontend/resp"
)

// Link is the connection below a client. All methods may be called from any goroutine.
type Link interface {
	// Notify asks the connection's owner to look at the client again: it has replies to send, or its state changed.
	Notify()
	// Unsent gives the bytes and chunks that were handed over and that the peer has not taken yet.
	Unsent() (bytes, chunks int)
	// QueryBuffer gives the bytes received and not executed yet, and the capacity that holds them.
	QueryBuffer() (used, capacity int)
	// FD is the socket's descriptor, -1 for a link without one.
	FD() int
	// Remote and Local are addresses as CLIENT LIST shows them.
	Remote() string
	Local() string
	// IsUnix is true for a Unix socket.
	IsUnix() bool
}

// IsLocal is true for a peer on this machine, over a Unix socket or loopback.
func IsLocal(l Link) bool {
	if l.IsUnix() {
		return true
	}
	addr := l.Remote()
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		addr = strings.Trim(addr[:i], "[]")
	}
	ip, err := netip.ParseAddr(addr)
	return err == nil && ip.Unmap().IsLoopback()
}

// ReplyMode is what CLIENT REPLY set.
type ReplyMode uint8

// The reply modes: all, none, and all but the next command's.
const (
	ReplyOn ReplyMode = iota
	ReplyOff
	ReplySkipNext
	ReplySkip
)

// Class sorts clients for client-output-buffer-limit and CLIENT LIST TYPE.
type Class uint8

// The classes, in Valkey's order.
const (
	ClassNormal Class = iota
	ClassReplica
	ClassPubSub
	ClassPrimary
)

// Client is one connected client.
type Client struct {
	ID   uint64
	Link Link        // nil for a client that the server made for itself
	W    resp.Writer // replies not yet handed to the link; W.Proto is the protocol version, 2 or 3

	Name, LibName, LibVersion string
	// User is whom the client has logged in as, or the default user before it has; nil for a client that the server made
	// for itself, which may do everything.
	User              *acl.User
	Authenticated     bool
	EverAuthenticated bool
	DB                int
	LastCommand       string // full name as CLIENT LIST shows it; "NULL" before the first

	CreatedMs    int64 // when it connected, Unix time in milliseconds
	ActiveMs     int64 // last interaction
	BytesIn      uint64
	BytesOut     uint64
	Commands     uint64 // executed so far
	ArgvBytes    int    // arguments of the command that is executing or that waits
	QueuedBytes  int    // arguments queued in the transaction
	WatchedBytes int

	// Memory is the client's share of maxmemory-clients as last accounted by the engine; Counted says whether it is
	// in the total.
	Memory  int
	Counted bool

	Multi     *Transaction // nil outside MULTI
	Watched   []*Watch
	DirtyCAS  bool // a watched key was touched: EXEC must fail
	MultiUsed bool // has sent MULTI or WATCH at some time, which CLIENT LIST tells

	Subs Subscriptions

	Block *Block // what it waits for; nil when it runs

	Replica     *Replica // what it told with REPLCONF, and its state as a replica; nil for others
	WriteOffset int64    // of the replication stream after its last command

	Tracking *Tracking // nil: no keys are tracked for it

	Reply         ReplyMode
	NoEvict       bool
	NoTouch       bool
	ImportSource  bool
	ReadOnly      bool
	Redirect      bool // CLIENT CAPA redirect
	IsMonitor     bool
	DenyBlocking  bool // inside EXEC: a blocking command must not wait
	CloseASAP     bool // to be closed without sending what is pending
	CloseAfter    bool // to be closed once the pending replies are sent
	Obeyed        bool // it brings the primary's commands, or the append-only file's: they are run, never refused
	Executing     bool // a command of it is on the stack: pushes wait until its reply is complete
	SoftLimitMs   int64
	ReplyPeak     int   // largest reply buffer use since ReplyPeakMs
	ReplyPeakMs   int64 // when the peak was last taken
	ReplyCapacity int   // the adaptive size of the reply buffer, bytes
	pendingPush   []byte

	prev, next *Client // registry order
}

// Class is the client's class for output limits.
func (c *Client) Class() Class {
	switch {
	case c.Obeyed:
		return ClassPrimary
	case c.IsReplica():
		return ClassReplica
	}
	if c.Subs.Count() > 0 {
		return ClassPubSub
	}
	return ClassNormal
}

// Push appends a message that belongs to no command, encoded for the client's protocol version. While a command of this
// very client is executing it is kept back, so that it never lands inside the command's reply.
func (c *Client) Push(message []byte) {
	switch {
	case c.CloseASAP:
	case c.Executing:
		c.pendingPush = append(c.pendingPush, message...)
	default:
		c.W.Raw(message)
		if c.Link != nil {
			c.Link.Notify()
		}
	}
}

// pendingKept is the largest buffer that a client keeps for the next messages that Push keeps back.
const pendingKept = 4 << 10

// FlushPushes appends what Push kept back. The engine calls it when the reply of the outermost command is complete.
func (c *Client) FlushPushes() {
	if len(c.pendingPush) == 0 {
		return
	}
	c.W.Raw(c.pendingPush)
	if c.pendingPush = c.pendingPush[:0]; cap(c.pendingPush) > pendingKept {
		c.pendingPush = nil
	}
	if c.Link != nil {
		c.Link.Notify()
	}
}

// Pending is what the client's link has not been given yet.
func (c *Client) Pending() int { return len(c.W.Buf) + len(c.pendingPush) }

// OutputBytes is what the client's pending replies hold: here and in its link.
func (c *Client) OutputBytes() int {
	n := c.Pending()
	if c.Link != nil {
		unsent, _ := c.Link.Unsent()
		n += unsent
	}
	return n
}

// Kill marks the client to be closed without waiting for its output, and wakes its link.
func (c *Client) Kill() {
	if c.CloseASAP {
		return
	}
	c.CloseASAP = true
	if c.Link != nil {
		c.Link.Notify()
	}
}
