// Package virtual is virtual time and what lives in it: processes that are killed, stopped and started, and the members
// of a replicated log as such processes. The simulations of quorum and of testenv/sim are built of it.
//
// A [World] is a heap of events and one source of randomness, so that a run of a seed is always the same. A [Process]
// drops what belongs to an earlier life, and keeps what comes while it is stopped. A [Member] is a core.Node in one:
// its writes take their time, and what was not written when it crashes is lost.
//
// Raft draws its patience from crypto/rand: testing/cryptotest makes that repeat itself.
package virtual
