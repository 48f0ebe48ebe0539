package monitor

import (
	"fmt"
	"strconv"
	"strings"

	"valkey/sentinel/ledger"
)

// hello publishes this sentinel on an instance when it is time.
func (i *instance) hello() {
	g, now := i.group, i.m.now
	if !i.link.ready() {
		return // the group is looked at when it is
	}
	if i.publishAt > now {
		g.at(i.publishAt)
		return
	}
	if g.paused(i) || i.failingOver || i.link.full() {
		i.publishAt = now + publishRetry
		g.at(i.publishAt)
		return
	}
	i.publishAt = now + i.m.timings.PublishPeriod
	g.at(i.publishAt)
	i.link.send(i, askedPublish, nil, []string{"PUBLISH", HelloChannel, i.helloText()})
}

// paused tells whether an operator's failover may hold the instance's writers back. A PUBLISH would wait with them,
// count against the instance, and keep what ends the pause waiting behind it.
func (g *group) paused(i *instance) bool {
	f := g.failover()
	if f == nil || f.Kind == ledger.Automatic {
		return false
	}
	return f.State != ledger.Following || f.Way == ledger.HandOver && !g.step.cut && g.m.same(i.addr, f.From)
}

// helloText is the message of stock Sentinel's eight fields.
func (i *instance) helloText() string {
	m, g := i.m, i.group
	ip, port := m.global.AnnounceIP, m.global.AnnouncePort
	if ip == "" {
		ip = i.link.localIP
	}
	if port == 0 {
		port = m.global.Port
	}
	a := m.shown(g.address())
	return fmt.Sprintf("%s,%d,%s,%d,%s,%s,%d,%d", ip, port, m.id, m.epoch, g.name, a.Host, a.Port, g.configEpoch)
}

// heard takes in a hello. It shows that there is a sentinel, and where; what it says about a primary is believed only
// in so far as it tells how much that sentinel knows, and changes nothing.
func (m *Monitor) heard(ev HelloHeard) {
	if l := m.links[ev.Link]; l != nil {
		l.lastActivity = m.now
	}
	fields := strings.Split(ev.Payload, ",")
	if len(fields) != helloFields {
		return
	}
	id := fields[2]
	port, err := strconv.Atoi(fields[1])
	epoch, err2 := strconv.ParseUint(fields[7], 10, 64)
	g := m.groups[fields[4]]
	if g == nil || err != nil || err2 != nil || id == "" || id == m.id || port < 0 || port > 65535 ||
		fields[0] == "" || len(fields[0]) > hostBytesMax || len(id) > nameBytesMax {
		return
	}
	s := g.meet(id, ledger.Addr{Host: fields[0], Port: port})
	if s == nil {
		return
	}
	s.lastHello, s.shown = m.now, true
	s.helloEpoch = ledger.Epoch(epoch)
	if f := g.driving(); f != nil && f.State == ledger.Following {
		g.touch()
	}
}

// meet finds the sentinel of a hello, adds it, or moves it.
func (g *group) meet(id string, a ledger.Addr) *instance {
	m := g.m
	s := g.sentinel(id)
	if s != nil && m.same(s.addr, a) {
		return s
	}
	if s == nil && len(g.sentinels) >= sentinelsMax {
		return nil
	}
	if s != nil {
		// It is known elsewhere: it has moved, in all groups.
		shown := m.shown(a)
		m.event(Notice, "+sentinel-address-switch", g.primary, " ip %s port %d for %s", shown.Host, shown.Port, id)
		link := s.link
		link.addr = a
		for _, o := range link.owners {
			o.addr = a
		}
		link.reset()
		if more := len(link.owners) - 1; more > 0 {
			m.event(Notice, "+sentinel-address-update", s, " %d additional matching instances", more)
		}
		m.do(Save{})
		return s
	}
	// Somebody else was at this address: an invalid one from now on, until it shows itself where it is.
	for _, other := range m.inOrder() {
		for _, o := range other.sentinels {
			if o.addr.Port != 0 && m.same(o.addr, a) && o.runID != id {
				m.event(Notice, "+sentinel-invalid-addr", o, "")
				other.lose(o)
				break
			}
		}
	}
	if l := m.peers[id]; l != nil {
		if !m.same(l.addr, a) {
			l.addr = a
			l.reset()
		}
	}
	s = g.newInstance(Sentinel, a, id)
	g.sentinels = append(g.sentinels, s)
	m.event(Notice, "+sentinel", s, "")
	m.do(Save{})
	g.touch()
	return s
}

// lose forgets a sentinel.
func (g *group) lose(s *instance) {
	for n, o := range g.sentinels {
		if o == s {
			g.sentinels = append(g.sentinels[:n:n], g.sentinels[n+1:]...)
			break
		}
	}
	s.drop()
	g.touch()
}
