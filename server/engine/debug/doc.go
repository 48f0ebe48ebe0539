// Package debug is DEBUG: what tests and debugging need, and nobody else. It is off unless enable-debug-command says
// otherwise. Unlike other containers DEBUG is one command that reads its subcommands itself, for statistics and access
// control alike. Start reading at subcommands.
package debug

import "valkey/server/engine"

// Commands lists the family.
var Commands = []engine.Command{Debug}
