// Command bench puts load on a server and prints what it costs: requests a second, the server's CPU time per operation,
// the slowest replies, memory a key, and the longest stall while the keyspace grows. Given a second set of binaries it
// runs both in turn and prints the ratio. docs/bench.md says how to read the figures.
//
// The load generator is one thread over epoll (load.go), so that it takes as little as possible of the machine that it
// shares with the server. Start reading at measure.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"valkey/testenv"
)

type options struct {
	ours, theirs string
	reps         int
	seconds      float64
	keys, fill   int
	clients      int
	valueBytes   int
	only         string
	server       string
}

func main() {
	var o options
	flag.StringVar(&o.ours, "ours", "bin", "folder of our valkey-server")
	flag.StringVar(&o.theirs, "theirs", "", "folder of another valkey-server to compare with")
	flag.IntVar(&o.reps, "reps", 3, "repetitions, interleaved; the median counts")
	flag.Float64Var(&o.seconds, "seconds", 2, "length of one speed run")
	flag.IntVar(&o.keys, "keys", 1_000_000, "keys of a speed run")
	flag.IntVar(&o.fill, "fill", 5_000_000, "keys of the memory and growth run")
	flag.IntVar(&o.clients, "clients", 50, "connections")
	flag.IntVar(&o.valueBytes, "value", 64, "bytes of a value")
	flag.StringVar(&o.only, "only", "speed,memory,users,tls", "what to measure: speed, memory, users, tls")
	flag.StringVar(&o.server, "server", "--io-threads 1", "arguments for both servers")
	flag.Parse()
	if err := bench(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// side is one of the servers that are compared, with the figures of its runs by row.
type side struct {
	path    string
	rows    []string // in the order of their first figure
	figures map[string][]float64
}

func newSide(dir string) *side {
	return &side{path: filepath.Join(dir, "valkey-server"), figures: map[string][]float64{}}
}

func bench(o options) error {
	if min(o.reps, o.clients, o.keys, o.fill, o.valueBytes) < 1 || max(o.keys, o.fill) > keysMax {
		return fmt.Errorf("counts must be positive, and at most %d keys", int64(keysMax))
	}
	sides := []*side{newSide(o.ours)}
	if o.theirs != "" {
		sides = append(sides, newSide(o.theirs))
	}
	fmt.Printf("%s/%s, %d CPUs, %d clients, %d keys (fill %d), %d-byte values, %d runs of %.1f s, server %s\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.clients, o.keys, o.fill, o.valueBytes, o.reps, o.seconds, o.server)
	for rep := range o.reps {
		for i := range sides {
			s := sides[(i+rep)%len(sides)] // who goes first alternates
			if err := measure(o, s, rep); err != nil {
				return err
			}
		}
	}
	report(sides)
	return nil
}

// measure starts a side's server for each kind of row and takes one figure of every row.
func measure(o options, s *side, rep int) error {
	for _, kind := range []struct {
		name string
		run  func() error
	}{
		{"speed", func() error {
			return withServer(o, s.path, func(srv *testenv.Server) error { return measureSpeed(o, s, srv) })
		}},
		{"users", func() error {
			return withServer(o, s.path, func(srv *testenv.Server) error { return measureUsers(o, s, srv, rep) })
		}},
		{"tls", func() error { return measureTLS(o, s) }},
		{"memory", func() error {
			return withServer(o, s.path, func(srv *testenv.Server) error { return measureGrowth(o, s, srv) })
		}},
	} {
		if !strings.Contains(o.only, kind.name) {
			continue
		}
		if err := kind.run(); err != nil {
			return err
		}
	}
	return nil
}

func withServer(o options, path string, f func(*testenv.Server) error, more ...string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "valkey-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what stays in a temporary folder does not matter to a measurement
	srv, err := testenv.Run(path, dir, append(strings.Fields(o.server), more...)...)
	if err != nil {
		return err
	}
	defer srv.Kill()
	return f(srv)
}

func measureSpeed(o options, s *side, srv *testenv.Server) error {
	if err := fill(srv.Addr, o.keys, o.valueBytes); err != nil {
		return err
	}
	for _, p := range []int{1, 16} {
		for _, op := range []string{"SET", "GET"} {
			l := load{addr: srv.Addr, op: op, clients: o.clients, pipeline: p, keys: o.keys, valueBytes: o.valueBytes}
			res, cpu, err := l.cost(o, srv)
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s, pipeline %d: ", op, p)
			s.add(name+"requests/s", float64(res.requests)/res.took.Seconds())
			s.add(name+"CPU µs/op", cpu)
			s.add(name+"p99.9 ms", float64(res.percentile(0.999).Microseconds())/1e3)
		}
	}
	return nil
}

// cost runs a load and tells the server's CPU time, µs a request.
func (l *load) cost(o options, srv *testenv.Server) (res *result, cpu float64, err error) {
	before, err1 := testenv.CPUTime(srv.PID())
	res, err = l.run(time.Duration(o.seconds * float64(time.Second)))
	after, err2 := testenv.CPUTime(srv.PID())
	if err := errors.Join(err, err1, err2); err != nil {
		return nil, 0, fmt.Errorf("%s at pipeline %d: %w", l.op, l.pipeline, err)
	}
	return res, micros(after-before) / float64(res.requests), nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

func measureGrowth(o options, s *side, srv *testenv.Server) error {
	probe, err := startProbe(srv.Addr)
	if err != nil {
		return err
	}
	before, err1 := testenv.ResidentBytes(srv.PID())
	err = fill(srv.Addr, o.fill, o.valueBytes)
	after, err2 := testenv.ResidentBytes(srv.PID())
	stall, err3 := probe.stop()
	s.add("resident bytes a key", float64(after-before)/float64(o.fill))
	s.add("longest stall while growing, ms", float64(stall.Microseconds())/1e3)
	return errors.Join(err, err1, err2, err3)
}

func (s *side) add(row string, v float64) {
	if s.figures[row] == nil {
		s.rows = append(s.rows, row)
	}
	s.figures[row] = append(s.figures[row], v)
}

// report prints the medians, and with two sides their ratio.
func report(sides []*side) {
	fmt.Printf("%-48s %12s", "", "ours")
	if len(sides) > 1 {
		fmt.Printf(" %12s %8s", "theirs", "ratio")
	}
	fmt.Println()
	for _, r := range sides[0].rows {
		ours := median(sides[0].figures[r])
		fmt.Printf("%-48s %12.2f", r, ours)
		if len(sides) > 1 {
			theirs := median(sides[1].figures[r])
			fmt.Printf(" %12.2f %8.2f", theirs, ours/theirs)
		}
		fmt.Println()
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
