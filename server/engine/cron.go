package engine

import "time"

// Cron does the background work of a tick: hz times a second, engine lock held. It returns the Unix time in
// milliseconds by which it wants to be called again, at the latest.
func (e *Engine) Cron() (nextMs int64) {
	now := e.NowMs()
	hz := max(e.Config.Hz, 1)
	tick := 1000 / hz
	if e.debug.cronPaused {
		return now + tick
	}
	start := e.Monotonic()
	e.expireSlow(time.Duration(tick) * time.Millisecond)
	if len(e.own) > 0 && e.expiry.active && !e.paused(PauseExpire) {
		e.expireOwn()
	}
	e.ClientsCron(hz)
	e.Store.Reclaim(reclaimSlice)
	if e.Config.Maxmemory > 0 && e.evictable.running {
		e.makeRoom()
	}
	s := &e.Stats
	s.PeakMemory = max(s.PeakMemory, e.UsedMemory())
	if now-e.cron.sampledMs >= samplePeriodMs {
		e.cron.sampledMs = now
		e.SampleRates(now)
	}
	s.CronNs += e.Monotonic() - start
	return now + tick
}

// cronState is the tick's memory.
type cronState struct {
	sampledMs int64
}

const samplePeriodMs = 100

// After ends a batch: waits that are over, and a fast expire cycle if the slow one could not keep up. It returns the
// Unix time in milliseconds of the next deadline, 0 when there is none, and whether more work waits right now.
func (e *Engine) After() (nextMs int64, more bool) {
	if e.Config.Maxmemory > 0 && e.evictable.running {
		e.makeRoom()
	}
	if e.expiry.active {
		e.expireFast()
	}
	more = e.Store.Reclaimable() && e.Store.Reclaim(reclaimSlice)
	nextMs = e.endWaits()
	e.EvictClients()
	return nextMs, more || e.evictable.running
}

// reclaimSlice is how many entries of flushed data one slice frees: well below a millisecond.
const reclaimSlice = 2048
