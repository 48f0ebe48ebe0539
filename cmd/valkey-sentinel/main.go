// Command valkey-sentinel watches data servers, and agrees with its like on which of them is the primary.
package main

import (
	"os"

	"valkey/cmd/internal/program"
)

// version is the program's own, stamped by the Makefile.
var version = "unknown"

func main() {
	os.Exit(program.Program{
		Name: "valkey-sentinel", Build: version,
		Usage: "watches primaries and replaces them, compatible with Valkey " + program.Version,
	}.Main())
}
