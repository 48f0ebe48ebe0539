package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"valkey/frontend/resp"
	"valkey/server/engine"
)

// courier carries keys to one other server, one migration after the other, over a connection that it keeps for a while
// when it has nothing to do. Migrations hold the engine lock only to pack keys and to delete what has arrived.
type courier struct {
	s       *Server
	address string

	queue []*engine.Migration // guarded by the engine lock; each stands for a client that waits, or has gone since
	wake  chan struct{}       // one place: there is something in the queue

	// The rest is the courier's own.
	conn net.Conn
	stop func() bool // of the conn's being closed with s.ctx
	in   *bufio.Reader
	db   int64 // that is selected there; -1 if that is not known
	buf  []byte
}

const (
	// courierIdle is how long a connection without work is kept.
	courierIdle = 10 * time.Second
	// couriersKept is how many connections are kept without work.
	couriersKept = 64
	// courierChunk is how much is written at once: each chunk has the migration's whole timeout.
	courierChunk = 64 << 10
	// courierLine bounds a line of a reply.
	courierLine = 4 << 10
)

// Migrate gives a migration to the courier of its address.
func (h host) Migrate(m *engine.Migration) {
	s := h.s
	c := s.couriers[m.Address]
	if c == nil {
		c = &courier{s: s, address: m.Address, wake: make(chan struct{}, 1), db: -1}
		if s.couriers == nil {
			s.couriers = make(map[string]*courier)
		}
		s.couriers[m.Address] = c
		s.carrying.Go(c.run) // the server waits for it; ends some time after its last migration, or with s.ctx
	}
	c.queue = append(c.queue, m)
	select {
	case c.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// MigrationLinks is how many couriers there are: each has a connection, or is about to.
func (h host) MigrationLinks() int { return len(h.s.couriers) }

func (c *courier) run() {
	defer c.hangUp()
	idle := time.NewTimer(courierIdle)
	defer idle.Stop()
	for {
		m, stay := c.take(false)
		for m != nil {
			c.carry(m)
			m, stay = c.take(false)
		}
		if !stay {
			return
		}
		idle.Reset(courierIdle)
		select {
		case <-c.wake:
		case <-idle.C:
			if m, stay := c.take(true); m != nil {
				c.carry(m)
			} else if !stay {
				return
			}
		case <-c.s.ctx.Done():
			return
		}
	}
}

// take takes the next migration. Without one it reports whether the courier is to stay: it has not been idle for long,
// and there are not too many. One that does not stay is nobody's any more.
func (c *courier) take(long bool) (m *engine.Migration, stay bool) {
	e := c.s.engine
	e.Lock()
	defer e.Unlock()
	if len(c.queue) > 0 {
		m, c.queue = c.queue[0], c.queue[1:]
		return m, true
	}
	if long || len(c.s.couriers) > couriersKept {
		delete(c.s.couriers, c.address)
		return nil, false
	}
	return nil, true
}

func (c *courier) hangUp() {
	if c.conn != nil {
		c.stop()
		_ = c.conn.Close() // nothing is under way on it
		c.conn = nil
	}
	c.db = -1
}

// The stages of a migration that the network can fail in, as clients are told.
var (
	errConnecting = resp.Error("IOERR error or timeout connecting to the client")
	errWriting    = resp.Error("IOERR error or timeout writing to target instance")
	errReading    = resp.Error("IOERR error or timeout reading from target instance")
)

// carry brings a migration to its end. A connection that turns out to be broken before anything was answered is
// replaced once: the other side may have closed it long ago.
func (c *courier) carry(m *engine.Migration) {
	t := trip{c: c, m: m, timeout: time.Duration(m.Timeout) * time.Millisecond}
	err := t.travel()
	if t.broken && !t.answered && !errors.Is(t.cause, os.ErrDeadlineExceeded) && !errors.Is(err, errConnecting) {
		c.hangUp()
		t = trip{c: c, m: m, timeout: t.timeout}
		c.s.locked(m.Rewind)
		err = t.travel()
	}
	if t.broken {
		c.hangUp()
	}
	c.s.locked(func() { m.End(err) })
}

// trip is one try to carry a migration.
type trip struct {
	c        *courier
	m        *engine.Migration
	timeout  time.Duration
	compress bool
	broken   bool  // the connection is of no use any more
	cause    error // why
	answered bool  // the other side has taken note of something
	refused  error // the first error that it replied
}

// travel takes parcels until there are no more.
func (t *trip) travel() error {
	if err := t.connect(); err != nil {
		return err
	}
	for first := true; ; first = false {
		var parcels []engine.Parcel
		t.c.s.locked(func() { parcels, t.compress = t.m.Pack(), t.c.s.config.Rdbcompression })
		if len(parcels) == 0 {
			break
		}
		arrived, err := t.deliver(parcels, first)
		t.c.s.locked(func() {
			t.m.Unpack(parcels)
			t.m.Taken(arrived)
		})
		if err != nil {
			t.refuse(err) // unless the other side said something before
			break
		}
	}
	if t.refused != nil {
		t.c.db = -1
	}
	return t.refused
}

func (t *trip) connect() error {
	if t.c.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(t.c.s.ctx, t.timeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", t.c.address)
	if err == nil {
		var secured *tls.Config
		t.c.s.holding(func() { secured = t.c.s.certificates.MigrationClient() })
		if secured != nil {
			conn, err = overTLS(ctx, conn, secured)
		}
	}
	if err != nil {
		t.fail(err)
		return errConnecting
	}
	t.c.stop = context.AfterFunc(t.c.s.ctx, func() { _ = conn.Close() }) // ends what the courier waits for
	t.c.conn, t.c.in, t.c.db = conn, bufio.NewReaderSize(conn, courierLine), -1
	return nil
}

func (t *trip) fail(err error) { t.broken, t.cause = true, err }

// deliver sends parcels and returns the keys that were accepted. The first ones go behind what opens the conversation.
func (t *trip) deliver(parcels []engine.Parcel, first bool) (arrived [][]byte, err error) {
	c := t.c
	w := resp.Writer{Buf: c.buf[:0]}
	opening := 0
	if first && t.m.Auth != nil {
		w.Command(t.m.Auth)
		opening++
	}
	if c.db != t.m.DB {
		w.Command([][]byte{[]byte("SELECT"), fmt.Append(nil, t.m.DB)})
		opening++
	}
	var payload []byte
	for i := range parcels {
		p := &parcels[i]
		payload = p.Payload.Append(payload[:0], t.compress)
		argv := [][]byte{[]byte("RESTORE"), p.Key, fmt.Append(nil, p.TTL), payload}
		if t.m.Replaces {
			argv = append(argv, []byte("REPLACE"))
		}
		w.Command(argv)
	}
	if c.buf = w.Buf; cap(c.buf) > courierKept {
		c.buf = nil
	}
	if err := t.write(w.Buf); err != nil {
		return nil, errWriting
	}
	var refusal error // of the opening: what follows it is refused with it
	for range opening {
		line, err := t.read()
		if err != nil {
			return nil, errReading
		}
		if refusal == nil {
			refusal = refusedBy(line)
		}
	}
	for i := range parcels {
		line, err := t.read()
		if err != nil {
			return arrived, errReading
		}
		switch err := refusedBy(line); {
		case refusal != nil:
			t.refuse(refusal)
		case err != nil:
			t.refuse(err)
		default:
			arrived = append(arrived, parcels[i].Key)
		}
	}
	if refusal == nil {
		c.db = t.m.DB
	}
	return arrived, nil
}

// courierKept is the largest buffer that is kept between parcels.
const courierKept = 1 << 20

func (t *trip) refuse(err error) {
	if t.refused == nil {
		t.refused = err
	}
}

// refusedBy makes the client's error of a reply that is one.
func refusedBy(line []byte) error {
	if len(line) == 0 || line[0] != '-' {
		return nil
	}
	return engine.Errorf("Target instance replied with error: %s", line[1:])
}

func (t *trip) write(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), courierChunk)
		err := t.c.conn.SetWriteDeadline(time.Now().Add(t.timeout))
		if err == nil {
			_, err = t.c.conn.Write(p[:n])
		}
		if err != nil {
			t.fail(err)
			return err
		}
		p = p[n:]
	}
	return nil
}

// read reads a line, which is good until the next; one that is longer than courierLine breaks the connection.
func (t *trip) read() ([]byte, error) {
	err := t.c.conn.SetReadDeadline(time.Now().Add(t.timeout))
	var line []byte
	if err == nil {
		line, err = t.c.in.ReadSlice('\n')
	}
	if err != nil {
		t.fail(err)
		return nil, err
	}
	t.answered = true
	return trimLineEnd(line), nil
}

func trimLineEnd(line []byte) []byte {
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
