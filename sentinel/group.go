package sentinel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"valkey/configs"
	"valkey/quorum"
	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
)

// The largest ledger can be sent to a new member.
const _ = uint(quorum.MachineMax - ledger.SnapshotMax)

// tellNewerEvery is how often it is told that entries of a newer version are refused.
const tellNewerEvery = time.Minute

// acquaintEvery is how often the group is told whom this sentinel has met, and its place in it is looked at.
const acquaintEvery = time.Second

// join opens this sentinel's end of the group's log.
func (s *Sentinel) join() error {
	f := s.config.Sentinel
	var static []quorum.Peer
	for _, p := range f.QuorumPeers {
		static = append(static, quorum.Peer{Addr: net.JoinHostPort(p.Host, strconv.FormatInt(p.Port, 10))})
	}
	var err error
	s.group, err = quorum.Open(quorum.Options{
		FS: s.fs, Dir: s.config.File + ".quorum", ID: f.MyID, Addr: s.address(), Machine: machine{s},
		Expect: int(f.BootstrapExpect), Static: static, Forget: f.QuorumForgetAfter, Dial: s.dialPeer,
		Applied: s.afterApply, Changed: func(quorum.Status) { s.lookAtGroup() },
		Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("sentinel: %w", err)
	}
	return nil
}

// expected is how many sentinels a group needs to form: as many as have the largest quorum among the primaries that
// they watch for a majority. Who has reached nothing that it watches can have met nobody: 0, and there is no group yet.
// From then on a group waits for several rounds of hello before it forms with one member.
func (s *Sentinel) expected(watched []configs.MonitoredPrimary) int {
	if n := s.config.Sentinel.BootstrapExpect; n != 0 {
		return int(n)
	}
	if s.reached = s.reached || slices.ContainsFunc(watched, s.hasReached); !s.reached {
		return 0
	}
	expect := 0
	for i := range watched {
		expect = max(expect, 2*int(watched[i].Quorum)-1)
	}
	return expect
}

// hasReached reports whether a primary or one of its replicas, where sentinels meet, has answered to this one.
func (s *Sentinel) hasReached(p configs.MonitoredPrimary) bool {
	infos, _ := s.monitor.InfoCache(p.Name)
	return slices.ContainsFunc(infos, func(i monitor.CachedInfo) bool { return i.AgeMs > 0 })
}

// address is where the other sentinels reach this one.
func (s *Sentinel) address() string {
	g := s.global()
	host, port := g.AnnounceIP, g.AnnouncePort
	if host == "" {
		host = s.localIP
	}
	if port == 0 {
		port = g.Port
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// machine is the ledger as the log drives it: quorum.Machine.
type machine struct{ s *Sentinel }

// Apply applies an entry, and has the monitor step over it in the same hold of the lock.
func (m machine) Apply(e quorum.Entry) any {
	s := m.s
	s.enter()
	defer s.leave()
	r := s.ledger.Apply(e.Index, e.At, e.By, e.Data)
	switch now := time.Now(); {
	case r.Err == nil:
	case errors.Is(r.Err, ledger.ErrNewer) && now.Sub(s.toldNewer) >= tellNewerEvery:
		s.toldNewer = now
		s.log.Warn().Err(r.Err).Str("by", e.By).Msg("An entry was refused, here as on every sentinel of this version")
	default:
		s.log.Debug().Err(r.Err).Str("by", e.By).Msg("An entry was refused, here as everywhere")
	}
	if s.caught {
		s.step(monitor.Applied{Epoch: s.ledger.Epoch(), Changes: r.Changes})
	}
	return nil
}

// Snapshot gives the ledger as bytes.
func (m machine) Snapshot() []byte {
	m.s.enter()
	defer m.s.leave()
	return m.s.ledger.Snapshot()
}

// Restore replaces the ledger.
func (m machine) Restore(data []byte) error {
	s := m.s
	s.enter()
	defer s.leave()
	if data == nil {
		s.ledger = ledger.New()
	} else if err := s.ledger.Restore(data); err != nil {
		return err
	}
	if s.caught {
		s.restore()
	}
	return nil
}

// restore has the monitor see the ledger as it is, without news.
func (s *Sentinel) restore() {
	s.step(monitor.Restored{Epoch: s.ledger.Epoch(), Primaries: s.ledger.Primaries()})
}

// afterApply is called when a batch of entries has been applied. Until this member has all that was agreed before its
// process began, nothing in them is news.
func (s *Sentinel) afterApply() {
	s.enter()
	defer s.leave()
	if !s.caught && s.monitor != nil {
		s.restore()
	}
}

// catchUp asks the group whether all that was agreed is applied here. What this member knows to be agreed is not
// enough: after a start its leader tells it of more, little by little.
func (s *Sentinel) catchUp() {
	s.catching = true
	s.inGroup(s.group.Confirm, func(err error) {
		if s.catching = false; err == nil && !s.caught {
			s.restore()
			s.caught = true
		}
	})
}

// lookAtGroup has followGroup look at the place in the group. The log's goroutine calls it, which must not be held up.
func (s *Sentinel) lookAtGroup() {
	select {
	case s.stood <- struct{}{}:
	default: // it will look
	}
}

// followGroup tells the monitor of this sentinel's place in the group, and the group whom it has met, until ctx ends.
func (s *Sentinel) followGroup() {
	every := time.NewTicker(acquaintEvery)
	defer every.Stop()
	for {
		s.acquaint()
		s.stand()
		select {
		case <-s.ctx.Done():
			return
		case <-s.stood:
		case <-every.C:
		}
	}
}

// stand tells the monitor of the place in the group.
func (s *Sentinel) stand() {
	members := s.group.Members()
	st := s.group.Status()
	next := monitor.Standing{
		Formed: st.Formed, Voter: st.Voter, Leader: st.Leader, InContact: st.InContact, Frozen: st.Frozen(),
		Removed: st.Removed,
	}
	for _, m := range members {
		next.Members = append(next.Members, m.ID)
	}
	s.enter()
	defer s.leave()
	if !s.caught && !s.catching && st.InContact {
		s.catchUp()
	}
	s.step(next)
}

// acquaint tells the group whom this sentinel has met, and where it is reached itself.
func (s *Sentinel) acquaint() {
	s.enter()
	var peers []quorum.Peer
	seen := map[string]bool{}
	state := s.state()
	for _, p := range state.Primaries {
		for _, k := range p.Sentinels {
			if !seen[k.ID] && k.Address.Port != 0 {
				seen[k.ID] = true
				peers = append(peers, quorum.Peer{
					ID: k.ID, Addr: net.JoinHostPort(k.Address.Host, strconv.FormatInt(k.Address.Port, 10)),
				})
			}
		}
	}
	var forgot []string // by RESET, mostly
	for id := range s.met {
		if !seen[id] {
			forgot = append(forgot, id)
		}
	}
	s.met = seen
	expect := s.expected(state.Primaries)
	addr, known := s.address(), s.localIP != "" || s.config.Sentinel.AnnounceIP != ""
	s.leave()
	if known {
		s.group.SetAddr(addr)
	}
	s.group.SetExpect(expect)
	s.group.Forgot(forgot)
	s.group.Saw(peers)
}

// propose offers an entry to the group.
func (s *Sentinel) propose(p monitor.Propose) {
	s.inGroup(func(ctx context.Context) error {
		_, err := s.group.Propose(ctx, p.Data)
		return err
	}, func(err error) { s.step(monitor.Outcome{ID: p.ID, Err: err}) })
}

// confirm asks the group whether all that is agreed is applied here.
func (s *Sentinel) confirm(c monitor.Confirm) {
	s.inGroup(s.group.Confirm, func(err error) { s.step(monitor.Confirmed{ID: c.ID, Err: err}) })
}

// inGroup puts a request to the group, in a goroutine that ends with its answer, and hands that over under the lock.
func (s *Sentinel) inGroup(request func(context.Context) error, then func(error)) {
	s.running.Go(func() {
		err := request(s.ctx)
		if errors.Is(err, quorum.ErrUnknown) {
			err = monitor.ErrUnknownOutcome
		}
		s.enter()
		defer s.leave()
		then(err)
	})
}
