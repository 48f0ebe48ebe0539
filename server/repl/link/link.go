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

// Follower is the server for which a link runs. All methods but Timeout and Position are called by Run's goroutine,
// one after the other; none is called under a lock. An error ends the link.
type Follower interface {
	// Introduce says what to tell the primary.
	Introduce() Introduction
	// Note takes a line for the log.
	Note(text string)
	// Answered hears what the primary decided. Unless it is Continue, Load follows.
	Answered(a Answer) error
	// Load takes the copy, all of it.
	Load(p *Payload) error
	// Stream begins: commands follow at Position.
	Stream(conn net.Conn) error
	// Apply executes a batch, and keeps nothing of it.
	Apply(b *Batch) error
	// Position is how far the history has been applied, and how far it is safely on disk, NoOffset if that is nowhere:
	// what is acknowledged. Without a position, NoOffset, nothing is.
	Position() (applied, durable int64)
	// Timeout is how long a primary may be silent.
	Timeout() time.Duration
}

// errLater ends an attempt that the primary asked to repeat.
var errLater = errors.New("link: the primary asks to be tried again")

// errSilent ends an attempt whose primary says nothing.
var errSilent = errors.New("link: the primary is silent")

// IsSilent reports whether a link ended because nothing came for Follower.Timeout.
func IsSilent(err error) bool { return errors.Is(err, errSilent) }

// Link is one connection to a primary.
type Link struct {
	f    Follower
	dial func(context.Context) (net.Conn, error)

	conn    net.Conn
	in      input
	phase   atomic.Int32
	heardMs atomic.Int64  // when the primary was last heard of, Unix milliseconds
	waitsMs atomic.Int64  // since when Run waits for the primary, Unix milliseconds; 0 when it does not
	silent  atomic.Bool   // the connection was closed for it
	urgent  chan struct{} // holds one request to acknowledge at once; another one while it waits is the same request
}

// The phases of a connection.
const (
	phaseDialogue  int32 = iota // Run writes, and nobody else
	phaseCopy                   // nobody writes
	phaseLoading                // keep writes signs of life
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
	l.heard()
	timeout, stop := context.WithTimeout(ctx, l.f.Timeout())
	conn, err := l.dial(timeout)
	late := timeout.Err() != nil && ctx.Err() == nil
	stop()
	if err != nil {
		if late {
			err = errSilent
		}
		return fmt.Errorf("link: connect: %w", err)
	}
	l.conn = conn
	l.in.from = (*listener)(l)
	var keeper sync.WaitGroup
	keeper.Go(func() { l.keep(ctx) }) // Run owns it and waits for it; the end of ctx ends it
	defer keeper.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // which ends every read and write
	defer conn.Close()
	err = l.follow()
	if l.silent.Load() {
		return errSilent
	}
	return err
}

// listener is the connection, with a note of when it was last heard of.
type listener Link

func (l *listener) Read(b []byte) (int, error) {
	l.waitsMs.Store(time.Now().UnixMilli())
	n, err := l.conn.Read(b)
	l.waitsMs.Store(0)
	if n > 0 {
		(*Link)(l).heard()
	}
	return n, err
}

func (l *Link) heard() { l.heardMs.Store(time.Now().UnixMilli()) }

// follow goes through the phases.
func (l *Link) follow() error {
	a, err := l.handshake()
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
		if err := l.copy(); err != nil {
			return err
		}
	case Continue, Undecided:
	}
	if err := l.f.Stream(l.conn); err != nil {
		return err
	}
	l.phase.Store(phaseStreaming)
	l.Acknowledge() // a primary waits for it before it streams
	s := stream{in: &l.in}
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

// handshake leads the dialogue up to the verdict.
func (l *Link) handshake() (Answer, error) {
	h := NewHandshake(l.f.Introduce())
	if _, err := l.conn.Write(h.Hello()); err != nil {
		return Answer{}, err
	}
	for {
		line, err := l.in.line()
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
		if _, err := l.conn.Write(step.Send); err != nil {
			return Answer{}, err
		}
		if step.Answer.Verdict != Undecided {
			return step.Answer, nil
		}
	}
}

// copy takes the copy.
func (l *Link) copy() error {
	l.phase.Store(phaseCopy)
	p, err := payloadHeader(&l.in)
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
		if w := l.waitsMs.Load(); w > 0 && now.Sub(time.UnixMilli(w)) > timeout {
			l.silent.Store(true)
			_ = l.conn.Close()
			return
		}
		err := l.conn.SetWriteDeadline(now.Add(timeout))
		switch {
		case err != nil:
		case phase == phaseStreaming:
			err = l.acknowledge()
		case phase == phaseLoading && periodic:
			_, err = l.conn.Write([]byte("\n"))
		}
		if err != nil {
			_ = l.conn.Close() // Run's read says why
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
	_, err := l.conn.Write(command(nil, words...))
	return err
}
