// Command fleet runs a primary, two replicas and three sentinels on this machine, for people to try:
//
//	fleet up              start what does not run; the first time also write the configurations
//	fleet status          say who is what
//	fleet failover-demo   kill the primary under a client that writes, and tell what happens when
//	fleet down            stop everything; the data stays (-clean removes it)
//
// The Makefile has a target for each. -bin names another folder of valkey-server and valkey-sentinel.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"valkey/testenv/ha"
)

// healthyMax is how long a fleet may take until everybody has found everybody.
const healthyMax = time.Minute

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", ".fleet", "folder of the fleet")
	flag.StringVar(&o.bin, "bin", "bin", "folder of valkey-server and valkey-sentinel")
	flag.DurationVar(&o.downAfter, "down-after", time.Second, "silence after which the sentinels find a server down")
	flag.IntVar(&o.port, "port", 6479, "port of the first server; the first free ones from there on are taken")
	flag.BoolVar(&o.clean, "clean", false, "down: remove the folder too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	commands := map[string]func(context.Context, options) error{"up": up, "down": down, "status": status,
		"failover-demo": demo}
	run, ok := commands[flag.Arg(0)]
	if !ok || flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: fleet [flags] up | status | failover-demo | down")
		flag.PrintDefaults()
		os.Exit(2)
	}
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

type options struct {
	dir, bin  string
	downAfter time.Duration
	port      int
	clean     bool
}

// bring starts what does not run and waits until the fleet is whole.
func bring(ctx context.Context, o options) (*ha.Fleet, *ha.Node, error) {
	f, err := ha.Open(o.dir)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = ha.Create(o.dir, ha.Options{Servers: o.bin, Sentinels: o.bin, DownAfter: o.downAfter, Port: o.port})
	}
	if err != nil {
		return nil, nil, err
	}
	for _, n := range f.All() {
		if f.Alive(n) {
			continue
		}
		if err := f.Start(n); err != nil {
			return nil, nil, err
		}
		fmt.Printf("started %-10s  %s  (process %d, %s)\n", n.Name, n.Addr, n.PID, f.Dir+"/"+n.Name)
	}
	ctx, cancel := context.WithTimeout(ctx, healthyMax)
	defer cancel()
	fmt.Println("waiting until the sentinels have found each other and every replica ...")
	primary, err := f.AwaitHealthy(ctx)
	return f, primary, err
}

func up(ctx context.Context, o options) error {
	f, primary, err := bring(ctx, o)
	if err != nil {
		return err
	}
	topology(f)
	connect(f, primary)
	return nil
}

func status(_ context.Context, o options) error {
	f, err := ha.Open(o.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no fleet; `make up` starts one")
	}
	if err != nil {
		return err
	}
	topology(f)
	if _, err := f.Healthy(); err != nil {
		return fmt.Errorf("the fleet is not whole: %w", err)
	}
	fmt.Println("\neverything is as it should be")
	return nil
}

func down(_ context.Context, o options) error {
	f, err := ha.Open(o.dir)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("there is no fleet")
		return nil
	}
	if err != nil {
		return err
	}
	// Sentinels first: they would take the end of the servers for a failure.
	if err := f.Kill(syscall.SIGTERM, slices.Concat(f.Sentinels, f.Servers)...); err != nil {
		return err
	}
	if o.clean {
		fmt.Println("stopped, and removed", f.Dir)
		return os.RemoveAll(f.Dir)
	}
	fmt.Println("stopped; data and configurations stay in", f.Dir)
	return nil
}

// topology prints who is what.
func topology(f *ha.Fleet) {
	fmt.Println()
	for _, n := range f.Servers {
		info, err := ha.Info(n)
		switch {
		case err != nil:
			fmt.Printf("  %-10s  %s  does not answer: %v\n", n.Name, n.Addr, err)
		case info["role"] == "master":
			fmt.Printf("  %-10s  %s  primary, %s replicas, offset %s (version %s)\n", n.Name, n.Addr,
				info["connected_slaves"], info["master_repl_offset"], info["valkey_version"])
		default:
			fmt.Printf("  %-10s  %s  replica of port %s, link %s, offset %s\n", n.Name, n.Addr, info["master_port"],
				info["master_link_status"], info["slave_repl_offset"])
		}
	}
	leader, known := f.Leader()
	for _, n := range f.Sentinels {
		says := "answers no address"
		if p, err := f.Primary(n, time.Second); err == nil {
			says = "says " + p.Name
		}
		quorum, err := ha.Ask(n, time.Second, "SENTINEL", "CKQUORUM", ha.Name)
		if err != nil {
			quorum = err
		}
		leads := ""
		if known && leader == n {
			leads = ", leads the group"
		}
		fmt.Printf("  %-10s  %s  %s%s; %v\n", n.Name, n.Addr, says, leads, quorum)
	}
}

// connect prints how clients connect.
func connect(f *ha.Fleet, primary *ha.Node) {
	_, port, _ := net.SplitHostPort(f.Sentinels[0].Addr)
	_, primaryPort, _ := net.SplitHostPort(primary.Addr)
	fmt.Printf(`
Ask a sentinel where the primary is, then talk to it:

  valkey-cli -p %s sentinel get-primary-addr-by-name %s
  valkey-cli -p %s set hello world        (redis-cli is the same)

Clients that know Sentinel find it by themselves, here go-redis:

  redis.NewFailoverClient(&redis.FailoverOptions{
      MasterName:    "%s",
      SentinelAddrs: []string{"%s"},
  })

Next: make failover-demo, make status, make down
`, port, ha.Name, primaryPort, ha.Name, strings.Join(f.SentinelAddrs(), `", "`))
}
