package scripts

import (
	"fmt"
	"slices"
	"time"
)

// Event is what a sentinel tells of its scripts, under the names that Valkey's have.
type Event struct {
	Name    string
	Payload string
	Debug   bool // for the log alone
}

// Exit is the end of a script, on its way to Finish.
type Exit struct {
	job          *job
	code, signal int
}

// Job is what PENDING-SCRIPTS shows of a script.
type Job struct {
	Argv    []string
	Running bool
	PID     int
	Time    time.Duration // how long it has run, or how long until it does
	Tries   int           // begun so far
}

type job struct {
	argv    []string
	process process   // nil while it waits
	at      time.Time // it began, or is to begin
	tries   int
	killed  bool
}

// Queue is the scripts of a sentinel.
type Queue struct {
	jobs       []*job // oldest first
	running    int
	exits      chan Exit // never full: there are never more than run
	report     func(Event)
	start      func(argv []string) (process, error)
	maxRuntime time.Duration
	retryDelay time.Duration
}

// New makes a queue of scripts that run in dir. What happens goes to report, which the queue's own methods call.
func New(dir string, report func(Event)) *Queue {
	return &Queue{exits: make(chan Exit, runningMax), report: report, maxRuntime: DefaultMaxRuntime,
		retryDelay: DefaultRetryDelay,
		start:      func(argv []string) (process, error) { return startChild(dir, argv) }}
}

// SetTimings changes how long a script may run, and the delay before its second try.
func (q *Queue) SetTimings(maxRuntime, retryDelay time.Duration) {
	q.maxRuntime, q.retryDelay = maxRuntime, retryDelay
}

// Add queues a script: the path and its arguments. It is begun at once if there is room.
func (q *Queue) Add(argv ...string) {
	if len(q.jobs) >= queueMax {
		if i := slices.IndexFunc(q.jobs, func(j *job) bool { return j.process == nil }); i >= 0 {
			q.jobs = slices.Delete(q.jobs, i, i+1)
		}
	}
	q.jobs = append(q.jobs, &job{argv: slices.Clone(argv), at: time.Now()})
	q.Tick()
}

// Exits gives the ends of scripts, each of which the owner hands to Finish.
func (q *Queue) Exits() <-chan Exit { return q.exits }

// Finish takes the end of a script.
func (q *Queue) Finish(e Exit) {
	j := e.job
	q.running--
	q.report(Event{Name: "-script-child", Payload: fmt.Sprintf("%d %d %d", j.process.id(), e.code, e.signal), Debug: true})
	j.process, j.killed = nil, false
	q.ended(j, e.code, e.signal)
	q.Tick()
}

// ended decides what becomes of a script that ended.
func (q *Queue) ended(j *job, code, signal int) {
	switch {
	case (signal != 0 || code == 1) && j.tries < triesMax:
		j.at = time.Now().Add(q.retryDelay << (j.tries - 1))
		return
	case signal != 0 || code != 0:
		q.report(Event{Name: "-script-error", Payload: fmt.Sprintf("%s %d %d", j.argv[0], signal, code)})
	}
	q.jobs = slices.DeleteFunc(q.jobs, func(other *job) bool { return other == j })
}

// Deadline is when Tick is to be called; false if only the end of a script will change anything.
func (q *Queue) Deadline() (at time.Time, ok bool) {
	for _, j := range q.jobs {
		due := j.at
		switch {
		case j.killed, j.process == nil && q.running == runningMax:
			continue
		case j.process != nil:
			due = due.Add(q.maxRuntime)
		}
		if !ok || due.Before(at) {
			at, ok = due, true
		}
	}
	return at, ok
}

// Tick begins the scripts whose time has come, and kills those whose time is over.
func (q *Queue) Tick() {
	now := time.Now()
	for _, j := range slices.Clone(q.jobs) {
		switch {
		case j.process == nil && !j.at.After(now) && q.running < runningMax:
			q.begin(j, now)
		case j.process != nil && !j.killed && !now.Before(j.at.Add(q.maxRuntime)):
			q.report(Event{Name: "-script-timeout", Payload: fmt.Sprintf("%s %d", j.argv[0], j.process.id())})
			j.killed = true
			j.process.kill()
		}
	}
}

func (q *Queue) begin(j *job, now time.Time) {
	j.tries++
	p, err := q.start(j.argv)
	switch {
	case err != nil:
		q.report(Event{Name: "-script-error", Payload: j.argv[0] + " 99 0"})
		if j.at = now.Add(forkDelay); j.tries == triesMax {
			q.jobs = slices.DeleteFunc(q.jobs, func(other *job) bool { return other == j })
		}
		return
	case p == nil:
		q.ended(j, execFailed, 0)
		return
	}
	j.process, j.at = p, now
	q.running++
	q.report(Event{Name: "+script-child", Payload: fmt.Sprint(p.id()), Debug: true})
	go func() { // the queue's, until the script ends; its end always has room in the channel
		code, signal := p.wait()
		q.exits <- Exit{j, code, signal}
	}()
}

// Running is how many scripts run.
func (q *Queue) Running() int { return q.running }

// Jobs gives every script there is, oldest first.
func (q *Queue) Jobs() []Job {
	now := time.Now()
	jobs := make([]Job, len(q.jobs))
	for i, j := range q.jobs {
		jobs[i] = Job{Argv: j.argv, Time: max(j.at.Sub(now), 0), Tries: j.tries}
		if j.process != nil {
			jobs[i].Running, jobs[i].PID, jobs[i].Time = true, j.process.id(), now.Sub(j.at)
		}
	}
	return jobs
}
