package sentinel

import (
	"cmp"
	"maps"
	"slices"

	"valkey/configs"
	"valkey/frontend/resp"
	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
)

// saving is how the file follows the state: written by a goroutine of its own, all that was wanted meanwhile at once.
type saving struct {
	wanted, done uint64 // saves, numbered
	due          chan struct{}
	waiters      []savedWaiter // in the order of the saves that they wait for
}

// savedWaiter is a client whose command is answered when the file has what it changed.
type savedWaiter struct {
	save uint64
	*waiter
}

func (v *saving) init() { v.due = make(chan struct{}, 1) }

// save asks for the file to be written.
func (s *Sentinel) save() {
	s.saving.wanted++
	s.lookAtGroup() // which may have to know of what has changed
	select {
	case s.saving.due <- struct{}{}:
	default: // it has been asked for and not begun
	}
}

// keepFile writes the file whenever it is wanted, until ctx ends; what is wanted then is written yet.
func (s *Sentinel) keepFile() {
	for {
		select {
		case <-s.saving.due:
			s.writeFile()
		case <-s.ctx.Done():
			s.writeFile()
			return
		}
	}
}

// writeFile writes the present state, outside of the lock.
func (s *Sentinel) writeFile() {
	s.enter()
	save := s.saving.wanted
	if save == s.saving.done || s.crashed {
		s.leave()
		return
	}
	next := *s.config
	next.Sentinel = s.state()
	s.config.Sentinel = next.Sentinel
	lines := s.config.UserLines()
	next.UserLines = func() []string { return lines }
	s.leave()

	err := next.Rewrite(s.fs, next.File)
	s.saved(err)

	s.enter()
	defer s.leave()
	s.saving.done = save
	for len(s.saving.waiters) > 0 && s.saving.waiters[0].save <= save {
		s.resume(s.saving.waiters[0].waiter, func(w *resp.Writer) error { return saveReply(w, err) })
		s.saving.waiters = s.saving.waiters[1:]
	}
}

// saved tells how a writing went.
func (s *Sentinel) saved(err error) {
	if err != nil {
		s.log.Warn().Msg("WARNING: Sentinel was not able to save the new configuration on disk!!!: " + configs.Strerror(err))
		return
	}
	s.log.Info().Msg("Sentinel new configuration saved on disk")
}

// saveReply answers a command whose changes were written, or not.
func saveReply(w *resp.Writer, err error) error {
	if err != nil {
		return errSave
	}
	w.OK()
	return nil
}

// replySaved answers a command when the file has all that it changed.
func (c *call) replySaved() error {
	s := c.s
	s.save()
	s.saving.waiters = append(s.saving.waiters, savedWaiter{s.saving.wanted, c.wait()})
	return nil
}

// settings are what the monitor begins with.
func (s *Sentinel) settings() monitor.Config {
	f := s.config.Sentinel
	c := monitor.Config{ID: f.MyID, CurrentEpoch: ledger.Epoch(f.CurrentEpoch), Global: s.global()}
	for i := range f.Primaries {
		p := &f.Primaries[i]
		t := monitor.Settings{
			Name: p.Name, Addr: addrOf(p.Address), Quorum: int(p.Quorum), DownAfter: p.DownAfter,
			FailoverTimeout: p.FailoverTimeout, ParallelSyncs: int(p.ParallelSyncs), RebootDownAfter: p.RebootDownAfterPeriod,
			MaxLagBytes:  uint64(p.MaxLagBytes),
			Notification: p.NotificationScript, Reconfig: p.ClientReconfigScript, User: p.AuthUser, Pass: p.AuthPass,
			Renamed: map[string]string{}, ConfigEpoch: ledger.Epoch(p.ConfigEpoch), LeaderEpoch: ledger.Epoch(p.LeaderEpoch),
		}
		for _, r := range p.RenameCommands {
			t.Renamed[upper(r.From)] = r.To
		}
		for _, a := range p.Replicas {
			t.Replicas = append(t.Replicas, addrOf(a))
		}
		for _, k := range p.Sentinels {
			t.Sentinels = append(t.Sentinels, monitor.KnownSentinel{ID: k.ID, Addr: addrOf(k.Address)})
		}
		c.Primaries = append(c.Primaries, t)
	}
	return c
}

// global are the settings of the sentinel itself, as the monitor wants them.
func (s *Sentinel) global() monitor.Global {
	f, c := s.config.Sentinel, s.config
	g := monitor.Global{
		AnnounceIP: f.AnnounceIP, AnnouncePort: int(f.AnnouncePort), Port: int(c.Port), User: f.User, Pass: f.Pass,
		DenyScriptsReconfig: f.DenyScriptsReconfig, ResolveHostnames: f.ResolveHostnames,
		AnnounceHostnames: f.AnnounceHostnames,
	}
	if c.TlsReplication && c.TlsPort != 0 {
		g.Port = int(c.TlsPort)
	}
	if g.Pass == "" {
		g.User, g.Pass = "", c.Requirepass
	}
	return g
}

// state is what the file is to say.
func (s *Sentinel) state() *configs.Sentinel {
	m, f := s.monitor.State(), *s.config.Sentinel
	f.CurrentEpoch = uint64(m.CurrentEpoch)
	f.Primaries = nil
	for _, t := range m.Primaries {
		p := configs.NewMonitoredPrimary(t.Name, hostPort(t.Addr), int64(t.Quorum))
		p.DownAfter, p.FailoverTimeout, p.RebootDownAfterPeriod = t.DownAfter, t.FailoverTimeout, t.RebootDownAfter
		p.ParallelSyncs, p.NotificationScript, p.ClientReconfigScript = int64(t.ParallelSyncs), t.Notification, t.Reconfig
		p.AuthUser, p.AuthPass, p.MaxLagBytes = t.User, t.Pass, int64(t.MaxLagBytes)
		p.ConfigEpoch, p.LeaderEpoch = uint64(t.ConfigEpoch), uint64(t.LeaderEpoch)
		for _, from := range slices.Sorted(maps.Keys(t.Renamed)) {
			p.RenameCommands = append(p.RenameCommands, configs.Rename{From: from, To: t.Renamed[from]})
		}
		for _, a := range t.Replicas {
			p.Replicas = append(p.Replicas, hostPort(a))
		}
		for _, k := range t.Sentinels {
			p.Sentinels = append(p.Sentinels, configs.KnownSentinel{ID: k.ID, Address: hostPort(k.Addr)})
		}
		f.Primaries = append(f.Primaries, p)
	}
	// Lines of the file keep their order; what is new comes last.
	place := map[string]int{}
	for i := range s.config.Sentinel.Primaries {
		place[s.config.Sentinel.Primaries[i].Name] = i - len(s.config.Sentinel.Primaries)
	}
	slices.SortStableFunc(f.Primaries, func(a, b configs.MonitoredPrimary) int {
		return cmp.Compare(place[a.Name], place[b.Name])
	})
	return &f
}

func addrOf(a configs.HostPort) ledger.Addr { return ledger.Addr{Host: a.Host, Port: int(a.Port)} }

func hostPort(a ledger.Addr) configs.HostPort {
	return configs.HostPort{Host: a.Host, Port: int64(a.Port)}
}
