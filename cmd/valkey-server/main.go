// Command valkey-server is the data server.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/urfave/cli/v2"

	"valkey/configs"
	"valkey/frontend/shell"
	"valkey/internal/vfs"
	"valkey/server"
)

// valkeyVersion is the Valkey release whose behaviour this server has.
const valkeyVersion = "9.1.2"

// version is the program's own, stamped by the Makefile.
var version = "unknown"

func main() {
	title := shell.TakeTitle() // first of all: arguments and environment move
	app := &cli.App{
		Name:            "valkey-server",
		Usage:           "an in-memory data store, compatible with Valkey " + valkeyVersion,
		UsageText:       "valkey-server [/path/to/valkey.conf] [-] [--name value]...",
		SkipFlagParsing: true, // arguments are directives: package configs reads them
		HideHelpCommand: true,
		Action:          func(c *cli.Context) error { return run(c.Context, title, c.Args().Slice()) },
	}
	if err := app.Run(os.Args); err != nil {
		if refused, ok := errors.AsType[*configs.LoadError](err); ok {
			fmt.Fprint(os.Stderr, refused.Report(valkeyVersion))
		} else {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, title *shell.Title, args []string) error {
	if len(args) == 1 {
		switch args[0] {
		case "-v", "--version":
			fmt.Printf("Valkey server v=%s build=%s go=%s\n", valkeyVersion, version, runtime.Version())
			return nil
		case "-h", "--help":
			fmt.Println("Usage: valkey-server [/path/to/valkey.conf] [-] [--name value]...\n" +
				"       valkey-server --version")
			return nil
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	config, err := configs.Load(configs.Source{FS: vfs.OS{}, Dir: dir, Args: args, Stdin: os.Stdin})
	if err != nil {
		return err
	}
	if err := os.Chdir(config.Dir); err != nil {
		return fmt.Errorf("valkey-server: %w", err)
	}
	s, err := server.New(server.Options{Config: config, Version: valkeyVersion, Build: version, Title: title})
	if err != nil {
		return err
	}
	return s.Serve(ctx)
}
