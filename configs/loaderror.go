package configs

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Place is where a line was read.
type Place struct {
	File string // empty for the command line and standard input
	Line int    // from 1 on; the command line follows the file, as if it stood below it
	Text string
}

// Refuse makes the error that stops the start because of this line.
func (p Place) Refuse(reason string) *LoadError { return &LoadError{Place: p, Reason: reason} }

// LoadError is why the server cannot start with this configuration. Line is 0 if no single line is to blame.
type LoadError struct {
	Place
	Reason string
}

func (e *LoadError) Error() string {
	if e.Line == 0 {
		return "configs: " + e.Reason
	}
	file := e.File
	if file == "" {
		file = "command line"
	}
	return fmt.Sprintf("configs: %s:%d: %q: %s", file, e.Line, e.Text, e.Reason)
}

// Report is what the program prints before it gives up: Valkey's form, with the file added.
func (e *LoadError) Report(version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n*** FATAL CONFIG FILE ERROR (Version %s) ***\n", version)
	if e.Line > 0 {
		fmt.Fprintf(&b, "Reading the configuration file, at line %d", e.Line)
		if e.File != "" {
			fmt.Fprintf(&b, " of %s", e.File)
		}
		fmt.Fprintf(&b, "\n>>> '%s'\n", e.Text)
	}
	fmt.Fprintf(&b, "%s\n", e.Reason)
	return b.String()
}

// Strerror gives an error as Valkey words it: for one of the operating system, the system's text alone.
func Strerror(err error) string {
	errno, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return err.Error()
	}
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
