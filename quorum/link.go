package quorum

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"valkey/quorum/core"
)

// A link is this member's stream to one peer: dialled here, written here, and read only to notice its end and for the
// greeting. What the peer has to say comes on a stream that it dials itself.
type link struct {
	peer   atomic.Pointer[Peer] // the address may change; ID is empty for a probe
	queue  chan []byte          // frames' payloads; what does not fit is dropped
	bytes  atomic.Int64         // in queue
	up     atomic.Bool
	wake   chan struct{} // the peer shows signs of life: dial now
	cancel context.CancelFunc
}

// relink starts and ends links so that there is one to each peer that the node wants.
func (l *loop) relink() {
	wanted := map[string]bool{}
	addrs := map[string]bool{}
	for _, p := range l.g.node.Links() {
		wanted[p.ID], addrs[p.Addr] = true, true
		if have := l.links[p.ID]; have == nil {
			l.links[p.ID] = l.dialling(p)
		} else if have.peer.Load().Addr != p.Addr {
			have.peer.Store(&p)
		}
	}
	for _, p := range l.g.opts.Static {
		if p.ID != "" || addrs[p.Addr] {
			continue
		}
		if addrs[p.Addr] = true; l.probes[p.Addr] == nil {
			l.probes[p.Addr] = l.dialling(p)
		}
		wanted[p.Addr] = true
	}
	for _, m := range []map[string]*link{l.links, l.probes} {
		for key, k := range m {
			if !wanted[key] {
				k.cancel()
				delete(m, key)
			}
		}
	}
}

// dialling starts a link.
func (l *loop) dialling(p Peer) *link {
	ctx, cancel := context.WithCancel(l.ctx)
	k := &link{queue: make(chan []byte, queueMax), wake: make(chan struct{}, 1), cancel: cancel}
	k.peer.Store(&p)
	l.spawn(func() { l.keep(ctx, k) })
	return k
}

// send queues a message for a peer. It never waits: what cannot be queued is lost, and raft is told.
func (l *loop) send(s core.Send) {
	payload, err := s.Message.Encode()
	if err != nil {
		panic("BUG: " + err.Error())
	}
	if s.Message.IsSnapshot() {
		l.sendSnapshot(s.To, payload)
		return
	}
	k := l.links[s.To]
	if k != nil && k.up.Load() && k.bytes.Load() < queueBytesMax {
		k.bytes.Add(int64(len(payload)))
		select {
		case k.queue <- payload:
			return
		default:
			k.bytes.Add(-int64(len(payload)))
		}
	}
	if s.Message.Raft != nil {
		l.g.node.Step(l.g.now(), core.Unreachable{ID: s.To})
	}
}

// keep dials a peer, again and again, until ctx ends.
func (l *loop) keep(ctx context.Context, k *link) {
	pause := redialFirst
	for ctx.Err() == nil {
		began := time.Now()
		l.stream(ctx, k)
		if time.Since(began) > idleTimeout {
			pause = redialFirst
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
			pause = min(2*pause, redialMax)
		case <-k.wake:
			t.Stop()
			pause = redialFirst
		case <-ctx.Done():
			t.Stop()
		}
	}
}

// dial opens a connection and exchanges greetings.
func (l *loop) dial(ctx context.Context, p Peer, snapshot bool) (net.Conn, string, error) {
	dctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := l.g.opts.Dial(dctx, p)
	if err != nil {
		return nil, "", err
	}
	_ = conn.SetDeadline(time.Now().Add(dialTimeout)) // a connection that is broken already says so at the next call
	hello := greeting{from: l.g.opts.ID, to: p.ID, snapshot: snapshot}
	var reply greeting
	if _, err = conn.Write(appendFrame(nil, hello.encode())); err == nil {
		var b []byte
		if b, err = readLinkFrame(conn, nil, greetingMax); err == nil {
			reply, err = decodeGreeting(b)
		}
	}
	if err == nil && p.ID != "" && reply.from != p.ID {
		err = errors.New("quorum: link: another member answers there: " + reply.from)
	}
	if err != nil {
		conn.Close()
		return nil, "", err
	}
	_ = conn.SetDeadline(time.Time{})
	return conn, reply.from, nil
}

// stream is the life of one connection of a link.
func (l *loop) stream(ctx context.Context, k *link) {
	p := *k.peer.Load()
	conn, id, err := l.dial(ctx, p, false)
	if err != nil {
		l.g.opts.Log.Debug().Str("peer", p.ID).Str("addr", p.Addr).Err(err).Msg("quorum link not opened")
		return
	}
	defer conn.Close()
	if p.ID == "" { // now it has a name, it gets a link of its own
		l.g.put(core.Saw{Peers: []Peer{{ID: id, Addr: p.Addr}}})
		return
	}
	ended := make(chan struct{})
	go func() { // owned by this call: the connection's end, which the caller brings about at the latest, ends it
		defer close(ended)
		var one [1]byte
		_, _ = conn.Read(one[:]) // nothing is sent here, so this is its end
	}()
	k.up.Store(true)
	if l.g.put(core.LinkUp{ID: id}) {
		l.pump(ctx, k, conn, ended)
	}
	k.up.Store(false)
	conn.Close()
	<-ended
	for { // what was not written is lost, as it would be on the way
		select {
		case b := <-k.queue:
			k.bytes.Add(-int64(len(b)))
		default:
			return
		}
	}
}

// pump writes what is queued, many frames at a time, until the connection or ctx ends.
func (l *loop) pump(ctx context.Context, k *link, conn net.Conn, ended <-chan struct{}) {
	w := bufio.NewWriterSize(conn, 64<<10)
	var frame []byte
	for {
		var b []byte
		select {
		case b = <-k.queue:
		case <-ended:
			return
		case <-ctx.Done():
			return
		}
		_ = conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // a broken connection says so at the next write
		for more := true; more; {
			k.bytes.Add(-int64(len(b)))
			frame = appendFrame(frame[:0], b)
			if _, err := w.Write(frame); err != nil {
				return
			}
			select {
			case b = <-k.queue:
			default:
				more = false
			}
		}
		if w.Flush() != nil {
			return
		}
		if cap(frame) > 1<<20 {
			frame = nil
		}
	}
}

// sendSnapshot sends a snapshot on a connection of its own, and reports how that went: raft waits for it.
func (l *loop) sendSnapshot(id string, payload []byte) {
	k := l.links[id]
	if k == nil || l.sending[id] || len(payload) > core.SnapshotMax {
		l.g.node.Step(l.g.now(), core.SnapshotSent{ID: id})
		return
	}
	l.sending[id] = true
	p := *k.peer.Load()
	l.spawn(func() { // it ends with its timeout at the latest
		err := l.deliver(p, payload)
		if err != nil {
			l.g.opts.Log.Debug().Str("peer", id).Err(err).Msg("quorum snapshot not sent")
		}
		l.g.put(core.SnapshotSent{ID: id, OK: err == nil})
	})
}

func (l *loop) deliver(p Peer, payload []byte) error {
	ctx, cancel := context.WithTimeout(l.ctx, snapshotTimeout)
	defer cancel()
	conn, _, err := l.dial(ctx, p, true)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if _, err := conn.Write(appendFrame(nil, payload)); err != nil {
		return err
	}
	var ack [1]byte
	_, err = conn.Read(ack[:])
	return err
}
