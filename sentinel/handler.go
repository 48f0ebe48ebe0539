package sentinel

import (
	"time"

	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/frontend/netloop"
	"valkey/frontend/session"
)

// handler runs a command: as session.Handler, with the sentinel at hand.
type handler = func(*call) error

// sentinelCommand is a declaration with its handler.
type sentinelCommand = command.Command[handler]

// call is one command being executed. It is valid until the handler returns.
type call struct {
	session.Call
	s *Sentinel
}

// loopHandler is what the event loops call: netloop.Handler.
type loopHandler struct{ s *Sentinel }

// Open registers a new connection, or turns it away.
func (h *loopHandler) Open(c *netloop.Conn) (reject []byte) {
	s := h.s
	s.enter()
	defer s.leave()
	cl, reject := s.conns.Connect(c)
	if cl != nil {
		s.certificates.LogIn(c, cl)
		s.conns.Limit(c, cl)
	}
	return reject
}

// Run executes everything that a loop has read from its connections.
func (h *loopHandler) Run(r *netloop.Round) {
	s := h.s
	start := time.Now()
	s.front.Lock()
	defer s.front.Unlock()
	s.front.Begin(start)
	for i := range r.Commands {
		cmd := &r.Commands[i]
		if r.Take(i) {
			h.run(r, i, cmd)
		}
		if i+1 == len(r.Commands) || r.Commands[i+1].Conn != cmd.Conn {
			s.conns.Flush(cmd.Conn)
		}
	}
	for _, list := range [][]*netloop.Conn{r.Notified, r.Grown, r.TakeNotified()} {
		for _, c := range list {
			s.conns.Flush(c)
		}
	}
	s.front.EndCycle(r.Loop.Index, time.Since(start), len(r.Commands))
}

// run executes a command, unless another client's of the same round has killed its client.
func (h *loopHandler) run(r *netloop.Round, i int, cmd *netloop.Command) {
	s, cl := h.s, cmd.Conn.State.(*session.Client)
	switch {
	case cl.CloseASAP:
	case cmd.Err != nil:
		s.conns.ProtocolError(cmd)
	default:
		e, known := s.table.Lookup(cmd.Args)
		if s.postponed.holds(s.front.NowMs(), e) {
			r.Postpone(i)
			s.postponed.add(cl)
			return
		}
		s.conns.Lend(cl)
		s.execute(cl, e, known, cmd)
	}
	s.conns.After(cmd.Conn, cl)
}

// execute runs a command, or refuses it in Valkey's order.
func (s *Sentinel) execute(cl *session.Client, e *command.Entry[handler], known bool, cmd *netloop.Command) {
	c := &s.call
	*c = call{
		Call: session.Call{Front: &s.front, Client: cl, Argv: cmd.Args, Reply: &cl.W, Size: cmd.Size}, s: s,
	}
	if e != nil {
		c.Cmd = &e.Decl
	}
	s.front.Enter(&c.Call)
	mark := len(c.Reply.Buf)
	cl.BytesIn += uint64(cmd.Size)
	err := s.admit(c, known)
	if err == nil {
		s.front.Stats.Commands++
		cl.Commands++
		err = e.Run(c)
	}
	if err != nil && !cl.CloseASAP {
		s.front.Fail(&c.Call, err)
	}
	s.front.LastNs = s.front.Monotonic()
	s.front.Leave(&c.Call, mark)
}

// admit says why a command may not run.
func (s *Sentinel) admit(c *call, known bool) error {
	if err := s.front.Unfit(&c.Call, known); err != nil {
		return err
	}
	if why := s.front.Denied(&c.Call, 0, acl.TopLevel); why != acl.Allowed {
		return session.ErrPermission(c.Client.User, c.Cmd, why)
	}
	return session.Unhearable(&c.Call)
}

// Closed forgets a connection's client.
func (h *loopHandler) Closed(c *netloop.Conn) {
	cl, ok := c.State.(*session.Client)
	if !ok {
		return
	}
	h.s.enter()
	defer h.s.leave()
	owner{h.s}.Disconnect(cl)
	c.State = nil
}

// ratesEvery is how often the rates of INFO are sampled.
const ratesEvery = 100

// Tick does the timed work about clients.
func (h *loopHandler) Tick(time.Time) time.Time {
	s := h.s
	s.enter()
	defer s.leave()
	now, hz := s.front.NowMs(), max(s.config.Hz, 1)
	if now >= s.nextCron {
		s.nextCron = now + 1000/hz
		s.front.ClientsCron(hz)
	}
	if now-s.sampled >= ratesEvery {
		s.sampled = now
		s.front.SampleRates(now)
	}
	s.postponed.end(now)
	s.front.EndCycle(0, 0, 0)
	next := s.nextCron
	if u := s.postponed.untilMs; u > now {
		next = min(next, u)
	}
	return time.UnixMilli(next)
}

// pauses is what CLIENT PAUSE holds back: commands of all clients, or only those that a data server would hold back as
// writes, which here is PUBLISH.
type pauses struct {
	untilMs int64
	all     bool
	held    []*session.Client
}

// holds reports whether a command has to wait.
func (p *pauses) holds(nowMs int64, e *command.Entry[handler]) bool {
	return nowMs < p.untilMs && e != nil && (p.all || e.Flags.Has(command.MayReplicate))
}

func (p *pauses) add(cl *session.Client) {
	cl.Block = &session.Block{Kind: session.BlockPostponed}
	p.held = append(p.held, cl)
}

// end lets clients go on whose time is over.
func (p *pauses) end(nowMs int64) {
	if nowMs < p.untilMs {
		return
	}
	for _, cl := range p.held {
		cl.Block = nil
		cl.Link.Notify()
	}
	*p = pauses{}
}
