package quorum

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"maps"
	"net"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"valkey/internal/vfs"
	"valkey/quorum/core"
)

// Group is this process' member of the fleet's group. Its methods may be called from any goroutine while Run runs, but
// those that wait not from the Machine or the callbacks of Options, nor with a lock that these take.
type Group struct {
	opts Options
	node *core.Node // the loop's
	disk *diskLog   // the writer's
	zero time.Time  // when the monotonic clock of the node began

	inbox   chan core.Input   // messages and requests; full, it makes links and callers wait
	calls   chan func()       // run by the loop
	arrived chan incoming     // connections that Accept hands over; full, it closes them
	writes  chan []core.Batch // at most one, as the node has at most one under way
	written chan struct{}
	done    chan struct{} // closed when Run has ended

	status atomic.Pointer[published]

	// mu guards what was told and the loop has not looked at yet. Telling must not wait: the caller may hold a lock that
	// the machine, and so the loop, waits for.
	mu struct {
		sync.Mutex
		saw    map[string]Peer
		forgot []string
		inputs []core.Input // at most one of each kind
	}
}

// published is a status and when it was true.
type published struct {
	status Status
	at     time.Time
}

// call is a request that waits for its answer; the answer's channel has room for the one that comes.
type call struct{ answer chan core.Answer }

// errLinks says that peers dial faster than they are served.
var errLinks = errors.New("quorum: too many links at a time")

// Open reads the member's folder and prepares it; the machine gets the last snapshot. Nothing runs before Run.
func Open(o Options) (*Group, error) {
	if o.FS == nil {
		o.FS = vfs.OS{}
	}
	if o.ID == "" || o.Machine == nil || o.Dial == nil {
		return nil, errors.New("quorum: Options lack ID, Machine or Dial")
	}
	disk, cut, err := openLog(o.FS, o.Dir, o.ID)
	if err != nil {
		return nil, err
	}
	if cut > 0 {
		o.Log.Warn().Int64("cut_bytes", cut).Str("dir", o.Dir).Msg("quorum log ended in a torn write, which was cut off")
	}
	g := &Group{
		opts: o, disk: disk, zero: time.Now(),
		inbox:   make(chan core.Input, inboxMax),
		calls:   make(chan func()),
		arrived: make(chan incoming, linksMax),
		writes:  make(chan []core.Batch, 1),
		written: make(chan struct{}, 1),
		done:    make(chan struct{}),
	}
	g.node, err = core.New(core.Config{
		Machine: o.Machine, Addr: o.Addr, Expect: o.Expect, Static: o.Static, Forget: o.Forget, Random: random,
	}, disk.state, 0)
	if err != nil {
		return nil, errors.Join(err, disk.close())
	}
	g.mu.saw = map[string]Peer{}
	g.publish()
	return g, nil
}

// random draws from the system: identities must not repeat.
func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:])
}

// Propose wants data agreed on and applied, and gives what the machine made of it on this member. The error is
// ErrNoQuorum, ErrUnknown, ErrTooLarge or ErrClosed; without a deadline in ctx it comes after five seconds at the
// latest.
func (g *Group) Propose(ctx context.Context, data []byte) (any, error) {
	return g.ask(ctx, func(token any) core.Input { return core.Propose{Token: token, At: time.Now(), Data: data} })
}

// Confirm returns nil when the machine has applied all that was agreed before the call; else ErrNoQuorum or ErrClosed.
func (g *Group) Confirm(ctx context.Context) error {
	_, err := g.ask(ctx, func(token any) core.Input { return core.Confirm{Token: token} })
	return err
}

// Remove takes the member of a myid out of the group. It returns when that is agreed; the leader then does it. A member
// that is removed while it runs stays out until its process starts anew.
func (g *Group) Remove(ctx context.Context, myid string) error {
	_, err := g.ask(ctx, func(token any) core.Input { return core.Remove{Token: token, At: time.Now(), ID: myid} })
	return err
}

// TransferLeader asks the leader to hand over to a voter. It returns when the request is on its way.
func (g *Group) TransferLeader(ctx context.Context, myid string) error {
	_, err := g.ask(ctx, func(token any) core.Input { return core.Transfer{Token: token, ID: myid} })
	return err
}

// ForceNewGroup makes a group of this member alone, from what it has applied, in place of every group that it knows of.
// Whoever belongs to one of those and hears of it leaves and joins the new one. It is for an operator, when a majority
// is lost for ever or two groups watch side by side; decisions that only the lost ones knew are lost.
func (g *Group) ForceNewGroup(ctx context.Context) error {
	_, err := g.ask(ctx, func(token any) core.Input { return core.Force{Token: token} })
	return err
}

// ask puts a request to the loop and waits for its answer.
func (g *Group) ask(ctx context.Context, request func(token any) core.Input) (any, error) {
	c := &call{answer: make(chan core.Answer, 1)}
	if g.closed() {
		return nil, ErrClosed
	}
	select {
	case g.inbox <- request(c):
	case <-ctx.Done():
		return nil, ErrNoQuorum
	case <-g.done:
		return nil, ErrClosed
	}
	cancelled := ctx.Done()
	for {
		select {
		case a := <-c.answer:
			return a.Result, a.Err
		case <-cancelled:
			cancelled = nil // the answer to this comes at once
			select {
			case g.inbox <- core.Cancel{Token: c}:
			case <-g.done:
			}
		case <-g.done:
			select {
			case a := <-c.answer:
				return a.Result, a.Err
			default:
				return nil, ErrUnknown
			}
		}
	}
}

// Saw says what discovery shows, all of it or what is new: again and again, as long as it does. It never waits.
func (g *Group) Saw(peers []Peer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range peers {
		if len(g.mu.saw) < linksMax {
			g.mu.saw[p.ID] = p
		}
	}
}

// Forgot names peers that discovery does not show any more because an operator had it forget them: those that are gone
// count no more for how many make a group. It never waits.
func (g *Group) Forgot(ids []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range ids {
		delete(g.mu.saw, id)
		if len(g.mu.forgot) < linksMax {
			g.mu.forgot = append(g.mu.forgot, id)
		}
	}
}

// SetAddr says that this member is reached at another address from now on. It never waits.
func (g *Group) SetAddr(addr string) { g.tell(core.Moved{Addr: addr}) }

// SetExpect says how many sentinels make a group from now on. It never waits.
func (g *Group) SetExpect(sentinels int) { g.tell(core.Expect{Sentinels: sentinels}) }

// tell leaves an input for the loop, in place of an earlier one of its kind.
func (g *Group) tell(in core.Input) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.inputs = slices.DeleteFunc(g.mu.inputs, func(old core.Input) bool {
		return reflect.TypeOf(old) == reflect.TypeOf(in)
	})
	g.mu.inputs = append(g.mu.inputs, in)
}

// told takes what was told.
func (g *Group) told() []core.Input {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := g.mu.inputs
	g.mu.inputs = nil
	if len(g.mu.forgot) > 0 {
		out = append(out, core.Forgot{IDs: g.mu.forgot})
		g.mu.forgot = nil
	}
	if len(g.mu.saw) > 0 {
		out = append(out, core.Saw{Peers: slices.Collect(maps.Values(g.mu.saw))})
		clear(g.mu.saw)
	}
	return out
}

// put hands the loop an input; after Run has ended there is nobody to want it.
func (g *Group) put(in core.Input) bool {
	select {
	case g.inbox <- in:
		return true
	case <-g.done:
		return false
	}
}

func (g *Group) closed() bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// Accept takes over a connection that a peer, authenticated by the caller, has turned into a link, and closes it in the
// end. It returns at once.
func (g *Group) Accept(conn net.Conn) error {
	if g.closed() {
		conn.Close()
		return ErrClosed
	}
	select {
	case g.arrived <- incoming{conn}:
		return nil
	default:
		conn.Close()
		return errLinks
	}
}

// Status gives what this member knows now. It never waits.
func (g *Group) Status() Status {
	p := g.status.Load()
	s := p.status
	if time.Since(p.at) > core.ElectionTimeout { // the loop does not run, so nobody knows
		s.InContact = false
	}
	return s
}

// Members lists the group as this member knows it; nil without one.
func (g *Group) Members() []Member {
	out := make(chan []Member, 1)
	select {
	case g.calls <- func() { out <- g.node.Members(g.now()) }:
		return <-out
	case <-g.done:
		return nil
	}
}

func (g *Group) now() time.Duration { return time.Since(g.zero) }

// publish makes the status visible.
func (g *Group) publish() {
	next := published{g.node.Status(g.now()), time.Now()}
	last := g.status.Swap(&next)
	if g.opts.Changed == nil || last == nil {
		return
	}
	a, b := last.status, next.status
	a.Commit, a.Applied, b.Commit, b.Applied = 0, 0, 0, 0
	if a != b {
		g.opts.Changed(next.status)
	}
}
