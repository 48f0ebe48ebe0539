package quorum_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"valkey/internal/vfs"
	"valkey/quorum"
	"valkey/quorum/core"
	"valkey/testenv/virtual"
)

// fleet is a whole group in one goroutine and virtual time: the rules as they are, the log on a file system in memory,
// and a network that does what a test wants. It checks at every step what must always hold.
type fleet struct {
	*virtual.World
	virtual.Weather
	t       testing.TB
	nodes   []*node
	expect  int
	forget  time.Duration
	cut     map[[2]string]bool // from, to
	said    []string           // events, for scripts
	forced  bool
	entries map[string]uint64 // group and index: hash of the entry applied there
	formed  map[quorum.GroupID]string
	acked   map[string]quorum.GroupID // data of proposals that were answered with a result
	static  []quorum.Peer
}

// node is one process, its disk, and what it was asked.
type node struct {
	virtual.Member
	f       *fleet
	id      string
	mem     *vfs.Mem
	disk    quorum.DiskLog
	machine *recorder
}

// recorder is a machine that knows what it applied, and complains of what it gets twice.
type recorder struct {
	n    *node
	hash uint64
	have map[string]bool
}

func (r *recorder) Apply(e quorum.Entry) any {
	f := r.n.f
	h := fnv.New64a()
	fmt.Fprint(h, e.Index, e.At.UnixNano(), e.By, string(e.Data))
	key := fmt.Sprintf("%s/%d", r.n.Node.Status(f.Now).Group, e.Index)
	if was, ok := f.entries[key]; ok && was != h.Sum64() {
		f.t.Fatalf("%v %s: entry %s differs from another member's: %.40s\n%s", f.Now, r.n.id, key, e.Data, f.describe())
	}
	f.entries[key] = h.Sum64()
	name, _, _ := strings.Cut(string(e.Data), " ") // the rest is padding
	if r.have[name] {
		f.t.Fatalf("%v %s: %q is applied twice", f.Now, r.n.id, name)
	}
	r.have[name] = true
	r.hash = r.hash*31 + h.Sum64()
	return "did " + name
}

func (r *recorder) Snapshot() []byte {
	b := binary.LittleEndian.AppendUint64(nil, r.hash)
	return append(b, strings.Join(slices.Sorted(maps.Keys(r.have)), "\n")...)
}

func (r *recorder) Restore(b []byte) error {
	if len(b) < 8 {
		return errors.New("not a recorder's snapshot")
	}
	r.hash, r.have = binary.LittleEndian.Uint64(b), map[string]bool{}
	for s := range strings.SplitSeq(string(b[8:]), "\n") {
		if s != "" {
			r.have[s] = true
		}
	}
	return nil
}

func newFleet(t testing.TB, seed uint64, size, expect int) *fleet {
	t.Helper()
	f := &fleet{
		World: virtual.NewWorld(seed), t: t, expect: expect, cut: map[[2]string]bool{},
		entries: map[string]uint64{}, formed: map[quorum.GroupID]string{}, acked: map[string]quorum.GroupID{},
	}
	f.Delay = func() time.Duration { return time.Millisecond }
	for i := range size {
		f.add(string(rune('a' + i)))
	}
	return f
}

func (f *fleet) add(id string) {
	n := &node{f: f, id: id, mem: vfs.NewMem()}
	n.World, n.Slow, n.Store, n.Act = f.World, time.Millisecond, n.store, n.act
	f.nodes = append(f.nodes, n)
}

func (f *fleet) node(id string) *node {
	i := slices.IndexFunc(f.nodes, func(n *node) bool { return n.id == id })
	if i < 0 {
		f.t.Fatalf("no member %q", id)
	}
	return f.nodes[i]
}

// run lets time pass.
func (f *fleet) run(d time.Duration) {
	for end := f.Now + d; f.Step(end); {
	}
}

// until lets time pass until something holds.
func (f *fleet) until(limit time.Duration, what string, cond func() bool) {
	f.t.Helper()
	for end := f.Now + limit; !cond(); f.run(10 * time.Millisecond) {
		if f.Now >= end {
			f.t.Fatalf("%v: %s: not within %v\n%s", f.Now, what, limit, f.describe())
		}
	}
}

func (f *fleet) describe() string {
	var b strings.Builder
	for _, n := range f.nodes {
		if n.Up {
			fmt.Fprintf(&b, "%s: %+v stopped=%v slow=%v\n", n.id, n.Node.Status(f.Now), n.Stopped, n.Slow)
		} else {
			fmt.Fprintf(&b, "%s: down\n", n.id)
		}
	}
	return b.String() + strings.Join(f.said, "\n")
}

func (f *fleet) addr(id string) string { return id + ":26379" }

// start begins a process on the disk that there is.
func (n *node) start() {
	f := n.f
	disk, state, err := quorum.OpenDiskLog(n.mem, "conf.quorum", n.id)
	if err != nil {
		f.t.Fatalf("%v %s: %v", f.Now, n.id, err)
	}
	n.disk = disk
	n.machine = &recorder{n: n, have: map[string]bool{}}
	err = n.Start(core.Config{
		Machine: n.machine, Addr: f.addr(n.id), Expect: f.expect, Forget: f.forget, Random: f.Rand.Uint64, Static: f.static,
	}, state)
	if err != nil {
		f.t.Fatalf("%v %s: %v", f.Now, n.id, err)
	}
	n.Every(2*time.Second, func() {
		var peers []quorum.Peer
		for _, p := range f.nodes {
			if p != n && p.Alive() && !f.cut[[2]string{p.id, n.id}] {
				peers = append(peers, quorum.Peer{ID: p.id, Addr: f.addr(p.id)})
			}
		}
		n.Step(core.Saw{Peers: peers})
	})
	for _, p := range f.nodes { // connections come up soon
		if p != n && p.Up {
			n.Arrive(f.Delay(), core.LinkUp{ID: p.id})
			p.Arrive(f.Delay(), core.LinkUp{ID: n.id})
		}
	}
}

// act does what the node wants done.
func (n *node) act(e core.Effects) {
	f := n.f
	for _, s := range e.Sends {
		f.Carry(&n.Member, &f.node(s.To).Member, n.id, s, f.cut[[2]string{n.id, s.To}], f.Weather)
	}
	for _, ev := range e.Events {
		f.noted(n, ev)
	}
	if s := n.Node.Status(f.Now); s.Formed {
		if f.formed[s.Group] = n.id; len(f.formed) > 1 && !f.forced {
			f.t.Fatalf("%v: two groups were formed: %v\n%s", f.Now, f.formed, f.describe())
		}
	}
}

// store puts a write on the disk.
func (n *node) store(b []core.Batch) {
	if err := n.disk.Append(b); err != nil {
		n.f.t.Fatalf("%v %s: %v", n.f.Now, n.id, err)
	}
}

// noted looks at an event.
func (f *fleet) noted(n *node, e core.Event) {
	line := fmt.Sprintf("%7.2fs %s: %s %s %s", f.Now.Seconds(), n.id, e.Kind, e.Peer, e.Text)
	f.said = append(f.said, strings.TrimRight(line, " "))
}

// crash takes the power from a process: what was not synced survives in part, or not at all.
func (n *node) crash() {
	f := n.f
	n.Crash()
	torn := uint64(0)
	if f.Chance(2) {
		torn = f.Rand.Uint64()
	}
	n.mem = n.mem.CrashClone(torn)
	for _, p := range f.nodes {
		if !f.cut[[2]string{n.id, p.id}] {
			p.Arrive(f.Delay(), core.LinkDown{ID: n.id})
		}
	}
}

// wall is a wall clock that nobody should trust.
func (f *fleet) wall() time.Time { return time.Unix(1_700_000_000, 0).Add(f.Now) }

func (n *node) propose(name string, padding int, done func(core.Answer)) {
	group := n.Node.Status(n.f.Now).Group
	data := []byte(name + strings.Repeat(" ", padding))
	n.Ask(func(token any) core.Input { return core.Propose{Token: token, At: n.f.wall(), Data: data} },
		func(a core.Answer) {
			if a.Err == nil {
				n.f.acked[name] = group
			}
			done(a)
		})
}

// leader gives the one that leads and is in contact, if there is exactly one.
func (f *fleet) leader() *node {
	var found *node
	for _, n := range f.nodes {
		if s := f.status(n); s.Leading && s.InContact {
			if found != nil {
				return nil
			}
			found = n
		}
	}
	return found
}

func (f *fleet) status(n *node) quorum.Status {
	if !n.Alive() {
		return quorum.Status{}
	}
	return n.Node.Status(f.Now)
}

// whole reports whether all processes live, and are voters of one group with a leader.
func (f *fleet) whole() bool {
	l := f.leader()
	if l == nil {
		return false
	}
	want := f.status(l)
	for _, n := range f.nodes {
		s := f.status(n)
		if !s.Voter || s.Group != want.Group || s.Leader != l.id || !s.InContact || s.Applied != want.Applied {
			return false
		}
	}
	return true
}
