// Command valkey-check-aof looks through an append-only file and repairs its end.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"valkey/internal/vfs"
	"valkey/server/aof"
)

// version is stamped by the build.
var version = "unknown"

func main() { os.Exit(run(os.Args, os.Stdin, os.Stdout)) }

func run(argv []string, in io.Reader, out io.Writer) int {
	o := aof.CheckOptions{NowMs: time.Now().UnixMilli(), Confirm: func() bool {
		answer, _ := bufio.NewReader(in).ReadString('\n') // none is no
		return strings.HasPrefix(strings.ToLower(answer), "y")
	}}
	words := argv[1:]
	switch {
	case len(words) == 1 && (words[0] == "-v" || words[0] == "--version"):
		_, _ = fmt.Fprintf(out, "valkey-check-aof %s\n", version)
		return 0
	case len(words) == 1:
	case len(words) == 2 && words[0] == "--fix":
		o.Fix = true
	case len(words) == 3 && words[0] == "--truncate-to-timestamp":
		var err error
		if o.Until, err = strconv.ParseInt(words[1], 10, 64); err != nil {
			_, _ = fmt.Fprintln(out, "Invalid timestamp, aborting...")
			return 1
		}
	default:
		_, _ = fmt.Fprintf(out, "Usage: %s [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>\n", argv[0])
		return 1
	}
	if err := aof.Check(vfs.OS{}, words[len(words)-1], o, out); err != nil {
		return 1
	}
	return 0
}
