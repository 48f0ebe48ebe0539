package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// copyBeside takes the copy over a second connection, while the stream that goes on from it comes over the first one
// into the reserve. It ends with the copy loaded and the first connection at rest: what has come is read next.
func (l *Link) copyBeside(ctx context.Context) error {
	second, err := l.connect(ctx)
	if err != nil {
		return err
	}
	defer second.close()
	l.second.Store(second)
	defer l.second.Store(nil)
	at, err := l.talk(second, NewSecond(l.who))
	if err != nil {
		return err
	}
	if err := l.f.Answered(at); err != nil {
		return err
	}
	claimed, ended := make(chan struct{}), make(chan error, 1)
	go func() { // copyBeside's own, which waits for it; it ends with the first connection, or at rest
		err := l.follows(at, claimed)
		if err != nil {
			second.close() // no copy is of use without its stream
		}
		ended <- err
	}()
	if err := l.copy(second); err != nil {
		l.main.close()
		if broken := <-ended; broken != nil && !errors.Is(broken, net.ErrClosed) && !errors.Is(broken, io.ErrClosedPipe) {
			return broken // the cause; the copy ended because of it
		}
		return err
	}
	second.close()
	select {
	case err = <-ended: // nil if the reserve is full
	case <-claimed:
		l.resting.Store(true)
		if l.main.conn.SetReadDeadline(time.Now()) != nil {
			l.main.close()
		}
		err = <-ended
	}
	if err != nil {
		return err
	}
	l.main.in.from = io.MultiReader(&l.reserve, &drained{l: l})
	return l.main.conn.SetReadDeadline(time.Time{})
}

// follows asks for the stream and takes it into the reserve, as far as that goes: then the primary has to hold it.
func (l *Link) follows(at Answer, claimed chan<- struct{}) error {
	if _, err := l.talk(l.main, NewClaim(at)); err != nil {
		return err
	}
	l.f.Claimed()
	l.f.Note(fmt.Sprintf("Dual channel replication: Trying a partial resynchronization using main channel "+
		"(request %s:%d).", at.ID, at.Offset+1))
	a, err := l.talk(l.main, NewStream(at))
	if err != nil {
		return err
	}
	if a.Verdict != Continue {
		return errNoStream
	}
	l.f.Note("PRIMARY <-> REPLICA sync: Primary accepted a Partial Resynchronization, RDB load in background.")
	close(claimed)
	for {
		limit := l.f.ReserveMax()
		full, err := l.reserve.fill(l.main, limit)
		switch {
		case full:
			l.f.Note(fmt.Sprintf("Dual channel replication: Replication buffer limit reached (%d bytes), stopping "+
				"buffering. Further accumulation will occur on primary side.", limit))
			return nil
		case err == nil:
		case l.resting.Load() && errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		default:
			return err
		}
	}
}

// errNoStream ends an attempt with a copy whose stream the primary does not have any more.
var errNoStream = errors.New("link: the primary does not go on from its copy")

// drained is what is read when the reserve is empty, which means that all whole commands of it have been executed.
type drained struct {
	l    *Link
	told bool
}

func (d *drained) Read(b []byte) (int, error) {
	if !d.told {
		d.told = true
		d.l.f.Note("Dual channel replication: Successfully streamed replication data into memory")
		if err := d.l.current(); err != nil {
			return 0, err
		}
	}
	return d.l.main.Read(b)
}

// Reserve is how much of the stream waits for its copy to be loaded, and the most that it has been. It may be called
// from any goroutine.
func (l *Link) Reserve() (held, peak int64) { return l.reserve.held.Load(), l.reserve.peak.Load() }
