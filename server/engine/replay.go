package engine

import (
	"valkey/frontend/session"
)

// Replay runs a prepared command of the append-only file for a client that stands for it. It was taken and logged once:
// nothing refuses it now, and it counts as nobody's. Inside MULTI everything waits for EXEC. The error is why the
// command can never run; one that runs and fails is told in the log.
func (e *Engine) Replay(p *Prepared) error {
	switch {
	case p.known && !p.entry.ArityOK(len(p.Argv)):
		return session.ErrArity(&p.entry.Decl)
	case !p.known && p.entry != nil:
		return session.ErrSubcommand(p.entry.FullName, p.Argv[1])
	case !p.known:
		return session.ErrUnknown(p.Argv)
	}
	around := e.Current()
	c := e.push(p.Client, p.Argv)
	defer e.pop()
	c.take(p)
	e.Enter(&c.Call)
	p.Client.LastCommand = c.Cmd.FullName
	if p.Client.Multi != nil && (c.Cmd.Name != "exec" || c.Cmd.Parent != nil) {
		e.queue(c)
	} else if err := c.run(c); err != nil {
		e.fail(c, err)
	}
	p.Client.W.Buf = p.Client.W.Buf[:0]
	e.finish(c, 0)
	e.Resume(around)
	return nil
}

// NewReplayClient makes the client that stands for the append-only file. It is in no list and never waits.
func (e *Engine) NewReplayClient() *session.Client {
	c := &session.Client{Obeyed: true, DenyBlocking: true, Authenticated: true}
	c.CreatedMs, c.ActiveMs = e.NowMs(), e.NowMs()
	return c
}
