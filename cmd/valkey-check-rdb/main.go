// Command valkey-check-rdb looks through a data file and says whether it is sound.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"

	"valkey/store/rdb/rdbcheck"
)

// version is stamped by the build.
var version = "unknown"

func main() { os.Exit(run(os.Args, os.Stdout, os.Stderr)) }

// arguments are the words of the command line.
type arguments struct {
	file, output string
	format       rdbcheck.Format
	stats        bool
}

// parse reads the words behind the program's name, or reports that they are not as they should be.
func parse(words []string) (a arguments, ok bool) {
	if len(words) == 0 {
		return a, false
	}
	a.file = words[0]
	for i := 1; i < len(words); i++ {
		switch word, more := words[i], i+1 < len(words); {
		case word == "--stats":
			a.stats = true
		case word == "--output" && more:
			i++
			a.output = words[i]
		case word == "--format" && more:
			i++
			if a.format, ok = rdbcheck.Formats[words[i]]; !ok {
				return a, false
			}
		default:
			return a, false
		}
	}
	return a, true
}

func run(argv []string, stdout, stderr io.Writer) int {
	out, errs := bufio.NewWriter(stdout), bufio.NewWriter(stderr)
	code := check(argv, out, errs)
	if out.Flush() != nil || errs.Flush() != nil {
		return 1
	}
	return code
}

func check(argv []string, out, errs *bufio.Writer) int {
	fail := func(format string, args ...any) int {
		_, _ = fmt.Fprintf(errs, format, args...) // run sees it when it flushes
		return 1
	}
	if len(argv) > 1 && (argv[1] == "-v" || argv[1] == "--version") {
		_, _ = fmt.Fprintf(out, "valkey-check-rdb %s\n", version) // likewise
		return 0
	}
	a, ok := parse(argv[1:])
	if !ok {
		return fail("Usage: %s <rdb-file-name> [--format table|info|csv] [--stats] [--output <file>]\n", argv[0])
	}
	file, err := os.Open(a.file)
	if err != nil {
		return fail("Cannot open the file: %v\n", err)
	}
	defer file.Close()
	report := rdbcheck.Check(file, rdbcheck.Options{Name: a.file, NowMs: time.Now().UnixMilli(), Stats: a.stats}, out)
	if err := printStats(report, a, out); err != nil {
		return fail("Cannot write the statistics: %v\n", err)
	}
	if !report.Sound {
		return 1
	}
	return 0
}

// printStats writes the statistics where they are wanted.
func printStats(r *rdbcheck.Report, a arguments, out io.Writer) error {
	if a.output == "" || !a.stats {
		r.Print(out, a.format)
		return nil
	}
	f, err := os.Create(a.output)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	r.Print(w, a.format)
	if err := w.Flush(); err != nil {
		_ = f.Close() // the first error is the one to tell
		return err
	}
	return f.Close()
}
