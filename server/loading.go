package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"valkey/configs"
	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/server/snapshot"
	"valkey/store/rdb"
)

// loading is how the load that runs, or the latest one, stands. Guarded by the engine lock.
type loading struct {
	on, async     bool
	started       int64 // Unix seconds
	bytes, total  int64
	usedMem       int64
	keys, expired int64
}

func (l *loading) report(p *engine.Persistence) {
	p.Loading, p.AsyncLoading, p.LoadStarted = l.on, l.async, l.started
	p.LoadBytes, p.LoadTotal, p.LoadUsedMem = l.bytes, l.total, l.usedMem
	p.LoadKeys, p.LoadExpired = l.keys, l.expired
}

// beginLoading refuses most commands, or, if data is loaded beside the old one, a few. The engine lock is held.
func (s *Server) beginLoading(total int64, async bool) {
	s.loading = loading{on: true, async: async, started: time.Now().Unix(), total: total}
	if async {
		s.engine.SetGate(engine.GateAsyncLoading, true)
	} else {
		s.engine.SetGate(engine.GateLoading, true)
	}
}

// endLoading ends that.
func (s *Server) endLoading() {
	s.loading.on, s.loading.async = false, false
	s.engine.SetGate(engine.GateLoading|engine.GateAsyncLoading, false)
}

// loadOptions are the options of a load from r, of so many bytes, or 0 if that is not known, into the live databases.
func (s *Server) loadOptions(r io.Reader, size int64) snapshot.LoadOptions {
	return snapshot.LoadOptions{
		R: r, Size: size, Store: s.store, Into: s.store, Locked: s.holding, NowMs: time.Now().UnixMilli(),
		Read: rdb.ReadOptions{
			Relaxed:        s.config.RdbVersionCheck == configs.RdbVersionRelaxed,
			IgnoreChecksum: !s.config.Rdbchecksum,
		},
		KeepExpired: s.engine.Gated(engine.GateReplica),
		KeyDelay:    s.keyLoadDelay.Load,
		Aux:         s.tellAux,
		Progress: func(bytes, keys, expired int64) {
			s.loading.bytes, s.loading.keys, s.loading.expired = bytes, keys, expired
		},
	}
}

// holding is locked without the rest of a batch: for many short holds one after the other.
func (s *Server) holding(f func()) {
	e := s.engine
	e.Lock()
	defer e.Unlock()
	e.Begin(time.Now())
	f()
}

// tellAux logs what the head of a snapshot says of its origin. It runs in the goroutine that loads.
func (s *Server) tellAux(name, value string) {
	switch name {
	case "valkey-ver":
		s.log.Info().Msg("Loading RDB produced by Valkey version " + value)
	case "redis-ver":
		s.log.Info().Msg("Loading RDB produced by Redis version " + value)
	case "ctime":
		t, _ := strconv.ParseInt(value, 10, 64)
		s.log.Info().Msg(fmt.Sprintf("RDB age %d seconds", max(time.Now().Unix()-t, 0)))
	case "used-mem":
		n, _ := strconv.ParseInt(value, 10, 64)
		s.log.Info().Msg(fmt.Sprintf("RDB memory usage when created %.2f Mb", float64(n)/(1<<20)))
		s.loadUsedMem.Store(n)
	case "aof-base":
		if value == "1" {
			s.log.Info().Msg("RDB is base AOF")
		}
	default:
		if len(name) > 0 && name[0] == '%' {
			s.log.Info().Msg(fmt.Sprintf("RDB '%s': %s", name, value))
		}
	}
}

// loadStream loads a snapshot and logs how that went.
func (s *Server) loadStream(o snapshot.LoadOptions) (snapshot.Loaded, error) {
	loaded, err := snapshot.Load(o)
	switch {
	case rdb.Refused(err) && loaded.Version > 0:
		s.log.Warn().Msg(fmt.Sprintf("Can't handle RDB format version %d", loaded.Version))
	case rdb.Refused(err):
		s.log.Warn().Err(err).Msg("Wrong signature trying to load DB from file")
	case err != nil:
		s.logLoadError(loaded.Version, err)
	default:
		if loaded.Unsummed && !o.Read.IgnoreChecksum {
			s.log.Info().Msg("RDB file was saved with checksum disabled: no check performed.")
		}
		s.log.Info().Msg(fmt.Sprintf("Done loading RDB, keys loaded: %d, keys expired: %d, all fields expired hashes: 0.",
			loaded.Keys, loaded.Expired))
	}
	return loaded, err
}

// logLoadError says why a load ended, where operators expect it in the words that they expect.
func (s *Server) logLoadError(v rdb.Version, err error) {
	warn := func(message string) { s.log.Warn().Err(err).Msg(message) }
	var corrupt *rdb.CorruptError
	var foreign *rdb.ForeignError
	switch {
	case errors.Is(err, snapshot.ErrAborted):
		warn("Loading was given up")
	case errors.Is(err, io.ErrUnexpectedEOF):
		warn("Short read or OOM loading DB. Unrecoverable error, aborting now.")
	case errors.As(err, &corrupt) && corrupt.Kind == rdb.CorruptChecksum:
		warn("RDB CRC error")
	case errors.As(err, &corrupt) && corrupt.Kind == rdb.CorruptType:
		warn("Unknown type or opcode when loading DB. Unrecoverable error, aborting now.")
	case errors.As(err, &corrupt):
		warn("The RDB file is corrupt")
	case errors.As(err, &foreign) && foreign.Code > 0 && v.Foreign():
		warn(fmt.Sprintf("Can't handle foreign type or opcode %d in RDB with version %d", foreign.Code, v))
	case errors.As(err, &foreign) && foreign.Code > 0:
		warn("Unknown type or opcode when loading DB. Unrecoverable error, aborting now.")
	default:
		warn("Error loading the RDB file")
	}
}

// loadFile loads the data file. It reports whether there was one.
func (s *Server) loadFile(name string, change func(*snapshot.LoadOptions)) (snapshot.Loaded, bool, error) {
	f, err := s.fs.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return snapshot.Loaded{}, false, nil
	}
	if err != nil {
		s.log.Warn().Err(err).Msg("Can't open the RDB file for reading")
		return snapshot.Loaded{}, true, fmt.Errorf("server: open %s: %w", name, err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	o := s.loadOptions(f, size)
	if change != nil {
		change(&o)
	}
	o.Locked(func() { s.beginLoading(size, false) })
	loaded, err := s.loadStream(o)
	o.Locked(s.endLoading)
	return loaded, true, err
}

// loadAtStart loads what the server had when it ended: from the append-only file if that is on, else from the data
// file. Clients are answered -LOADING meanwhile.
func (s *Server) loadAtStart(ctx context.Context) error {
	start := time.Now()
	if s.config.Appendonly {
		found, err := s.loadLog(ctx)
		if err == nil && found {
			s.log.Info().Msg(fmt.Sprintf("DB loaded from append only file: %.3f seconds", time.Since(start).Seconds()))
		}
		return err
	}
	loaded, found, err := s.loadFile(s.dataFile(), func(o *snapshot.LoadOptions) {
		o.Quit = ctx.Done()
		if !s.isReplica() {
			s.holding(func() {
				s.history.Activate()
				s.feeding.aloneMs = s.engine.NowMs()
			})
			o.Expired = s.tellExpired
		}
	})
	if err != nil {
		return err
	}
	if found {
		s.log.Info().Msg(fmt.Sprintf("DB loaded from disk: %.3f seconds", time.Since(start).Seconds()))
	}
	s.locked(func() {
		s.saving.functions = loaded.Functions
		s.restoreHistory(loaded.Aux)
	})
	return nil
}

// tellExpired has replicas that go on from before the restart delete what was not loaded. The engine lock is held.
func (s *Server) tellExpired(db int, key []byte) {
	s.history.Append(db, resp.AppendCommand(nil, engine.Deletion(s.config.LazyfreeLazyExpire), key))
}

// loadData is loadAtStart in its place within run: what it cannot load must not be served, nor saved over. It reports
// whether clients are served now.
func (s *Server) loadData(ctx context.Context) bool {
	err := s.loadAtStart(ctx)
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		s.log.Warn().Msg("Fatal error loading the DB, check server logs. Exiting.")
		s.locked(func() { s.fatal = fmt.Errorf("server: load: %w", err) })
		s.stop()
		return false
	}
	s.locked(func() {
		s.saving.lastSave = time.Now().Unix()
		s.engine.Dirty = 0
		s.feeding.emptyStart = s.keyCount() == 0
		s.endLoading()
		if s.isReplica() {
			s.upstream.begin()
		}
	})
	s.log.Info().Msg("Ready to accept connections")
	close(s.ready)
	return true
}

// Reload is DEBUG RELOAD.
func (h host) Reload(r engine.Reload) error {
	s := h.s
	if r.Save && s.save() != nil {
		return engine.ErrSaveFailed
	}
	dirty := s.engine.Dirty
	loaded, found, err := s.loadFile(s.dataFile(), func(o *snapshot.LoadOptions) {
		o.Locked = func(f func()) { f() } // a command has the lock
		o.Replace = r.Merge
		if r.Flush {
			o.Begin = s.flushForLoad
		}
	})
	s.engine.Dirty = dirty
	if err != nil || !found {
		return engine.ErrReloadFailed
	}
	s.saving.functions = loaded.Functions
	s.log.Info().Msg("DB reloaded by DEBUG RELOAD")
	return nil
}

// flushForLoad makes room for data that is about to be loaded. The engine lock is held.
func (s *Server) flushForLoad() {
	s.log.Info().Msg("RDB signature and version check passed. Flushing old data")
	for db := range s.store.Each {
		s.engine.Flush(db.ID(), s.config.ReplicaLazyFlush)
	}
}
