package monitor

import (
	"fmt"
	"strings"
	"time"

	"valkey/sentinel/ledger"
)

// Class is what an instance is to this sentinel.
type Class uint8

// The classes of instances.
const (
	Primary Class = iota
	Replica
	Sentinel
)

// role is what an instance says that it is.
type role uint8

const (
	roleUnknown role = iota
	rolePrimary
	roleReplica
)

// reconf is how far a replica has got in following a new primary.
type reconf uint8

const (
	reconfNone reconf = iota
	reconfSent
	reconfInProgress
	reconfDone
)

// instance is a primary, a replica or a sentinel as one group sees it. Times are the monitor's; 0 is never.
type instance struct {
	m     *Monitor
	group *group
	kind  Class
	addr  ledger.Addr
	runID string // of a sentinel: its id
	link  *link

	publishAt   time.Duration // the next hello to it
	lastPublish time.Duration
	lastHello   time.Duration // sentinels: heard from it, or met in the file
	shown       bool          // sentinels: a hello was heard
	helloEpoch  ledger.Epoch  // sentinels: the config epoch of the primary that it last told of

	downSince   time.Duration // s_down; 0: not
	lastDown    time.Duration // it last went down
	reason      string        // for which it is down
	rebootSince time.Duration // the flag "master_reboot"
	reported    time.Duration // sentinels: its report of the primary was last applied
	noted       time.Duration // why something is not done about it

	scriptKilled bool
	correcting   bool // a correction waits for the group to confirm its address

	// What INFO told.
	infoText    string
	infoAt      time.Duration // it came
	infoAsked   time.Duration // when what came had been asked for
	infoSent    time.Duration // the last INFO was sent
	role        role
	roleSince   time.Duration
	linkDown    time.Duration // "master_link_down_since_seconds"
	keepsData   bool          // "replica_keeps_data_seconds": it refuses a primary that came back without data
	linkUp      bool
	upHost      string // the primary that a replica names
	upPort      int
	upSince     time.Duration // it has named it
	priority    int
	offset      uint64
	announced   bool
	hasFailover bool // it knows FAILOVER
	failingOver bool // and one is going on
	failSince   time.Duration
	alone       bool // nobody copies it
	replID      string
	replID2     string
	secondEnd   int64  // second_repl_offset
	replEnd     uint64 // "master_repl_offset"
	epochAware  bool   // it refuses orders of an older epoch than the one that it obeyed last
	roleEpoch   ledger.Epoch

	promoted    bool
	reconf      reconf
	reconfSince time.Duration
}

// newInstance makes an instance and its link.
func (g *group) newInstance(kind Class, addr ledger.Addr, runID string) *instance {
	i := &instance{
		m: g.m, group: g, kind: kind, addr: addr, runID: runID, priority: 100, announced: true,
		role: [...]role{rolePrimary, roleReplica, roleUnknown}[kind], roleSince: g.m.now, upSince: g.m.now,
		failSince: g.m.now, lastPublish: g.m.now, publishAt: g.m.now, lastHello: g.m.now,
	}
	if kind == Sentinel {
		if l := g.m.peers[runID]; l != nil {
			l.owners = append(l.owners, i)
			i.link = l
			return i
		}
	}
	i.link = g.m.newLink(i)
	if kind == Sentinel {
		g.m.peers[runID] = i.link
	}
	return i
}

// drop lets the instance go.
func (i *instance) drop() { i.link.release(i) }

// down tells whether this sentinel finds it down.
func (i *instance) down() bool { return i.downSince != 0 }

// name is what records and events call it.
func (i *instance) name() string {
	switch i.kind {
	case Primary:
		return i.group.name
	case Sentinel:
		return i.runID
	default:
		return i.addr.String()
	}
}

// label is how events name it.
func (i *instance) label() string {
	kind := [...]string{"master", "slave", "sentinel"}[i.kind]
	a := i.m.shown(i.addr)
	name := i.name()
	if i.kind == Replica {
		name = a.String()
	}
	s := fmt.Sprintf("%s %s %s %d", kind, name, a.Host, a.Port)
	if i.kind != Primary {
		p := i.m.shown(i.group.primary.addr)
		s += fmt.Sprintf(" @ %s %s %d", i.group.name, p.Host, p.Port)
	}
	return s
}

// refrain says, once a while, why something is not done about the instance.
func (i *instance) refrain(what, why string) {
	if i.noted == 0 || i.m.now-i.noted >= noteEvery {
		i.noted = i.m.now
		i.m.do(Note{Warning, fmt.Sprintf("%s is %s: %s", i.label(), what, why)})
	}
}

// event emits an event about an instance.
func (m *Monitor) event(level Level, name string, i *instance, format string, args ...any) {
	m.tell(level, name, i.group, i.label()+fmt.Sprintf(format, args...))
}

// tell emits an event about a group, or about the sentinel itself for nil. Warnings about a group also go to its
// notification script.
func (m *Monitor) tell(level Level, name string, g *group, payload string) {
	m.do(Emit{Level: level, Name: name, Payload: payload})
	if level == Warning && g != nil && g.notification != "" {
		m.do(Script{Path: g.notification, Args: []string{name, payload}})
	}
}

// setup are the first commands on a connection.
func (i *instance) setup(c Conn) (out [][]string) {
	user, pass := i.group.user, i.group.pass
	if i.kind == Sentinel {
		user, pass = i.m.global.User, i.m.global.Pass
	}
	switch {
	case pass != "" && user != "":
		out = append(out, i.renamed([]string{"AUTH", user, pass}))
	case pass != "":
		out = append(out, i.renamed([]string{"AUTH", pass}))
	}
	kind := [...]string{"cmd", "pubsub"}[c]
	out = append(out, i.renamed([]string{"CLIENT", "SETNAME", "sentinel-" + i.m.id[:min(8, len(i.m.id))] + "-" + kind}))
	if c == PubSub {
		out = append(out, i.renamed([]string{"SUBSCRIBE", HelloChannel}))
	}
	return out
}

// renamed puts in the name that the group's instances know a command by. Sentinels know their own.
func (i *instance) renamed(command []string) []string {
	if i.kind == Sentinel {
		return command
	}
	if to, ok := i.group.rename[strings.ToUpper(command[0])]; ok {
		return append([]string{to}, command[1:]...)
	}
	return command
}

// shown is an address as events, records and messages show it.
func (m *Monitor) shown(a ledger.Addr) ledger.Addr {
	if ip := m.hosts[a.Host]; ip != "" && !m.global.AnnounceHostnames {
		a.Host = ip
	}
	return a
}

// same tells whether two addresses mean the same place: by what the names stand for where that is known.
func (m *Monitor) same(a, b ledger.Addr) bool {
	return a.Port == b.Port && m.place(a.Host) == m.place(b.Host)
}

func (m *Monitor) place(host string) string {
	if ip := m.hosts[host]; ip != "" {
		return ip
	}
	return strings.ToLower(host)
}

// isName tells a host name from a literal address.
func isName(host string) bool {
	return !strings.Contains(host, ":") && strings.Trim(host, "0123456789.") != ""
}

// resolved takes in what a name means, and connects again where that has changed.
func (m *Monitor) resolved(ev Resolved) {
	if ev.IP == "" || m.hosts[ev.Host] == ev.IP {
		return
	}
	m.hosts[ev.Host] = ev.IP
	m.touchGroups()
}

// silence is how long it owes an answer.
func (i *instance) silence() time.Duration {
	switch l := i.link; {
	case l.pingSince != 0:
		return i.m.now - l.pingSince
	case !l.ready():
		return i.m.now - l.lastGood
	}
	return 0
}

// ask sends an INFO when the last one is a period ago, and says when the next is due. One that has no reply yet is
// waited for, unless it was sent before its answer could count.
func (i *instance) ask(period time.Duration) (next time.Duration) {
	now := i.m.now
	if !i.link.conns[Commands].up || i.link.full() {
		return now + i.m.timings.PingPeriod
	}
	next = max(i.infoSent, i.infoAt) + period
	if i.infoSent >= i.group.askSince && i.infoWaiting() {
		next = i.infoSent + max(period, i.m.timings.PingPeriod)
	}
	if i.infoSent == 0 || next <= now {
		i.infoSent = now
		i.link.send(i, askedInfo, nil, []string{"INFO"})
		next = now + max(period, wakeMin)
	}
	return next
}

// infoWaiting tells whether an INFO has no reply yet.
func (i *instance) infoWaiting() bool {
	for _, s := range i.link.pending {
		if s.what == askedInfo && s.from == i {
			return true
		}
	}
	return false
}
