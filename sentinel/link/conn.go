package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"

	"valkey/frontend/resp"
)

var (
	errUnread = errors.New("the peer does not read, or does not answer")
	errLong   = errors.New("a reply is too long")
	errExtra  = errors.New("a reply that nobody asked for")
)

// conn is one connection. Its goroutine opens and reads it; a second one writes while there is something to write.
type conn struct {
	links  *Links
	target Target
	dialer Dialer
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc

	mu struct {
		sync.Mutex
		net     net.Conn  // nil before it is open
		unsent  []byte    // what the writer has not taken
		writing bool      // the writer runs
		pending []pending // sends without a reply, the oldest first
		why     error     // what ended it, if it was not the peer
	}
}

// pending is a send whose reply is to come.
type pending struct {
	seq  uint64
	left int  // replies until the one that counts
	mute bool // nobody wants it
}

func newConn(l *Links, t Target) *conn {
	c := &conn{links: l, target: t, dialer: l.dialer}
	c.ctx, c.cancel = context.WithCancel(l.ctx)
	return c
}

// close ends the connection; nothing more is heard of it.
func (c *conn) close() {
	c.cancel()
	c.fail(nil)
}

// fail ends the connection, whose Down will say why.
func (c *conn) fail(why error) {
	c.mu.Lock()
	if c.mu.why == nil {
		c.mu.why = why
	}
	open := c.mu.net
	c.mu.Unlock()
	if open != nil {
		_ = open.Close() // which ends the reads and writes there are
	}
}

// run opens the connection and reads it to its end.
func (c *conn) run() {
	defer c.cancel()
	open, err := c.connect()
	if err == nil {
		err = c.read(open)
		c.fail(err)
		c.mu.Lock()
		err = c.mu.why
		c.mu.Unlock()
	}
	c.emit(Event{Kind: Down, Text: err.Error()})
}

func (c *conn) connect() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, dialTimeout)
	defer cancel()
	open, err := c.dialer.Dial(ctx, c.target.Host, c.target.Port)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.mu.net = open
	c.mu.Unlock()
	if c.ctx.Err() != nil { // closed in between, by someone who did not see it yet
		_ = open.Close()
		return nil, c.ctx.Err()
	}
	c.send(pending{left: len(c.target.Setup), mute: true}, c.target.Setup)
	local, _, _ := net.SplitHostPort(open.LocalAddr().String())
	c.emit(Event{Kind: Up, Text: local})
	return open, nil
}

// emit hands an event to the owner, and waits while there are too many; a closed connection has nothing to say.
func (c *conn) emit(e Event) {
	e.Link, e.Role, e.from = c.target.Link, c.target.Role, c
	select {
	case c.links.events <- e:
	case <-c.ctx.Done():
	}
}

// send queues commands; it reports whether the connection is open and takes them.
func (c *conn) send(p pending, commands [][]string) bool {
	if len(commands) == 0 {
		return true
	}
	c.mu.Lock()
	open := c.mu.net != nil && c.mu.why == nil
	full := open && (len(c.mu.unsent) > unsentBytesMax || len(c.mu.pending) >= pendingMax)
	start := open && !full && !c.mu.writing
	if open && !full {
		for _, words := range commands {
			c.mu.unsent = resp.AppendCommand(c.mu.unsent, words...)
		}
		c.mu.pending = append(c.mu.pending, p)
		c.mu.writing = true
	}
	c.mu.Unlock()
	switch {
	case full:
		c.fail(errUnread)
	case start:
		c.links.running.Go(c.write) // until all is written, or the connection ends
	}
	return open && !full
}

// write sends what is there, and what is added meanwhile.
func (c *conn) write() {
	for {
		c.mu.Lock()
		out, open := c.mu.unsent, c.mu.net
		c.mu.unsent = nil
		c.mu.writing = len(out) > 0
		c.mu.Unlock()
		if len(out) == 0 {
			return
		}
		if _, err := open.Write(out); err != nil {
			c.fail(err)
			return
		}
	}
}

// read hands over what comes until the connection ends.
func (c *conn) read(open net.Conn) error {
	bounded := &bounded{from: open}
	in := resp.NewReaderSize(bounded, readerBytes)
	setup := len(c.target.Setup) // replies to it that a subscription still has to get
	for {
		bounded.left = replyBytesMax
		v, err := in.Read()
		switch {
		case err != nil:
			return err
		case c.target.Role == PubSub && setup > 0:
			if setup--; setup == 0 && v.IsError() {
				return fmt.Errorf("the subscription is refused: %s", v.Str)
			}
		case c.target.Role == PubSub:
			if len(v.Elems) == 3 && v.Elems[0].Str == "message" {
				c.emit(Event{Kind: Message, Text: v.Elems[2].Str})
			}
		default:
			if err := c.answered(v); err != nil {
				return err
			}
		}
	}
}

// answered gives a reply to the oldest send.
func (c *conn) answered(v resp.Value) error {
	c.mu.Lock()
	if len(c.mu.pending) == 0 {
		c.mu.Unlock()
		return errExtra
	}
	p := &c.mu.pending[0]
	p.left--
	done, answered := p.left == 0, *p
	if done {
		c.mu.pending = c.mu.pending[1:]
	}
	c.mu.Unlock()
	if done && !answered.mute {
		e := Event{Kind: Reply, Seq: answered.seq, Text: textOf(v)}
		for _, item := range v.Elems {
			e.Items = append(e.Items, textOf(item))
		}
		c.emit(e)
	}
	return nil
}

// textOf gives a reply as text.
func textOf(v resp.Value) string {
	switch {
	case v.IsError():
		return "-" + v.Str
	case v.Kind == resp.KindInt:
		return strconv.FormatInt(v.Int, 10)
	}
	return v.Str
}

// bounded fails once more was read than a reply may have.
type bounded struct {
	from io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.from.Read(p)
	b.left -= n
	return n, err
}
