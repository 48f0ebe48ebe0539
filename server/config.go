package server

import (
	"errors"
	"os"
	"runtime"
	"time"

	"valkey/configs"
	"valkey/frontend/shell"
)

// watchConfig registers what a CONFIG SET does beyond changing the value. All of it runs under the engine lock.
func (s *Server) watchConfig() {
	c, e := s.config, s.engine
	c.OnChange(func() error { s.logs.SetFormat(&c.Server); return nil }, "loglevel", "log-format", "log-timestamp-format")
	c.OnChange(func() error { return s.logs.Reopen(c.Logfile) }, "logfile")
	c.OnChange(func() error { e.SetAging(); return nil }, "maxmemory-policy", "lfu-log-factor", "lfu-decay-time")
	c.OnChange(func() error { e.StartEviction(); return nil }, "maxmemory")
	c.OnChange(s.setMaxclients, "maxclients")
	c.OnChange(func() error {
		if s.upstream != nil {
			s.upstream.setLimits()
		}
		return nil
	}, "repl-timeout", "client-output-buffer-limit")
	c.OnChange(func() error { s.conns.SetLimits(); return nil }, "proto-max-bulk-len")
	c.OnChange(func() error { e.Users.SetPassword(c.Requirepass); s.conns.SetLimits(); return nil }, "requirepass")
	c.OnChange(func() error { e.Users.SetPubSubDefault(c.AclPubsubDefault == configs.PubsubAllChannels); return nil },
		"acl-pubsub-default")
	c.OnChange(func() error { s.loops.SetQueryBufferMax(int(c.ClientQueryBufferLimit)); return nil },
		"client-query-buffer-limit")
	c.OnChange(func() error { s.loops.SetAcceptMax(int(c.MaxNewConnectionsPerCycle)); return nil },
		"max-new-connections-per-cycle")
	c.OnChange(func() error { s.loops.SetKeepAlive(time.Duration(c.TcpKeepalive) * time.Second); return nil },
		"tcp-keepalive")
	c.OnChange(func() error { return s.rebind(s.loops.Rebind, c.Port, refusalPort) }, "port")
	c.OnChange(func() error {
		if err := s.rebind(s.loops.Rebind, c.Port, refusalBind); err != nil {
			return err
		}
		return s.rebind(s.loops.RebindTLS, c.TlsPort, refusalBind)
	}, "bind")
	c.OnChange(s.setLoops, "io-threads")
	c.OnChange(func() error { s.title.Show(c, ""); return nil }, "proc-title-template")
	c.OnChange(func() error { s.keyLoadDelay.Store(c.KeyLoadDelay); return nil }, "key-load-delay")
	c.OnChange(func() error { s.updateDiskError(); return nil }, "save", "stop-writes-on-bgsave-error",
		"extended-redis-compatibility")
	c.OnChange(func() error { s.history.SetLimit(c.ReplBacklogSize); return nil }, "repl-backlog-size")
	c.OnChange(func() error { e.RefreshGoodReplicas(); return nil }, "min-replicas-to-write", "min-replicas-max-lag")
	c.OnChange(func() error { return os.Chdir(c.Dir) }, "dir")
}

// What clients are told when new addresses cannot be listened on.
const (
	refusalPort = "Unable to listen on this port. Check server logs."
	refusalBind = "Failed to bind to specified addresses."
)

// rebind listens on new addresses before it leaves the old ones: all or none. A client is told why as refusal.
func (s *Server) rebind(listen func([]string, int) error, port int64, refusal string) error {
	var binds []string
	if port != 0 {
		binds = s.config.Bind
	}
	if err := listen(binds, int(port)); err != nil {
		s.log.Warn().Err(err).Msg("Failed listening on new addresses")
		return errors.New(refusal)
	}
	return nil
}

// setLoops changes how many event loops share the clients that come from now on.
func (s *Server) setLoops() error {
	runtime.GOMAXPROCS(minProcs(s.Loops()))
	if err := s.loops.SetLoops(s.Loops()); err != nil {
		s.log.Warn().Err(err).Msg("Failed to start event loops")
		return errors.New("the event loops cannot be started")
	}
	return nil
}

// setMaxclients raises the limit of open files when more clients are wanted, or refuses.
func (s *Server) setMaxclients() error {
	want := s.config.Maxclients
	s.facts.FileLimit = shell.RaiseFileLimit(s.log, s.config)
	s.loops.SetConnsMax(int(s.config.Maxclients))
	if s.config.Maxclients < want {
		//nolint:staticcheck // wire text
		return errors.New("The operating system is not able to handle the specified number of clients")
	}
	return nil
}

// Loops is how many event loops the server runs; GOMAXPROCS must be above it.
func (s *Server) Loops() int { return max(int(s.config.IoThreads), 1) }

// minProcs leaves a P for the collector and for background work beside the loops, which keep theirs while they wait.
func minProcs(loops int) int { return max(loops+1, runtime.NumCPU()) }
