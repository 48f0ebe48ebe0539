package snapshot

// SetLimits makes limits small enough for a test to reach.
func (o *Options) SetLimits(draft, queue, spillFrom, memory, spill int64) {
	o.limits = limits{draft: draft, queue: queue, spillFrom: spillFrom, memory: memory, spill: spill}
}
