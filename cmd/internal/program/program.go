// Package program is what the mains of both servers have in common: one program starts either, as its name or its
// arguments say.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"valkey/configs"
	"valkey/frontend/shell"
	"valkey/internal/vfs"
	"valkey/sentinel"
)

// Version is the Valkey release whose behaviour both servers have.
const Version = "9.1.2"

// Program is one of the two.
type Program struct {
	Name  string // as people call it
	Usage string
	Build string // stamped by the Makefile
	// Serve runs the data server; nil in a program that is always a sentinel.
	Serve func(ctx context.Context, c *configs.Config, title *shell.Title) error
}

// Main runs the program and gives its exit code.
func (p Program) Main() int {
	title := shell.TakeTitle() // first of all: arguments and environment move
	app := &cli.App{
		Name:            p.Name,
		Usage:           p.Usage,
		UsageText:       p.Name + " [/path/to/file.conf] [-] [--name value]...",
		SkipFlagParsing: true, // arguments are directives: package configs reads them
		HideHelpCommand: true,
		Action:          func(c *cli.Context) error { return p.run(c.Context, title, c.Args().Slice(), os.Stdout) },
	}
	if err := app.Run(os.Args); err != nil {
		if refused, ok := errors.AsType[*configs.LoadError](err); ok {
			fmt.Fprint(os.Stderr, refused.Report(Version))
		} else {
			fmt.Fprintln(os.Stderr, err)
		}
		return exitCode(err)
	}
	return 0
}

// crashCode is how a sentinel ends where SENTINEL SIMULATE-FAILURE wants a crash.
const crashCode = 99

// exitCode is the exit code of a program that an error has ended.
func exitCode(err error) int {
	if errors.Is(err, sentinel.ErrCrashed) {
		return crashCode
	}
	return 1
}

// isSentinel tells which of the two is wanted.
func (p Program) isSentinel(called string, args []string) bool {
	base := filepath.Base(called)
	return p.Serve == nil || strings.Contains(base, "valkey-sentinel") || strings.Contains(base, "redis-sentinel") ||
		slices.Contains(args, "--sentinel")
}

func (p Program) run(ctx context.Context, title *shell.Title, args []string, out io.Writer) error {
	if len(args) == 1 {
		switch args[0] {
		case "-v", "--version":
			_, err := fmt.Fprintf(out, "Valkey server v=%s build=%s go=%s\n", Version, p.Build, runtime.Version())
			return err
		case "-h", "--help":
			_, err := fmt.Fprintf(out, "Usage: %[1]s [/path/to/file.conf] [-] [--name value]...\n       %[1]s --version\n",
				p.Name)
			return err
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	watches := p.isSentinel(os.Args[0], args)
	config, err := configs.Load(configs.Source{FS: vfs.OS{}, Dir: dir, Args: args, Stdin: os.Stdin, Sentinel: watches})
	if err != nil {
		return err
	}
	if err := os.Chdir(config.Dir); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	if !watches {
		return p.Serve(ctx, config, title)
	}
	s, err := sentinel.New(sentinel.Options{Config: config, Version: Version, Build: p.Build, Title: title})
	if err != nil {
		return err
	}
	return s.Serve(ctx)
}
