// Package transactions holds MULTI, EXEC, DISCARD, WATCH and UNWATCH.
//
// The engine queues commands, watches keys and runs the queue (engine/transaction.go, engine/watch.go); these are
// the words for it. EXEC runs all of the queue without another client's command in between, or nothing of it.
//
// Start reading at Commands.
package transactions

import "valkey/server/engine"

// Commands are the commands of the family.
var Commands = []engine.Command{Discard, Exec, Multi, Unwatch, Watch}
