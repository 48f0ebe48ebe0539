package engine

import (
	"fmt"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/internal/invariant"
)

// Prepared is a command of a batch on its way to execution.
type Prepared struct {
	Client *session.Client
	Argv   [][]byte
	Size   int // bytes on the wire

	entry *Entry
	known bool // false: unknown command or subcommand
	hash  uint64
	keyed bool
}

// Prepare looks commands up ahead of their execution and starts fetching the memory that they will touch: first the
// index buckets of all, then the entries. With a data set far larger than the caches this halves the cost of a
// command (ADR 0003). It changes nothing.
func (e *Engine) Prepare(batch []Prepared) {
	for i := range batch {
		p := &batch[i]
		p.entry, p.known = e.Cmds.Lookup(p.Argv)
		p.keyed = false
		if p.entry == nil || p.entry.FirstKey == 0 || p.entry.FirstKey >= len(p.Argv) {
			continue
		}
		p.hash, p.keyed = e.Store.Hash(p.Argv[p.entry.FirstKey]), true
		if len(batch) > 1 {
			e.Store.DB(p.Client.DB).Prefetch(p.hash)
		}
	}
	if len(batch) == 1 {
		return
	}
	for i := range batch {
		if p := &batch[i]; p.keyed {
			e.Store.DB(p.Client.DB).PrefetchEntry(p.hash)
		}
	}
}

// Execute runs one prepared command, or refuses or queues it. The reply is in Client.W afterwards, unless the client is
// now blocked (Client.Block) or doomed (Client.CloseASAP).
func (e *Engine) Execute(p *Prepared) {
	e.executeOne(p)
	if e.blocked.anyReady() {
		e.serveReady()
	}
}

func (e *Engine) executeOne(p *Prepared) {
	c := e.push(p.Client, p.Argv)
	defer e.pop()
	c.Cmd, c.hash, c.hashed, c.size = p.entry, p.hash, p.keyed, p.Size
	e.begin(c)
	mark := len(c.Reply.Buf)
	c.Client.BytesIn += uint64(p.Size)
	if e.admit(c, p.known) {
		if c.Client.Multi != nil && !controlsTransaction(c.Cmd) {
			e.queue(c)
		} else {
			e.call(c)
		}
	}
	e.finish(c, mark)
}

// begin opens a client's command: its time, and what CLIENT LIST shows of it.
func (e *Engine) begin(c *Call) {
	cl := c.Client
	c.startNs = e.clock.lastNs
	e.advance(c.startNs)
	cl.ActiveMs = e.NowMs()
	cl.Executing = true
	e.current = cl
}

// finish closes it: a reply that is not wanted is cut off, kept-back pushes follow.
func (e *Engine) finish(c *Call, mark int) {
	cl := c.Client
	e.handOver(unrelated(c))
	cl.WriteOffset = e.History.Offset()
	if cl.Block == nil {
		suppress(cl, mark, c.pushes)
	}
	cl.Executing = false
	e.current = nil
	cl.FlushPushes()
	if cl.Replica != nil {
		e.checkFollower(c, mark)
	}
}

// suppress does what CLIENT REPLY asked for: it takes back the reply that begins at mark, unless that is made of
// messages.
func suppress(cl *session.Client, mark int, messages bool) {
	if cl.Reply != session.ReplyOn && !messages {
		cl.W.Buf = cl.W.Buf[:mark]
	}
	switch cl.Reply {
	case session.ReplySkipNext:
		cl.Reply = session.ReplySkip
	case session.ReplySkip:
		cl.Reply = session.ReplyOn
	case session.ReplyOff, session.ReplyOn:
	}
}

// admit is the gate before a command: everything that can refuse it, in Valkey's order. It answers the refusal itself.
func (e *Engine) admit(c *Call, known bool) bool {
	cl := c.Client
	if c.Cmd != nil {
		cl.LastCommand = c.Cmd.FullName
	}
	if e.MustAuthenticate(cl) && (c.Cmd == nil || !c.Cmd.Flags.Has(command.NoAuth)) {
		return e.reject(c, ErrNoAuth)
	}
	if !known {
		return e.rejectUnknown(c)
	}
	if !c.Cmd.ArityOK(len(c.Argv)) {
		return e.reject(c, errArity(c.Cmd.FullName))
	}
	if c.Cmd.Flags.Has(command.Protected) && !e.protectedAllowed(c) {
		return false
	}
	flags, all := uint64(c.Cmd.Flags), c.Cmd.Flags
	if cl.Multi != nil {
		if c.Cmd.Flags.Has(command.NoMulti) {
			return e.reject(c, Errorf("Command '%s' not allowed inside a transaction", c.Cmd.FullName))
		}
		if c.Cmd.Name == "exec" {
			flags |= cl.Multi.Flags
			all &^= command.Flag(cl.Multi.Lacks)
		}
	}
	if cl.User != nil && !cl.User.Unlimited() && !e.permitted(c) {
		return false
	}
	if e.gates != 0 {
		if err := e.redirect(cl, command.Flag(flags)); err != nil {
			return e.turnAway(c, err)
		}
	}
	if c.size >= bigRequest {
		e.accountMemory(cl)
	}
	e.evictClients()
	if cl.CloseASAP {
		return false
	}
	if e.Config.Maxmemory > 0 && !e.makeRoom() && command.Flag(flags).Has(command.DenyOOM) {
		return e.reject(c, ErrOOM)
	}
	if e.gates != 0 {
		if err := e.refusedEarly(c, command.Flag(flags)); err != nil {
			return e.reject(c, err)
		}
	}
	if cl.Subs.Count() > 0 && c.Reply.Proto == 2 && !allowedWhileSubscribed(c.Cmd) {
		return e.reject(c, Errorf("Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are"+
			" allowed in this context", c.Cmd.FullName))
	}
	if e.gates != 0 {
		if err := e.refusedLate(c, command.Flag(flags), all); err != nil {
			return e.reject(c, err)
		}
	}
	if cl.IsReplica() {
		if command.Flag(flags)&(command.Write|command.Readonly|command.MayReplicate) != 0 {
			return e.reject(c, ErrReplicaKeys)
		}
		return true // it is never paused
	}
	if e.pause.actions != 0 && e.pausedFor(flags) {
		e.postpone(c)
		return false
	}
	if len(e.moving.keys) != 0 && e.touchesMoving(c) {
		e.awaitMoving(c)
		return false
	}
	return true
}

// reject answers a command that never ran, and counts it as rejected.
func (e *Engine) reject(c *Call, err error) bool {
	if tx := c.Client.Multi; tx != nil {
		tx.Dirty = true
		tx.Forget()
		c.Client.QueuedBytes = 0
	}
	if c.Cmd != nil {
		e.PerCommand[c.Cmd.ID].Rejected++
		if c.Cmd.Name == "exec" && c.Cmd.Parent == nil {
			e.abortExec(c, err)
			return false
		}
	}
	e.replyError(c, err)
	return false
}

func (e *Engine) rejectUnknown(c *Call) bool {
	if c.Cmd != nil {
		sub, container := c.Argv[1], c.Cmd.FullName
		c.Cmd = nil
		return e.reject(c, ErrSubcommand(container, sub))
	}
	if EqualFold(c.Argv[0], "host:") || EqualFold(c.Argv[0], "post") {
		e.Host.Log(LogWarning, "SECURITY: a client speaks HTTP. A web page may be made to send commands here "+
			"(cross-protocol scripting); the connection is closed.")
		c.Client.CloseASAP = true
		return false
	}
	return e.reject(c, errUnknown(c.Argv))
}

// replyError writes an error reply and counts it.
func (e *Engine) replyError(c *Call, err error) {
	c.failed = true
	text := err.Error()
	c.Reply.Error(text)
	e.Stats.countError(text)
	if c.Client.Obeyed || c.Client.IsReplica() {
		e.unexpected(c, text)
	}
}

// unexpected makes it known that a command failed on a link where none should: if it was the primary's, the copy may no
// longer be one.
func (e *Engine) unexpected(c *Call, text string) {
	from, to := "replica", "primary"
	switch {
	case !c.Client.Obeyed:
		from, to = "primary", "replica"
	case c.Client.Link == nil:
		from, to = "server", "AOF-loading-client"
	}
	name := c.Client.LastCommand
	e.Host.Log(LogWarning, fmt.Sprintf("== CRITICAL == This %s is sending an error to its %s: '%.4096s' after processing "+
		"the command '%s'", from, to, text, name))
	e.Stats.UnexpectedErrors++
	if !c.Client.Obeyed {
		return
	}
	b := e.Config.PropagationErrorBehavior
	if b == configs.PropagationPanic && (c.Client.Link == nil || e.Config.ReplicaReadOnly) ||
		b == configs.PropagationPanicOnReplicas && c.Client.Link != nil && e.Config.ReplicaReadOnly {
		panic(fmt.Sprintf("a %s that obeys its %s cannot run '%s': %s", from, to, name, text))
	}
}

// ReplyError is replyError for handlers whose one reply holds several, such as EXEC.
func (c *Call) ReplyError(err error) { c.replyError(c, err) }

// protectedAllowed checks enable-debug-command and enable-module-command.
func (e *Engine) protectedAllowed(c *Call) bool {
	option, setting := "enable-debug-command", e.Config.EnableDebugCommand
	if c.Cmd.Name == "module" || (c.Cmd.Parent != nil && c.Cmd.Parent.Name == "module") {
		option, setting = "enable-module-command", e.Config.EnableModuleCommand
	}
	if ProtectedAllowed(setting, c.Client) {
		return true
	}
	name := "DEBUG"
	if option != "enable-debug-command" {
		name = "MODULE"
	}
	return e.reject(c, Errorf("%s command not allowed. If the %s option is set to \"local\", you can run it from a local "+
		"connection, otherwise you need to set this option in the configuration file, and then restart the server.",
		name, option))
}

// allowedWhileSubscribed: a RESP2 connection with subscriptions carries nothing else, as replies could not be told from
// messages.
func allowedWhileSubscribed(cmd *Entry) bool {
	switch cmd.Name {
	case "ping", "subscribe", "ssubscribe", "psubscribe", "unsubscribe", "sunsubscribe", "punsubscribe", "quit", "reset":
		return cmd.Parent == nil
	}
	return false
}

// controlsTransaction: commands that run at once inside MULTI instead of being queued.
func controlsTransaction(cmd *Entry) bool {
	if cmd.Parent != nil {
		return false
	}
	switch cmd.Name {
	case "exec", "discard", "quit", "reset":
		return true
	}
	return false
}

// push opens a call on the stack; pop closes it. The calls are kept, so that no command allocates one.
func (e *Engine) push(cl *session.Client, argv [][]byte) *Call {
	c := &e.calls[e.depth]
	e.depth++
	*c = Call{
		Engine: e, Client: cl, Argv: argv, Reply: &cl.W, DB: e.Store.DB(cl.DB),
		touchedAt: c.touchedAt[:0],
	}
	return c
}

func (e *Engine) pop() {
	e.depth--
	if invariant.Enabled {
		clear(e.calls[e.depth].touchedAt) // which would keep the arguments
	}
}
