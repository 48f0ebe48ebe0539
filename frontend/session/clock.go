package session

import "time"

// Clock is a server's idea of the time. The wall clock is read once a batch; inside it time advances by the monotonic
// clock, which is read once a command, at its end.
type Clock struct {
	// LastNs is the last reading of the monotonic clock: where one command ends, the next one of the batch begins.
	LastNs int64
	// BatchNs is its reading at which the batch began.
	BatchNs int64

	read   func() int64 // Options.Monotonic
	base   time.Time    // of monotonic nanoseconds
	wallUs int64        // wall clock at BatchNs
	nowUs  int64        // of the current command, Unix microseconds: frozen while it runs, nested calls included
}

// Begin starts a batch at a time.
func (k *Clock) Begin(now time.Time) {
	if k.base.IsZero() {
		k.base = now
	}
	k.wallUs = now.UnixMicro()
	if k.read != nil {
		k.BatchNs = k.read()
	} else {
		k.BatchNs = int64(now.Sub(k.base))
	}
	k.nowUs, k.LastNs = k.wallUs, k.BatchNs
}

// Advance sets the current command's time from a monotonic reading.
func (k *Clock) Advance(ns int64) { k.nowUs = k.wallUs + (ns-k.BatchNs)/1000 }

// NowMs is the time of the current command, Unix milliseconds.
func (k *Clock) NowMs() int64 { return k.nowUs / 1000 }

// NowUs is the time of the current command, Unix microseconds.
func (k *Clock) NowUs() int64 { return k.nowUs }

// Monotonic reads the monotonic clock, nanoseconds since the first batch.
func (k *Clock) Monotonic() int64 {
	if k.read != nil {
		return k.read()
	}
	return int64(time.Since(k.base))
}

// Duration is the monotonic time that passed since a reading, for handlers that bound their own work.
func (k *Clock) Duration(sinceNs int64) time.Duration { return time.Duration(k.Monotonic() - sinceNs) }
