package session

import (
	"slices"

	"valkey/configs"
)

// clientMemory is what all clients hold, and the part of it that maxmemory-clients may take back.
type clientMemory struct {
	all, evictable int
	queue          []*Client // of EvictClients, kept for reuse
}

func (m *clientMemory) drop(c *Client) {
	m.all -= c.Memory
	if c.Counted {
		m.evictable -= c.Memory
	}
	c.Memory, c.Counted = 0, false
}

// ClientMemory gives the bytes that all clients hold.
func (f *Front) ClientMemory() int { return max(f.memory.all, 0) }

const (
	// clientBaseBytes is what a connection costs beside its buffers: the client and its link, not the kernel's part.
	clientBaseBytes = 1 << 10
	// subscriptionBytes is what a subscription costs in the tables of both sides, beside its name.
	subscriptionBytes = 160
	// prefixBytes is what a prefix of CLIENT TRACKING costs beside its text.
	prefixBytes = 64
	// streamBlockBytes is what a block of the replication stream costs beside its bytes.
	streamBlockBytes = 64
	// BigRequest is the size from which a request counts before it runs, and not only while it waits.
	BigRequest = 16 << 10
	// clientLimitMin is the least that maxmemory-clients can mean: with less, nobody could talk to the server.
	clientLimitMin = 128 << 10
)

// output is where a client's unsent replies lie: the first bytes count as its reply buffer, which is its own from the
// start, the rest as memory that it has taken. What a replica has not taken of the stream is shared with others.
type output struct{ buffered, beyond, shared, chunks int }

func (f *Front) outputOf(c *Client) output {
	n := c.OutputBytes()
	o := output{buffered: min(n, c.ReplyCapacity)}
	o.beyond = n - o.buffered
	if f.replies.list && n > 0 {
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
func (f *Front) memoryOf(c *Client) int {
	n := clientBaseBytes + c.ReplyCapacity + f.outputOf(c).beyond + f.argvBytesOf(c) + c.QueuedBytes + c.WatchedBytes +
		subscriptionBytes*c.Subs.Count()
	if c.Tracking != nil {
		n += c.Tracking.bytes
	}
	if c.Link != nil {
		_, query := c.Link.QueryBuffer()
		n += query
	}
	return n
}

func (f *Front) argvBytesOf(c *Client) int {
	if f.current != nil && c == f.current.Client {
		return ArgvBytes(f.current.Argv)
	}
	return c.ArgvBytes
}

// ArgvBytes is the length of all arguments.
func ArgvBytes(argv [][]byte) int {
	n := 0
	for _, a := range argv {
		n += len(a)
	}
	return n
}

// AccountMemory brings a client's share up to date: after its commands, after it got messages, and once a second.
func (f *Front) AccountMemory(c *Client) {
	f.memory.drop(c)
	if c.CloseASAP {
		return
	}
	c.Memory = f.memoryOf(c)
	c.Counted = !c.NoEvict && !c.IsReplica() && !c.Obeyed
	f.memory.all += c.Memory
	if c.Counted {
		f.memory.evictable += c.Memory
	}
}

// clientLimit is maxmemory-clients in bytes; 0 is no limit.
func (f *Front) clientLimit() int {
	v := int(f.Config.MaxmemoryClients)
	if v < 0 {
		v = int(float64(f.Config.Maxmemory) * float64(-v) / 100)
	}
	if v == 0 {
		return 0
	}
	return max(v, clientLimitMin)
}

// EvictClients disconnects the largest clients while all together hold more than maxmemory-clients.
func (f *Front) EvictClients() {
	limit := f.clientLimit()
	if limit == 0 || f.memory.all <= limit || f.memory.evictable <= 0 {
		return
	}
	q := f.memory.queue[:0]
	for c := range f.Clients.All {
		if c.Counted && !c.CloseASAP {
			q = append(q, c)
		}
	}
	slices.SortFunc(q, func(a, b *Client) int { return b.Memory - a.Memory })
	for _, c := range q {
		if f.memory.all <= limit {
			break
		}
		f.Host.Log(LogNotice, "Evicting client: "+f.ClientForLog(c))
		f.Kill(c)
		f.Stats.EvictedClients++
	}
	clear(q)
	f.memory.queue = q[:0]
	if f.memory.all > limit {
		f.Host.Log(LogWarning, "Clients still hold more than maxmemory-clients: none is left that may be evicted")
	}
}

// unauthenticatedOutputMax is what a client may leave unread that has never shown a password.
const unauthenticatedOutputMax = 1 << 10

// CheckOutput enforces client-output-buffer-limit on a client that got output.
func (f *Front) CheckOutput(c *Client) {
	out := f.outputOf(c)
	used := out.beyond + out.shared
	if used == 0 || c.CloseASAP {
		c.SoftLimitMs = 0
		return
	}
	if !f.overLimit(c, int64(used)) {
		return
	}
	f.Host.Log(LogWarning,
		"Client "+f.ClientForLog(c)+" scheduled to be closed ASAP for overcoming of output buffer limits.")
	f.Stats.OutputLimitClosed++
	f.memory.drop(c)
	c.Kill() // not Front.Kill: this may happen in the middle of a walk over subscribers
}

func (f *Front) overLimit(c *Client, used int64) bool {
	if used > unauthenticatedOutputMax && f.MustAuthenticate(c) && !c.EverAuthenticated {
		return true
	}
	l := f.Config.ClientOutputBufferLimit[configs.OutputClass(c.Class())]
	if c.IsReplica() { // less than the backlog would part it from what is kept for it anyway
		backlog := f.Config.ReplBacklogSize
		l.Hard, l.Soft = atLeast(l.Hard, backlog), atLeast(l.Soft, backlog)
	}
	if l.Hard > 0 && used >= l.Hard {
		return true
	}
	switch {
	case l.Soft == 0 || used < l.Soft:
		c.SoftLimitMs = 0
	case c.SoftLimitMs == 0:
		c.SoftLimitMs = f.NowMs()
	default:
		return f.NowMs()/1000-c.SoftLimitMs/1000 > l.SoftSeconds
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

// OutputGrew looks after a client that got a message, or a part of a reply, before its link looks itself. Below
// outputCheckBytes that cannot take it over any sensible limit.
func (f *Front) OutputGrew(c *Client) {
	if c.Pending() > outputCheckBytes {
		f.CheckOutput(c)
	}
}

const outputCheckBytes = 16 << 10

// CloseForQuery closes a client that holds more of what has not been executed than client-query-buffer-limit allows: in
// its query buffer or in its transaction.
func (f *Front) CloseForQuery(c *Client) {
	f.Stats.QueryLimitClosed++
	f.Host.Log(LogWarning, "Closing client that reached max query buffer length: "+f.ClientForLog(c))
	c.CloseASAP = true
}

// The reply buffer's adaptive size, rbs in CLIENT LIST: it doubles when replies filled it, and shrinks to the peak
// of the last period when that is less than half of it.
const (
	replyBufferMin = 1 << 10
	replyBufferMax = 16 << 10
)

// Replied notes that n bytes of replies were handed to a client's link at once.
func (f *Front) Replied(c *Client, n int) {
	c.BytesOut += uint64(n)
	c.ReplyPeak = min(max(c.ReplyPeak, n), c.ReplyCapacity)
}

// replySettings are what DEBUG changed of reply buffers, for tests.
type replySettings struct {
	peakMs int64 // REPLYBUFFER PEAK-RESET-TIME; 0 is the default period
	fixed  bool  // REPLYBUFFER RESIZING 0
	list   bool  // CLIENT-ENFORCE-REPLY-LIST
}

// SetReplyResizing lets reply buffers adapt their size, or not.
func (f *Front) SetReplyResizing(on bool) { f.replies.fixed = !on }

// SetReplyList counts all unsent replies of a client as memory beyond its reply buffer, or not.
func (f *Front) SetReplyList(on bool) { f.replies.list = on }

// SetReplyPeakPeriod sets how long a reply buffer's peak is remembered, milliseconds; negative: for ever.
func (f *Front) SetReplyPeakPeriod(ms int64) { f.replies.peakMs = ms }

// replyPeakPeriod is the default of it.
const replyPeakPeriod = 5000

func (f *Front) replyPeakPeriodMs() int64 {
	if f.replies.peakMs == 0 {
		return replyPeakPeriod
	}
	return f.replies.peakMs
}

// resizeReply adapts the reply buffer's size once a second.
func (f *Front) resizeReply(c *Client) {
	if f.replies.fixed {
		return
	}
	capacity := c.ReplyCapacity
	switch {
	case capacity/2 >= replyBufferMin && c.ReplyPeak < capacity/2:
		c.ReplyCapacity = max(replyBufferMin, c.ReplyPeak+1)
		f.Stats.ReplyShrinks++
	case capacity < replyBufferMax && c.ReplyPeak == capacity:
		c.ReplyCapacity = min(2*capacity, replyBufferMax)
		f.Stats.ReplyExpands++
	}
	if period := f.replyPeakPeriodMs(); period >= 0 && f.NowMs()-c.ReplyPeakMs >= period {
		c.ReplyPeak = min(c.OutputBytes(), c.ReplyCapacity)
		c.ReplyPeakMs = f.NowMs()
	}
}
