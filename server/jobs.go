package server

import (
	"slices"
	"time"

	"valkey/server/snapshot"
)

// jobKind says what a snapshot is for.
type jobKind uint8

const (
	jobSave    jobKind = iota // a file: BGSAVE
	jobSync                   // replicas
	jobRewrite                // the base of the append-only file
)

// jobs are the snapshots that are being made, and how they have kept others waiting. Guarded by the engine lock.
type jobs struct {
	running []runningJob
	next    int // whose turn it is

	sliceEnd  time.Time // of the latest slice
	sliceTook time.Duration
	commands  uint64 // that clients had had executed by then

	count        int64 // since the start
	latestStall  time.Duration
	oldBytesPeak int64
}

type runningJob struct {
	kind jobKind
	job  *snapshot.Job
}

// jobSlice is how long a slice of a walk takes: a client waits that much longer at most.
const jobSlice = 150 * time.Microsecond

// startJob starts a snapshot of now and has it stepped until its Done hears of the end. The engine lock is held.
func (s *Server) startJob(kind jobKind, o snapshot.Options) (*snapshot.Job, error) {
	o.Store, o.FS = s.store, s.fs
	o.Wake = s.loops.Wake
	if o.Spill == "" {
		o.Spill = s.spillName()
	}
	done := o.Done
	var job *snapshot.Job
	o.Done = func(r snapshot.Result) {
		s.jobDone(job, r)
		if done != nil {
			done(r)
		}
	}
	job, err := snapshot.Start(o)
	if err != nil {
		return nil, err
	}
	s.jobs.count++
	s.jobs.running = append(s.jobs.running, runningJob{kind, job})
	s.loops.Wake()
	return job, nil
}

func (s *Server) jobDone(job *snapshot.Job, r snapshot.Result) {
	j := &s.jobs
	j.running = slices.DeleteFunc(j.running, func(r runningJob) bool { return r.job == job })
	j.latestStall = r.LongestStall
	s.feeding.jobEnded = true
	j.oldBytesPeak = max(j.oldBytesPeak, r.OldBytes)
	s.engine.LatencyEvent("fork", r.LongestStall) // what a fork is to Valkey: the time that a snapshot holds everybody up
}

// jobRunning reports whether a snapshot of one of some kinds is being made; without a kind, whether any is.
func (s *Server) jobRunning(kinds ...jobKind) bool {
	if s.appending.rewriting && (len(kinds) == 0 || slices.Contains(kinds, jobRewrite)) {
		return true // also before its snapshot begins, and while its files take their places
	}
	return slices.ContainsFunc(s.jobs.running, func(r runningJob) bool {
		return len(kinds) == 0 || slices.Contains(kinds, r.kind)
	})
}

// stepJobs is the task that walks: one slice for the job whose turn it is. While clients have work of their own, they
// get at least the time that the slices take.
func (s *Server) stepJobs(int64) (nextMs int64, more bool) {
	j := &s.jobs
	if len(j.running) == 0 {
		return 0, false
	}
	start := time.Now()
	busy := s.engine.Stats.Commands != j.commands
	if busy && start.Sub(j.sliceEnd) < j.sliceTook {
		return 0, true
	}
	for tries := len(j.running); tries > 0 && !more && len(j.running) > 0; tries-- {
		j.next = (j.next + 1) % len(j.running)
		more = j.running[j.next].job.Step(jobSlice)
	}
	j.sliceEnd = time.Now()
	j.sliceTook = j.sliceEnd.Sub(start)
	j.commands = s.engine.Stats.Commands
	return 0, more
}

// abortJobs gives up all snapshots, or those of some kinds, and reports whether there were any.
func (s *Server) abortJobs(err error, kinds ...jobKind) bool {
	found := false
	for _, r := range slices.Clone(s.jobs.running) {
		if len(kinds) == 0 || slices.Contains(kinds, r.kind) {
			r.job.Abort(err)
			found = true
		}
	}
	return found
}

// endJobs gives up all snapshots at the end of the server and waits until they are gone.
func (s *Server) endJobs() {
	s.engine.Lock()
	defer s.engine.Unlock()
	for len(s.jobs.running) > 0 {
		job := s.jobs.running[0].job
		job.Abort(errKilled)
		job.Drain()
	}
}
