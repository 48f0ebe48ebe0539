// Package quorum is a small replicated log: the Sentinels of a fleet agree through it on what happened, in which
// order. What an entry means is the business of the [Machine] that the log drives.
//
// A [Group] is one member's end of it, in one process. It promises:
//
//   - Order. Every member applies the same entries in the same order, from one goroutine; equal index, equal entry.
//   - Durability. What Propose has answered is on the disks of a majority. Nothing is sent that a crash could take
//     back.
//   - An answer. Propose ends with the machine's result, with [ErrNoQuorum] (it did not and will not happen), or with
//     [ErrUnknown] (it may happen yet). Behind Propose, entries have identities: however often one is sent again
//     after a loss or a change of leader, it is applied once.
//   - Fresh reads. After Confirm has returned nil, the machine has applied everything that was agreed before Confirm
//     was called.
//   - Quiet. No tick and no heartbeat waits for a disk or a socket. A leader that cannot write steps down.
//   - Bounds. Files, queues and frames have limits (limits.go), however long the group lives.
//
// Who belongs to the group is itself an entry. A group forms without a list of peers, from what discovery shows
// ([Group.Saw]); who comes later joins as a learner and gets a vote once it keeps up. DESIGN.md has the protocol and
// the argument why there are never two groups.
//
// The rules are in quorum/core, which is pure; this package gives them a disk (log.go), sockets (links.go) and a
// clock (loop.go). Start reading at group.go.
package quorum
