package sentinel

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/netloop"
	"valkey/frontend/session"
	"valkey/frontend/shell"
	"valkey/internal/vfs"
	"valkey/quorum"
	"valkey/sentinel/ledger"
	"valkey/sentinel/link"
	"valkey/sentinel/monitor"
	"valkey/sentinel/scripts"
)

// Options are what New needs of the process.
type Options struct {
	Config  *configs.Config // with what its sentinel lines say
	Version string          // of Valkey that this sentinel is compatible with
	Build   string          // of this program
	Title   *shell.Title    // nil leaves the process list as it is
}

// Sentinel is one sentinel. Fields are guarded by the Front's lock unless they are set once, before Serve serves, or
// say otherwise.
type Sentinel struct {
	front        session.Front
	config       *configs.Config
	table        *command.Table[handler]
	call         call // the one that is executing, kept so that no command allocates one
	loops        *netloop.Server
	conns        shell.Conns
	certificates shell.Certificates
	facts        session.Facts
	log          zerolog.Logger
	logs         *shell.Log // what log writes to
	title        *shell.Title
	fs           vfs.FS

	began   time.Time // the monitor's time zero
	monitor *monitor.Monitor
	ledger  *ledger.Ledger
	links   *link.Links
	wake    *time.Timer // for the monitor's deadline
	localIP string      // the near end of the newest link

	group     *quorum.Group
	caught    bool            // the ledger has all that was agreed before this process began
	catching  bool            // the group is asked whether it has
	toldNewer time.Time       // that an entry of a newer version was refused
	stood     chan struct{}   // of one: the place in the group has changed
	reached   bool            // something that is watched has answered
	met       map[string]bool // the sentinels that the group was told of
	requests  uint64          // of operators, numbered
	answers   map[uint64]monitor.Answer
	wishes    map[uint64]*waiter // operators' requests that the monitor answers later
	waiting   map[*session.Client]*waiter
	postponed pauses

	saving    saving
	scripting scripting
	nextCron  int64 // Unix milliseconds
	sampled   int64 // likewise: the rates of INFO

	running sync.WaitGroup // of goroutines that end with ctx
	ctx     context.Context
	stop    context.CancelFunc
	ended   bool // nobody steps any more
	crashed bool // likewise, and what is under way is not brought to its end
}

// New makes a sentinel out of a configuration: everything but listening.
func New(o Options) (*Sentinel, error) {
	s := &Sentinel{
		config: o.Config, title: o.Title, fs: vfs.OS{}, ledger: ledger.New(), stood: make(chan struct{}, 1),
		answers: map[uint64]monitor.Answer{}, wishes: map[uint64]*waiter{}, waiting: map[*session.Client]*waiter{},
	}
	c := o.Config
	var err error
	if s.logs, err = shell.OpenLog(&c.Server, 'X'); err != nil {
		return nil, err
	}
	s.log = s.logs.Logger
	s.table = newTable()
	s.facts = shell.Identify(c, "sentinel", o.Version, o.Build)
	s.front.Open(session.Options{Config: c, Commands: &s.table.Catalog, Host: host{s}, Owner: owner{s}})
	s.front.Begin(time.Now())
	if err := shell.ConfigureUsers(&s.front); err != nil {
		return nil, err
	}
	s.conns.Open(&s.front)
	if s.loops, err = netloop.New(shell.Network(s.log, c, &s.conns), &loopHandler{s}); err != nil {
		return nil, fmt.Errorf("sentinel: %w", err)
	}
	s.certificates.Open(&s.front, s.loops, s.fs, s.log)
	if err := s.certificates.Load(); err != nil {
		return nil, fmt.Errorf("sentinel: tls: %w", err)
	}
	s.links = link.New(s.dialer())
	s.saving.init()
	s.scripting.init()
	return s, nil
}

// Serve listens and watches until ctx ends, a signal comes or a client asks for a shutdown. After ErrCrashed the
// process is to end at once: goroutines are left behind.
func (s *Sentinel) Serve(ctx context.Context) error {
	runtime.GOMAXPROCS(max(int(s.config.IoThreads)+1, runtime.NumCPU())) // a loop keeps its P while it waits
	s.ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	signals := shell.CatchSignals()
	go s.onSignals(signals) // ends with ctx
	shell.Greet(s.log, s.config, s.facts)
	s.facts.FileLimit = shell.RaiseFileLimit(s.log, s.config)
	s.loops.SetConnsMax(int(s.config.Maxclients))
	if err := shell.Listen(s.log, s.config, s.loops); err != nil { // first of all: who has the port has the files
		return err
	}
	defer s.loops.CloseListeners()
	if err := shell.WritePidfile(s.config); err != nil {
		s.log.Warn().Err(err).Msg("Failed to write PID file")
	}
	defer shell.RemovePidfile(s.config)
	s.identify()
	s.title.Show(s.config, "[sentinel]")
	if err := s.join(); err != nil {
		return err
	}
	s.begin()
	shell.TellReady(s.log, s.config)
	err := s.loops.Run(s.ctx)
	if s.hasCrashed() {
		return ErrCrashed
	}
	s.end()
	return err
}

func (s *Sentinel) hasCrashed() bool {
	s.enter()
	defer s.leave()
	return s.crashed
}

// identify gives the sentinel an id that stays, if it has none yet.
func (s *Sentinel) identify() {
	if s.config.Sentinel.MyID == "" {
		s.config.Sentinel.MyID = shell.RandomID()
		s.saved(s.config.Rewrite(s.fs, s.config.File))
	}
	s.log.Info().Msg("Sentinel ID is " + s.config.Sentinel.MyID)
}

// begin starts to watch: from here on the lock guards everything.
func (s *Sentinel) begin() {
	s.enter()
	defer s.leave()
	s.began = time.Now().Add(-time.Millisecond) // the monitor's time is above zero
	s.monitor = monitor.New(s.settings(), s.now())
	s.wake = time.AfterFunc(time.Hour, s.tick) // its runs end at once when the sentinel has ended
	s.scripting.queue = scripts.New(s.config.Dir, s.tellScript)
	s.running.Go(s.followLinks) // these end with ctx, and end waits for them
	s.running.Go(s.keepFile)
	s.running.Go(s.runScripts)
	s.running.Go(s.followGroup)
	s.running.Go(func() {
		if err := s.group.Run(s.ctx); err != nil {
			s.log.Error().Err(err).Msg("The quorum's log has failed, this sentinel ends")
			s.stop()
		}
	})
	certificates := make(chan struct{})
	s.running.Go(func() { s.certificates.Reload(s.ctx, certificates) })
	s.restore()
}

// end lets go of everything. Neither the group nor anybody else is told: a sentinel that ends is one that is silent.
func (s *Sentinel) end() {
	shell.TellStopping(s.log, s.config)
	s.stop()
	s.enter()
	s.ended = true
	s.wake.Stop()
	s.leave()
	s.links.Close()
	s.running.Wait()
	s.log.Info().Msg("Sentinel is now ready to exit, bye bye...")
}

// onSignals ends the sentinel at SIGTERM or SIGINT. It returns when ctx ends.
func (s *Sentinel) onSignals(ch chan os.Signal) {
	defer signal.Stop(ch)
	select {
	case <-s.ctx.Done():
	case sig := <-ch:
		shell.TellSignal(s.log, sig)
		s.stop()
	}
}

// dialer is how links are opened now.
func (s *Sentinel) dialer() link.Dialer {
	return link.Dialer{Source: s.config.BindSourceAddr, TLS: s.certificates.Client()}
}
