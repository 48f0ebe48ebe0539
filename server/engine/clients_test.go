package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"valkey/frontend/session"
	"valkey/server/engine/enginetest"
)

// fakeLink is a connection whose peer reads nothing.
type fakeLink struct {
	unsent, query int
	notified      int
	addr          string
}

func (l *fakeLink) Notify()                            { l.notified++ }
func (l *fakeLink) Unsent() (bytes, chunks int)        { return l.unsent, 1 }
func (l *fakeLink) QueryBuffer() (used, size int)      { return l.query, l.query }
func (l *fakeLink) FD() int                            { return 7 }
func (l *fakeLink) Remote() string                     { return l.addr }
func (l *fakeLink) Local() string                      { return "127.0.0.1:6379" }
func (l *fakeLink) IsUnix() bool                       { return false }
func link(s *enginetest.Server, name string) *fakeLink { return s.Client(name).Link.(*fakeLink) }

// withLinks gives clients links; each is named as it is called.
func withLinks(s *enginetest.Server, names ...string) {
	for i, name := range names {
		c := s.Client(name)
		c.Link = &fakeLink{addr: fmt.Sprintf("10.0.0.%d:1000", i+1)}
		s.Step("run", name+": CLIENT SETNAME "+name)
	}
}

// settle is what the shell does at the end of a client's round.
func settle(s *enginetest.Server, names ...string) {
	s.Engine.Lock()
	defer s.Engine.Unlock()
	s.Engine.Begin(s.Now())
	for _, name := range names {
		s.Engine.Settle(s.Client(name))
	}
	s.Engine.After()
}

func alive(s *enginetest.Server) string {
	var names []string
	for c := range s.Engine.Clients.All {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

func TestLargestClientsAreEvictedFirst(t *testing.T) {
	s := enginetest.New(t, families...)
	withLinks(s, "small", "large", "kept", "middle", "c1")
	link(s, "small").query = 100 << 10
	link(s, "middle").query = 1 << 20
	link(s, "large").query = 2 << 20
	link(s, "kept").query = 3 << 20
	s.Step("run", "kept: CLIENT NO-EVICT ON")
	s.Step("config", "maxmemory-clients 4mb")
	settle(s, "small", "middle", "large", "kept", "c1")
	if got := alive(s); got != "small kept c1" {
		t.Errorf("%s are left", got)
	}
	if n := s.Engine.Stats.EvictedClients; n != 2 {
		t.Errorf("%d evictions are counted", n)
	}
	if n := s.Engine.ClientMemory(); n > 4<<20 {
		t.Errorf("clients hold %d bytes", n)
	}
	// No limit is so low that nobody could raise it again.
	s.Step("run", "kept: CLIENT NO-EVICT OFF")
	s.Step("config", "maxmemory-clients 1")
	settle(s, "small", "kept", "c1")
	if got := alive(s); got != "small c1" && got != "c1" {
		t.Errorf("%s are left", got)
	}
}

func TestEvictionLimitIsAShareOfMaxmemory(t *testing.T) {
	s := enginetest.New(t, families...)
	withLinks(s, "a", "b")
	s.Step("config", "maxmemory 100mb\nmaxmemory-clients 1%")
	link(s, "a").query = 900 << 10
	settle(s, "a", "b")
	if got := alive(s); got != "a b" {
		t.Errorf("%s are left", got)
	}
	link(s, "a").query = 1 << 20
	settle(s, "a", "b")
	if got := alive(s); got != "b" {
		t.Errorf("%s are left", got)
	}
}

// TestMemoryIsNotCountedTwice: clients come and go, and what all hold is the sum of what each holds.
func TestMemoryIsNotCountedTwice(t *testing.T) {
	s := enginetest.New(t, families...)
	names := []string{"a", "b", "c"}
	withLinks(s, names...)
	for i, name := range names {
		link(s, name).query = i << 16
		s.Step("run", name+": WATCH k1 k2\n"+name+": SUBSCRIBE x y")
	}
	settle(s, names...)
	settle(s, names...)
	sum := 0
	for c := range s.Engine.Clients.All {
		sum += c.Memory
	}
	if got := s.Engine.ClientMemory(); got != sum || sum < 3<<16 {
		t.Errorf("%d bytes in all, each together %d", got, sum)
	}
	for _, name := range names {
		s.Engine.Kill(s.Client(name))
		s.Engine.Disconnect(s.Client(name)) // what the link's end does, too
		settle(s, name)
	}
	if got := s.Engine.ClientMemory(); got != 0 {
		t.Errorf("%d bytes are left", got)
	}
	if clients, keys := s.Engine.WatchCounts(); clients+keys+s.Engine.PubSub.Clients != 0 {
		t.Errorf("%d clients watch, %d keys are watched, %d are subscribed", clients, keys, s.Engine.PubSub.Clients)
	}
}

func TestHardAndSoftOutputLimit(t *testing.T) {
	s := enginetest.New(t, families...)
	s.Step("config", "client-output-buffer-limit normal 2mb 1mb 3")
	withLinks(s, "hard", "soft", "slow")
	s.Engine.SetReplyResizing(false)
	reply := s.Client("hard").ReplyCapacity // counts as the client's own
	link(s, "hard").unsent = 2<<20 + reply
	link(s, "soft").unsent = 1<<20 + reply
	link(s, "slow").unsent = 1<<20 + reply - 1
	settle(s, "hard", "soft", "slow")
	closed := func() (out string) {
		for _, name := range []string{"hard", "soft", "slow"} {
			if s.Client(name).CloseASAP {
				out += name + " "
			}
		}
		return out
	}
	if got := closed(); got != "hard " {
		t.Fatalf("at once: %s", got)
	}
	s.Advance(3 * time.Second)
	if got := closed(); got != "hard " {
		t.Fatalf("after 3 s: %s", got)
	}
	for range 5 { // no traffic: the tick finds it
		s.Advance(time.Second)
	}
	if got := closed(); got != "hard soft " {
		t.Fatalf("after 8 s: %s", got)
	}
	// Who gets below the limit in between has its time again.
	link(s, "slow").unsent++
	settle(s, "slow")
	s.Advance(2 * time.Second)
	link(s, "slow").unsent--
	settle(s, "slow")
	link(s, "slow").unsent++
	settle(s, "slow")
	s.Advance(2 * time.Second)
	settle(s, "slow")
	if got := closed(); got != "hard soft " {
		t.Fatalf("with a pause: %s", got)
	}
}

func TestReplyBufferFollowsItsUse(t *testing.T) {
	s := enginetest.New(t, families...)
	withLinks(s, "a")
	c := s.Client("a")
	if c.ReplyCapacity != 16<<10 {
		t.Errorf("a new client's is %d", c.ReplyCapacity)
	}
	s.Engine.Replied(c, 5)
	for range 12 { // the peak of the first period is forgotten after five seconds
		s.Advance(time.Second)
	}
	if c.ReplyCapacity != 1<<10 {
		t.Errorf("an idle client's is %d", c.ReplyCapacity)
	}
	for range 6 {
		s.Engine.Replied(c, 100<<10)
		s.Advance(100 * time.Millisecond)
	}
	if c.ReplyCapacity != 16<<10 || c.ReplyPeak != 16<<10 {
		t.Errorf("a busy client's is %d, its peak %d", c.ReplyCapacity, c.ReplyPeak)
	}
	s.Engine.SetReplyResizing(false)
	for range 12 {
		s.Advance(time.Second)
	}
	if c.ReplyCapacity != 16<<10 {
		t.Errorf("it changed to %d", c.ReplyCapacity)
	}
}

func TestDescribeClient(t *testing.T) {
	s := enginetest.New(t, families...)
	withLinks(s, "a")
	c := s.Client("a")
	link(s, "a").unsent = 20 << 10
	link(s, "a").query = 100
	s.Step("run", "a: SELECT 3\na: WATCH k\na: MULTI\na: SET k v\na: CLIENT NO-TOUCH on")
	got := string(s.Engine.DescribeClient(nil, c))
	for _, want := range []string{
		"id=1 addr=10.0.0.1:1000 laddr=127.0.0.1:6379 fd=7 name=a age=0 idle=0 flags=x capa= db=3 sub=0 psub=0 ",
		" ssub=0 multi=2 watch=1 qbuf=100 qbuf-free=0 ", " rbs=16384 ", " obl=16384 oll=1 omem=4096 ",
		" events=rw cmd=client|no-touch user=default redir=-1 resp=2 lib-name= lib-ver= ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	s.Config.HideUserDataFromLog = true
	if got := s.Engine.ClientForLog(c); !strings.Contains(got, " name=*redacted* ") ||
		!strings.Contains(got, " user=*redacted* ") {
		t.Errorf("the log shows %s", got)
	}
	// Once there was a transaction, a client outside one has an empty queue, no longer none.
	s.Step("run", "a: DISCARD")
	if got := string(s.Engine.DescribeClient(nil, c)); !strings.Contains(got, " multi=0 watch=0 ") {
		t.Errorf("after DISCARD: %s", got)
	}
	if got := string(s.Engine.DescribeClient(nil, s.Client("b"))); !strings.Contains(got, " multi=-1 watch=0 ") {
		t.Errorf("a new client: %s", got)
	}
}

func TestClientFlags(t *testing.T) {
	c := &session.Client{}
	if !session.HasClientFlag(c, 'N') {
		t.Error("a plain client has a flag")
	}
	c.IsMonitor, c.NoEvict, c.DirtyCAS = true, true, true
	for i := range len(session.ClientFlagLetters) {
		letter := session.ClientFlagLetters[i]
		if want := strings.IndexByte("OSed", letter) >= 0; session.HasClientFlag(c, letter) != want {
			t.Errorf("%c is %t", letter, !want)
		}
	}
}
