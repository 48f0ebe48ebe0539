//go:build !invariants

package invariant

// Enabled is true in builds with the tag `invariants`.
const Enabled = false

// Check panics when cond is false; without the tag it does nothing, so cond must be cheap and free of side effects.
func Check(cond bool, format string, args ...any) {}
