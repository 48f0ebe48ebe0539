package scripts

import "time"

const (
	queueMax   = 256
	runningMax = 16
	triesMax   = 10
	// forkDelay is how long to wait when the system cannot start a process.
	forkDelay = 100 * time.Millisecond
)

// The periods that SENTINEL DEBUG can change.
const (
	DefaultMaxRuntime = time.Minute
	DefaultRetryDelay = 30 * time.Second
)
