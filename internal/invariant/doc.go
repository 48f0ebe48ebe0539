// Package invariant holds assertions that are real under `-tags invariants` and cost nothing otherwise.
//
// Guard checks that compute something with `if invariant.Enabled`, so that the compiler drops them whole.
package invariant
