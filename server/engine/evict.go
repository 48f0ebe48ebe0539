package engine

import (
	"time"

	"valkey/configs"
	"valkey/frontend/session"
	"valkey/store"
)

// evictState remembers an eviction that ran out of its slice and goes on at the next tick.
type evictState struct {
	running bool
	name    []byte
}

// makeRoom brings memory below maxmemory by evicting keys, for a bounded time. It returns false when nothing more
// can be evicted: commands that would grow memory are refused then. Out of time is not out of memory: the rest goes
// on later.
func (e *Engine) makeRoom() bool {
	e.evictable.running = false
	if e.paused(PauseEvict) || e.Gated(GateReplica) && e.Config.ReplicaIgnoreMaxmemory {
		return true
	}
	ok := e.evictionMemory() <= e.Config.Maxmemory || e.evict()
	switch now := e.Monotonic(); {
	case ok && !e.evictable.running && e.Stats.EvictionSinceNs != 0:
		e.Stats.EvictionExceeded += now - e.Stats.EvictionSinceNs
		e.Stats.EvictionSinceNs = 0
	case (!ok || e.evictable.running) && e.Stats.EvictionSinceNs == 0:
		e.Stats.EvictionSinceNs = now
	}
	return ok
}

// StartEviction has the next end of a batch look for memory above maxmemory, though no command asks for room.
func (e *Engine) StartEviction() { e.evictable.running = e.Config.Maxmemory > 0 }

func (e *Engine) evict() bool {
	policy := e.Config.MaxmemoryPolicy
	if policy == configs.PolicyNoEviction || e.Config.ImportMode {
		return false
	}
	start := e.Monotonic()
	limit := start + int64(evictionLimit(e.Config.MaxmemoryEvictionTenacity))
	defer func() { e.LatencyEvent("eviction-cycle", time.Duration(e.Monotonic()-start)) }()
	for n := 1; e.evictionMemory() > e.Config.Maxmemory; n++ {
		db, en, ok := e.Store.Victim(policies[policy], int(e.Config.MaxmemorySamples))
		if !ok {
			return e.Store.Pending() > 0 && e.reclaimUntil(limit)
		}
		e.evictable.name = append(e.evictable.name[:0], en.Key()...)
		name := e.evictable.name
		db.Delete(name, e.Store.Hash(name))
		e.Stats.EvictedKeys++
		e.deleted(db.ID(), name, configs.NotifyEvicted, "evicted", e.Config.LazyfreeLazyEviction)
		e.handOver(true) // ahead of the command that asked for room, and not in a transaction with it
		e.evictable.name = session.Emptied(name)
		if n%evictionBatch == 0 && e.Monotonic() >= limit {
			e.evictable.running = true
			break
		}
	}
	return true
}

// evictionBatch is how many keys go between two looks at the clock.
const evictionBatch = 16

// reclaimUntil frees flushed data, which may be all that is above the limit.
func (e *Engine) reclaimUntil(limitNs int64) bool {
	for e.evictionMemory() > e.Config.Maxmemory {
		if !e.Store.Reclaim(reclaimSlice) || e.Monotonic() > limitNs {
			return e.evictionMemory() <= e.Config.Maxmemory
		}
	}
	return true
}

// evictionLimit is the time that a command may spend evicting: 500 µs at the default tenacity of 10, linearly less
// below, growing by 15 % a step above, without end at 100 (maxmemory-eviction-tenacity).
func evictionLimit(tenacity int64) time.Duration {
	switch {
	case tenacity <= 10:
		return time.Duration(tenacity) * evictionSlice / 10
	case tenacity < 100:
		d := float64(evictionSlice)
		for range tenacity - 10 {
			d *= 1.15
		}
		return time.Duration(d)
	}
	return 1 << 62
}

// UsedMemory is used_memory.
func (e *Engine) UsedMemory() uint64 {
	return uint64(e.Store.Used()) + uint64(e.ClientMemory()) + uint64(e.History.Memory()) + baseMemory
}

// NotEvictable is the part of it that does not count against maxmemory: what slow replicas keep of the stream. To
// evict for that would make the stream longer, and evict more.
func (e *Engine) NotEvictable() uint64 {
	return uint64(max(0, int64(e.History.Memory())-e.Config.ReplBacklogSize-e.Config.ReplBacklogSize/backlogSlack))
}

// backlogSlack is the part of the backlog that its last block and its bookkeeping may take beyond its size.
const backlogSlack = 16

// evictionMemory is what maxmemory limits.
func (e *Engine) evictionMemory() uint64 { return e.UsedMemory() - e.NotEvictable() }

// baseMemory is what an empty server reports: code and tables that do not grow with data or clients.
const baseMemory = 1 << 20

// policies are the store's names for maxmemory-policy.
var policies = [...]store.Policy{
	configs.PolicyVolatileLRU:    store.VolatileLRU,
	configs.PolicyVolatileLFU:    store.VolatileLFU,
	configs.PolicyVolatileRandom: store.VolatileRandom,
	configs.PolicyVolatileTTL:    store.VolatileTTL,
	configs.PolicyAllkeysLRU:     store.AllKeysLRU,
	configs.PolicyAllkeysLFU:     store.AllKeysLFU,
	configs.PolicyAllkeysRandom:  store.AllKeysRandom,
	configs.PolicyNoEviction:     store.NoEviction,
}

// AgesByFrequency reports whether keys age by how often they are used, and not by how lately: as the eviction policy
// asks.
func (e *Engine) AgesByFrequency() bool { return policies[e.Config.MaxmemoryPolicy].LFU() }

// SetAging tells the store how keys age.
func (e *Engine) SetAging() {
	e.Store.SetAging(store.Aging{
		LFU:       e.AgesByFrequency(),
		LogFactor: int(e.Config.LfuLogFactor), DecayMinutes: int(e.Config.LfuDecayTime),
	})
}
