package netloop

import (
	"context"
	"crypto/tls"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"valkey/frontend/resp"
)

// Config is how a Server begins. What is zero gets its default; what can change later has a method.
type Config struct {
	Loops          int           // event loops, 1 by default
	Backlog        int           // accepted by the kernel and not by us, 511 by default; it may allow less
	AcceptMax      int           // connections accepted in one turn of a loop, 10 by default
	KeepAlive      time.Duration // idle time before TCP asks whether the peer lives; 0 never
	QueryBufferMax int           // bytes received and not executed that close a connection, 1 GB by default
	Limits         *resp.Limits  // of new connections
	MPTCP          bool          // accept multipath TCP
	SocketMark     int           // SO_MARK of what listens, 0 none
	AcceptTLSMax   int           // connections with TLS accepted in one turn of a loop, 1 by default
	HandshakeMax   time.Duration // how long a TLS handshake may take, 10 s by default

	// Warn is told what an operator should know and what the server goes on after. It is called from any loop.
	Warn func(msg string, err error)
	// Refused is told of a connection whose TLS handshake failed. It is called from any goroutine.
	Refused func(remote string, err error)
}

// Server owns the loops and what listens for them.
type Server struct {
	handler  Handler
	warn     func(msg string, err error)
	refused  func(remote string, err error)
	limits   *resp.Limits
	stopping atomic.Bool
	tickNow  atomic.Bool

	// Settings that may change while the loops run.
	queryMax     atomic.Int64
	acceptMax    atomic.Int64
	acceptTLSMax atomic.Int64
	tls          atomic.Pointer[tls.Config]
	handshakes   atomic.Int64 // that run
	open         atomic.Int64 // connections that loops serve
	connsMax     atomic.Int64 // see SetConnsMax
	keepAlive    atomic.Int64
	backlog      atomic.Int64
	sweepPaused  atomic.Bool
	active       atomic.Int64 // loops that get new connections, from the first
	keepP        atomic.Bool  // loops wait without giving the P up

	shakers []*shaker // one from the beginning, more from Run on

	mptcp        bool
	mark         int
	handshakeMax time.Duration

	accepted atomic.Uint64

	// Loop 0's: where the next connection goes, and whether and until when listeners are not watched.
	nextLoop  int
	resting   bool
	restUntil time.Time

	mu struct {
		sync.Mutex // guards what follows; never held while waiting
		listeners  []listener
		running    bool
	}

	// loops is replaced, not changed, when it grows; nobody ever leaves it.
	loops atomic.Pointer[[]*Loop]
	group sync.WaitGroup // the loops that run
}

// Stats are totals since the start.
type Stats struct {
	NetIn, NetOut uint64 // bytes
	Reads, Writes uint64 // system calls that moved bytes
	Accepted      uint64 // connections
}

// New makes a server that does not listen yet. The loops exist from here on, so Listen may come before Run.
func New(cfg Config, h Handler) (*Server, error) {
	s := &Server{
		handler: h, warn: cfg.Warn, refused: cfg.Refused, limits: cfg.Limits, mptcp: cfg.MPTCP, mark: cfg.SocketMark,
		handshakeMax: handshakeMax,
	}
	if cfg.HandshakeMax > 0 {
		s.handshakeMax = cfg.HandshakeMax
	}
	if s.warn == nil {
		s.warn = func(string, error) {}
	}
	if s.limits == nil {
		s.limits = &resp.Limits{}
	}
	s.SetQueryBufferMax(cfg.QueryBufferMax)
	s.SetAcceptMax(cfg.AcceptMax)
	s.SetAcceptTLSMax(cfg.AcceptTLSMax)
	s.SetKeepAlive(cfg.KeepAlive)
	s.SetBacklog(cfg.Backlog)
	s.loops.Store(&[]*Loop{})
	first, err := newShaker(s)
	if err != nil {
		return nil, err
	}
	s.shakers = []*shaker{first}
	if err := s.SetLoops(cfg.Loops); err != nil {
		for _, l := range s.Loops() {
			l.end()
		}
		first.end()
		return nil, err
	}
	return s, nil
}

// SetLoops changes how many loops new connections are dealt out to (io-threads). Loops beyond that go on with the
// connections that they have. It may be called before Run, and while it runs from within a handler's methods.
func (s *Server) SetLoops(n int) error {
	n = max(n, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.Loops()); i < n; i++ {
		l, err := newLoop(s, i)
		if err != nil {
			return err
		}
		more := append(slices.Clone(s.Loops()), l)
		s.loops.Store(&more)
		if s.mu.running {
			s.group.Go(l.serve) // as those of Run, which cannot have ended: this loop's caller has not
		}
	}
	s.active.Store(int64(n))
	s.keepP.Store(runtime.GOMAXPROCS(0) > len(s.Loops()))
	return nil
}

// Run serves until ctx ends. Then every connection is closed, the handler told, and all goroutines are gone.
//
// While GOMAXPROCS is larger than the number of loops, a loop keeps its P when it waits, which halves the cost of a
// request on a server that is not busy. Otherwise it gives the P up, since nothing else could run.
func (s *Server) Run(ctx context.Context) error {
	if s.stopping.Load() {
		return fmt.Errorf("netloop: run: %w", context.Canceled)
	}
	s.start()
	stop := context.AfterFunc(ctx, func() {
		s.stopping.Store(true)
		for _, l := range s.Loops() {
			l.inbox.wake()
		}
		for _, k := range s.shakers {
			k.inbox.wake()
		}
	})
	defer stop()
	s.group.Wait()
	for _, l := range s.Loops() {
		l.inbox.closeFresh() // a handshake may have ended after its loop
	}
	s.CloseListeners()
	return nil
}

func (s *Server) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.running = true
	// What the loops leave of the processors may compute for handshakes.
	for len(s.shakers) < runtime.GOMAXPROCS(0)-len(s.Loops()) {
		k, err := newShaker(s)
		if err != nil {
			s.warn("fewer handshakes are made at a time", err)
			break
		}
		s.shakers = append(s.shakers, k)
	}
	for _, k := range s.shakers {
		s.group.Go(k.serve) // owned by Run; ends when stopping is set, within one step of a handshake
	}
	s.keepP.Store(runtime.GOMAXPROCS(0) > len(s.Loops()))
	for _, l := range s.Loops() {
		s.group.Go(l.serve) // owned by Run; ends when stopping is set, within one turn
	}
}

// Wake has loop 0 call Tick as soon as it can. Any goroutine may call it.
func (s *Server) Wake() {
	s.tickNow.Store(true)
	s.Loops()[0].inbox.wake()
}

// Loops returns the event loops, whose State may be set before Run. Any goroutine may call it.
func (s *Server) Loops() []*Loop { return *s.loops.Load() }

// Stats adds up the loops' counters. Any goroutine may call it.
func (s *Server) Stats() Stats {
	st := Stats{Accepted: s.accepted.Load()}
	for _, l := range s.Loops() {
		st.NetIn += l.totals.received.Load()
		st.NetOut += l.totals.written.Load()
		st.Reads += l.totals.reads.Load()
		st.Writes += l.totals.writes.Load()
	}
	return st
}

// SetQueryBufferMax changes how many bytes that are not executed close a connection (client-query-buffer-limit).
func (s *Server) SetQueryBufferMax(n int) { s.queryMax.Store(int64(orDefault(n, queryBufferMax))) }

// SetAcceptMax changes how many connections are accepted in one turn (max-new-connections-per-cycle).
func (s *Server) SetAcceptMax(n int) { s.acceptMax.Store(int64(orDefault(n, acceptMax))) }

// SetAcceptTLSMax changes how many connections with TLS are accepted in one turn (max-new-tls-connections-per-cycle):
// their handshakes compute.
func (s *Server) SetAcceptTLSMax(n int) { s.acceptTLSMax.Store(int64(orDefault(n, acceptTLSMax))) }

// SetConnsMax changes how many connections there may be before another one that would begin with a handshake is closed
// instead (maxclients); 0 sets no limit. Without TLS it is up to Handler.Open, which can say why.
func (s *Server) SetConnsMax(n int) { s.connsMax.Store(int64(n)) }

// SetKeepAlive changes the TCP keepalive of connections accepted from now on (tcp-keepalive).
func (s *Server) SetKeepAlive(d time.Duration) { s.keepAlive.Store(int64(d)) }

// SetBacklog changes the backlog of what listens from now on (tcp-backlog).
func (s *Server) SetBacklog(n int) { s.backlog.Store(int64(orDefault(n, backlogDefault))) }

// PauseSweep stops, or lets go on, the release of query buffers that are not needed (DEBUG PAUSE-CRON).
func (s *Server) PauseSweep(paused bool) { s.sweepPaused.Store(paused) }

func orDefault(n, def int) int {
	if n <= 0 {
		return def
	}
	return n
}
