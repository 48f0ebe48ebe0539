package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"valkey/configs"
	"valkey/server/engine"
	"valkey/server/snapshot"
	"valkey/store/rdb"
)

// saving is how the data set and its file stand to each other. Guarded by the engine lock.
type saving struct {
	lastSave    int64 // Unix seconds: the file, or the start
	lastTry     int64
	failed      bool // the latest background save, or save, did not succeed
	scheduled   bool // BGSAVE waits for another snapshot to end
	startedAt   int64
	changes     int64 // of the data set when the running save began
	lastTook    int64 // seconds; -1: there was none
	saves       int64
	lastOld     int64
	nextCheckMs int64
	files       int // temporary files until now

	aofError  error    // that makes the append-only file refuse writes
	functions [][]byte // libraries that the data came with, kept and written back
	// replication gives what a snapshot says of the replication history; nil if there is none.
	replication func() []snapshot.Aux
	// ended hear of the end of every snapshot that is a save, or for replicas.
	ended []func(kind jobKind, r snapshot.Result)
}

// errKilled ends a background save that is in the way or not wanted any more: not an error of the disk.
var errKilled = errors.New("server: the save is not wanted any more")

// saveRetry is how long save points wait after a save that failed.
const saveRetry = 5

// saveCheckMs is how often save points are looked at.
const saveCheckMs = 100

// dataFile is the path of the snapshot file.
func (s *Server) dataFile() string { return filepath.Join(s.config.Dir, s.config.Dbfilename) }

// foregroundFile is the path that SAVE writes to: only one can run at a time.
func (s *Server) foregroundFile() string {
	return filepath.Join(s.config.Dir, fmt.Sprintf("temp-%d.rdb", os.Getpid()))
}

// tempFile is a path that nobody else writes to.
func (s *Server) tempFile() string {
	s.saving.files++
	return filepath.Join(s.config.Dir, fmt.Sprintf("temp-%d-%d.rdb", os.Getpid(), s.saving.files))
}

func (s *Server) spillName() string {
	s.saving.files++
	return filepath.Join(s.config.Dir, fmt.Sprintf("temp-%d-%d.spill", os.Getpid(), s.saving.files))
}

// snapshotOptions are the options of a snapshot in the format of a version, without an Out.
func (s *Server) snapshotOptions(v rdb.Version, aofBase bool) snapshot.Options {
	c := s.config
	o := snapshot.Options{
		Version: v, Compress: c.Rdbcompression, Checksum: c.Rdbchecksum, Aux: s.snapshotAux(aofBase),
		Functions: s.saving.functions, KeyDelay: c.RdbKeySaveDelay,
	}
	switch c.MaxmemoryPolicy {
	case configs.PolicyAllkeysLRU, configs.PolicyVolatileLRU:
		o.Aging = rdb.AgingIdle
	case configs.PolicyAllkeysLFU, configs.PolicyVolatileLFU:
		o.Aging = rdb.AgingFreq
	default:
	}
	return o
}

func (s *Server) snapshotAux(aofBase bool) []snapshot.Aux {
	base := "0"
	if aofBase {
		base = "1"
	}
	aux := []snapshot.Aux{
		{Name: "valkey-ver", Value: s.facts.Version},
		{Name: "redis-bits", Value: strconv.Itoa(strconv.IntSize)},
		{Name: "ctime", Value: strconv.FormatInt(s.engine.NowMs()/1000, 10)},
		{Name: "used-mem", Value: strconv.FormatUint(s.engine.UsedMemory(), 10)},
	}
	if s.saving.replication != nil {
		aux = append(aux, s.saving.replication()...)
	}
	return append(aux, snapshot.Aux{Name: "aof-base", Value: base})
}

// fileOptions are the options of a snapshot that becomes the data file by way of a temporary one.
func (s *Server) fileOptions(temp string) snapshot.Options {
	f := &snapshot.File{
		FS: s.fs, Temp: temp, Name: s.dataFile(), Incremental: s.config.RdbSaveIncrementalFsync,
	}
	o := s.snapshotOptions(rdb.V80, false)
	o.Out, o.Open, o.Finish = f, f.Open, f.Finish
	return o
}

// save saves the data set while everybody waits. A background save goes on beside it only if the caller ended it.
func (s *Server) save() error {
	v := &s.saving
	v.saves++
	o := s.fileOptions(s.foregroundFile())
	o.FS, o.Store, o.Spill = s.fs, s.store, s.spillName()
	job, err := snapshot.Start(o)
	if err == nil {
		err = job.Drain().Err
	}
	if err != nil {
		s.log.Warn().Err(err).Msg("Error saving the DB")
		return err
	}
	s.log.Info().Msg("DB saved on disk")
	s.engine.Dirty, v.changes = 0, 0
	v.lastSave, v.failed = time.Now().Unix(), false
	s.updateDiskError()
	return nil
}

// backgroundSave starts to save the data set.
func (s *Server) backgroundSave() error {
	v := &s.saving
	now := s.engine.NowMs() / 1000
	v.saves++
	v.changes = s.engine.Dirty
	v.lastTry = now
	o := s.fileOptions(s.tempFile())
	o.Done = s.backgroundSaved
	if _, err := s.startJob(jobSave, o); err != nil {
		v.failed = true
		s.updateDiskError()
		s.log.Warn().Err(err).Msg("Can't save in background")
		return err
	}
	v.startedAt = now
	s.log.Info().Msg("Background saving started")
	return nil
}

// backgroundSaved is the end of it.
func (s *Server) backgroundSaved(r snapshot.Result) {
	v := &s.saving
	now := s.engine.NowMs() / 1000
	switch {
	case r.Err == nil:
		s.log.Info().Msg("DB saved on disk")
		s.log.Info().Int("keys", r.Keys).Int64("bytes", r.Bytes).Int64("old_bytes", r.OldBytes).
			Int64("took_ms", r.Took.Milliseconds()).Int64("longest_stall_us", r.LongestStall.Microseconds()).
			Msg("Background saving terminated with success")
		s.engine.Dirty -= v.changes
		v.lastSave, v.failed = now, false
		v.lastOld = r.OldBytes
	case errors.Is(r.Err, errKilled):
		s.log.Warn().Msg("Background saving ended before it was done")
	default:
		s.log.Warn().Err(r.Err).Msg("Background saving error")
		v.failed = true
	}
	v.lastTook = now - v.startedAt
	s.updateDiskError()
	for _, f := range v.ended {
		f(jobSave, r)
	}
}

// updateDiskError refuses writes while they cannot be made durable, or takes them again.
func (s *Server) updateDiskError() {
	c := s.config
	switch {
	case c.StopWritesOnBgsaveError && len(c.Save) > 0 && s.saving.failed:
		product := "Valkey"
		if c.ExtendedRedisCompatibility {
			product = "Redis"
		}
		s.engine.SetDiskError(engine.ErrDiskSave(product))
	default:
		s.engine.SetDiskError(s.saving.aofError)
	}
}

// setAOFError sets why the append-only file takes no writes; nil: it does.
func (s *Server) setAOFError(err error) {
	s.saving.aofError = err
	s.updateDiskError()
}

// saveCron starts what is due: a scheduled save, or one that a save point asks for.
func (s *Server) saveCron(nowMs int64) (nextMs int64, more bool) {
	v := &s.saving
	if nowMs < v.nextCheckMs {
		return v.nextCheckMs, false
	}
	v.nextCheckMs = nowMs + saveCheckMs
	if s.engine.CronPaused() || s.jobRunning() || s.engine.Gated(engine.GateLoading|engine.GateAsyncLoading) {
		return v.nextCheckMs, false
	}
	now := nowMs / 1000
	if p, due := s.savePointDue(now); due {
		s.log.Info().Msg(fmt.Sprintf("%d changes in %d seconds. Saving...", p.Changes, p.Seconds))
		_ = s.backgroundSave() // it has logged why not
	}
	if v.scheduled && !s.jobRunning() && (now-v.lastTry > saveRetry || !v.failed) {
		if s.backgroundSave() == nil {
			v.scheduled = false
		}
	}
	return v.nextCheckMs, false
}

// savePointDue gives the save point that is reached. After a save that failed, the next try waits a little.
func (s *Server) savePointDue(now int64) (configs.SavePoint, bool) {
	v := &s.saving
	for _, p := range s.config.Save {
		if s.engine.Dirty >= p.Changes && now-v.lastSave > p.Seconds && (now-v.lastTry > saveRetry || !v.failed) {
			return p, true
		}
	}
	return configs.SavePoint{}, false
}

// Save is SAVE.
func (h host) Save() error {
	if h.s.jobRunning(jobSave, jobSync) {
		return engine.ErrSaveRunning
	}
	if h.s.save() != nil {
		return engine.ErrSaveFailed
	}
	return nil
}

// BackgroundSave is BGSAVE.
func (h host) BackgroundSave(r engine.SaveRequest, inExec bool) (string, error) {
	s := h.s
	switch {
	case r == engine.SaveCancel:
		return s.cancelSave()
	case s.jobRunning(jobSave, jobSync):
		return "", engine.ErrSaveRunning
	case s.jobRunning() && r != engine.SaveSchedule && !inExec:
		return "", engine.ErrOtherChild
	case s.jobRunning(), inExec:
		s.saving.scheduled = true
		s.log.Info().Msg("Background saving scheduled")
		return "Background saving scheduled", nil
	}
	if s.backgroundSave() != nil {
		return "", engine.ErrSaveFailed
	}
	return "Background saving started", nil
}

func (s *Server) cancelSave() (string, error) {
	if s.abortJobs(errKilled, jobSave, jobSync) {
		s.log.Info().Msg("Background saving will be aborted due to user request")
		return "Background saving cancelled", nil
	}
	if s.saving.scheduled {
		s.log.Info().Msg("Scheduled background saving will be cancelled due to user request")
		s.saving.scheduled = false
		return "Scheduled background saving cancelled", nil
	}
	return "", engine.ErrNoSaveRunning
}

// Flushed ends a save of data that nobody wants any more, and saves that there is none: otherwise the old data came
// back with the next start.
func (h host) Flushed() {
	s := h.s
	s.abortJobs(errKilled, jobSave, jobSync)
	if len(s.config.Save) > 0 {
		_ = s.save() // it has logged why not
	}
}

// Persistence is INFO's section.
func (h host) Persistence() engine.Persistence {
	s, v, j := h.s, &h.s.saving, &h.s.jobs
	p := engine.Persistence{
		SaveRunning: s.jobRunning(jobSave, jobSync), Saves: v.saves, LastSave: v.lastSave, LastSaveOK: !v.failed,
		LastSaveTime: v.lastTook, SaveTime: -1, LastOldBytes: v.lastOld,
		Snapshots: j.count, LatestStall: j.latestStall.Microseconds(), OldBytesPeak: j.oldBytesPeak,
		AOF: s.aofState(),
	}
	if p.SaveRunning {
		p.SaveTime = max(s.engine.NowMs()/1000-v.startedAt, 0)
	}
	for _, r := range j.running {
		p.SaveKeys, p.SaveProcessed, p.OldBytes = r.job.Keys(), r.job.Encoded(), r.job.OldBytes()
	}
	p.OldBytesPeak = max(p.OldBytesPeak, p.OldBytes)
	s.loading.report(&p)
	p.LoadUsedMem = s.loadUsedMem.Load()
	return p
}
