//go:build invariants

package invariant

import "fmt"

// Enabled is true in builds with the tag `invariants`.
const Enabled = true

// Check panics when cond is false: one of our own promises is broken. The text says which.
func Check(cond bool, format string, args ...any) {
	if !cond {
		panic("BUG: " + fmt.Sprintf(format, args...))
	}
}
