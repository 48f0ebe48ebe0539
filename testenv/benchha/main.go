// Command benchha measures failovers: three sentinels, a primary and two replicas on this machine, of this repository's
// programs and, given a second folder of binaries, of others in turn. docs/bench.md says how to read the figures.
//
// Start reading at round, which is one failure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"valkey/testenv/ha"
)

type options struct {
	ours, theirs string
	rounds       int
	downAfter    time.Duration
	only         string
	idle         time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.ours, "ours", "bin", "folder of our valkey-server and valkey-sentinel")
	flag.StringVar(&o.theirs, "theirs", "", "folder of others to compare with")
	flag.IntVar(&o.rounds, "n", 20, "failures of each kind")
	flag.DurationVar(&o.downAfter, "down-after", time.Second, "silence after which a sentinel finds a server down")
	flag.StringVar(&o.only, "only", "crash,leader,manual,coordinated,discovery,idle", "what to measure")
	flag.DurationVar(&o.idle, "idle", 30*time.Second, "how long to watch idle sentinels")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "benchha:", err)
		os.Exit(1)
	}
}

// side is a set of binaries, with its fleet and what was measured, by row.
type side struct {
	name    string
	fleet   *ha.Fleet
	figures map[string][]float64
}

// kinds are what can be measured, in order.
var kinds = []string{"crash", "leader", "manual", "coordinated", "discovery", "idle"}

func bench(ctx context.Context, o options) error {
	if o.rounds < 1 {
		return errors.New("there must be a round")
	}
	only := strings.Split(o.only, ",")
	for _, k := range only {
		if !slices.Contains(kinds, k) {
			return fmt.Errorf("nothing is called %s; there are %s", k, strings.Join(kinds, ", "))
		}
	}
	for _, kind := range kinds {
		if !slices.Contains(only, kind) {
			continue
		}
		if err := compare(ctx, o, kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// compare measures one kind for each side, in turn, with a fleet of its own for each.
func compare(ctx context.Context, o options, kind string) error {
	sides := []*side{{name: "ours", figures: map[string][]float64{}}}
	bins := []string{o.ours}
	if o.theirs != "" {
		sides, bins = append(sides, &side{name: "theirs", figures: map[string][]float64{}}), append(bins, o.theirs)
	}
	for i, s := range sides {
		dir, err := os.MkdirTemp("", "valkey-ha-")
		if err != nil {
			return err
		}
		s.fleet, err = ha.Create(dir, ha.Options{Servers: bins[i], Sentinels: bins[i], DownAfter: o.downAfter})
		if err != nil {
			return err
		}
		defer func() {
			_ = s.fleet.Kill(syscall.SIGKILL, s.fleet.All()...)
			_ = os.RemoveAll(dir)
		}()
		if err := s.fleet.Start(s.fleet.All()...); err != nil {
			return err
		}
	}
	rounds := o.rounds
	switch kind {
	case "discovery":
		rounds = discoveryRounds
	case "idle":
		rounds = 1
	}
	for n := range rounds {
		for i := range sides {
			s := sides[(i+n)%len(sides)] // who goes first alternates
			var err error
			switch kind {
			case "discovery":
				err = s.discovery(ctx)
			case "idle":
				err = s.idle(ctx, o.idle)
			default:
				err = s.round(ctx, o, kind, n)
			}
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", s.name, err, logs(s.fleet))
			}
		}
	}
	report(kind, sides)
	return nil
}

// logBytes is how much of a log a failure shows.
const logBytes = 1500

// logs is the end of what the sentinels said.
func logs(f *ha.Fleet) string {
	var b strings.Builder
	for _, n := range f.Sentinels {
		text, _ := os.ReadFile(f.Log(n))
		fmt.Fprintf(&b, "--- %s\n%s", n.Name, text[max(len(text)-logBytes, 0):])
	}
	return b.String()
}

func (s *side) add(row string, v float64) { s.figures[row] = append(s.figures[row], v) }

// report prints medians and worst values.
func report(kind string, sides []*side) {
	var rows []string
	for row := range sides[0].figures {
		rows = append(rows, row)
	}
	slices.Sort(rows)
	for _, row := range rows {
		fmt.Printf("%-12s %-36s", kind, row)
		for _, s := range sides {
			v := slices.Sorted(slices.Values(s.figures[row]))
			fmt.Printf("  %s %9.1f (worst %.1f, n=%d)", s.name, (v[(len(v)-1)/2]+v[len(v)/2])/2, worst(row, v), len(v))
		}
		fmt.Println()
	}
}

// worst is the largest of sorted values, or the smallest where more is better.
func worst(row string, v []float64) float64 {
	if strings.Contains(row, "requests/s") {
		return v[0]
	}
	return v[len(v)-1]
}
