package quorum

import (
	"context"
	"sync"
	"time"

	"valkey/quorum/core"
)

// loop is what the goroutine of Run owns beside the node.
type loop struct {
	g         *Group
	ctx       context.Context // ends with Run
	tasks     sync.WaitGroup  // every goroutine below Run
	links     map[string]*link
	probes    map[string]*link // by address: of peers whose myid is not known yet
	incoming  map[string]*accepted
	accepted  int             // connections that are served
	sending   map[string]bool // peers that a snapshot is on its way to
	gone      chan *accepted  // connections that ended
	receiving *accepted       // what a snapshot comes on
	relinked  time.Duration
	told      map[string]time.Duration // when a repeating event was logged
}

// Run is the member's life, until ctx ends. Links and files are closed when it returns. It runs once.
func (g *Group) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	l := &loop{
		g: g, ctx: ctx, links: map[string]*link{}, probes: map[string]*link{}, incoming: map[string]*accepted{},
		sending: map[string]bool{}, gone: make(chan *accepted), told: map[string]time.Duration{},
	}
	l.spawn(l.write)
	l.run()
	close(g.done)
	cancel()
	for len(g.arrived) > 0 {
		(<-g.arrived).conn.Close()
	}
	l.tasks.Wait()
	return g.disk.close()
}

// spawn starts a goroutine that ends soon after ctx does; Run waits for it.
func (l *loop) spawn(f func()) { l.tasks.Go(f) }

// run feeds the node and does what it says, one input after the other.
func (l *loop) run() {
	g := l.g
	tick := time.NewTicker(core.TickEvery)
	defer tick.Stop()
	l.act()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-tick.C:
			for _, in := range g.told() {
				l.take(in)
			}
			g.node.Step(g.now(), core.Tick{})
			if now := g.now(); now-l.relinked >= relinkEvery {
				l.relinked = now
				l.relink()
			}
		case in := <-g.inbox:
			l.take(in)
			l.drain()
		case <-g.written:
			g.node.Step(g.now(), core.Written{})
		case c := <-g.arrived:
			l.serve(c)
			continue
		case a := <-l.gone:
			l.ended(a)
		case f := <-g.calls:
			f()
			continue
		}
		l.act()
	}
}

// drain takes what else waits, so that one write and one round of messages serve many.
func (l *loop) drain() {
	for range inboxMax {
		select {
		case in := <-l.g.inbox:
			l.take(in)
		default:
			return
		}
	}
}

func (l *loop) take(in core.Input) {
	if sent, ok := in.(core.SnapshotSent); ok {
		delete(l.sending, sent.ID)
	}
	l.g.node.Step(l.g.now(), in)
	if _, ok := in.(core.Saw); ok {
		l.relink()
	}
}

// act does what the node wants done. The write goes first, so that the disk works while messages are encoded; what must
// not be sent before it is durable is not here yet.
func (l *loop) act() {
	g := l.g
	e := g.node.Take()
	if len(e.Write) > 0 {
		g.writes <- e.Write // there is room: the node has one write under way
	}
	for _, s := range e.Sends {
		l.send(s)
	}
	g.publish() // before the callbacks, which may look at it
	if e.Applied && g.opts.Applied != nil {
		g.opts.Applied()
	}
	for _, a := range e.Answers {
		a.Token.(*call).answer <- a
	}
	for _, ev := range e.Events {
		l.tell(ev)
	}
}

// write is the goroutine that waits for the disk, so that nobody else does. A write that fails is tried again, as a new
// file, for as long as it takes; meanwhile nothing that depends on it is said, and a leader steps down.
func (l *loop) write() {
	for {
		var batches []core.Batch
		select {
		case <-l.ctx.Done():
			return
		case batches = <-l.g.writes:
		}
		err := l.g.disk.append(batches)
		for pause := retryFirst; err != nil; pause = min(2*pause, retryMax) {
			l.g.opts.Log.Error().Err(err).Msg("quorum log cannot be written; this sentinel does not vote until it can")
			if !l.pause(pause) {
				return
			}
			err = l.g.disk.rewrite()
		}
		l.g.written <- struct{}{} // there is room: the node takes it before it begins another write
	}
}

// pause waits, and reports false when the time of Run is over.
func (l *loop) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}
