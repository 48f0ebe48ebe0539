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
	c.take(p)
	e.Enter(&c.Call)
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

// finish closes a client's command.
func (e *Engine) finish(c *Call, mark int) {
	e.handOver(unrelated(c))
	c.Client.WriteOffset = e.History.Offset()
	e.Leave(&c.Call, mark)
	if c.Client.Replica != nil {
		e.checkFollower(c, mark)
	}
}

// admit is the gate before a command: everything that can refuse it, in Valkey's order. It answers the refusal itself.
func (e *Engine) admit(c *Call, known bool) bool {
	cl := c.Client
	if err := e.Unfit(&c.Call, known); err != nil {
		return !cl.CloseASAP && e.reject(c, err)
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
	if c.Size >= session.BigRequest {
		e.AccountMemory(cl)
	}
	e.EvictClients()
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
	if err := session.Unhearable(&c.Call); err != nil {
		return e.reject(c, err)
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
	e.fail(c, err)
	return false
}

// fail writes an error reply and counts it.
func (e *Engine) fail(c *Call, err error) {
	e.Fail(&c.Call, err)
	if c.Client.Obeyed || c.Client.IsReplica() {
		e.unexpected(c, err.Error())
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
	e.Host.Log(session.LogWarning, fmt.Sprintf("== CRITICAL == This %s is sending an error to its %s: '%.4096s' after "+
		"processing the command '%s'", from, to, text, name))
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

// ReplyError is fail for handlers whose one reply holds several, such as EXEC.
func (c *Call) ReplyError(err error) { c.fail(c, err) }

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

// controlsTransaction: commands that run at once inside MULTI instead of being queued.
func controlsTransaction(cmd *command.Decl) bool {
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
		Call:   session.Call{Front: &e.Front, Client: cl, Argv: argv, Reply: &cl.W},
		Engine: e, DB: e.Store.DB(cl.DB), touchedAt: c.touchedAt[:0],
	}
	return c
}

// take makes a call the run of a prepared command.
func (c *Call) take(p *Prepared) {
	c.runs(p.entry)
	c.hash, c.hashed, c.Size = p.hash, p.keyed, p.Size
}

// runs makes a call one of a command; nil is unknown.
func (c *Call) runs(entry *Entry) {
	if entry != nil {
		c.Cmd, c.run = &entry.Decl, entry.Run
	}
}

func (e *Engine) pop() {
	e.depth--
	if invariant.Enabled {
		clear(e.calls[e.depth].touchedAt) // which would keep the arguments
	}
}
