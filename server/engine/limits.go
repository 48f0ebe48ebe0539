package engine

import "time"

// Limits of the engine. Each has a test at the limit.
const (
	// callDepthMax bounds nested calls: EXEC, and later scripts inside it.
	callDepthMax = 4
	// evictionSlice bounds the time that one command spends on eviction before it goes on (see evict.go).
	evictionSlice = 500 * time.Microsecond
)
