package engine

import (
	"valkey/frontend/command"
	"valkey/frontend/resp"
)

// EffectSink receives what commands changed, in canonical form: absolute times, no random choices. It is called under
// the engine lock, in the order of execution.
type EffectSink interface {
	// Append records one command in wire form. It runs in a database; AnyDB marks the MULTI and EXEC around several.
	// The bytes are valid during the call only.
	Append(db int, command []byte)
}

// AnyDB is the database of a command that works on none.
const AnyDB = -1

// Sinks says which sinks an effect is for.
type Sinks uint8

// The sinks: the append-only file, and the replicas with their backlog.
const (
	ToAOF Sinks = 1 << iota
	ToReplicas
	ToAll = ToAOF | ToReplicas
)

// effects are what the outermost running command has recorded. They are handed over together at its end, as a
// transaction if there are several, so that nobody who reads the log or the stream ever stops between them.
type effects struct {
	wire []byte // the commands in wire form, one behind the other
	list []effect
}

type effect struct {
	db  int
	to  Sinks
	end int // of the command in wire
}

// Effect records a command in place of the one executed: what replicas and the AOF are to run. A handler may call it
// several times; if it never does, the command's own arguments are recorded, provided that it changed anything.
func (c *Call) Effect(argv ...[]byte) {
	c.effects++
	c.Engine.effect(ToAll, c.Client.DB, argv)
}

// EffectIn is Effect against another database.
func (c *Call) EffectIn(db int, argv ...[]byte) {
	c.effects++
	c.Engine.effect(ToAll, db, argv)
}

// EffectTo records the command itself for some sinks, though it may have changed nothing here: what PUBLISH sends.
func (c *Call) EffectTo(to Sinks) {
	c.effects++
	c.Engine.effect(to, c.Client.DB, c.Argv)
}

// Replicate records a command for replicas alone, in whatever database they are.
func (c *Call) Replicate(argv ...[]byte) {
	c.effects++
	c.Engine.effect(ToReplicas, AnyDB, argv)
}

// NoEffect says that nothing of the command itself needs to be recorded.
func (c *Call) NoEffect() { c.noEffect = true }

// WantsEffects tells a handler whether building an effect is worth the work.
func (e *Engine) WantsEffects() bool { return e.AOF != nil || e.Replicas != nil }

// effect records a command. Between commands, where expiry and eviction work, it is handed over at once.
func (e *Engine) effect(to Sinks, db int, argv [][]byte) {
	if !e.WantsEffects() {
		return
	}
	p := &e.pending
	w := resp.Writer{Buf: p.wire}
	w.Command(argv)
	p.wire = w.Buf
	p.list = append(p.list, effect{db, to, len(p.wire)})
	if e.depth == 0 {
		e.handOver(false)
	}
}

// handOver gives the recorded effects to their sinks, several of them as a transaction unless loose says that they have
// nothing to do with each other.
func (e *Engine) handOver(loose bool) {
	p := &e.pending
	if len(p.list) == 0 {
		return
	}
	bracketed := len(p.list) > 1 && !loose
	if bracketed {
		e.send(ToAll, AnyDB, wireMulti)
	}
	start := 0
	for _, f := range p.list {
		e.send(f.to, f.db, p.wire[start:f.end])
		start = f.end
	}
	if bracketed {
		e.send(ToAll, AnyDB, wireExec)
	}
	p.list = p.list[:0]
	if p.wire = p.wire[:0]; cap(p.wire) > effectsKept {
		p.wire = nil
	}
}

// effectsKept is the largest buffer that is kept for the next effects.
const effectsKept = 64 << 10

func (e *Engine) send(to Sinks, db int, wire []byte) {
	if e.AOF != nil && to&ToAOF != 0 {
		e.AOF.Append(db, wire)
	}
	if e.Replicas != nil && to&ToReplicas != 0 {
		e.Replicas.Append(db, wire)
	}
}

// unrelated reports whether a command's several effects have nothing to do with each other: one that meets expired
// keys on a walk deletes each for itself, as the background would.
func unrelated(c *Call) bool { return c.Cmd != nil && c.Cmd.Flags.Has(command.TouchesArbitraryKeys) }

var wireMulti, wireExec = []byte("*1\r\n$5\r\nMULTI\r\n"), []byte("*1\r\n$4\r\nEXEC\r\n")
