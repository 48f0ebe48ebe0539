package snapshot

// SetLimits makes limits small enough for a test to reach.
func (o *Options) SetLimits(draft, queue, spillFrom, memory, spill int64) {
	o.limits = limits{draft: draft, queue: queue, spillFrom: spillFrom, memory: memory, spill: spill}
}

// KeptBytes is how many bytes of pinned values are kept as they were.
func (j *Job) KeptBytes() (n int) {
	k := &j.queue.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, pieces := range k.mu.pieces {
		for _, piece := range pieces {
			n += len(piece)
		}
	}
	return n
}
