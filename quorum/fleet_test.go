package quorum

import (
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"valkey/internal/vfs"
	"valkey/quorum/core"
)

// fleet is a whole group in one goroutine and virtual time: the rules as they are, the log on a file system in memory,
// and a network that does what a test wants. It checks at every step what must always hold.
type fleet struct {
	t       testing.TB
	rng     *rand.Rand
	now     time.Duration
	queue   events
	count   uint64
	nodes   []*node
	expect  int
	forget  time.Duration
	cut     map[[2]string]bool // from, to
	loss    float64
	double  float64
	delay   func() time.Duration // of a message
	said    []string             // events, for scripts
	forced  bool
	entries map[string]uint64 // group and index: hash of the entry applied there
	formed  map[GroupID]string
	acked   map[string]GroupID // data of proposals that were answered with a result
	static  []Peer
}

// node is one process, its disk, and what it was asked.
type node struct {
	f       *fleet
	id      string
	mem     *vfs.Mem
	disk    *diskLog
	core    *core.Node
	machine *recorder
	life    int // counts starts, so that what belongs to an earlier one is dropped
	up      bool
	paused  bool
	missed  []func()      // what comes to a paused process
	slow    time.Duration // a write takes this long
	writing []core.Batch
	asked   map[any]func(core.Answer)
}

type event struct {
	at  time.Duration
	seq uint64
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

// recorder is a machine that knows what it applied, and complains of what it gets twice.
type recorder struct {
	n    *node
	hash uint64
	have map[string]bool
}

func (r *recorder) Apply(e Entry) any {
	f := r.n.f
	h := fnv.New64a()
	fmt.Fprint(h, e.Index, e.At.UnixNano(), e.By, string(e.Data))
	key := fmt.Sprintf("%s/%d", r.n.core.Status(f.now).Group, e.Index)
	if was, ok := f.entries[key]; ok && was != h.Sum64() {
		f.t.Fatalf("%v %s: entry %s differs from another member's: %.40s\n%s", f.now, r.n.id, key, e.Data, f.describe())
	}
	f.entries[key] = h.Sum64()
	name, _, _ := strings.Cut(string(e.Data), " ") // the rest is padding
	if r.have[name] {
		f.t.Fatalf("%v %s: %q is applied twice", f.now, r.n.id, name)
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
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), expect: expect, cut: map[[2]string]bool{},
		entries: map[string]uint64{}, formed: map[GroupID]string{}, acked: map[string]GroupID{},
		delay: func() time.Duration { return time.Millisecond },
	}
	for i := range size {
		f.add(string(rune('a' + i)))
	}
	return f
}

func (f *fleet) add(id string) {
	f.nodes = append(f.nodes, &node{f: f, id: id, mem: vfs.NewMem(), slow: time.Millisecond})
}

func (f *fleet) node(id string) *node {
	i := slices.IndexFunc(f.nodes, func(n *node) bool { return n.id == id })
	if i < 0 {
		f.t.Fatalf("no member %q", id)
	}
	return f.nodes[i]
}

// after makes something happen later.
func (f *fleet) after(d time.Duration, do func()) {
	f.count++
	heap.Push(&f.queue, event{f.now + d, f.count, do})
}

// run lets time pass.
func (f *fleet) run(d time.Duration) {
	end := f.now + d
	for len(f.queue) > 0 && f.queue[0].at <= end {
		e := heap.Pop(&f.queue).(event)
		f.now = e.at
		e.do()
	}
	f.now = end
}

// until lets time pass until something holds.
func (f *fleet) until(limit time.Duration, what string, cond func() bool) {
	f.t.Helper()
	for end := f.now + limit; !cond(); f.run(10 * time.Millisecond) {
		if f.now >= end {
			f.t.Fatalf("%v: %s: not within %v\n%s", f.now, what, limit, f.describe())
		}
	}
}

func (f *fleet) describe() string {
	var b strings.Builder
	for _, n := range f.nodes {
		if n.up {
			fmt.Fprintf(&b, "%s: %+v paused=%v slow=%v\n", n.id, n.core.Status(f.now), n.paused, n.slow)
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
	disk, _, err := openLog(n.mem, "conf.quorum", n.id)
	if err != nil {
		f.t.Fatalf("%v %s: %v", f.now, n.id, err)
	}
	n.life++
	n.disk, n.up, n.paused, n.missed, n.writing = disk, true, false, nil, nil
	n.machine = &recorder{n: n, have: map[string]bool{}}
	n.asked = map[any]func(core.Answer){}
	n.core, err = core.New(core.Config{
		Machine: n.machine, Addr: f.addr(n.id), Expect: f.expect, Forget: f.forget, Random: f.rng.Uint64, Static: f.static,
	}, disk.state, f.now)
	if err != nil {
		f.t.Fatalf("%v %s: %v", f.now, n.id, err)
	}
	n.act()
	n.every(core.TickEvery, func() { n.step(core.Tick{}) })
	n.every(2*time.Second, func() {
		var peers []Peer
		for _, p := range f.nodes {
			if p != n && p.up && !p.paused && !f.cut[[2]string{p.id, n.id}] {
				peers = append(peers, Peer{ID: p.id, Addr: f.addr(p.id)})
			}
		}
		n.step(core.Saw{Peers: peers})
	})
	for _, p := range f.nodes { // connections come up soon
		if p != n && p.up {
			n.arrive(f.delay(), core.LinkUp{ID: p.id})
			p.arrive(f.delay(), core.LinkUp{ID: n.id})
		}
	}
}

// every repeats something for as long as this life of the process lasts. A paused one does it once, late.
func (n *node) every(d time.Duration, do func()) {
	life := n.life
	var again func()
	again = func() {
		if n.life != life || !n.up {
			return
		}
		if n.paused {
			n.missed = append(n.missed, again)
			return
		}
		do()
		n.f.after(d, again)
	}
	n.f.after(time.Duration(n.f.rng.Int64N(int64(d))), again)
}

// arrive gives the process an input later, if it lives then.
func (n *node) arrive(d time.Duration, in core.Input) {
	life := n.life
	var now func()
	now = func() {
		if n.life != life || !n.up {
			return
		}
		if n.paused {
			n.missed = append(n.missed, now)
			return
		}
		n.step(in)
	}
	n.f.after(d, now)
}

func (n *node) step(in core.Input) {
	n.core.Step(n.f.now, in)
	n.act()
}

// act does what the node wants done.
func (n *node) act() {
	f := n.f
	e := n.core.Take()
	if e.Write != nil {
		if n.writing != nil {
			f.t.Fatalf("%v %s: two writes at a time", f.now, n.id)
		}
		n.writing = e.Write
		life := n.life
		f.after(n.slow+time.Duration(f.rng.Int64N(int64(n.slow)+1)), func() {
			if n.life == life && n.up {
				n.stored()
				n.arrive(0, core.Written{})
			}
		})
	}
	for _, s := range e.Sends {
		f.carry(n.id, s)
	}
	for _, a := range e.Answers {
		if done := n.asked[a.Token]; done != nil {
			delete(n.asked, a.Token)
			done(a)
		}
	}
	for _, ev := range e.Events {
		f.noted(n, ev)
	}
	if s := n.core.Status(f.now); s.Formed {
		if f.formed[s.Group] = n.id; len(f.formed) > 1 && !f.forced {
			f.t.Fatalf("%v: two groups were formed: %v\n%s", f.now, f.formed, f.describe())
		}
	}
}

// stored puts the write under way on the disk.
func (n *node) stored() {
	if n.writing != nil {
		if err := n.disk.append(n.writing); err != nil {
			n.f.t.Fatalf("%v %s: %v", n.f.now, n.id, err)
		}
		n.writing = nil
	}
}

// carry takes a message over the network. It goes as bytes, as it would.
func (f *fleet) carry(from string, s core.Send) {
	b, err := s.Message.Encode()
	if err != nil {
		f.t.Fatal(err)
	}
	to := f.nodes[slices.IndexFunc(f.nodes, func(n *node) bool { return n.id == s.To })]
	lost := f.cut[[2]string{from, s.To}] || !to.up || f.rng.Float64() < f.loss
	if s.Message.IsSnapshot() {
		f.node(from).arrive(2*f.delay(), core.SnapshotSent{ID: s.To, OK: !lost})
	} else if lost && s.Message.Raft != nil {
		f.node(from).arrive(0, core.Unreachable{ID: s.To})
	}
	for copies := 1; !lost && copies > 0; copies-- {
		if f.rng.Float64() < f.double {
			copies++
		}
		m, err := core.DecodeMessage(b)
		if err != nil {
			f.t.Fatal(err)
		}
		to.arrive(f.delay(), core.Received{From: from, Message: m})
	}
}

// noted looks at an event.
func (f *fleet) noted(n *node, e core.Event) {
	line := fmt.Sprintf("%7.2fs %s: %s %s %s", f.now.Seconds(), n.id, e.Kind, e.Peer, e.Text)
	f.said = append(f.said, strings.TrimRight(line, " "))
}

// crash takes the power from a process. With torn, what was not synced survives in part.
func (n *node) crash() {
	f := n.f
	if f.rng.IntN(2) == 0 {
		n.stored() // durable, though nobody was told
	}
	n.up = false
	n.life++
	if f.rng.IntN(2) == 0 {
		n.mem = n.mem.CrashClone(f.rng.Uint64())
	} else {
		n.mem = n.mem.CrashClone(0)
	}
	for _, p := range f.nodes {
		if p.up && !f.cut[[2]string{n.id, p.id}] {
			p.arrive(f.delay(), core.LinkDown{ID: n.id})
		}
	}
}

func (n *node) resume() {
	n.paused = false
	missed := n.missed
	n.missed = nil
	for _, do := range missed {
		n.f.after(0, do)
	}
}

// ask puts a request to a process; done gets the answer, unless the process dies first.
func (n *node) ask(in func(token any) core.Input, done func(core.Answer)) {
	n.f.count++
	token := n.f.count
	n.asked[token] = done
	n.step(in(token))
}

// wall is a wall clock that nobody should trust.
func (f *fleet) wall() time.Time { return time.Unix(1_700_000_000, 0).Add(f.now) }

func (n *node) propose(name string, padding int, done func(core.Answer)) {
	group := n.core.Status(n.f.now).Group
	data := []byte(name + strings.Repeat(" ", padding))
	n.ask(func(token any) core.Input { return core.Propose{Token: token, At: n.f.wall(), Data: data} },
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

func (f *fleet) status(n *node) Status {
	if !n.up || n.paused {
		return Status{}
	}
	return n.core.Status(f.now)
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
