package engine

import (
	"slices"

	"valkey/configs"
	"valkey/frontend/session"
)

// clientMemory is what all clients hold, and the part of it that maxmemory-clients may take back.
type clientMemory struct {
	all, evictable int
	queue          []*session.Client // of evictClients, kept for reuse
}

func (m *clientMemory) total() uint64 { return uint64(max(m.all, 0)) }

func (m *clientMemory) drop(c *session.Client) {
	m.all -= c.Memory
	if c.Counted {
		m.evictable -= c.Memory
	}
	c.Memory, c.Counted = 0, false
}

// ClientMemory gives the bytes that all clients hold.
func (e *Engine) ClientMemory() int { return e.memory.all }

const (
	// clientBaseBytes is what a connection costs beside its buffers: the client and its link, not the kernel's part.
	clientBaseBytes = 1 << 10
	// subscriptionBytes is what a subscription costs in the tables of both sides, beside its name.
	subscriptionBytes = 160
	// streamBlockBytes is what a block of the replication stream costs beside its bytes.
	streamBlockBytes = 64
	// bigRequest is the size from which a request counts before it runs, and not only while it waits.
	bigRequest = 16 << 10
	// clientLimitMin is the least that maxmemory-clients can mean: with less, nobody could talk to the server.
	clientLimitMin = 128 << 10
)

// output is where a client's unsent replies lie: the first bytes count as its reply buffer, which is its own from the
// start, the rest as memory that it has taken. What a replica has not taken of the stream is shared with others.
type output struct{ buffered, beyond, shared, chunks int }

func (e *Engine) outputOf(c *session.Client) output {
	n := c.OutputBytes()
	o := output{buffered: min(n, c.ReplyCapacity)}
	o.beyond = n - o.buffered
	if e.debug.replyList && n > 0 {
		o.buffered, o.beyond = 0, max(n, replyBufferMax)
	}
	if o.beyond > 0 {
		o.chunks = 1
		if c.Link != nil {
			_, chunks := c.Link.Unsent()
			o.chunks = max(chunks, 1)
		}
	}
	if c.IsReplica() && c.Replica.Stream != nil {
		bytes, blocks := c.Replica.Stream.Behind()
		o.shared = bytes + blocks*streamBlockBytes
		o.chunks += blocks
	}
	return o
}

// memoryOf is the memory that a client holds now.
func (e *Engine) memoryOf(c *session.Client) int {
	n := clientBaseBytes + c.ReplyCapacity + e.outputOf(c).beyond + e.argvBytesOf(c) + c.QueuedBytes + c.WatchedBytes +
		subscriptionBytes*c.Subs.Count()
	if c.Link != nil {
		_, query := c.Link.QueryBuffer()
		n += query
	}
	return n
}

func (e *Engine) argvBytesOf(c *session.Client) int {
	if c == e.current {
		return argvBytes(e.calls[0].Argv)
	}
	return c.ArgvBytes
}

// accountMemory brings a client's share up to date: after its commands, after it got messages, and once a second.
func (e *Engine) accountMemory(c *session.Client) {
	e.memory.drop(c)
	if c.CloseASAP {
		return
	}
	c.Memory = e.memoryOf(c)
	c.Counted = !c.NoEvict && !c.IsReplica() && !c.Obeyed
	e.memory.all += c.Memory
	if c.Counted {
		e.memory.evictable += c.Memory
	}
}

// clientLimit is maxmemory-clients in bytes; 0 is no limit.
func (e *Engine) clientLimit() int {
	v := int(e.Config.MaxmemoryClients)
	if v < 0 {
		v = int(float64(e.Config.Maxmemory) * float64(-v) / 100)
	}
	if v == 0 {
		return 0
	}
	return max(v, clientLimitMin)
}

// evictClients disconnects the largest clients while all together hold more than maxmemory-clients.
func (e *Engine) evictClients() {
	limit := e.clientLimit()
	if limit == 0 || e.memory.all <= limit || e.memory.evictable <= 0 {
		return
	}
	q := e.memory.queue[:0]
	for c := range e.Clients.All {
		if c.Counted && !c.CloseASAP {
			q = append(q, c)
		}
	}
	slices.SortFunc(q, func(a, b *session.Client) int { return b.Memory - a.Memory })
	for _, c := range q {
		if e.memory.all <= limit {
			break
		}
		e.Host.Log(LogNotice, "Evicting client: "+e.ClientForLog(c))
		e.Kill(c)
		e.Stats.EvictedClients++
	}
	clear(q)
	e.memory.queue = q[:0]
	if e.memory.all > limit {
		e.Host.Log(LogWarning, "Clients still hold more than maxmemory-clients: none is left that may be evicted")
	}
}

// unauthenticatedOutputMax is what a client may leave unread that has never shown a password.
const unauthenticatedOutputMax = 1 << 10

// CheckOutput enforces client-output-buffer-limit on a client that got output.
func (e *Engine) CheckOutput(c *session.Client) {
	out := e.outputOf(c)
	used := out.beyond + out.shared
	if used == 0 || c.CloseASAP {
		c.SoftLimitMs = 0
		return
	}
	if !e.overLimit(c, int64(used)) {
		return
	}
	e.Host.Log(LogWarning,
		"Client "+e.ClientForLog(c)+" scheduled to be closed ASAP for overcoming of output buffer limits.")
	e.Stats.OutputLimitClosed++
	e.memory.drop(c)
	c.Kill() // not Engine.Kill: this may happen in the middle of a walk over subscribers
}

func (e *Engine) overLimit(c *session.Client, used int64) bool {
	if used > unauthenticatedOutputMax && e.MustAuthenticate(c) && !c.EverAuthenticated {
		return true
	}
	l := e.Config.ClientOutputBufferLimit[configs.OutputClass(c.Class())]
	if c.IsReplica() { // less than the backlog would part it from what is kept for it anyway
		backlog := e.Config.ReplBacklogSize
		l.Hard, l.Soft = atLeast(l.Hard, backlog), atLeast(l.Soft, backlog)
	}
	if l.Hard > 0 && used >= l.Hard {
		return true
	}
	switch {
	case l.Soft == 0 || used < l.Soft:
		c.SoftLimitMs = 0
	case c.SoftLimitMs == 0:
		c.SoftLimitMs = e.NowMs()
	default:
		return e.NowMs()/1000-c.SoftLimitMs/1000 > l.SoftSeconds
	}
	return false
}

// atLeast raises a limit; 0 is none.
func atLeast(limit, least int64) int64 {
	if limit == 0 {
		return 0
	}
	return max(limit, least)
}

// outputGrew looks after a client that got a message, or a part of a reply, before its link looks itself. Below
// outputCheckBytes that cannot take it over any sensible limit.
func (e *Engine) outputGrew(c *session.Client) {
	if c.Pending() > outputCheckBytes {
		e.CheckOutput(c)
	}
}

const outputCheckBytes = 16 << 10

// CloseForQuery closes a client that holds more of what has not been executed than client-query-buffer-limit allows: in
// its query buffer or in its transaction.
func (e *Engine) CloseForQuery(c *session.Client) {
	e.Stats.QueryLimitClosed++
	e.Host.Log(LogWarning, "Closing client that reached max query buffer length: "+e.ClientForLog(c))
	c.CloseASAP = true
}

// The reply buffer's adaptive size, rbs in CLIENT LIST: it doubles when replies filled it, and shrinks to the peak
// of the last period when that is less than half of it.
const (
	replyBufferMin = 1 << 10
	replyBufferMax = 16 << 10
)

// Replied notes that n bytes of replies were handed to a client's link at once.
func (e *Engine) Replied(c *session.Client, n int) {
	c.BytesOut += uint64(n)
	c.ReplyPeak = min(max(c.ReplyPeak, n), c.ReplyCapacity)
}

// resizeReply adapts the reply buffer's size once a second.
func (e *Engine) resizeReply(c *session.Client) {
	if e.debug.replyFixed {
		return
	}
	capacity := c.ReplyCapacity
	switch {
	case capacity/2 >= replyBufferMin && c.ReplyPeak < capacity/2:
		c.ReplyCapacity = max(replyBufferMin, c.ReplyPeak+1)
		e.Stats.ReplyShrinks++
	case capacity < replyBufferMax && c.ReplyPeak == capacity:
		c.ReplyCapacity = min(2*capacity, replyBufferMax)
		e.Stats.ReplyExpands++
	}
	if period := e.replyPeakPeriodMs(); period >= 0 && e.NowMs()-c.ReplyPeakMs >= period {
		c.ReplyPeak = min(c.OutputBytes(), c.ReplyCapacity)
		c.ReplyPeakMs = e.NowMs()
	}
}
