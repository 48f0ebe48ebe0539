package engine

import "time"

// Limits of the engine. Each has a test at the limit.
const (
	// errorTextMax bounds what an error reply repeats of a client's own bytes.
	errorTextMax = 128
	// errorKindsMax bounds the error codes that INFO errorstats counts; past it only one overflow counter grows.
	errorKindsMax = 128
	// callDepthMax bounds nested calls: EXEC, and later scripts inside it.
	callDepthMax = 4
	// scratchMax is the largest buffer that is kept for reuse.
	scratchMax = 64 << 10
	// evictionSlice bounds the time that one command spends on eviction before it goes on (see evict.go).
	evictionSlice = 500 * time.Microsecond
)

// emptied makes a buffer ready for reuse, or forgets it if it has grown too large to be kept.
func emptied(b []byte) []byte {
	if cap(b) > scratchMax {
		return nil
	}
	return b[:0]
}
