// Package monitor is one sentinel's view of the primaries that it watches, and what it does about it: pure, a state
// machine that events and the time go into and actions come out of.
//
// The contract with the shell that runs it:
//
//  1. The shell calls Step with every event, from one goroutine, and carries the actions out in the order given. now is
//     a monotonic time since an origin of the shell's choice, above zero.
//  2. After a Step it sleeps until an event, or until Deadline, and then steps with Tick. Waking up much later than
//     Deadline is how the monitor learns that the process was stalled; it then refuses to judge for a while (TILT).
//  3. Connections are the shell's. A link is an instance's two connections (one for a sentinel) under a number that the
//     monitor gives; Connect and Disconnect are wishes, LinkUp and LinkDown are facts, and a Send to a connection that
//     is down may be dropped: its LinkDown says so. After a Disconnect nothing more of that connection comes in.
//  4. What the group has agreed comes in as Applied, in the order of the log and before the Outcome of the proposal
//     that caused it. Propose and Confirm are always answered, by Outcome and Confirmed. What was agreed before this
//     process began, or was learned while it caught up after that, is no news: it comes in as Restored.
//  5. Accessors (Record, Address, Usable, ...) read the state as the last Step left it and change nothing.
//
// What is decided where. A sentinel's own settings act at once and are its own. What changes a primary's address is an
// entry of the ledger: the monitor reports what it finds down, proposes the steps of a failover while it is the driver,
// and follows what was applied. It takes no address and no epoch from a hello: that message shows which sentinels there
// are, and nothing else.
//
// Start reading at Monitor.Step, then group.run; failover.go has the driver's part.
package monitor
