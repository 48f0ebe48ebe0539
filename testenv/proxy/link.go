package proxy

import (
	"io"
	"net"
	"sync"
	"time"
)

// link is one relayed connection.
type link struct {
	p         *Proxy
	near, far *net.TCPConn
	done      chan struct{} // closed by close
	once      sync.Once

	mu    sync.Mutex // taken after the proxy's
	fault *Fault     // nil: none. After is what is left of it
}

func (l *link) arm(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = &f
}

func (l *link) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = nil
}

// claim says how many of n bytes may pass in a direction, and what happens after them.
func (l *link) claim(d Direction, n int) (pass int, broken *Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil || l.fault.Dir != d {
		return n, nil
	}
	if int64(n) < l.fault.After {
		l.fault.After -= int64(n)
		return n, nil
	}
	pass = int(l.fault.After)
	broken, l.fault = l.fault, nil
	return pass, broken
}

func (l *link) close(reset bool) {
	l.once.Do(func() {
		if reset {
			_ = l.near.SetLinger(0) // only makes the close ruder
			_ = l.far.SetLinger(0)
		}
		close(l.done)
		_, _ = l.near.Close(), l.far.Close() // they are done with, whatever that says
	})
}

// pass copies one direction until an end or a fault.
func (l *link) pass(from, to *net.TCPConn, d Direction) {
	// A fault at byte 0 happens before anything is read.
	buf := make([]byte, chunkMax)
	if _, f := l.claim(d, 0); f != nil {
		l.breakWith(*f, from)
		return
	}
	for {
		l.p.mu.Lock()
		piece, delay := l.p.piece, l.p.delay
		l.p.mu.Unlock()
		n, err := from.Read(buf[:piece])
		if delay > 0 && !l.wait(delay) {
			return
		}
		pass, f := l.claim(d, n)
		l.p.mu.Lock()
		l.p.passed[d] += int64(pass)
		l.p.mu.Unlock()
		if _, e := to.Write(buf[:pass]); e != nil && err == nil {
			err = e
		}
		if f != nil {
			l.breakWith(*f, from)
			return
		}
		if err != nil {
			l.close(false)
			return
		}
	}
}

// breakWith does what a fault says; the direction has ended after it.
func (l *link) breakWith(f Fault, from io.Reader) {
	switch f.Kind {
	case Cut:
		l.close(false)
	case Reset:
		l.close(true)
	case Stall:
		<-l.done
	case Lose:
		_, _ = io.Copy(io.Discard, from) // ends with the connection
		l.close(false)
	}
}

// wait lets time pass, and says whether the link is still there.
func (l *link) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.done:
		return false
	}
}
