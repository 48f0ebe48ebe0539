package quorum

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"valkey/internal/memnet"
	"valkey/internal/vfs"
	"valkey/quorum/core"
)

// shell is a fleet of real Groups: goroutines, links and a disk, on a network and a clock of the test's.
type shell struct {
	t     *testing.T
	net   *memnet.Network
	procs map[string]*proc
}

// proc is one process.
type proc struct {
	s       *shell
	id      string
	fs      vfs.FS
	g       *Group
	machine *tape
	stop    func()
	static  []Peer // instead of discovery
	changed atomic.Int64
	applied atomic.Int64
	log     lines
}

// lines are what a process has logged.
type lines struct {
	mu   sync.Mutex
	text []string
}

// Write takes one line.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, string(b))
	return len(b), nil
}

// about gives the lines that hold a text.
func (l *lines) about(text string) (out []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.text {
		if strings.Contains(line, text) {
			out = append(out, line)
		}
	}
	return out
}

// tape is a machine that keeps what it applied.
type tape struct {
	mu   sync.Mutex
	said []string
}

func (m *tape) Apply(e Entry) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = append(m.said, e.By+":"+string(e.Data[:min(len(e.Data), 20)]))
	return len(m.said)
}

func (m *tape) Snapshot() []byte { return []byte(strings.Join(m.all(), "\n")) }

func (m *tape) Restore(b []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = nil
	if len(b) > 0 {
		m.said = strings.Split(string(b), "\n")
	}
	return nil
}

func (m *tape) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.said)
}

func newShell(t *testing.T, ids ...string) *shell {
	s := &shell{t: t, net: memnet.New(), procs: map[string]*proc{}}
	for _, id := range ids {
		s.procs[id] = &proc{s: s, id: id, fs: vfs.NewMem()}
	}
	return s
}

// start runs a process until stop.
func (p *proc) start() {
	s := p.s
	s.t.Helper()
	p.machine = &tape{}
	g, err := Open(Options{
		FS: p.fs, Dir: "conf.quorum", ID: p.id, Addr: p.id, Machine: p.machine, Expect: len(s.procs), Static: p.static,
		Dial:    func(ctx context.Context, to Peer) (net.Conn, error) { return s.net.Dial(ctx, p.id, to.Addr) },
		Applied: func() { p.applied.Add(1) },
		Changed: func(Status) { p.changed.Add(1) },
		Log:     zerolog.New(io.MultiWriter(zerolog.NewTestWriter(s.t), &p.log)).With().Str("me", p.id).Logger(),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	p.g = g
	l, err := s.net.Listen(p.id)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = g.Accept(c)
		}
	})
	tasks.Go(func() { // discovery
		for ctx.Err() == nil && p.static == nil {
			var peers []Peer
			for id := range s.procs {
				if id != p.id {
					peers = append(peers, Peer{ID: id, Addr: id})
				}
			}
			g.Saw(peers)
			select {
			case <-time.After(2 * time.Second):
			case <-ctx.Done():
			}
		}
	})
	tasks.Go(func() {
		if err := g.Run(ctx); err != nil {
			s.t.Errorf("%s: Run: %v", p.id, err)
		}
	})
	p.stop = func() {
		l.Close()
		cancel()
		s.net.Break(p.id)
		tasks.Wait()
		p.g = nil
	}
}

func (s *shell) start() {
	for _, p := range s.procs {
		p.start()
	}
}

func (s *shell) stop() {
	for _, p := range s.procs {
		if p.g != nil {
			p.stop()
		}
	}
}

// wait lets time pass until something holds, and says how long it took.
func (s *shell) wait(limit time.Duration, what string, cond func() bool) time.Duration {
	s.t.Helper()
	began := time.Now()
	for !cond() {
		if time.Since(began) > limit {
			for id, p := range s.procs {
				if p.g != nil {
					s.t.Logf("%s: %+v", id, p.g.Status())
				}
			}
			s.t.Fatalf("%s: not within %v", what, limit)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

// leader gives the process that leads, if all that live agree on it.
func (s *shell) leader() *proc {
	name := ""
	for _, p := range s.procs {
		if p.g == nil {
			continue
		}
		st := p.g.Status()
		if !st.InContact || name != "" && st.Leader != name {
			return nil
		}
		name = st.Leader
	}
	return s.procs[name]
}

func (s *shell) formed() {
	s.wait(20*time.Second, "a leader", func() bool { return s.leader() != nil })
}

// other gives a process that does not lead.
func (s *shell) other() *proc {
	l := s.leader()
	for _, id := range []string{"a", "b", "c"} {
		if p := s.procs[id]; p != l && p.g != nil {
			return p
		}
	}
	return nil
}

func TestGroupAgrees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		s.start()
		defer s.stop()
		if _, err := s.procs["a"].g.Propose(t.Context(), []byte("early")); !errors.Is(err, ErrNoQuorum) {
			t.Errorf("without a group: %v", err)
		}
		s.formed()
		for i, id := range []string{"a", "b", "c", "b"} {
			n, err := s.procs[id].g.Propose(t.Context(), fmt.Append(nil, "x", i))
			if err != nil || n != i+1 {
				t.Fatalf("%s: %v %v", id, n, err)
			}
		}
		want := []string{"a:x0", "b:x1", "c:x2", "b:x3"}
		for id, p := range s.procs {
			if err := p.g.Confirm(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := p.machine.all(); !slices.Equal(got, want) {
				t.Errorf("%s has %v", id, got)
			}
			if p.applied.Load() == 0 || p.changed.Load() == 0 {
				t.Errorf("%s: callbacks: %d applied, %d changed", id, p.applied.Load(), p.changed.Load())
			}
		}
		if _, err := s.other().g.Propose(t.Context(), make([]byte, core.EntryMax+1)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("an entry beyond the limit: %v", err)
		}
		if _, err := s.other().g.Propose(t.Context(), make([]byte, core.EntryMax)); err != nil {
			t.Errorf("an entry at the limit: %v", err)
		}
		members := s.leader().g.Members()
		if len(members) != 3 || !members[0].Voter || members[0].Match == 0 {
			t.Errorf("members: %+v", members)
		}
	})
}

func TestGroupOutlivesItsLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		s.start()
		defer s.stop()
		s.formed()
		for round := range 10 {
			l := s.leader()
			l.stop()
			took := s.wait(2*time.Second, "a new leader", func() bool { return s.leader() != nil && s.leader() != l })
			if took > time.Second {
				t.Errorf("round %d: a new leader after %v", round, took)
			}
			if _, err := s.other().g.Propose(t.Context(), fmt.Append(nil, "round", round)); err != nil {
				t.Fatal(err)
			}
			l.start()
			s.wait(5*time.Second, "it is back", func() bool { return s.leader() != nil && len(l.machine.all()) == round+1 })
		}
	})
}

func TestGroupWithoutAMajority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		s.start()
		defer s.stop()
		s.formed()
		l := s.leader()
		for id := range s.procs {
			if id != l.id {
				s.net.Cut(l.id, id)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := l.g.Propose(ctx, []byte("alone")); !errors.Is(err, ErrUnknown) {
			t.Errorf("a leader that is cut off: %v", err)
		}
		s.wait(2*time.Second, "it knows", func() bool { return !l.g.Status().InContact })
		if err := l.g.Confirm(ctx); !errors.Is(err, ErrNoQuorum) {
			t.Errorf("a confirmation without a majority: %v", err)
		}
		s.wait(2*time.Second, "it steps down", func() bool { return !l.g.Status().Leading })
		began := time.Now()
		if _, err := l.g.Propose(t.Context(), []byte("nobody hears")); !errors.Is(err, ErrNoQuorum) {
			t.Errorf("without a leader: %v", err)
		}
		if d := time.Since(began); d > 6*time.Second {
			t.Errorf("the answer took %v", d)
		}
		s.net.Heal()
		s.wait(10*time.Second, "one group again", func() bool { return s.leader() != nil })
		if _, err := l.g.Propose(t.Context(), []byte("together")); err != nil {
			t.Fatal(err)
		}
		if got := l.machine.all(); !slices.Contains(got, l.id+":together") || slices.Contains(got, l.id+":nobody hears") {
			t.Errorf("applied: %v", got)
		}
	})
}

func TestGroupMembership(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		s.start()
		defer s.stop()
		s.formed()
		for i := range 40 { // so that the newcomer needs a snapshot
			if _, err := s.procs["a"].g.Propose(t.Context(), []byte(fmt.Sprint(i, strings.Repeat("x", 20<<10)))); err != nil {
				t.Fatal(err)
			}
		}
		s.procs["d"] = &proc{s: s, id: "d", fs: vfs.NewMem()}
		d := s.procs["d"]
		d.start()
		s.wait(30*time.Second, "a fourth voter", func() bool { return d.g.Status().Voter && s.leader() != nil })
		if st := d.g.Status(); st.Voters != 4 || len(d.machine.all()) != 40 {
			t.Errorf("%+v, %d entries", st, len(d.machine.all()))
		}
		if err := d.g.TransferLeader(t.Context(), "d"); err != nil {
			t.Fatal(err)
		}
		s.wait(2*time.Second, "it leads", func() bool { return s.leader() == d })
		if err := d.g.TransferLeader(t.Context(), "z"); !errors.Is(err, ErrNoMember) {
			t.Errorf("a stranger as leader: %v", err)
		}
		if err := s.procs["a"].g.Remove(t.Context(), "z"); !errors.Is(err, ErrNoMember) {
			t.Errorf("removing a stranger: %v", err)
		}
		if err := s.procs["a"].g.Remove(t.Context(), "d"); err != nil {
			t.Fatal(err)
		}
		s.wait(20*time.Second, "it is out", func() bool { return d.g.Status().Removed })
		d.stop()
		s.wait(5*time.Second, "three are left", func() bool { return s.leader() != nil && s.leader().g.Status().Voters == 3 })
	})
}

// hung is a file system whose syncs wait while it hangs.
type hung struct {
	vfs.FS
	gate atomic.Pointer[chan struct{}]
}

type hungFile struct {
	vfs.File
	fs *hung
}

func (h *hung) Create(name string, perm fs.FileMode) (vfs.File, error) {
	f, err := h.FS.Create(name, perm)
	return &hungFile{f, h}, err
}

func (f *hungFile) Sync() error {
	if gate := f.fs.gate.Load(); gate != nil {
		<-*gate
	}
	return f.File.Sync()
}

func TestLeaderWithAStalledDiskStepsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		for _, p := range s.procs {
			p.fs = &hung{FS: p.fs}
		}
		s.start()
		defer s.stop()
		s.formed()
		l := s.leader()
		gate := make(chan struct{})
		l.fs.(*hung).gate.Store(&gate)
		if _, err := s.other().g.Propose(t.Context(), []byte("without its disk")); err != nil {
			t.Errorf("two disks of three are enough: %v", err)
		}
		took := s.wait(2*time.Second, "another leads", func() bool {
			return !l.g.Status().Leading && s.other().g.Status().InContact && s.procs[s.other().g.Status().Leader] != l
		})
		if took > 1200*time.Millisecond {
			t.Errorf("the leader stepped down after %v", took)
		}
		if _, err := s.procs[l.g.Status().Leader].g.Propose(t.Context(), []byte("still without")); err != nil {
			t.Error(err)
		}
		close(gate)
		l.fs.(*hung).gate.Store(nil)
		s.wait(5*time.Second, "it has caught up", func() bool { return len(l.machine.all()) == 2 && s.leader() != nil })
	})
}

func TestDiskThatFailsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		broken := &full{FS: vfs.NewMem()}
		s.procs["b"].fs = broken
		s.start()
		defer s.stop()
		s.formed()
		broken.full.Store(true)
		for i := range 3 {
			if _, err := s.procs["a"].g.Propose(t.Context(), fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		broken.full.Store(false)
		s.wait(5*time.Second, "it has caught up", func() bool { return len(s.procs["b"].machine.all()) == 3 })
		s.procs["b"].stop()
		s.procs["b"].start()
		s.wait(5*time.Second, "and it is on its disk", func() bool { return len(s.procs["b"].machine.all()) == 3 })
	})
}

func TestGarbageGetsNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		s.start()
		defer s.stop()
		s.formed()
		before := s.leader().g.Status()
		hello := appendFrame(nil, greeting{from: "evil", to: "a"}.encode())
		card, err := core.Message{Card: &core.Card{ID: "evil", Addr: "evil"}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for _, bytes := range [][]byte{
			[]byte("*1\r\n$4\r\nPING\r\n"),
			{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
			appendFrame(nil, []byte{99, 0, 0, 0}),
			append(hello, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3, 4),
			append(slices.Clone(hello), appendFrame(nil, []byte{77, 1, 2})...),
			append(slices.Clone(hello), appendFrame(nil, card[:len(card)-2])...),
			append(slices.Clone(hello), 3, 0, 0, 0, 0, 0, 0, 0, 'x', 'y', 'z'),
			hello[:5],
		} {
			conn, err := s.net.Dial(t.Context(), "evil", "a")
			if err != nil {
				t.Fatal(err)
			}
			go func() { // ends with the connection
				var b [256]byte
				for {
					if _, err := conn.Read(b[:]); err != nil {
						return
					}
				}
			}()
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = conn.Write(bytes)
			time.Sleep(3 * time.Second)
			conn.Close()
		}
		if after := s.leader().g.Status(); after != before {
			t.Errorf("before %+v, after %+v", before, after)
		}
		// Once a while: of those that gave no name, and of the one that did.
		told := s.procs["a"].log.about("message refused")
		if len(told) != 2 || strings.Contains(told[0], `"peer"`) || !strings.Contains(told[1], `"peer":"evil"`) {
			t.Errorf("logged: %q", told)
		}
	})
}

// A snapshot is large: it is read from a peer of the group only, and one at a time.
func TestSnapshotsAreReadOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		s.start()
		defer s.stop()
		s.formed()
		// offer begins a snapshot and tells when its connection has ended.
		offer := func(from string) (ended chan struct{}) {
			conn, err := s.net.Dial(t.Context(), from, "a")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			_ = conn.SetDeadline(time.Now().Add(snapshotTimeout / 2))
			if _, err = conn.Write(appendFrame(nil, greeting{from: from, to: "a", snapshot: true}.encode())); err == nil {
				_, err = readLinkFrame(conn, nil, greetingMax)
			}
			if err != nil {
				t.Fatal(err)
			}
			ended = make(chan struct{})
			go func() { // ends with the connection
				defer close(ended)
				_, _ = conn.Write(binary.LittleEndian.AppendUint64(nil, 1<<20))
				var b [1]byte
				_, _ = conn.Read(b[:])
			}()
			return ended
		}
		over := func(ended chan struct{}) bool {
			synctest.Wait()
			select {
			case <-ended:
				return true
			default:
				return false
			}
		}
		if !over(offer("evil")) {
			t.Error("a stranger's snapshot is read")
		}
		first := offer("b")
		if over(first) {
			t.Error("the snapshot of a member is not read")
		}
		if second := offer("c"); over(second) || !over(first) {
			t.Error("two snapshots are read at a time")
		}
	})
}

// A list of addresses is enough: the peers say who they are.
func TestGroupOfAStaticList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		for _, p := range s.procs {
			for id := range s.procs {
				if id != p.id {
					p.static = append(p.static, Peer{Addr: id})
				}
			}
		}
		s.start()
		defer s.stop()
		s.formed()
		if _, err := s.procs["b"].g.Propose(t.Context(), []byte("x")); err != nil {
			t.Error(err)
		}
	})
}

// A peer that greets and then reads nothing costs the others nothing but a bounded queue.
func TestPeerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a", "b", "c")
		l, err := s.net.Listen("stuck")
		if err != nil {
			t.Fatal(err)
		}
		var tasks sync.WaitGroup
		tasks.Go(func() {
			var held []net.Conn
			for {
				conn, err := l.Accept()
				if err != nil {
					break
				}
				held = append(held, conn)
				if _, err := readLinkFrame(conn, nil, greetingMax); err == nil {
					_, _ = conn.Write(appendFrame(nil, greeting{from: "stuck"}.encode()))
				}
			}
			for _, conn := range held {
				conn.Close()
			}
		})
		s.start()
		defer func() {
			l.Close()
			s.stop()
			tasks.Wait()
		}()
		for _, p := range s.procs {
			p.g.Saw([]Peer{{ID: "stuck", Addr: "stuck"}})
		}
		s.formed()
		for i := range 100 {
			began := time.Now()
			if _, err := s.procs["a"].g.Propose(t.Context(), fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Fatalf("a proposal took %v", took)
			}
			time.Sleep(200 * time.Millisecond)
		}
	})
}

func FuzzLink(f *testing.F) {
	f.Add(appendFrame(nil, greeting{from: "a", to: "b", snapshot: true}.encode()))
	f.Add(appendFrame(nil, greeting{from: "a"}.encode())[:9])
	f.Fuzz(func(t *testing.T, b []byte) {
		payload, err := readLinkFrame(bytes.NewReader(b), nil, greetingMax)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(b, appendFrame(nil, payload)) {
			t.Error("another frame than was sent")
		}
		g, err := decodeGreeting(payload)
		if err != nil {
			return
		}
		if again, err := decodeGreeting(g.encode()); err != nil || again != g {
			t.Errorf("%+v became %+v, %v", g, again, err)
		}
	})
}

func TestClosedGroupAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShell(t, "a")
		s.start()
		g := s.procs["a"].g
		s.formed()
		s.stop()
		if _, err := g.Propose(t.Context(), nil); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if g.Members() != nil {
			t.Error("members of a closed group")
		}
		near, far := net.Pipe()
		if err := g.Accept(near); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("the connection stays open")
		}
	})
}

// full is a file system that has no room while it says so.
type full struct {
	vfs.FS
	full atomic.Bool
}

type fullFile struct {
	vfs.File
	fs *full
}

func (h *full) Create(name string, perm fs.FileMode) (vfs.File, error) {
	f, err := h.FS.Create(name, perm)
	return &fullFile{f, h}, err
}

func (f *fullFile) Write(p []byte) (int, error) {
	if f.fs.full.Load() {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, errNoRoom
	}
	return f.File.Write(p)
}

var errNoRoom = errors.New("no room")
