package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
	"valkey/testenv/virtual"
)

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// moment is how often replication, the log and the members' standing get on.
const moment = 5 * time.Millisecond

// Shape is how a fleet is built.
type Shape struct {
	Seed      uint64
	Sentinels int
	Primaries int // each with Replicas
	Replicas  int
	Quorum    int
	DownAfter time.Duration
	Timeout   time.Duration // failover-timeout
}

// Fleet is a fleet in a world.
type Fleet struct {
	*virtual.World
	Shape   Shape
	Net     *network
	Log     *modelLog
	Nodes   []*node
	Servers []*server
	check   *checker
	timings monitor.Timings
}

// name is the name of the i-th primary.
func name(i int) string { return fmt.Sprintf("m%03d", i) }

// New builds a fleet and starts it. The servers of primary i are Servers[i*(1+Replicas)] and the ones after it.
func New(s Shape) *Fleet {
	f := &Fleet{World: virtual.NewWorld(s.Seed), Shape: s, timings: monitor.DefaultTimings()}
	f.check = newChecker(f)
	f.Net = &network{w: f.World, places: map[string]place{}, cuts: map[[2]string]bool{}}
	f.Log = &modelLog{w: f.World, n: f.Net}
	for p := range s.Primaries {
		var first *server
		for r := range s.Replicas + 1 {
			x := &server{
				w: f.World, n: f.Net, host: fmt.Sprintf("10.1.%d.%d", p, r+1), port: 6379, priority: 100, check: f.check,
				aware: s.Seed%2 == 0,
			}
			if f.Chance(4) {
				x.priority = 1 + f.Rand.IntN(200)
			}
			x.at = x.host + ":" + itoa(x.port)
			x.start(true)
			if r == 0 {
				first = x
			} else {
				x.follow(first.addr())
			}
			f.Net.places[x.addr()] = x
			f.Servers = append(f.Servers, x)
		}
	}
	for i := range s.Sentinels {
		n := &node{
			w: f.World, n: f.Net, log: f.Log,
			id: fmt.Sprintf("%c%039d", 'a'+i, i), host: fmt.Sprintf("10.9.0.%d", i+1),
			at: fmt.Sprintf("10.9.0.%d:26379", i+1), port: 26379,
			left: map[string]bool{}, book: ledger.New(), check: f.check, fleet: f,
		}
		f.Nodes = append(f.Nodes, n)
		f.Log.members = append(f.Log.members, n)
		f.Net.places[n.addr()] = n
	}
	for _, n := range f.Nodes {
		c := monitor.Config{ID: n.id, Global: monitor.Global{Port: n.port}}
		for p := range s.Primaries {
			c.Primaries = append(c.Primaries, monitor.Settings{
				Name: name(p), Addr: hostPort(f.Servers[p*(1+s.Replicas)].addr()), Quorum: s.Quorum,
				DownAfter: s.DownAfter, FailoverTimeout: s.Timeout, ParallelSyncs: 1,
			})
		}
		n.start(c)
		n.saved = n.mon.State()
	}
	f.pulse()
	return f
}

// pulse is what goes on all the time.
func (f *Fleet) pulse() {
	for _, s := range f.Servers {
		s.replicate()
	}
	f.Log.Tick()
	for _, n := range f.Nodes {
		if n.up {
			n.standing()
		}
	}
	f.After(moment, f.pulse)
}

// Run lets time pass; it stops early when something is wrong.
func (f *Fleet) Run(d time.Duration) {
	limit := f.Now + d
	for f.check.failed == "" && f.Step(limit) {
	}
}

// Until lets time pass until something is so, and tells whether it came to be.
func (f *Fleet) Until(d time.Duration, so func() bool) bool {
	for limit := f.Now + d; f.check.failed == "" && f.Now < limit; {
		if so() {
			return true
		}
		f.Run(moment)
	}
	return f.check.failed == "" && so()
}

func (f *Fleet) ids() (out []string) {
	for _, n := range f.Nodes {
		out = append(out, n.id)
	}
	return out
}

// of are the servers of a primary.
func (f *Fleet) of(p int) []*server {
	n := 1 + f.Shape.Replicas
	return f.Servers[p*n : (p+1)*n]
}

// answer is the address that a sentinel gives for a primary.
func (f *Fleet) answer(n *node, p int) string {
	a, _ := n.mon.Address(name(p))
	return a.String()
}

// known tells whether some sentinel knows a server as a replica of a primary. One that was never seen beside its
// primary, or was forgotten by an operator's RESET while it followed another one, is nobody's: as with stock Sentinel.
func (f *Fleet) known(p int, addr string) bool {
	for _, n := range f.Nodes {
		for _, s := range n.mon.State().Primaries {
			if s.Name == name(p) && slices.Contains(s.Replicas, hostPort(addr)) {
				return true
			}
		}
	}
	return false
}

// Settled tells whether all sentinels agree on one address of a primary, which is a primary that all its other servers
// follow, and no failover is going on. The text says what is missing.
func (f *Fleet) Settled(p int) (bool, string) {
	at := ""
	for _, n := range f.Nodes {
		if !n.alive() {
			continue
		}
		a := f.answer(n, p)
		if at == "" {
			at = a
		}
		if a != at {
			return false, fmt.Sprintf("%s answers %s, another %s", n.addr(), a, at)
		}
		if l := n.book.Primary(name(p)); l == nil || l.Failover != nil || l.Down != nil || len(l.Reports) > 0 {
			return false, fmt.Sprintf("%s: %+v", n.addr(), l)
		}
	}
	for _, s := range f.of(p) {
		switch {
		case s.addr() == at && s.primary != "":
			return false, fmt.Sprintf("%s answers for the name and follows %s", at, s.primary)
		case s.addr() != at && s.up && s.primary != at && f.known(p, s.addr()):
			return false, fmt.Sprintf("%s follows %q, not %s", s.addr(), s.primary, at)
		}
	}
	return true, ""
}
