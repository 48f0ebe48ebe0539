// Package sim runs whole fleets of sentinels and data servers in one goroutine, in virtual time, from a seed: the
// sentinels' pure parts as they are, between fake servers, a fake network and a fake log.
//
// Everything that happens is an event in one heap ([virtual.World]); everything random comes from one generator. A run
// of a seed is therefore always the same, and a failure names the seed. While a fleet runs, faults break it (faults.go)
// and each step is checked (check.go); in the end everything is mended, and the fleet must have come to one answer.
//
// The log is behind the interface [Log]. [modelLog] is a simple one: a list that a leader with a majority appends to,
// and that members in its reach follow.
//
// Start reading at fleet.go.
package sim
