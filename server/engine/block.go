package engine

import (
	"container/heap"
	"slices"

	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/internal/invariant"
)

// blockTable holds the clients that wait: by key, by deadline, and those that a pause holds back.
//
// A client that waits for a key runs its command again when the key changes, in the order in which the clients came, as
// long as there is something for it. Nothing is handed over directly: the command itself finds its data, or waits on.
type blockTable struct {
	keys      map[session.BlockKey][]*session.Client
	ready     []session.BlockKey // keys that changed and that someone waits for
	isReady   map[session.BlockKey]bool
	deadlines deadlineHeap
	replicas  []waiter // BlockReplicas, each in its slot
	postponed []*session.Client
	resumeAll bool // the pause is over: postponed clients are to run
	count     int
}

func (t *blockTable) anyKeys() bool  { return len(t.keys) > 0 }
func (t *blockTable) anyReady() bool { return len(t.ready) > 0 }

// signal notes that a key changed.
func (t *blockTable) signal(db int, name []byte) {
	k := session.BlockKey{DB: db, Key: string(name)}
	if _, waited := t.keys[k]; !waited || t.isReady[k] {
		return
	}
	if t.isReady == nil {
		t.isReady = make(map[session.BlockKey]bool)
	}
	t.isReady[k] = true
	t.ready = append(t.ready, k)
}

// signalDB notes that every key of a database that someone waits for, and that exists, may have changed.
func (e *Engine) signalDB(db int) {
	for k := range e.blocked.keys {
		if name := []byte(k.Key); k.DB == db && e.exists(db, name) {
			e.blocked.signal(db, name)
		}
	}
}

// BlockOptions say what a client waits for.
type BlockOptions struct {
	Kind     session.BlockKind
	Keys     []int // argument indexes of the keys, for BlockKeys
	Deadline int64 // Unix ms, 0 for ever
	TimedOut func(w *resp.Writer)
	Ready    func(w *resp.Writer) bool // for BlockReplicas
}

// Block makes the client wait. The handler returns nil without a reply; the reply comes when the wait ends. A
// command that runs again and finds nothing calls Block again and keeps its place and its deadline.
func (c *Call) Block(o BlockOptions) {
	cl := c.Client
	if c.retry {
		c.blockedAgain = true
		return
	}
	argv, n := session.CopyArgv(c.Argv)
	cl.ArgvBytes = n
	b := &session.Block{
		Kind: o.Kind, Argv: argv, Deadline: o.Deadline, TimedOut: o.TimedOut, Ready: o.Ready, StartedNs: c.StartNs,
	}
	t := &c.blocked
	for _, i := range o.Keys {
		k := session.BlockKey{DB: cl.DB, Key: string(c.Argv[i])}
		if slices.Contains(b.Keys, k) {
			continue
		}
		b.Keys = append(b.Keys, k)
		if t.keys == nil {
			t.keys = make(map[session.BlockKey][]*session.Client)
		}
		t.keys[k] = append(t.keys[k], cl)
	}
	if o.Kind == session.BlockReplicas {
		b.Slot = len(t.replicas)
		t.replicas = append(t.replicas, waiter{cl, b})
	}
	cl.Block = b
	t.count++
	if b.Deadline > 0 {
		heap.Push(&t.deadlines, waiter{cl, b})
	}
}

// serveReady runs the commands of clients whose keys changed, until no key is ready any more.
func (e *Engine) serveReady() {
	t := &e.blocked
	for len(t.ready) > 0 {
		k := t.ready[0]
		t.ready = t.ready[1:]
		delete(t.isReady, k)
		for _, cl := range slices.Clone(t.keys[k]) {
			if cl.Block != nil && slices.Contains(cl.Block.Keys, k) {
				e.retry(cl)
			}
		}
	}
	t.ready = nil
}

// retry runs a waiting client's command again. It stays blocked if it finds nothing.
func (e *Engine) retry(cl *session.Client) {
	b := cl.Block
	c := e.push(cl, b.Argv)
	defer e.pop()
	entry, _ := e.Cmds.Lookup(b.Argv)
	c.runs(entry)
	c.retry = true
	mark := len(c.Reply.Buf)
	e.Enter(&c.Call)
	cl.Block = nil
	if why := e.Denied(&c.Call, cl.DB, acl.TopLevel); why == acl.Allowed {
		e.call(c)
	} else {
		e.fail(c, session.ErrPermission(cl.User, c.Cmd, why))
	}
	if c.blockedAgain {
		cl.Block = b
		e.finish(c, mark)
		return
	}
	e.unlink(cl, b)
	e.finish(c, mark)
	e.wake(cl)
}

// Unblock ends a wait without success: with the reply of a timeout, or with an error. It returns false if the client
// does not wait in a way that can be ended so.
func (e *Engine) Unblock(cl *session.Client, with error) bool {
	b := cl.Block
	if b == nil || b.TimedOut == nil {
		return false
	}
	e.endWait(cl, with, b.TimedOut)
	return true
}

// endWait ends a wait with an error, or the reply that is written if there is none.
func (e *Engine) endWait(cl *session.Client, with error, reply func(w *resp.Writer)) {
	b := cl.Block
	e.unlink(cl, b)
	mark := len(cl.W.Buf)
	if with != nil {
		cl.W.Error(with.Error())
		e.Stats.CountError(with.Error())
	} else {
		reply(&cl.W)
	}
	if cmd, ok := e.Cmds.Lookup(b.Argv); ok {
		s := &e.PerCommand[cmd.ID]
		s.Calls++
		s.Ns += e.Monotonic() - b.StartedNs
		if with != nil {
			s.Failed++
		}
	}
	session.Suppress(cl, mark, false)
	cl.FlushPushes()
	e.wake(cl)
}

// EndWaits ends the waits of all clients whose server no longer is what it was when they came: a replica now. Those
// that wait until a pause ends are judged anew then. A client that follows redirections, and waits for a key, is told
// where to go; others are told why, and closed.
func (e *Engine) EndWaits() {
	for cl := range e.Clients.All {
		b := cl.Block
		if b == nil || b.TimedOut == nil {
			continue
		}
		cmd, ok := e.Cmds.Lookup(b.Argv)
		if cl.ReadOnly && ok && !cmd.Flags.Has(command.Write) {
			continue
		}
		if cl.Redirect && b.Kind == session.BlockKeys {
			e.Unblock(cl, errRedirect(e.Host.Primary()))
			continue
		}
		e.Unblock(cl, ErrRoleChanged)
		cl.CloseAfter = true
	}
}

// EndShutdownWaits tells the clients that wait for the end of the server that it goes on.
func (e *Engine) EndShutdownWaits(err error) {
	for cl := range e.Clients.All {
		b := cl.Block
		if b == nil || b.Kind != session.BlockShutdown {
			continue
		}
		e.unlink(cl, b)
		mark := len(cl.W.Buf)
		cl.W.Error(err.Error())
		e.Stats.CountError(err.Error())
		session.Suppress(cl, mark, false)
		cl.FlushPushes()
		e.wake(cl)
	}
}

// unlink takes a client out of all tables of waiting.
func (e *Engine) unlink(cl *session.Client, b *session.Block) {
	t := &e.blocked
	cl.Block = nil
	cl.ArgvBytes = 0
	if b.Kind == session.BlockPostponed {
		t.postponed = slices.DeleteFunc(t.postponed, func(o *session.Client) bool { return o == cl })
		return
	}
	if b.Kind == session.BlockMoving {
		e.moving.waiting = slices.DeleteFunc(e.moving.waiting, func(o *session.Client) bool { return o == cl })
		return
	}
	t.count--
	if b.Deadline > 0 {
		heap.Remove(&t.deadlines, b.Place)
	}
	if b.Kind == session.BlockReplicas {
		last := len(t.replicas) - 1
		moved := t.replicas[last]
		t.replicas[b.Slot], moved.block.Slot = moved, b.Slot
		t.replicas[last] = waiter{}
		t.replicas = t.replicas[:last]
	}
	for _, k := range b.Keys {
		list := slices.DeleteFunc(t.keys[k], func(o *session.Client) bool { return o == cl })
		if len(list) == 0 {
			delete(t.keys, k)
		} else {
			t.keys[k] = list
		}
	}
}

// wake lets the link of a client that stopped waiting go on with what it has received meanwhile.
func (e *Engine) wake(cl *session.Client) {
	if cl.Link != nil {
		cl.Link.Notify()
	}
}

// BlockedCounts gives blocked_clients, the keys they wait for, and how many wait with a deadline, for INFO.
func (e *Engine) BlockedCounts() (clients, keys, withDeadline int) {
	t := &e.blocked
	return t.count + len(t.postponed) + len(e.moving.waiting), len(t.keys), len(t.deadlines)
}

// CheckReplicaWaits answers the clients whose WAIT is fulfilled.
func (e *Engine) CheckReplicaWaits() {
	for _, w := range slices.Clone(e.blocked.replicas) {
		cl := w.client
		mark := len(cl.W.Buf)
		if cl.Block == w.block && w.block.Ready(&cl.W) {
			e.unlink(cl, w.block)
			session.Suppress(cl, mark, false)
			e.wake(cl)
		}
	}
}

// endWaits ends what is over by time: deadlines, the pause. It returns the next moment at which it has work, Unix
// ms, or 0.
func (e *Engine) endWaits() (nextMs int64) {
	t := &e.blocked
	for len(t.deadlines) > 0 {
		d := t.deadlines[0]
		if d.block.Deadline > e.NowMs() {
			nextMs = d.block.Deadline
			break
		}
		ended := e.Unblock(d.client, nil)
		invariant.Check(ended, "engine: client %d waits until a deadline without a reply for it", d.client.ID)
	}
	if e.moving.ended {
		e.resumeMoving()
	}
	if len(t.postponed) == 0 {
		t.resumeAll = false
		return nextMs
	}
	if e.paused(PauseWrites|PauseAll) && !t.resumeAll {
		if until := e.pausedUntil(); nextMs == 0 || until < nextMs {
			nextMs = until
		}
		return nextMs
	}
	e.resumePostponed()
	return nextMs
}

// resumePostponed runs every postponed command; a new pause may postpone some again.
func (e *Engine) resumePostponed() {
	t := &e.blocked
	t.resumeAll = false
	list := t.postponed
	t.postponed = nil // what is postponed again makes a new list; taking each out of the old one would be quadratic
	e.rerun(list, session.BlockPostponed)
}

// rerun runs the commands of clients that wait in a way, each from its beginning.
func (e *Engine) rerun(list []*session.Client, kind session.BlockKind) {
	for _, cl := range list {
		b := cl.Block
		if b == nil || b.Kind != kind {
			continue
		}
		e.unlink(cl, b)
		p := Prepared{Client: cl, Argv: b.Argv}
		p.entry, p.known = e.Cmds.Lookup(b.Argv)
		e.Execute(&p)
		e.wake(cl)
	}
}

// waiter is a client with what it waits for.
type waiter struct {
	client *session.Client
	block  *session.Block
}

// deadlineHeap orders waits by their end. Each knows its place, so that one that ends early leaves at once: its end may
// be years ahead.
type deadlineHeap []waiter

func (h deadlineHeap) Len() int           { return len(h) }
func (h deadlineHeap) Less(i, j int) bool { return h[i].block.Deadline < h[j].block.Deadline }
func (h deadlineHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].block.Place, h[j].block.Place = i, j
}

func (h *deadlineHeap) Push(x any) {
	d := x.(waiter)
	d.block.Place = len(*h)
	*h = append(*h, d)
}

func (h *deadlineHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = waiter{}
	*h = (*h)[:last]
	return d
}
