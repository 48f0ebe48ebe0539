package sentinel

import (
	"time"

	"valkey/sentinel/monitor"
	"valkey/sentinel/scripts"
)

// scripting is the operators' programs: begun and watched by a goroutine of its own, since that takes the system a
// while.
type scripting struct {
	queue   *scripts.Queue // the goroutine's
	added   chan []string  // full: the newest is dropped, and told
	timings chan monitor.Timings

	jobs []scripts.Job // what the queue held when it was looked at last
	at   time.Time     // that was then
}

// scriptsAdded is how many scripts may wait for the goroutine, as many as the queue holds.
const scriptsAdded = 256

func (v *scripting) init() {
	v.added, v.timings = make(chan []string, scriptsAdded), make(chan monitor.Timings, 1)
}

// runScript queues a script.
func (s *Sentinel) runScript(argv []string) {
	select {
	case s.scripting.added <- argv:
	default:
		s.log.Warn().Str("path", argv[0]).Msg("Too many scripts at once, one is dropped")
	}
}

// timeScripts changes how long scripts may take.
func (s *Sentinel) timeScripts(t monitor.Timings) {
	select {
	case <-s.scripting.timings: // older ones that were not taken yet
	default:
	}
	s.scripting.timings <- t // which has room: nobody else fills it
}

// runScripts begins and ends scripts until ctx ends. Those that run then run on.
func (s *Sentinel) runScripts() {
	v := &s.scripting
	wake := time.NewTimer(time.Hour)
	defer wake.Stop()
	for {
		if at, ok := v.queue.Deadline(); ok {
			wake.Reset(time.Until(at))
		}
		select {
		case <-s.ctx.Done():
			return
		case argv := <-v.added:
			v.queue.Add(argv...)
		case e := <-v.queue.Exits():
			v.queue.Finish(e)
		case t := <-v.timings:
			v.queue.SetTimings(t.ScriptMaxRuntime, t.ScriptRetryDelay)
		case <-wake.C:
			v.queue.Tick()
		}
		jobs := v.queue.Jobs()
		s.enter()
		v.jobs, v.at = jobs, time.Now()
		s.leave()
	}
}

// tellScript tells of what happened to a script.
func (s *Sentinel) tellScript(e scripts.Event) {
	level := monitor.Warning
	if e.Debug {
		level = monitor.Debug
	}
	s.enter()
	defer s.leave()
	s.emit(monitor.Emit{Level: level, Name: e.Name, Payload: e.Payload})
}

// runningScripts counts those that run.
func (v *scripting) runningScripts() (n int) {
	for _, j := range v.jobs {
		if j.Running {
			n++
		}
	}
	return n
}

// pendingScripts answers PENDING-SCRIPTS.
func pendingScripts(c *call) error {
	v, w := &c.s.scripting, c.Reply
	since := time.Since(v.at)
	w.Array(len(v.jobs))
	for _, j := range v.jobs {
		w.Map(5)
		w.BulkString("argv")
		w.Array(len(j.Argv))
		for _, a := range j.Argv {
			w.BulkString(a)
		}
		state, period, t := "scheduled", "run-delay", max(j.Time-since, 0)
		if j.Running {
			state, period, t = "running", "run-time", j.Time+since
		}
		w.BulkString("flags")
		w.BulkString(state)
		w.BulkString("pid")
		w.BulkInt(int64(j.PID))
		w.BulkString(period)
		w.BulkInt(t.Milliseconds())
		w.BulkString("retry-num")
		w.BulkInt(int64(j.Tries))
	}
	return nil
}
