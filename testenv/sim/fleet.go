package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"valkey/quorum/core"
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

// moment is how often replication gets on.
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
	Expect    int           // bootstrap-expect; 0: its default
	Forget    time.Duration // quorum-forget-after
	Stagger   time.Duration // sentinels start within
	Loss      float64       // of messages between sentinels, and how many come twice
	Double    float64
}

// Fleet is a fleet in a world.
type Fleet struct {
	*virtual.World
	Shape   Shape
	Net     *network
	Nodes   []*node
	Servers []*server
	check   *checker
	timings monitor.Timings
	weather virtual.Weather
	born    int  // sentinels that there ever were
	lost    int  // disks that were lost before there was a group
	busy    bool // the operator is, with more than one of them
}

// name is the name of the i-th primary.
func name(i int) string { return fmt.Sprintf("m%03d", i) }

// New builds a fleet and starts it. The servers of primary i are Servers[i*(1+Replicas)] and the ones after it.
func New(s Shape) *Fleet {
	f := &Fleet{World: virtual.NewWorld(s.Seed), Shape: s, timings: monitor.DefaultTimings()}
	f.check = newChecker(f)
	f.Net = &network{w: f.World, places: map[string]place{}, cuts: map[[2]string]bool{}}
	f.weather = virtual.Weather{Loss: s.Loss, Double: s.Double, Delay: f.Net.latency}
	for p := range s.Primaries {
		var first *server
		for r := range s.Replicas + 1 {
			x := &server{
				w: f.World, n: f.Net, check: f.check, of: name(p), host: fmt.Sprintf("10.1.%d.%d", p, r+1), port: 6379,
				priority: 100, aware: s.Seed%2 == 0,
			}
			if f.Chance(4) {
				x.priority = 1 + f.Rand.IntN(200)
			}
			x.at = x.host + ":" + itoa(x.port)
			x.start(true)
			if r == 0 {
				first = x
				f.check.address(name(p), hostPort(x.addr()))
			} else {
				x.follow(first.addr())
			}
			f.Net.places[x.addr()] = x
			f.Servers = append(f.Servers, x)
		}
	}
	for i := range s.Sentinels {
		n := &node{
			n: f.Net, fleet: f, check: f.check, host: fmt.Sprintf("10.9.0.%d", i+1),
			at: fmt.Sprintf("10.9.0.%d:26379", i+1), port: 26379,
		}
		n.World, n.Act = f.World, n.effects
		n.Store = func(b []core.Batch) { n.disk.Write(b) }
		f.install(n)
		f.Nodes = append(f.Nodes, n)
		f.Net.places[n.addr()] = n
	}
	for _, n := range f.Nodes {
		if s.Stagger == 0 {
			n.start()
			continue
		}
		f.After(f.Between(0, s.Stagger), func() { f.revive(n) })
	}
	f.pulse()
	return f
}

// diskTime is how long a disk takes when nothing is wrong.
const diskTime = time.Millisecond

// install makes a sentinel a new one, with a configuration that an operator wrote and nothing else.
func (f *Fleet) install(n *node) {
	f.born++
	n.id = fmt.Sprintf("%c%039d", 'a'+(7*f.born)%26, f.born)
	n.disk.Lose()
	n.Slow, n.skew, n.left = diskTime, 0, map[string]bool{}
	n.saved = monitor.State{ID: n.id, Global: monitor.Global{Port: n.port}}
	for p := range f.Shape.Primaries {
		at := f.of(p)[0].addr()
		for _, o := range f.Nodes {
			if a, ok := o.address(p); ok {
				at = a.String()
			}
		}
		n.saved.Primaries = append(n.saved.Primaries, monitor.Settings{
			Name: name(p), Addr: hostPort(at), Quorum: f.Shape.Quorum,
			DownAfter: f.Shape.DownAfter, FailoverTimeout: f.Shape.Timeout, ParallelSyncs: 1,
		})
	}
}

// address is what a sentinel answers for a primary.
func (n *node) address(p int) (ledger.Addr, bool) {
	if n.mon == nil {
		return ledger.Addr{}, false
	}
	return n.mon.Address(name(p))
}

// pulse is what goes on all the time.
func (f *Fleet) pulse() {
	for _, s := range f.Servers {
		s.replicate()
	}
	f.check.moment()
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

// leader is the sentinel that leads the log, nil for none.
func (f *Fleet) leader() *node {
	for _, n := range f.Nodes {
		if st := n.status(); st.Leading && st.InContact {
			return n
		}
	}
	return nil
}

// status is what a sentinel that is there knows of its group.
func (n *node) status() core.Status {
	if !n.Alive() {
		return core.Status{}
	}
	return n.Node.Status(n.World.Now)
}

// whole tells whether all sentinels are there, and are the voters of one group.
func (f *Fleet) whole() bool {
	l := f.leader()
	if l == nil {
		return false
	}
	want := l.status()
	for _, n := range f.Nodes {
		if st := n.status(); !st.Voter || st.Group != want.Group || st.Leader != l.id {
			return false
		}
	}
	return want.Voters == len(f.Nodes) && want.Learners == 0
}

// sentinel is the one of a name, nil for one that is gone.
func (f *Fleet) sentinel(id string) *node {
	i := slices.IndexFunc(f.Nodes, func(n *node) bool { return n.id == id })
	if i < 0 {
		return nil
	}
	return f.Nodes[i]
}

// of are the servers of a primary.
func (f *Fleet) of(p int) []*server {
	n := 1 + f.Shape.Replicas
	return f.Servers[p*n : (p+1)*n]
}

// answer is the address that a sentinel gives for a primary.
func (f *Fleet) answer(n *node, p int) string {
	a, _ := n.address(p)
	return a.String()
}

// known tells whether some sentinel knows a server as a replica of a primary. One that was never seen beside its
// primary, or was forgotten by an operator's RESET while it followed another one, is nobody's: as with stock Sentinel.
func (f *Fleet) known(p int, addr string) bool {
	for _, n := range f.Nodes {
		if n.mon == nil {
			continue
		}
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
		if !n.Alive() {
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
