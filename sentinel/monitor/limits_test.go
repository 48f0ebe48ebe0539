package monitor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"valkey/sentinel/ledger"
)

func TestLimits(t *testing.T) {
	m := New(Config{ID: "S1"}, time.Second)
	g := m.watch(Settings{Name: "m", Addr: ledger.Addr{Host: "10.0.0.1", Port: 6379}, Quorum: 1})
	for n := range replicasMax + 1 {
		g.discover(fmt.Sprintf("ip=10.1.%d.%d,port=6379,state=online", n/250, n%250))
	}
	if len(g.replicas) != replicasMax {
		t.Errorf("%d replicas are known, the limit is %d", len(g.replicas), replicasMax)
	}
	g.m.global.ResolveHostnames, g.replicas = true, nil
	host := strings.Repeat("h", hostBytesMax+1)
	g.discover("ip=" + host + ",port=6379,state=online")
	m.heard(HelloHeard{Payload: host + ",26379,S2,0,m,10.0.0.1,6379,0"})
	m.heard(HelloHeard{Payload: "10.0.0.9,26379," + strings.Repeat("i", nameBytesMax+1) + ",0,m,10.0.0.1,6379,0"})
	if len(g.replicas)+len(g.sentinels) != 0 {
		t.Error("a name is longer than any that there is")
	}
	for n := range sentinelsMax + 1 {
		g.meet(fmt.Sprintf("id%d", n), ledger.Addr{Host: fmt.Sprintf("10.2.%d.%d", n/250, n%250), Port: 26379})
	}
	if len(g.sentinels) != sentinelsMax {
		t.Errorf("%d sentinels are known, the limit is %d", len(g.sentinels), sentinelsMax)
	}
	m.agreed["m"] = &ledger.Primary{Ref: ledger.Ref{Name: "m"}, Addr: g.primary.addr, Watchers: []string{"S1"}}
	g.primary.replID = strings.Repeat("h", ledger.LineageBytesMax+1)
	if g.hear(g.primary); g.heard != "" {
		t.Error("a history has a longer name than the group takes")
	}
	if g.primary.info(strings.Repeat("x", infoBytesMax+1), m.now); len(g.primary.infoText) != infoBytesMax {
		t.Errorf("%d bytes of INFO are kept", len(g.primary.infoText))
	}
	long := WatchPrimary{Name: strings.Repeat("n", nameBytesMax), Addr: ledger.Addr{Host: "h", Port: 1}, Quorum: 1}
	if err := m.begin(long); err != nil {
		t.Errorf("a name of the longest length: %v", err)
	}
	long.Name += "n"
	if err := m.begin(long); !errors.Is(err, ErrBadValue) {
		t.Errorf("a name that is too long: %v", err)
	}
}

// TestChoiceFits holds that the evidence of a choice from as many replicas as may be known, under names as long as may
// be, fits into an entry, with the one that was chosen.
func TestChoiceFits(t *testing.T) {
	m := New(Config{ID: "S1", Global: Global{ResolveHostnames: true}}, time.Second)
	name := strings.Repeat("m", nameBytesMax)
	g := m.watch(Settings{Name: name, Addr: ledger.Addr{Host: "10.0.0.1", Port: 6379}, Quorum: 1})
	for n := range replicasMax {
		g.discover(fmt.Sprintf("ip=%s%04d,port=65535,state=online", strings.Repeat("h", hostBytesMax-4), n))
	}
	for _, i := range g.replicas {
		i.runID, i.linkDown = strings.Repeat("f", 40), time.Hour // the longest reason
		i.link.conns = [2]connection{{up: true}, {up: true}}
		i.infoAt = m.now
	}
	best := g.replicas[replicasMax-1]
	best.linkDown = 0
	m.agreed[name] = &ledger.Primary{
		Ref: ledger.Ref{Name: name}, Addr: g.primary.addr, Watchers: []string{"S1"}, Lineages: []string{"h1"},
	}
	for _, i := range g.replicas {
		i.replID = "h1"
	}
	c := g.choose(0)
	if c.best != best || len(c.considered) != replicasMax {
		t.Fatalf("%d are considered, the best is %v", len(c.considered), c.best)
	}
	r := ledger.Candidate{Ref: ledger.Ref{Name: g.name}, Addr: best.addr, RunID: best.runID, Considered: c.evidence()}
	records, err := ledger.Decode(ledger.Encode(&r))
	if err != nil || len(records) != 1 {
		t.Fatal(err)
	}
	able := func(s ledger.Seen) bool { return s.Addr == best.addr && s.Excluded == "" }
	if list := records[0].(*ledger.Candidate).Considered; len(list) != consideredMax || !slices.ContainsFunc(list, able) {
		t.Errorf("%d are told of", len(list))
	}
}

// TestFullLinkIsLeftAlone holds that nothing that can wait is sent to an instance that owes a hundred replies.
func TestFullLinkIsLeftAlone(t *testing.T) {
	m := New(Config{ID: "S1"}, time.Second)
	g := m.watch(Settings{Name: "m", Addr: ledger.Addr{Host: "10.0.0.1", Port: 6379}, Quorum: 1})
	m.Step(Tick{}, m.now)
	l := g.primary.link
	for _, c := range []Conn{Commands, PubSub} {
		m.Step(LinkUp{Link: l.id, Conn: c}, m.now)
	}
	sends := func() (n int) {
		for _, a := range m.Step(Tick{}, m.now+5*time.Second) {
			if _, ok := a.(Send); ok {
				n++
			}
		}
		return n
	}
	for n := len(l.pending); n < pendingMax; n++ {
		l.pending[uint64(1000000+n)] = sent{what: askedPublish, from: g.primary}
	}
	if n := sends(); n != 0 {
		t.Errorf("%d commands were sent to a full link", n)
	}
	delete(l.pending, 1000000+pendingMax-1)
	if n := sends(); n == 0 {
		t.Error("nothing was sent to a link that is not full any more")
	}
}

// TestNewerEpochIsNoCandidate holds that a server whose orders would be refused is passed over until the next attempt.
func TestNewerEpochIsNoCandidate(t *testing.T) {
	m := New(Config{ID: "S1"}, time.Second)
	g := m.watch(Settings{Name: "m", Addr: ledger.Addr{Host: "10.0.0.1", Port: 6379}, Quorum: 1})
	m.agreed["m"] = &ledger.Primary{Addr: g.primary.addr, Watchers: []string{"S1"}, Lineages: []string{"h1"}}
	i := g.addReplica(ledger.Addr{Host: "10.0.0.2", Port: 6379})
	i.link.conns = [2]connection{{up: true}, {up: true}}
	i.info("role:slave\r\nmaster_replid:h1\r\nrole_epoch:7\r\n", m.now)
	if why := g.unfit(i, 0, 0); why != "" {
		t.Fatalf("it is unfit before there is a failover: %s", why)
	}
	for epoch, fit := range map[ledger.Epoch]bool{6: false, 7: true, 8: true} {
		m.agreed["m"] = &ledger.Primary{
			Addr: g.primary.addr, Watchers: []string{"S1"}, Lineages: []string{"h1"}, Failover: &ledger.Failover{Epoch: epoch},
		}
		if why := g.unfit(i, 0, 0); (why == "") != fit {
			t.Errorf("in epoch %d: %q", epoch, why)
		}
	}
}
