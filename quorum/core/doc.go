// Package core holds the rules of the replicated log, pure: raft's RawNode, who belongs to the group and how it comes
// to be, proposals that are sent again and applied once, confirmed reads, snapshots. There is no goroutine, disk,
// socket or clock here. What happens goes in with the time ([Node.Step]), and what must be done comes out
// ([Node.Take]): a write, messages, answers, events worth a line in a log.
//
// The caller's part of the contract:
//
//   - Writes are made durable in the order in which they come; then Step(Written) releases what waited for them.
//     There is at most one write under way.
//   - Messages may be lost, late, doubled or in another order.
//   - A Tick comes every TickEvery, as well as the machine allows.
//
// Start reading at node.go, then ready.go for raft's part, forming.go for how a group comes to be, members.go for
// what its leader does with it.
package core
