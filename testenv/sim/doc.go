// Package sim runs whole fleets of sentinels and data servers in one goroutine, in virtual time, from a seed: the
// sentinels' pure parts as they are (the log's rules, the ledger, the monitor), each on a disk of its own, between fake
// servers and a fake network.
//
// Everything that happens is an event in one heap ([virtual.World]); everything random comes from one generator. A run
// of a seed is therefore always the same, and a failure names the seed. While a fleet runs, faults break it, in half of
// the seeds from before its sentinels have met. Each step is checked. In the end everything is mended, and the fleet
// must have come to one answer, with all sentinels as voters of one group.
//
// # Faults
//
//   - Servers are killed, and come back with their data or empty; they are stopped; their connections break.
//   - Sentinels are killed, stopped, or stopped between the confirmation of their fence and the sending of an order,
//     which is then late by up to 12 s; their clocks jump by an hour; their connections break.
//   - Disks take up to 4 s for a write. What was not written when a sentinel is killed is lost. A whole log is lost, or
//     everything: then another sentinel comes in its place, and the old one is removed or forgotten.
//   - Messages between sentinels are lost, doubled, late and in another order; places are cut off, one way or both.
//   - A majority of the sentinels is lost for ever, and the operator makes a new group of one that is left.
//   - Operators fail over, reset, remove and watch again, remove members, turn replicas into primaries; somebody forges
//     hellos.
//
// One sentinel at a time loses its disk, and none before the others are voters again, as a group does not outlive its
// majority; operator.go says what holds before there is a group.
//
// # Checks
//
// At each step, in check.go:
//
//   - equal indexes of a group's log give equal ledgers, and a proposal is applied once;
//   - sentinels form one group, of as many as are expected; whom an operator put in its place decides alone;
//   - an epoch promotes one address: as it is agreed, as orders are sent, and as servers obey that know epochs;
//   - only the driver of a failover moves it on, under its fence, and orders a promotion, of the agreed candidate;
//   - the epochs of failovers grow, and so do those that each sentinel saves;
//   - the candidate is the best of those that qualify, and none of these lacks the primary's data;
//   - a sentinel answers what it has applied, and never what was not agreed.
//
// # Running it
//
//	make sim SEEDS=10000                                                  both simulations, of the log and of fleets
//	go test ./testenv/sim -run TestSeeds -seeds 1 -seed 151               one seed again
//
// Start reading at fleet.go.
package sim
