package session

// Limits of what clients are told and of what is kept for them. Each has a test at the limit.
const (
	// errorTextMax bounds what an error reply repeats of a client's own bytes.
	errorTextMax = 128
	// errorKindsMax bounds the error codes that INFO errorstats counts; past it only one overflow counter grows.
	errorKindsMax = 128
	// scratchMax is the largest buffer that is kept for reuse.
	scratchMax = 64 << 10
)

// Emptied makes a buffer ready for reuse, or forgets it if it has grown too large to be kept.
func Emptied(b []byte) []byte {
	if cap(b) > scratchMax {
		return nil
	}
	return b[:0]
}
