package engine

import (
	"time"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/store"
)

// isExpired reports whether an expiry (Unix ms) lies in the past of the current command.
func (e *Engine) isExpired(at int64) bool { return e.NowMs() > at }

// Expired reports whether the time of an entry has passed.
func (e *Engine) Expired(en store.Entry) bool {
	at := en.ExpireAt()
	return at >= 0 && e.isExpired(at)
}

// Hidden reports whether an entry is not there for this client, as its time has passed. The source of an import sees
// it, and so does the primary of a replica, which alone decides when a key has gone.
func (c *Call) Hidden(en store.Entry) bool {
	return c.Expired(en) && !c.Client.Obeyed && !(c.Config.ImportMode && c.Client.ImportSource)
}

// expired deletes a key that is hidden. While expiry is held, commands that only read leave it where it is; one that
// writes must never take its place for free.
func (c *Call) expired(db int, k KeyName) {
	if c.Cmd.Flags.Has(command.Write) || !c.ExpiryHeld() {
		c.deleteExpired(db, k.Name, k.Hash)
	}
}

// ExpiryHeld reports whether reading leaves expired keys where they are: during an import, a pause or loading, and on a
// replica.
func (e *Engine) ExpiryHeld() bool {
	return e.Config.ImportMode || e.Gated(GateReplica|GateLoading) || e.paused(PauseExpire)
}

// deleteExpired removes a key whose time has passed and tells everyone.
func (e *Engine) deleteExpired(db int, name []byte, hash uint64) {
	e.Store.DB(db).Unlink(name, hash)
	e.Stats.ExpiredKeys++
	e.deleted(db, name, configs.NotifyExpired, "expired", e.Config.LazyfreeLazyExpire)
}

// Past reports whether a deadline (Unix ms) that a client gives is over already: the key is deleted then instead of
// being given one. During an import and on a replica it is given all the same, as its source will delete it.
func (e *Engine) Past(at int64) bool {
	return at <= e.NowMs() && !e.Config.ImportMode && !e.Gated(GateReplica|GateLoading)
}

// DeletePast deletes an existing key that a client has given a deadline which is over already.
func (c *Call) DeletePast(k KeyName) {
	c.DB.Unlink(k.Name, k.Hash)
	c.Stats.ExpiredKeys++
	c.Effect(Deletion(c.Config.LazyfreeLazyExpire), k.Name)
	c.Modified(k)
	c.Event(configs.NotifyExpired, "expired", k)
}

// deleted tells everyone about a key that went without a client's asking. The name must outlive the entry.
func (e *Engine) deleted(db int, name []byte, class configs.NotifyFlags, event string, lazy bool) {
	e.signal(db, name)
	if e.Config.NotifyKeyspaceEvents&class != 0 {
		e.notify(class, event, name, db)
	}
	e.effect(ToAll, db, [][]byte{Deletion(lazy), name})
}

// Deletion is the command that removes a key elsewhere as it was removed here.
func Deletion(lazy bool) []byte {
	if lazy {
		return wordUnlink
	}
	return wordDel
}

var wordDel, wordUnlink = []byte("DEL"), []byte("UNLINK")

// expireState is the active expiry's pace.
type expireState struct {
	active bool // DEBUG SET-ACTIVE-EXPIRE
	name   []byte
	fastNs int64 // monotonic start of the last fast cycle
}

// SetActiveExpire switches the background expiry on or off; lazy expiry stays.
func (e *Engine) SetActiveExpire(on bool) { e.expiry.active = on }

// ActiveExpire reports whether background expiry is on.
func (e *Engine) ActiveExpire() bool { return e.expiry.active }

// The shares of time that active expiry may take at effort 1, as Valkey's: the slow cycle a percentage of the time
// between two ticks, the fast one, after a batch, a fixed slice and no more often than twice its length. Each step
// of effort adds to both.
const (
	expireSlowPercent       = 25
	expireSlowPercentEffort = 2
	expireFastSlice         = time.Millisecond
	expireFastSliceEffort   = 250 * time.Microsecond
)

// expireSlow is the cycle of a tick.
func (e *Engine) expireSlow(tick time.Duration) {
	effort := time.Duration(e.Config.ActiveExpireEffort - 1)
	e.expireCycle(false, tick*(expireSlowPercent+expireSlowPercentEffort*effort)/100)
}

// expireFast is the cycle after a batch: it does something only if the slow one could not keep up.
func (e *Engine) expireFast() {
	slice := expireFastSlice + expireFastSliceEffort*time.Duration(e.Config.ActiveExpireEffort-1)
	if e.BatchNs-e.expiry.fastNs < 2*int64(slice) {
		return
	}
	e.expiry.fastNs = e.BatchNs
	e.expireCycle(true, slice)
}

// expireCycle deletes expired keys for at most a budget.
func (e *Engine) expireCycle(fast bool, budget time.Duration) {
	if !e.expiry.active || e.ExpiryHeld() {
		return
	}
	start := e.Monotonic()
	limit := start + int64(budget)
	res := e.Store.ActiveExpire(e.NowMs(), store.ExpireCycle{
		Fast: fast, Effort: int(e.Config.ActiveExpireEffort),
		Overtime: func() bool { return e.Monotonic() > limit },
		Expired: func(db *store.DB, en store.Entry) {
			e.expiry.name = append(e.expiry.name[:0], en.Key()...)
			e.deleteExpired(db.ID(), e.expiry.name, e.Store.Hash(e.expiry.name))
			e.expiry.name = session.Emptied(e.expiry.name)
		},
	})
	if res.Sampled == 0 {
		return
	}
	took := e.Monotonic() - start
	e.Stats.ExpireCycleCPUNs += took
	if res.Overtime {
		e.Stats.ExpiredTimeCapped++
	}
	e.LatencyEvent("expire-cycle", time.Duration(took))
}
