package server

import (
	"context"
	"errors"
	"net"
	"strconv"

	"valkey/configs"
	"valkey/server/engine"
	"valkey/server/repl/link"
)

// upstreamState is how far a replica is with its primary; the words are ROLE's.
type upstreamState string

const (
	stateConnect    upstreamState = "connect" // waits for the next try
	stateConnecting upstreamState = "connecting"
	stateHandshake  upstreamState = "handshake"
	stateSync       upstreamState = "sync"
	stateConnected  upstreamState = "connected"
)

// resumption is what a replica knows of a stream that it could go on with, beside the history's id and offset: the
// database that the stream has selected. Without one only a full copy helps.
type resumption struct {
	possible bool
	db       int
}

// isReplica reports whether the server copies another one.
func (s *Server) isReplica() bool { return s.upstream != nil }

// replicate makes the server a replica of another primary than now. The engine lock is held.
func (s *Server) replicate(host string, port int64, failover bool) {
	was := s.isReplica()
	if was {
		s.upstream.leave()
	}
	s.config.Replicaof = configs.HostPort{Host: host, Port: port}
	if !was {
		// Whoever took over may have our own history, and then lacks nothing.
		s.resumption = resumption{possible: true}
	}
	s.upstream = s.newUpstream()
	s.upstream.failover = failover
	s.upstream.begin()
	if !failover { // else when it has taken place: until then it may be aborted
		s.engine.EndWaits()
	}
	s.feedReplicas()
	s.engine.RefreshGoodReplicas()
}

// newUpstream is for the primary that replicaof names. The server is a replica from now on.
func (s *Server) newUpstream() *upstream {
	s.engine.SetGate(engine.GateReplica|engine.GateStale, true)
	s.logs.SetRole('S')
	return &upstream{s: s, address: s.config.Replicaof, state: stateConnect, wake: make(chan struct{}, 1)}
}

// begin starts to follow it. The engine lock is held.
func (u *upstream) begin() {
	u.ctx, u.cancel = context.WithCancel(u.s.ctx)
	u.s.upstreams.Go(u.run) // the server's, which waits for it; ends with ctx: another role, or the end of the server
}

// promote makes a replica a primary. The engine lock is held.
func (s *Server) promote() {
	if !s.isReplica() {
		return
	}
	s.upstream.leave()
	s.upstream = nil
	s.config.Replicaof = configs.HostPort{}
	s.resumption = resumption{}
	s.engine.SetGate(engine.GateReplica|engine.GateStale, false)
	s.logs.SetRole('M')
	s.history.Shift()
	second, upTo := s.history.Second()
	s.note("Setting secondary replication ID to %s, valid up to offset: %d. New replication ID is %s", second, upTo,
		s.history.ID())
	s.dropReplicas() // they go on under the new id
	s.history.ForceSelect()
	s.feeding.aloneMs = s.engine.NowMs() // the backlog lives on for those that come now
	s.feedReplicas()
	s.engine.RefreshGoodReplicas()
	s.restartAOF()
}

// Replicate is REPLICAOF with an address.
func (h host) Replicate(host string, port int64) { h.s.replicate(host, port, false) }

// Promote is REPLICAOF NO ONE.
func (h host) Promote() { h.s.promote() }

// SendAck is the primary's REPLCONF GETACK: it is answered when what came before it has been executed.
func (h host) SendAck() {
	if u := h.s.upstream; u != nil {
		u.ackWanted = true
	}
}

// Primary is the address of the primary that is copied.
func (h host) Primary() string {
	if !h.s.isReplica() {
		return ""
	}
	return h.s.upstream.addressText()
}

// addressText is host:port; it may be called without the lock.
func (u *upstream) addressText() string {
	return u.address.Host + ":" + strconv.FormatInt(u.address.Port, 10)
}

// primaryLink is how this replica stands with its primary; nil on a primary.
func (s *Server) primaryLink() *engine.PrimaryLink {
	u := s.upstream
	if u == nil {
		return nil
	}
	p := &engine.PrimaryLink{
		Host: u.address.Host, Port: u.address.Port, State: string(u.state), Up: u.state == stateConnected,
		DownMs: s.downMs, Offset: 1, ReadOffset: 1,
		Syncing: u.state == stateSync, SyncTotal: u.syncTotal, SyncRead: u.syncRead.Load(),
	}
	if u.guard.refusedAt != 0 {
		p.KeepsMs = u.keepsFor().Milliseconds()
	}
	p.BufferBytes, p.BufferPeak = s.reserve()
	if u.state == stateConnected || s.resumption.possible {
		p.Offset, p.ReadOffset = s.history.Offset(), s.history.Offset()
	}
	if l := u.link; l != nil {
		p.SyncLastIOMs = l.HeardMs()
		if p.Up {
			p.LastIOMs = l.HeardMs()
			p.HasOffset = true
			p.ReadOffset += u.ahead
		}
	}
	return p
}

// reserve is how much of the primary's stream waits for its copy to be loaded, and the most that the latest copy with a
// second connection had wait.
func (s *Server) reserve() (held, peak int64) {
	if u := s.upstream; u != nil && u.link != nil {
		held, peak = u.link.Reserve()
	}
	if peak == 0 {
		peak = s.reservePeak
	}
	return held, peak
}

// streamDB is the database that the stream of this replica has selected: what a snapshot says of it.
func (s *Server) streamDB() int {
	if u := s.upstream; u != nil && u.client != nil {
		return u.client.DB
	}
	return s.resumption.db
}

// restoreHistory takes over what a data file says of the history that it belongs to. A replica can go on with it; who
// copied this server before its restart, as a primary, can go on from there. The engine lock is held.
func (s *Server) restoreHistory(aux map[string]string) {
	h := s.history
	id := aux["repl-id"]
	offset, err := strconv.ParseInt(aux["repl-offset"], 10, 64)
	if len(id) != len(h.ID()) || err != nil || offset < 0 {
		h.Stop() // nobody can go on from what was appended meanwhile
		return
	}
	if !s.isReplica() {
		h.Rebase(offset)
		h.SetSecond(id, offset+1)
		s.feeding.aloneMs = s.engine.NowMs()
		return
	}
	h.Adopt(id, offset)
	s.resumption = resumption{possible: true, db: s.databaseNamed(aux)}
}

// databaseNamed is the database that a stream has selected where a snapshot was made.
func (s *Server) databaseNamed(aux map[string]string) int {
	db, err := strconv.Atoi(aux["repl-stream-db"])
	if err != nil || db < 0 || db >= s.store.Databases() {
		return 0
	}
	return db
}

// introduction is what a primary is told of this server.
func (s *Server) introduction() link.Introduction {
	c := s.config
	who := link.Introduction{
		User: c.Primaryuser, Password: c.Primaryauth, Address: c.ReplicaAnnounceIp, Port: c.Port,
		Version: s.facts.Version, Offset: link.NoOffset, DualChannel: c.DualChannelReplicationEnabled,
	}
	switch {
	case c.ReplicaAnnouncePort != 0:
		who.Port = c.ReplicaAnnouncePort
	case c.TlsReplication && c.TlsPort != 0:
		who.Port = c.TlsPort // what it would be reached by if it were the primary
	}
	if s.resumption.possible {
		who.ID, who.Offset = s.history.ID(), s.history.Offset()
	}
	return who
}

// errBind means that bind-source-addr is no address of this machine.
var errBind = errors.New("server: bind-source-addr is no address")

// dialer connects to an address, from bind-source-addr where that is set, and over TLS with tls-replication.
// Connections have no deadline of their own.
func (s *Server) dialer(address configs.HostPort) func(context.Context) (net.Conn, error) {
	source, secured := s.config.BindSourceAddr, s.certificates.Client()
	return func(ctx context.Context) (net.Conn, error) {
		d := net.Dialer{}
		if source != "" {
			ip := net.ParseIP(source)
			if ip == nil {
				return nil, errBind
			}
			d.LocalAddr = &net.TCPAddr{IP: ip}
		}
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(address.Host, strconv.FormatInt(address.Port, 10)))
		if err != nil || secured == nil {
			return conn, err
		}
		return overTLS(ctx, conn, secured)
	}
}

// durableOffset is up to where the append-only file holds the stream for good; -1, link.NoOffset, without one.
func (s *Server) durableOffset() int64 { return s.appending.log.Synced() }
