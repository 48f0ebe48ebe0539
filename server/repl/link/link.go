package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Follower is the server for which a link runs. All methods but Note, Claimed, Timeout, ReserveMax and Position are
// called by Run's goroutine, one after the other; none is called under a lock. An error ends the link.
type Follower interface {
	// Introduce says what to tell the primary.
	Introduce() Introduction
	// Note takes a line for the log.
	Note(text string)
	// Answered hears what the primary decided. Unless it is Continue, Load follows; after DualChannel another answer
	// comes first, with the place in the history.
	Answered(a Answer) error
	// Claimed hears that the primary keeps the stream from there on, which is about to be asked for.
	Claimed()
	// Load takes the copy, all of it.
	Load(p *Payload) error
	// Stream begins: commands follow at Position.
	Stream(conn net.Conn) error
	// Current says that everything has been applied that came while the copy was being loaded.
	Current() error
	// Apply executes a batch, and keeps nothing of it.
	Apply(b *Batch) error
	// Position is how far the history has been applied, and how far it is safely on disk, NoOffset if that is nowhere:
	// what is acknowledged. Without a position, NoOffset, nothing is.
	Position() (applied, durable int64)
	// Timeout is how long a primary may be silent.
	Timeout() time.Duration
	// ReserveMax is how much of the stream may wait for its copy to be loaded, in bytes; 0 for no limit.
	ReserveMax() int64
}

// errLater ends an attempt that the primary asked to repeat.
var errLater = errors.New("link: the primary asks to be tried again")

// errSilent ends an attempt whose primary says nothing.
var errSilent = errors.New("link: the primary is silent")

// IsSilent reports whether a link ended because nothing came for Follower.Timeout.
func IsSilent(err error) bool { return errors.Is(err, errSilent) }

// Link is one connection to a primary, with perhaps a second one for a copy.
type Link struct {
	f    Follower
	dial func(context.Context) (net.Conn, error)
	who  Introduction

	main    *wire
	second  atomic.Pointer[wire] // nil while there is none
	reserve reserve
	resting atomic.Bool // the reserve is to be filled no further

	phase   atomic.Int32
	heardMs atomic.Int64  // when the primary was last heard of, Unix milliseconds
	silent  atomic.Bool   // the connections were closed for it
	urgent  chan struct{} // holds one request to acknowledge at once; another one while it waits is the same request
}

// The phases of the first connection.
const (
	phaseDialogue  int32 = iota // Run writes, and nobody else
	phaseCopy                   // nobody writes but the dialogue that claims the stream
	phaseLoading                // keep writes signs of life, too
	phaseStreaming              // keep writes acknowledgements
)

// New makes a link that Run connects.
func New(f Follower, dial func(context.Context) (net.Conn, error)) *Link {
	return &Link{f: f, dial: dial, urgent: make(chan struct{}, 1)}
}

// HeardMs is when the primary was last heard of, Unix milliseconds. It may be called from any goroutine.
func (l *Link) HeardMs() int64 { return l.heardMs.Load() }

// Acknowledge tells the primary soon how far the replica is. It may be called from any goroutine.
func (l *Link) Acknowledge() {
	select {
	case l.urgent <- struct{}{}:
	default: // one waits already
	}
}

// Run connects, and follows the primary until the connection ends, in whatever way: the error says how. The end of ctx
// ends it at once.
func (l *Link) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	main, err := l.connect(ctx)
	if err != nil {
		return err
	}
	l.main = main
	var keeper sync.WaitGroup
	keeper.Go(func() { l.keep(ctx) }) // Run owns it and waits for it; the end of ctx ends it
	defer keeper.Wait()
	defer cancel()
	defer main.close()
	err = l.follow(ctx)
	if l.silent.Load() {
		return errSilent
	}
	return err
}

// connect makes a connection, which ends with ctx.
func (l *Link) connect(ctx context.Context) (*wire, error) {
	l.heard()
	timeout, stop := context.WithTimeout(ctx, l.f.Timeout())
	defer stop()
	conn, err := l.dial(timeout)
	if err != nil {
		if timeout.Err() != nil && ctx.Err() == nil {
			err = errSilent
		}
		return nil, fmt.Errorf("link: connect: %w", err)
	}
	w := &wire{conn: conn, heardMs: &l.heardMs}
	w.in.from = w
	w.forget = context.AfterFunc(ctx, func() { _ = conn.Close() }) // which ends every read and write
	return w, nil
}

func (l *Link) heard() { l.heardMs.Store(time.Now().UnixMilli()) }

// follow goes through the phases.
func (l *Link) follow(ctx context.Context) error {
	l.who = l.f.Introduce()
	a, err := l.talk(l.main, NewHandshake(l.who))
	if err != nil {
		return err
	}
	if err := l.f.Answered(a); err != nil {
		return err
	}
	switch a.Verdict {
	case Later:
		return errLater
	case FullSync, Legacy:
		err = l.copy(l.main)
	case DualChannel:
		err = l.copyBeside(ctx)
	case Continue, Undecided:
	}
	if err != nil {
		return err
	}
	if err := l.f.Stream(l.main.conn); err != nil {
		return err
	}
	if a.Verdict != DualChannel { // else it is, when the reserve is empty
		if err := l.current(); err != nil {
			return err
		}
	}
	s := stream{in: &l.main.in}
	for {
		b, err := s.next()
		if err != nil {
			return err
		}
		if err := l.f.Apply(b); err != nil {
			return err
		}
	}
}

// current goes over to acknowledging: a primary waits for that before it streams.
func (l *Link) current() error {
	if err := l.f.Current(); err != nil {
		return err
	}
	l.phase.Store(phaseStreaming)
	l.Acknowledge()
	return nil
}

// talk leads a dialogue up to the verdict.
func (l *Link) talk(w *wire, h *Handshake) (Answer, error) {
	if _, err := w.conn.Write(h.Hello()); err != nil {
		return Answer{}, err
	}
	for {
		line, err := w.in.line()
		if err != nil {
			return Answer{}, err
		}
		step, err := h.Line(line)
		if err != nil {
			return Answer{}, err
		}
		if step.Note != "" {
			l.f.Note(step.Note)
		}
		if _, err := w.conn.Write(step.Send); err != nil {
			return Answer{}, err
		}
		if step.Answer.Verdict != Undecided {
			return step.Answer, nil
		}
	}
}

// copy takes the copy that comes over a connection.
func (l *Link) copy(w *wire) error {
	l.phase.Store(phaseCopy)
	p, err := payloadHeader(&w.in)
	if err != nil {
		return err
	}
	p.loading = func() { l.phase.Store(phaseLoading) }
	if err := l.f.Load(p); err != nil {
		return err
	}
	return p.Finish()
}

// keep tells the primary from time to time that the replica lives and how far it is, and closes the connection when
// nothing is heard of the primary.
func (l *Link) keep(ctx context.Context) {
	t := time.NewTicker(lifePeriod)
	defer t.Stop()
	for {
		periodic := false
		select {
		case <-ctx.Done():
			return
		case <-l.urgent:
		case <-t.C:
			periodic = true
		}
		now, phase, timeout := time.Now(), l.phase.Load(), l.f.Timeout()
		if second := l.second.Load(); l.main.isSilent(now, timeout) || second != nil && second.isSilent(now, timeout) {
			l.silent.Store(true)
			l.main.close()
			if second != nil {
				second.close()
			}
			return
		}
		err := l.main.conn.SetWriteDeadline(now.Add(timeout))
		switch {
		case err != nil:
		case phase == phaseStreaming:
			err = l.acknowledge()
		case phase == phaseLoading && periodic:
			_, err = l.main.conn.Write([]byte("\n"))
		}
		if err != nil {
			l.main.close() // Run's read says why
			return
		}
	}
}

// acknowledge writes how far the replica is.
func (l *Link) acknowledge() error {
	applied, durable := l.f.Position()
	if applied == NoOffset {
		return nil
	}
	words := []string{"REPLCONF", "ACK", fmt.Sprint(applied)}
	if durable != NoOffset {
		words = append(words, "FACK", fmt.Sprint(durable))
	}
	_, err := l.main.conn.Write(command(nil, words...))
	return err
}
