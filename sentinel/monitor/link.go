package monitor

import (
	"strings"
	"time"

	"valkey/sentinel/ledger"
)

// HelloChannel is where sentinels show themselves.
const HelloChannel = "__sentinel__:hello"

// asked is what a command on a link was for.
type asked uint8

const (
	askedPing asked = iota
	askedInfo
	askedPublish
	askedProbe  // is a sentinel one of ours?
	askedOrder  // a reconfiguration, whose effect is seen in INFO alone
	askedHand   // the hand-over, whose EXEC says whether it began
	askedScript // SCRIPT KILL
)

// sent is a command that has no reply yet.
type sent struct {
	what asked
	at   time.Duration
	from *instance
	then func(Reply)
}

// connection is one of a link's two.
type connection struct {
	wanted bool // Connect was said
	up     bool
	since  time.Duration // it is wanted or up
}

// link is how an instance is reached, and how long it has been silent. All groups share the link to a sentinel.
type link struct {
	m      *Monitor
	id     LinkID
	addr   ledger.Addr
	owners []*instance
	slot   slot

	conns   [2]connection
	localIP string
	pending map[uint64]sent

	lastTry      [2]time.Duration // to make each connection; 0: never
	lostAt       time.Duration    // the command connection broke; 0 while it is up
	pingSince    time.Duration    // the oldest PING without a valid answer; 0: none
	lastPing     time.Duration
	lastPong     time.Duration // any answer to PING
	lastGood     time.Duration // a valid one
	lastActivity time.Duration // on the hello channel
	ours         bool          // it answered the probe as a sentinel of ours does
	probed       string        // or what else it answered
}

// newLink makes a link for an instance. The clock of its silence begins now, as if a PING had just been sent.
func (m *Monitor) newLink(i *instance) *link {
	l := &link{
		m: m, id: LinkID(m.next()), addr: i.addr, owners: []*instance{i}, pending: map[uint64]sent{},
		pingSince: m.now, lastPong: m.now, lastGood: m.now,
	}
	l.slot = slot{order: uint64(l.id), run: l.run}
	m.links[l.id] = l
	l.touch()
	return l
}

// touch makes the link be looked at in this Step, unless it is closed.
func (l *link) touch() {
	if l.m.links[l.id] == l {
		l.m.due.set(&l.slot, l.m.now)
	}
}

// touchOwners has every group that uses the link looked at in this Step.
func (l *link) touchOwners() {
	for _, i := range l.owners {
		i.group.touch()
	}
}

// ready tells whether everything that the instance's kind needs is connected.
func (l *link) ready() bool {
	return l.conns[Commands].up && (l.owners[0].kind == Sentinel || l.conns[PubSub].up)
}

// downAfter is the shortest patience of those who share the link.
func (l *link) downAfter() time.Duration {
	d := l.owners[0].group.downAfter
	for _, i := range l.owners[1:] {
		d = min(d, i.group.downAfter)
	}
	return d
}

// release takes an owner away, and closes the link of none.
func (l *link) release(i *instance) {
	for n, o := range l.owners {
		if o == i {
			l.owners = append(l.owners[:n:n], l.owners[n+1:]...)
			break
		}
	}
	if len(l.owners) > 0 {
		return
	}
	l.close(Commands)
	l.close(PubSub)
	l.m.due.drop(&l.slot)
	delete(l.m.links, l.id)
	if l.m.peers[i.runID] == l {
		delete(l.m.peers, i.runID)
	}
}

// close gives a connection up; it is made again in its time.
func (l *link) close(c Conn) {
	if l.conns[c].wanted {
		l.m.do(Disconnect{Link: l.id, Conn: c})
		l.lost(c)
	}
}

// reset closes both connections, to make them again at once: with other credentials, or to another address.
func (l *link) reset() {
	l.close(Commands)
	l.close(PubSub)
	l.lastTry = [2]time.Duration{}
	l.touch()
}

func (l *link) lost(c Conn) {
	if c == Commands && l.conns[c].up {
		l.lostAt = l.m.now
		if l.pingSince == 0 {
			l.pingSince = l.m.now // from here on the instance owes an answer
		}
	}
	l.conns[c] = connection{}
	if c == Commands {
		clear(l.pending)
	}
}

// run keeps the connections and the PINGs going.
func (l *link) run() {
	wake := l.m.now + time.Hour
	at := func(t time.Duration) { wake = min(wake, t) }
	now, t := l.m.now, l.m.timings
	for _, c := range l.missing() {
		// Each in its own time: one that breaks right after the other must not wait for the other's next try.
		if l.lastTry[c] == 0 || now-l.lastTry[c] >= t.PingPeriod {
			l.connect(c)
		}
		at(l.lastTry[c] + t.PingPeriod)
	}
	l.closeSilent(at)
	if l.conns[Commands].up {
		period := min(l.downAfter(), t.PingPeriod)
		next := max(l.lastPong+period, l.lastPing+period/2)
		if l.full() {
			next = now + period
		} else if next <= now {
			l.ping()
			next = now + period/2
		}
		at(next)
	}
	l.m.due.set(&l.slot, max(wake, now+wakeMin))
}

// missing are the connections that there should be and are not up.
func (l *link) missing() (out []Conn) {
	for _, c := range []Conn{Commands, PubSub} {
		if !l.conns[c].up && l.addr.Port != 0 && (c == Commands || l.owners[0].kind != Sentinel) {
			out = append(out, c)
		}
	}
	return out
}

// connect begins to make a connection, unless one is being made.
func (l *link) connect(c Conn) {
	l.lastTry[c] = l.m.now
	if l.conns[c].wanted {
		return
	}
	if c == Commands && l.m.global.ResolveHostnames && isName(l.addr.Host) {
		l.m.do(Resolve{Host: l.addr.Host})
	}
	l.conns[c] = connection{wanted: true, since: l.m.now}
	l.m.do(Connect{Link: l.id, Conn: c, Addr: l.addr, Setup: l.owners[0].setup(c)})
}

// closeSilent closes connections that look alive and are not.
func (l *link) closeSilent(at func(time.Duration)) {
	now, t := l.m.now, l.m.timings
	if c := l.conns[Commands]; c.up && l.pingSince != 0 {
		half := l.downAfter() / 2
		when := max(c.since+t.MinLinkReconnectPeriod, l.pingSince+half, l.lastPong+half)
		if when < now {
			l.close(Commands)
			l.touchOwners()
			at(now + wakeMin)
		} else {
			at(when + wakeMin)
		}
	}
	if c := l.conns[PubSub]; c.up {
		when := max(c.since+t.MinLinkReconnectPeriod, l.lastActivity+3*t.PublishPeriod)
		if when < now {
			l.close(PubSub)
			l.touchOwners()
			at(now + wakeMin)
		} else {
			at(when + wakeMin)
		}
	}
}

// full tells whether so much is unanswered that nothing is sent that can wait.
func (l *link) full() bool { return len(l.pending) >= pendingMax*len(l.owners) }

// ping sends a PING.
func (l *link) ping() {
	l.lastPing = l.m.now
	if l.pingSince == 0 {
		l.pingSince = l.m.now
	}
	l.send(l.owners[0], askedPing, nil, []string{"PING"})
}

// send sends commands, under the names that the instance's group knows them by.
func (l *link) send(from *instance, what asked, then func(Reply), commands ...[]string) {
	seq := l.m.next()
	l.pending[seq] = sent{what: what, at: l.m.now, from: from, then: then}
	for n, c := range commands {
		commands[n] = from.renamed(c)
	}
	l.m.do(Send{Link: l.id, Seq: seq, Commands: commands})
}

func (l *link) up(ev LinkUp) {
	if !l.conns[ev.Conn].wanted {
		return
	}
	l.conns[ev.Conn].up, l.conns[ev.Conn].since = true, l.m.now
	if ev.Conn == PubSub {
		l.lastActivity = l.m.now
	} else {
		l.localIP, l.lostAt = ev.LocalIP, 0
		l.ping()
		if i := l.owners[0]; i.kind == Sentinel {
			l.send(i, askedProbe, nil, []string{"SENTINEL", "QUORUM", "STATUS"})
		} else {
			i.infoSent = 0 // it may have restarted, and its replicas hold another history soon
		}
	}
	l.touch()
	l.touchOwners()
}

func (l *link) down(ev LinkDown) {
	c := l.conns[ev.Conn]
	if !c.wanted {
		return
	}
	if !c.up {
		kind := [...]string{"-cmd-link-reconnection", "-pubsub-link-reconnection"}[ev.Conn]
		l.m.event(Debug, kind, l.owners[0], " #%s", ev.Reason)
	}
	l.lost(ev.Conn)
	l.touch()
	l.touchOwners()
}

// reply takes in an answer.
func (l *link) reply(ev Reply) {
	s, ok := l.pending[ev.Seq]
	if !ok {
		return
	}
	delete(l.pending, ev.Seq)
	switch s.what {
	case askedPing:
		l.pong(ev.Text)
	case askedInfo:
		if !strings.HasPrefix(ev.Text, "-") && s.from.link == l {
			s.from.info(ev.Text, s.at)
		}
	case askedPublish:
		if strings.HasPrefix(ev.Text, "-") && s.from.link == l {
			s.from.publishAt = l.m.now + publishRetry
		} else {
			s.from.lastPublish = l.m.now
		}
	case askedProbe:
		l.ours, l.probed = len(ev.Items) > 0 && ev.Items[0] == "group-id", ev.Text[:min(len(ev.Text), probedMax)]
	}
	if s.then != nil {
		s.then(ev)
	}
	if s.what != askedPing && s.what != askedPublish {
		s.from.group.touch()
	}
}

// pong takes in an answer to PING. Any answer shows that the link works, a valid one that the instance does.
func (l *link) pong(text string) {
	now := l.m.now
	l.lastPong = now
	text = strings.TrimPrefix(text, "-")
	valid := strings.HasPrefix(text, "PONG") || strings.HasPrefix(text, "LOADING") || strings.HasPrefix(text, "MASTERDOWN")
	if valid {
		l.lastGood, l.pingSince = now, 0
	}
	look := false
	for _, i := range l.owners {
		if strings.HasPrefix(text, "PONG") && i.rebootSince != 0 {
			i.rebootSince, look = 0, true
		}
		if strings.HasPrefix(text, "BUSY") && i.down() && !i.scriptKilled && i.kind != Sentinel {
			i.scriptKilled = true
			l.send(i, askedScript, nil, []string{"SCRIPT", "KILL"})
		}
		look = look || i.down() && valid
	}
	if look {
		l.touchOwners()
	}
	l.touch()
}
