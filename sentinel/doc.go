// Package sentinel is the control plane's process: it watches primaries through links, agrees with the other sentinels
// through a replicated log, and answers clients as Valkey's Sentinel does.
//
// It decides nothing by itself. What this sentinel finds and does follows from sentinel/monitor, what the group has
// agreed from sentinel/ledger; both are pure, and guarded here by the lock of the Front. Whoever has news for them (an
// event of a link, a command, an entry of the log, a deadline) takes the lock, steps the monitor, and carries out what
// it wants done. Nothing waits under the lock: links and clients have queues of their own, and what takes a disk, a
// process or the group's answer has a goroutine, which comes back with the outcome as news.
//
// # Order
//
//   - An entry of the log is applied, and the monitor steps over it, in one hold of the lock: no client sees the one
//     without the other. The proposal that brought it about is answered after that.
//   - A command that changes the configuration is answered when the file has it.
//   - The address of a primary is answered from what has been applied, at once, also without a majority, unless
//     `sentinel consistent-reads` wants the group asked first.
//
// # Where to start
//
// sentinel.go is the process, step.go the way from news to actions, group.go the log's side. The command table is in
// table.go; commands are in the files named after them.
package sentinel
