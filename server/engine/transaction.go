package engine

import (
	"strings"

	"valkey/frontend/acl"
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

// queue keeps a command for EXEC.
func (e *Engine) queue(c *Call) {
	tx := c.Client.Multi
	if !tx.Dirty && !c.Client.DirtyCAS {
		argv, n := session.CopyArgv(c.Argv)
		tx.Queue = append(tx.Queue, session.Queued{Argv: argv})
		c.Client.QueuedBytes += n + len(argv)*sliceBytes
		tx.Add(uint64(c.Cmd.Flags))
		if db, ok := selected(c); ok {
			tx.DB = db
		}
		if int64(c.Client.QueuedBytes) > e.Config.ClientQueryBufferLimit && !c.Client.Obeyed {
			e.CloseForQuery(c.Client)
			return
		}
	}
	c.Reply.Simple("QUEUED")
}

// sliceBytes is what a slice header costs, for the accounting of client memory.
const sliceBytes = 24

// BeginMulti opens a transaction.
func (c *Call) BeginMulti() {
	c.Client.Multi = &session.Transaction{DB: c.Client.DB}
	c.Client.MultiUsed = true
}

// Discard ends the transaction and its watches without running anything.
func (e *Engine) Discard(cl *session.Client) {
	cl.Multi = nil
	cl.QueuedBytes = 0
	cl.DirtyCAS = false
	e.Unwatch(cl)
}

// abortExec answers an EXEC that was refused before it ran.
func (e *Engine) abortExec(c *Call, err error) {
	e.Discard(c.Client)
	text := "EXECABORT Transaction discarded because of: " + strings.TrimPrefix(err.Error(), "ERR ")
	c.Reply.Error(text)
	e.Stats.CountError(text)
	if len(e.Monitors) > 0 {
		e.feedMonitors(c)
	}
}

// Exec runs the transaction: all of it, or nothing if a watched key changed or a command was refused while queueing.
func (e *Engine) Exec(c *Call) error {
	cl := c.Client
	if cl.Multi == nil {
		return ErrExecAlone
	}
	if e.watchedExpired(cl) {
		cl.DirtyCAS = true
	}
	if cl.Multi.Dirty {
		e.Discard(cl)
		return ErrExecAbort
	}
	if cl.DirtyCAS {
		e.Discard(cl)
		c.Reply.NullArray()
		return nil
	}
	tx := cl.Multi
	e.Unwatch(cl)
	cl.DenyBlocking = true
	mark := len(c.Reply.Buf)
	c.Reply.Array(len(tx.Queue))
	for i := range tx.Queue {
		e.execQueued(cl, tx.Queue[i].Argv)
		if e.OutputGrew(cl); cl.CloseASAP {
			c.Reply.Buf = c.Reply.Buf[:mark] // nobody will read it
		}
	}
	cl.DenyBlocking = false
	e.Discard(cl)
	c.NoEffect()
	return nil
}

// execQueued runs one command of a transaction. All of them see the time at which EXEC began.
func (e *Engine) execQueued(cl *session.Client, argv [][]byte) {
	c := e.push(cl, argv)
	defer e.pop()
	entry, _ := e.Cmds.Lookup(argv)
	c.runs(entry)
	c.StartNs = e.LastNs
	if why := e.Denied(&c.Call, cl.DB, acl.InMulti); why != acl.Allowed {
		e.fail(c, lostPermission(why))
		return
	}
	e.call(c)
}

// selected is the database that a queued SELECT will change to.
func selected(c *Call) (db int, ok bool) {
	if c.Cmd.Name != "select" || c.Cmd.Parent != nil {
		return 0, false
	}
	n, ok := resp.ParseInt(c.Argv[1])
	return int(n), ok && n >= 0 && n < int64(c.Store.Databases())
}

// InExec reports whether a transaction is being executed.
func (e *Engine) InExec() bool { return e.Current() != nil && e.Current().Client.DenyBlocking }
