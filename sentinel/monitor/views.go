package monitor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"valkey/sentinel/ledger"
)

// Field is one field of an instance's record.
type Field struct{ Name, Value string }

// Names are the watched primaries, in order.
func (m *Monitor) Names() (out []string) {
	for _, g := range m.inOrder() {
		out = append(out, g.name)
	}
	return out
}

// ID is this sentinel's myid.
func (m *Monitor) ID() string { return m.id }

// Timings are the periods as DEBUG shows them.
func (m *Monitor) Timings() Timings { return m.timings }

// Global are the settings of the sentinel itself.
func (m *Monitor) Global() Global { return m.global }

// Address is what GET-PRIMARY-ADDR-BY-NAME answers, false for a name that is not watched.
func (m *Monitor) Address(name string) (ledger.Addr, bool) {
	g := m.groups[name]
	if g == nil {
		return ledger.Addr{}, false
	}
	return m.shown(g.address()), true
}

// Record is a primary's record, false for a name that is not watched.
func (m *Monitor) Record(name string) ([]Field, bool) {
	g := m.groups[name]
	if g == nil {
		return nil, false
	}
	return g.primary.record(), true
}

// Replicas are the records of a primary's replicas that want to be announced.
func (m *Monitor) Replicas(name string) (out [][]Field, ok bool) {
	g := m.groups[name]
	if g == nil {
		return nil, false
	}
	for _, i := range byName(g.replicas) {
		if i.announced {
			out = append(out, i.record())
		}
	}
	return out, true
}

// Sentinels are the records of the other sentinels of a primary.
func (m *Monitor) Sentinels(name string) (out [][]Field, ok bool) {
	g := m.groups[name]
	if g == nil {
		return nil, false
	}
	for _, i := range byName(g.sentinels) {
		out = append(out, i.record())
	}
	return out, true
}

// CachedInfo is what INFO-CACHE tells of one instance.
type CachedInfo struct {
	AgeMs int64
	Text  string // "" when it has never answered
}

// InfoCache are the last INFO replies of a primary and its replicas, false for a name that is not watched.
func (m *Monitor) InfoCache(name string) (out []CachedInfo, ok bool) {
	g := m.groups[name]
	if g == nil {
		return nil, false
	}
	for _, i := range append([]*instance{g.primary}, byName(g.replicas)...) {
		out = append(out, CachedInfo{AgeMs: i.ago(i.infoAt), Text: i.infoText})
	}
	return out, true
}

// Usable is what CKQUORUM counts, false for a name that is not watched.
func (m *Monitor) Usable(name string) (u Quorum, ok bool) {
	g := m.groups[name]
	if g == nil {
		return u, false
	}
	u.Usable = 1
	for _, s := range g.sentinels {
		if !s.down() {
			u.Usable++
		}
	}
	known := len(g.sentinels) + 1
	u.Quorum = u.Usable >= g.quorum
	u.Majority = u.Usable >= known/2+1
	u.Group = m.standing.Formed && m.standing.Voter && m.standing.InContact && !m.standing.Frozen && g.agreed() != nil
	return u, true
}

// Quorum is whether a failover could be agreed to now.
type Quorum struct {
	Usable   int  // sentinels that answer, this one included
	Quorum   bool // they are enough to find the primary down
	Majority bool // they are a majority of all that are known
	Group    bool // this sentinel is a voter in contact with a leader that has a majority of the group
}

// Tilt is whether this sentinel refuses to judge, since when, and how often it did.
func (m *Monitor) Tilt() (tilted bool, since time.Duration, total int) {
	if m.tilted {
		since = m.now - m.tiltSince
	}
	return m.tilted, since, m.tilts
}

// SimulatedFailures are the flags of SIMULATE-FAILURE as INFO shows them.
func (m *Monitor) SimulatedFailures() (flags int) {
	if m.crashAfter.election {
		flags |= 1
	}
	if m.crashAfter.promotion {
		flags |= 2
	}
	return flags
}

// Line is the line of INFO about a primary, without its number.
func (m *Monitor) Line(name string) string {
	g := m.groups[name]
	if g == nil {
		return ""
	}
	status := "ok"
	switch {
	case g.agreedDown():
		status = "odown"
	case g.primary.down():
		status = "sdown"
	}
	a := m.shown(g.primary.addr)
	return fmt.Sprintf("name=%s,status=%s,address=%s:%d,slaves=%d,sentinels=%d",
		g.name, status, a.Host, a.Port, len(g.replicas), len(g.sentinels)+1)
}

// State is what the configuration file has to remember.
func (m *Monitor) State() State {
	s := State{ID: m.id, CurrentEpoch: m.epoch, Global: m.global}
	for _, g := range m.inOrder() {
		p := Settings{
			Name: g.name, Addr: m.shown(g.address()), Quorum: g.quorum, DownAfter: g.downAfter,
			FailoverTimeout: g.failoverTimeout, ParallelSyncs: g.parallelSyncs, RebootDownAfter: g.rebootDownAfter,
			MaxLagBytes: g.maxLagBytes, Notification: g.notification, Reconfig: g.reconfig,
			User: g.user, Pass: g.pass, Renamed: g.rename,
			ConfigEpoch: g.configEpoch, LeaderEpoch: g.leaderEpoch,
		}
		for _, i := range append(byName(g.replicas), g.primary) {
			if a := m.shown(i.addr); a != p.Addr && !slices.Contains(p.Replicas, a) {
				p.Replicas = append(p.Replicas, a)
			}
		}
		for _, i := range byName(g.sentinels) {
			p.Sentinels = append(p.Sentinels, KnownSentinel{ID: i.runID, Addr: m.shown(i.addr)})
		}
		s.Primaries = append(s.Primaries, p)
	}
	return s
}

// ago is how many milliseconds ago a time was; 0 for never, and at least 1 for what was.
func (i *instance) ago(t time.Duration) int64 {
	if t == 0 {
		return 0
	}
	return max(1, (i.m.now - t).Milliseconds())
}

// record is the record of an instance, in stock Sentinel's order.
func (i *instance) record() (out []Field) {
	g, l := i.group, i.link
	add := func(name, value string) { out = append(out, Field{name, value}) }
	num := func(name string, n int64) { add(name, strconv.FormatInt(n, 10)) }
	a := i.m.shown(i.addr)
	name := i.name()
	if i.kind == Replica {
		name = a.String()
	}
	add("name", name)
	add("ip", a.Host)
	num("port", int64(a.Port))
	add("runid", i.runID)
	add("flags", i.flags())
	num("link-pending-commands", int64(len(l.pending)))
	num("link-refcount", int64(len(l.owners)))
	if f := g.failover(); i.kind == Primary && f != nil {
		add("failover-state", g.failoverState(f))
	}
	num("last-ping-sent", i.ago(l.pingSince))
	num("last-ok-ping-reply", (i.m.now - l.lastGood).Milliseconds())
	num("last-ping-reply", (i.m.now - l.lastPong).Milliseconds())
	if i.down() {
		num("s-down-time", (i.m.now - i.downSince).Milliseconds())
	}
	if i.kind == Primary && g.agreedDown() {
		num("o-down-time", (i.m.now - g.downAgreed).Milliseconds())
	}
	num("down-after-milliseconds", g.downAfter.Milliseconds())
	if i.kind == Sentinel {
		num("last-hello-message", (i.m.now - i.lastHello).Milliseconds())
		leader, epoch := "?", int64(0)
		if p := g.agreed(); g.leader != "" && p != nil && p.Watches(i.runID) {
			leader, epoch = g.leader, int64(g.leaderEpoch)
		}
		add("voted-leader", leader)
		num("voted-leader-epoch", epoch)
		return out
	}
	num("info-refresh", i.ago(i.infoAt))
	add("role-reported", map[bool]string{true: "master", false: "slave"}[i.role == rolePrimary])
	num("role-reported-time", (i.m.now - i.roleSince).Milliseconds())
	if i.kind == Replica {
		return append(out, i.replicaFields()...)
	}
	num("config-epoch", int64(g.configEpoch))
	num("num-slaves", int64(len(g.replicas)))
	num("num-other-sentinels", int64(len(g.sentinels)))
	num("quorum", int64(g.quorum))
	num("failover-timeout", g.failoverTimeout.Milliseconds())
	num("parallel-syncs", int64(g.parallelSyncs))
	if g.notification != "" {
		add("notification-script", g.notification)
	}
	if g.reconfig != "" {
		add("client-reconfig-script", g.reconfig)
	}
	if g.maxLagBytes != 0 {
		add("max-lag-bytes", strconv.FormatUint(g.maxLagBytes, 10))
	}
	return out
}

// replicaFields are the fields that only a replica has.
func (i *instance) replicaFields() []Field {
	host := i.upHost
	if host == "" {
		host = "?"
	}
	announced := "0"
	if i.announced {
		announced = "1"
	}
	return []Field{
		{"master-link-down-time", strconv.FormatInt(i.linkDown.Milliseconds(), 10)},
		{"master-link-status", map[bool]string{true: "ok", false: "err"}[i.linkUp]},
		{"master-host", host},
		{"master-port", itoa(i.upPort)},
		{"slave-priority", itoa(i.priority)},
		{"slave-repl-offset", strconv.FormatUint(i.offset, 10)},
		{"replica-announced", announced},
	}
}

// flags are the flags of an instance, in stock Sentinel's order.
func (i *instance) flags() string {
	g, p := i.group, i.group.agreed()
	f := g.failover()
	primary := i.kind == Primary
	list := []struct {
		on   bool
		name string
	}{
		{i.down(), "s_down"},
		{primary && g.agreedDown(), "o_down"},
		{primary, "master"},
		{i.kind == Replica, "slave"},
		{i.kind == Sentinel, "sentinel"},
		{!i.link.ready(), "disconnected"},
		{i.kind == Sentinel && p != nil && p.Reported(i.runID), "master_down"},
		{primary && f != nil, "failover_in_progress"},
		{i.promoted, "promoted"},
		{i.reconf == reconfSent, "reconf_sent"},
		{i.reconf == reconfInProgress, "reconf_inprog"},
		{i.reconf == reconfDone, "reconf_done"},
		{primary && f != nil && f.Kind == ledger.Forced, "force_failover"},
		{primary && f != nil && f.Kind == ledger.Coordinated, "coordinated_failover"},
		{i.scriptKilled, "script_kill_sent"},
		{i.rebootSince != 0, "master_reboot"},
	}
	var on []string
	for _, e := range list {
		if e.on {
			on = append(on, e.name)
		}
	}
	return strings.Join(on, ",")
}

// failoverState is stock Sentinel's word for the step that a failover has reached.
func (g *group) failoverState(f *ledger.Failover) string {
	switch f.State {
	case ledger.Choosing:
		return "select_slave"
	case ledger.Promoting:
		if f.Driver == g.m.id && g.step.sentAt == 0 && !g.step.handed {
			return "send_slaveof_noone"
		}
		return "wait_promotion"
	default:
		return "reconf_slaves"
	}
}
