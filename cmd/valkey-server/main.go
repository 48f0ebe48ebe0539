// Command valkey-server is the data server, or a sentinel if its name or an argument says so.
package main

import (
	"context"
	"os"

	"valkey/cmd/internal/program"
	"valkey/configs"
	"valkey/frontend/shell"
	"valkey/server"
)

// version is the program's own, stamped by the Makefile.
var version = "unknown"

func main() {
	os.Exit(program.Program{
		Name: "valkey-server", Build: version,
		Usage: "an in-memory data store, compatible with Valkey " + program.Version,
		Serve: serve,
	}.Main())
}

func serve(ctx context.Context, c *configs.Config, title *shell.Title) error {
	s, err := server.New(server.Options{Config: c, Version: program.Version, Build: version, Title: title})
	if err != nil {
		return err
	}
	return s.Serve(ctx)
}
