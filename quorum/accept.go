package quorum

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"valkey/quorum/core"
)

// incoming is a connection that a peer dialled.
type incoming struct{ conn net.Conn }

// accepted is one that is served.
type accepted struct {
	conn net.Conn
	id   string // the peer's myid; empty until it has greeted
	hung bool   // the peer closed it, or its machine did
}

// serve starts reading a connection.
func (l *loop) serve(in incoming) {
	if l.accepted >= linksMax {
		in.conn.Close()
		return
	}
	l.accepted++
	a := &accepted{conn: in.conn}
	l.spawn(func() { // it ends with its connection, which ended, a newer one, a timeout or the end of Run closes
		stop := context.AfterFunc(l.ctx, func() { a.conn.Close() })
		err := l.read(a)
		stop()
		a.conn.Close()
		a.hung = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
		if errors.Is(err, errFrame) {
			l.refused(a.id, err)
		}
		select {
		case l.gone <- a:
		case <-l.ctx.Done():
		}
	})
}

// greeted makes a stream the one of its peer; an older one is closed.
func (l *loop) greeted(a *accepted) {
	if old := l.incoming[a.id]; old != nil {
		old.conn.Close()
	}
	l.incoming[a.id] = a
	if k := l.links[a.id]; k != nil && !k.up.Load() {
		select {
		case k.wake <- struct{}{}:
		default: // it has been told already
		}
	}
}

// ended notes that a connection is no more. Where a peer closed the one it had, it may have ended itself.
func (l *loop) ended(a *accepted) {
	l.accepted--
	if l.incoming[a.id] != a {
		return
	}
	delete(l.incoming, a.id)
	if a.hung {
		l.take(core.LinkDown{ID: a.id})
	}
}

// read takes a peer's messages, one by one; while the loop is busy the peer's socket fills, and it has to wait.
func (l *loop) read(a *accepted) error {
	_ = a.conn.SetDeadline(time.Now().Add(dialTimeout)) // a broken connection says so at the next call
	r := bufio.NewReaderSize(a.conn, 64<<10)
	b, err := readLinkFrame(r, nil, greetingMax)
	if err != nil {
		return err
	}
	g, err := decodeGreeting(b)
	if err != nil {
		return err
	}
	me := greeting{from: l.g.opts.ID, to: g.from}
	if _, err := a.conn.Write(appendFrame(nil, me.encode())); err != nil {
		return err
	}
	if g.to != "" && g.to != l.g.opts.ID || g.from == l.g.opts.ID {
		return nil // it wants another one; the greeting has told it who is here
	}
	if g.snapshot {
		return l.readSnapshot(a, g.from, r)
	}
	a.id = g.from
	if !l.call(func() { l.greeted(a) }) {
		return nil
	}
	_ = a.conn.SetDeadline(time.Time{})
	for {
		_ = a.conn.SetReadDeadline(time.Now().Add(idleTimeout))
		if b, err = readLinkFrame(r, b, core.MessageMax); err != nil {
			return err
		}
		m, err := core.DecodeMessage(b)
		if err != nil {
			l.refused(a.id, err) // of a newer version, perhaps: the next may be fine
			continue
		}
		if !l.g.put(core.Received{From: a.id, Message: m}) {
			return nil
		}
		if cap(b) > 1<<20 {
			b = nil
		}
	}
}

// readSnapshot takes a snapshot, one at a time: a newer one ends an older one, whose sender may have died.
func (l *loop) readSnapshot(a *accepted, from string, r *bufio.Reader) error {
	wanted := make(chan bool, 1)
	if !l.call(func() { wanted <- l.receives(a, from) }) || !<-wanted {
		return nil // nothing of it has been read: it is large, and may be anybody's
	}
	defer l.call(func() {
		if l.receiving == a {
			l.receiving = nil
		}
	})
	_ = a.conn.SetDeadline(time.Now().Add(snapshotTimeout))
	b, err := readLinkFrame(r, nil, core.SnapshotMax)
	if err != nil {
		return err
	}
	m, err := core.DecodeMessage(b)
	if err != nil || !m.IsSnapshot() {
		l.refused(from, err)
		return nil
	}
	if l.g.put(core.Received{From: from, Message: m}) {
		_, err = a.conn.Write([]byte{1})
	}
	return err
}

// receives makes a connection the one that a snapshot comes on, if its sender may have one for this member.
func (l *loop) receives(a *accepted, from string) bool {
	if !l.g.node.Awaits(from) {
		return false
	}
	if l.receiving != nil {
		l.receiving.conn.Close()
	}
	l.receiving = a
	return true
}

// call runs f in the loop.
func (l *loop) call(f func()) bool {
	select {
	case l.g.calls <- f:
		return true
	case <-l.g.done:
		return false
	}
}

// refused tells of bytes that are not what members send.
func (l *loop) refused(from string, err error) {
	text := "not a message"
	if err != nil {
		text = err.Error()
	}
	l.call(func() { l.tell(core.Event{Kind: core.EventRefused, Peer: from, Text: text}) })
}
