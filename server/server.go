package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/netloop"
	"valkey/frontend/session"
	"valkey/frontend/shell"
	"valkey/internal/vfs"
	"valkey/server/engine"
	"valkey/server/repl"
	"valkey/store"
)

// Options are what New needs of the process.
type Options struct {
	Config  *configs.Config
	Version string       // of Valkey that this server is compatible with
	Build   string       // of this program
	Title   *shell.Title // nil leaves the process list as it is
	FS      vfs.FS       // of the data; nil is the operating system's
}

// Server is one data server.
type Server struct {
	config   *configs.Config // guarded by the engine lock once Serve has begun
	store    *store.Store
	engine   *engine.Engine
	history  *repl.History // the engine's
	failover failover
	feeding  feeding
	loops    *netloop.Server
	log      zerolog.Logger
	logs     *shell.Log // what log writes to
	title    *shell.Title

	facts        session.Facts
	conns        shell.Conns
	certificates shell.Certificates
	nextCronMs   int64 // guarded by the engine lock
	nextTickMs   int64 // when the first loop ticks next at the latest; guarded by the engine lock

	upstream   *upstream  // the primary that is copied; nil on a primary
	resumption resumption // of a replica without a link
	downMs     int64      // since when the link to the primary has been down; 0 while it is up, or never was
	inputBytes atomic.Int64

	reservePeak   int64          // of the links before; see reserve
	stopsAtCopies atomic.Bool    // see stopAtCopy
	upstreams     sync.WaitGroup // of the goroutines of upstreams, present and past

	couriers map[string]*courier // by address; guarded by the engine lock
	carrying sync.WaitGroup      // of the couriers' goroutines

	fs           vfs.FS
	jobs         jobs
	saving       saving
	shutdown     shutdown
	appending    appending
	loading      loading
	loadUsedMem  atomic.Int64 // what the head of a snapshot says; read by INFO while it is loaded
	keyLoadDelay atomic.Int64 // key-load-delay, for the goroutine that loads
	fatal        error        // why the server cannot go on; guarded by the engine lock

	tasks   []task          // set before Serve
	commits []func()        // see commit; set before Serve
	ctx     context.Context // until the server stops; set before Serve begins to serve
	stop    context.CancelFunc
	ready   chan struct{} // closed when the data is loaded
	ballast []byte        // see collectorFloor
}

// New makes a server out of a configuration: everything but listening.
func New(o Options) (*Server, error) {
	s := &Server{
		config: o.Config, title: o.Title, fs: o.FS, ballast: make([]byte, collectorFloor), ready: make(chan struct{}),
	}
	if s.fs == nil {
		s.fs = vfs.OS{}
	}
	c := o.Config
	var err error
	if s.logs, err = shell.OpenLog(&c.Server, 'M'); err != nil {
		return nil, err
	}
	s.log = s.logs.Logger
	table, err := newTable(c.RenameCommand)
	if err != nil {
		return nil, err
	}
	if s.store, err = store.New(store.Options{
		Databases: int(c.Databases), HashSeed: hashSeed(c.HashSeed), RandomSeed: randomSeed(),
	}); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s.facts = shell.Identify(c, "standalone", o.Version, o.Build)
	s.engine = engine.New(engine.Options{
		Config: c, Store: s.store, Commands: table, Host: host{s}, Seed: randomSeed(),
	})
	s.engine.Begin(time.Now())
	if err := shell.ConfigureUsers(&s.engine.Front); err != nil {
		return nil, err
	}
	s.history = s.engine.History
	s.tasks = append(s.tasks, s.replicationTask)
	s.saving.replication = s.replicationAux
	s.saving.ended = append(s.saving.ended, s.saved)
	s.conns.Open(&s.engine.Front)
	if s.loops, err = netloop.New(shell.Network(s.log, c, &s.conns), &handler{s: s}); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s.certificates.Open(&s.engine.Front, s.loops, s.fs, s.log)
	if err := s.certificates.Load(); err != nil {
		return nil, fmt.Errorf("server: tls: %w", err)
	}
	s.saving.lastTook, s.saving.lastSave = -1, time.Now().Unix()
	s.keyLoadDelay.Store(c.KeyLoadDelay)
	s.feeding.awaitTime = awaitTime
	s.beginLoading(0, false) // ends in loadData
	if c.Replicaof.Host != "" {
		s.upstream = s.newUpstream()
	}
	s.tasks = append(s.tasks, s.stepJobs, s.saveCron, s.shutdownCron)
	if err := s.newAppending(); err != nil {
		return nil, err
	}
	s.shutdown.lagging, s.shutdown.tell = s.lagging, s.tellLagging
	s.watchConfig()
	s.watchTLS()
	return s, nil
}

// newTable joins the families, with rename-command applied.
func newTable(renames []configs.Rename) (*engine.Table, error) {
	table := command.NewTable(families()...)
	for _, r := range renames {
		if err := table.Rename(r.From, r.To); err != nil {
			return nil, fmt.Errorf("server: rename-command %s %q: %w", r.From, r.To, err)
		}
	}
	return table, nil
}

// run listens and serves until ctx ends.
func (s *Server) run(ctx context.Context) error {
	shell.Greet(s.log, s.config, s.facts)
	s.facts.FileLimit = shell.RaiseFileLimit(s.log, s.config)
	s.loops.SetConnsMax(int(s.config.Maxclients))
	s.log.Info().Msg(fmt.Sprintf("PID: %d. Server initialized", os.Getpid()))
	if err := shell.Listen(s.log, s.config, s.loops); err != nil {
		return err
	}
	if err := shell.WritePidfile(s.config); err != nil {
		s.log.Warn().Err(err).Msg("Failed to write PID file")
	}
	defer s.cleanup()
	s.title.Show(s.config, "")
	prefault, load, keep := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go s.prefault(ctx, prefault) // owned by run, which waits for it; ends with ctx
	go s.keepAOF(ctx, keep)      // likewise
	certificates := make(chan struct{})
	go s.certificates.Reload(ctx, certificates) // likewise
	began := *s.config                          // which others change from now on
	go func() {                                 // likewise; ends with the load, or with ctx
		defer close(load)
		if s.loadData(ctx) {
			shell.TellReady(s.log, &began)
		}
	}()
	select { // what loads in no time need not be told as an error to the first clients
	case <-load:
	case <-time.After(loadGrace):
	}
	err := s.loops.Run(ctx)
	shell.TellStopping(s.log, &began)
	s.stop()
	<-prefault
	<-certificates
	<-load
	s.upstreams.Wait()
	s.carrying.Wait()
	s.endJobs()
	<-keep
	s.closeAOF()
	if s.fatal != nil {
		return s.fatal
	}
	s.log.Info().Msg("Valkey is now ready to exit, bye bye...")
	return err
}

// loadGrace is how long clients wait for the data before they are told that it is being loaded.
const loadGrace = 50 * time.Millisecond

// Serve listens and serves until ctx ends, a signal comes or a client asks for a shutdown. It raises GOMAXPROCS
// above the number of loops.
func (s *Server) Serve(ctx context.Context) error {
	runtime.GOMAXPROCS(minProcs(s.Loops()))
	s.ctx, s.stop = context.WithCancel(ctx)
	ctx = s.ctx
	defer s.stop()
	go s.onSignals(ctx, shell.CatchSignals()) // ends with ctx
	go s.onCrashSignals(ctx)                  // likewise
	return s.run(ctx)
}

// collectorFloor is the size of a block that is never touched, so it costs address space and no memory. It moves the
// collector's goal: the Go heap is tiny, as the data lies outside it, and without the block the collector would run
// a dozen times a second over a few megabytes.
const collectorFloor = 16 << 20

// prefault keeps a few megabytes of the arena touched ahead of its growth, so that no command waits for the kernel to
// zero a page.
func (s *Server) prefault(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, and nobody inherits its priority
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), prefaultNice); err != nil {
		s.log.Debug().Err(err).Msg("Prefaulting runs at normal priority")
	}
	wake := time.NewTimer(prefaultBusy)
	defer wake.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake.C:
			next := prefaultIdle
			if s.store.Prefault(prefaultBytes) > 0 {
				next = prefaultBusy
			}
			wake.Reset(next)
		}
	}
}

// What is touched ahead lasts for prefaultIdle at 160 MB/s of growth, faster than one loop fills memory. While it
// grows, small steps keep each short.
const (
	prefaultBusy  = 10 * time.Millisecond
	prefaultIdle  = 100 * time.Millisecond
	prefaultBytes = 16 << 20
	prefaultNice  = 19 // where cores are short, the loop goes first
)

// Ready is closed once the server serves all commands.
func (s *Server) Ready() <-chan struct{} { return s.ready }

func (s *Server) cleanup() {
	shell.RemovePidfile(s.config)
	s.loops.CloseListeners()
}

func randomSeed() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

// hashSeed is the key of the data's hash function: derived from hash-seed where set, so that SCAN's cursors mean the
// same on several servers, else random.
func hashSeed(word string) (seed [16]byte) {
	if word == "" {
		rand.Read(seed[:]) // never fails
		return seed
	}
	sum := sha256.Sum256([]byte(word))
	return [16]byte(sum[:16])
}
