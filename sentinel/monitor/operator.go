package monitor

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"valkey/sentinel/ledger"
)

// operate does what an operator asks, and answers.
func (m *Monitor) operate(ev Event) {
	switch ev := ev.(type) {
	case WatchPrimary:
		m.do(Answer{Req: ev.Req, Err: m.begin(ev)})
	case RemovePrimary:
		m.do(Answer{Req: ev.Req, Err: m.remove(ev.Name)})
	case ResetPrimaries:
		n := 0
		for _, name := range ev.Names {
			if g := m.groups[name]; g != nil {
				g.reset()
				n++
			}
		}
		m.do(Answer{Req: ev.Req, N: n})
	case SetPrimary:
		m.do(Answer{Req: ev.Req, Err: m.set(ev)})
	case SetGlobal:
		m.setGlobal(ev.Global)
		m.do(Answer{Req: ev.Req})
	case SetTimings:
		m.timings = ev.Timings
		m.touchGroups()
		for _, l := range m.links {
			l.touch()
		}
		m.do(Answer{Req: ev.Req})
	case StartFailover:
		m.start(ev)
	case AskVote:
		m.do(Answer{Req: ev.Req, Vote: m.askVote(ev)})
	case SimulateFailure:
		m.crashAfter.election, m.crashAfter.promotion = ev.AfterElection, ev.AfterPromotion
		m.do(Answer{Req: ev.Req})
	}
}

// begin watches another primary.
func (m *Monitor) begin(ev WatchPrimary) error {
	switch {
	case m.groups[ev.Name] != nil:
		return ErrDuplicate
	case len(ev.Name) > nameBytesMax || len(ev.Addr.Host) > hostBytesMax || ev.Name == "" || ev.Addr.Host == "",
		ev.Quorum < 1, ev.Addr.Port < 1, ev.Addr.Port > 65535:
		return ErrBadValue
	}
	g := m.watch(Settings{Name: ev.Name, Addr: ev.Addr, Quorum: ev.Quorum})
	m.event(Warning, "+monitor", g.primary, " quorum %d", g.quorum)
	m.do(Save{})
	return nil
}

// remove watches one no more. The group learns of it as soon as it can be told.
func (m *Monitor) remove(name string) error {
	g := m.groups[name]
	if g == nil {
		return ErrNoSuchPrimary
	}
	m.event(Warning, "-monitor", g.primary, "")
	var absent []string
	if p := m.agreed[name]; p != nil {
		for _, id := range p.Watchers {
			if s := g.sentinel(id); id != m.id && (s == nil || s.down()) {
				absent = append(absent, id)
			}
		}
	}
	g.drop()
	if m.watchedByMe(name) {
		m.leave(name, absent)
	}
	m.do(Save{})
	return nil
}

// reset forgets everything that was found out about the primary, but not what is agreed.
func (g *group) reset() {
	m := g.m
	for i := range g.everyone {
		i.drop()
	}
	addr := g.address()
	g.replicas, g.sentinels, g.heard, g.deferred = nil, nil, "", false
	g.primary = g.newInstance(Primary, addr, "")
	g.forgetFailover()
	g.downAgreed, g.fruitless, g.startAfter = 0, 0, 0
	m.event(Warning, "+reset-master", g.primary, "")
	g.touch()
}

// set changes settings from left to right; those before a wrong one stay changed.
func (m *Monitor) set(ev SetPrimary) error {
	g := m.groups[ev.Name]
	if g == nil {
		return ErrNoSuchPrimary
	}
	defer m.do(Save{})
	for _, o := range ev.Options {
		if err := g.setOne(o); err != nil {
			return &OptionError{Option: o, Err: err}
		}
		shown := " " + o.Name + " " + o.Value
		switch {
		case strings.EqualFold(o.Name, "auth-pass"):
			shown = " " + o.Name + " ******"
		case o.Value2 != "":
			shown += " " + o.Value2
		}
		m.event(Warning, "+set", g.primary, "%s", shown)
	}
	return nil
}

// setOne changes one setting.
func (g *group) setOne(o Option) (err error) {
	defer g.touch()
	switch strings.ToLower(o.Name) {
	case "down-after-milliseconds":
		err = milliseconds(&g.downAfter, o.Value, 1)
		for i := range g.everyone {
			i.link.touch()
		}
		return err
	case "failover-timeout":
		return milliseconds(&g.failoverTimeout, o.Value, 1)
	case "primary-reboot-down-after-period", "master-reboot-down-after-period":
		return milliseconds(&g.rebootDownAfter, o.Value, 0)
	case "parallel-syncs":
		return positive(&g.parallelSyncs, o.Value)
	case "quorum":
		return positive(&g.quorum, o.Value)
	case "max-lag-bytes":
		n, err := strconv.ParseUint(o.Value, 10, 63)
		if err != nil {
			return ErrBadValue
		}
		if g.maxLagBytes == 0 && n != 0 {
			g.m.do(Note{Warning, "max-lag-bytes of " + g.name + " holds until this sentinel ends, unless its file has a line " +
				"of that name: none is added that a stock sentinel would refuse"})
		}
		g.maxLagBytes = n
	case "notification-script", "client-reconfig-script":
		if g.m.global.DenyScriptsReconfig {
			return ErrScriptsDenied
		}
		if strings.EqualFold(o.Name, "notification-script") {
			g.notification = o.Value
		} else {
			g.reconfig = o.Value
		}
	case "auth-pass":
		g.pass = o.Value
		g.reconnect()
	case "auth-user":
		g.user = o.Value
		g.reconnect()
	case "rename-command":
		switch from := strings.ToUpper(o.Value); {
		case o.Value == "" || o.Value2 == "":
			return ErrBadValue
		case from == strings.ToUpper(o.Value2):
			delete(g.rename, from)
		default:
			g.rename[from] = o.Value2
		}
	default:
		return ErrUnknownOption
	}
	return nil
}

func milliseconds(d *time.Duration, s string, least int64) error {
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil || ms < least || ms > int64(1<<62)/int64(time.Millisecond) {
		return ErrBadValue
	}
	*d = time.Duration(ms) * time.Millisecond
	return nil
}

func positive(n *int, s string) error {
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 || v > 1<<31-1 {
		return ErrBadValue
	}
	*n = v
	return nil
}

// reconnect has the primary and its replicas see the new credentials.
func (g *group) reconnect() {
	for i := range g.everyone {
		if i.kind != Sentinel {
			i.link.reset()
		}
	}
}

// setGlobal changes the settings of the sentinel itself.
func (m *Monitor) setGlobal(s Global) {
	relink := s.User != m.global.User || s.Pass != m.global.Pass
	m.global = s
	if relink {
		for _, g := range m.inOrder() {
			for _, i := range g.sentinels {
				if i.link.owners[0] == i {
					i.link.reset()
				}
			}
		}
	}
	m.do(Save{})
}

// start begins a failover that an operator asks for. The answer comes when the group has agreed to it.
func (m *Monitor) start(ev StartFailover) {
	g := m.groups[ev.Name]
	err := ErrNoSuchPrimary
	var p *ledger.Primary
	if g != nil {
		p, err = g.agreed(), nil
		switch {
		case g.failover() != nil || g.asking:
			err = ErrInProgress
		case ev.Coordinated && g.primary.whyNoHandOver() != "":
			err = ErrNoGoodPrimary
		case g.choose(0).best == nil:
			err = ErrNoGoodReplica
		case p == nil || !m.standing.InContact || !m.standing.Voter:
			err = ErrNoQuorum
		}
	}
	if err != nil {
		m.do(Answer{Req: ev.Req, Err: err})
		return
	}
	kind := ledger.Forced
	if ev.Coordinated {
		kind = ledger.Coordinated
	}
	g.asking = true
	m.propose(func(err error) {
		g.asking = false
		if g.driving() == nil && err == nil {
			err = ErrInProgress // somebody was faster
		} else if err != nil && !errors.Is(err, ErrUnknownOutcome) {
			err = ErrNoQuorum
		}
		m.do(Answer{Req: ev.Req, Err: err})
	}, &ledger.Intent{Ref: p.Ref, Kind: kind, EpochSeen: g.epochSeen()})
}

// askVote answers stock Sentinel's question. A vote is given once an epoch. Where there is a group, its sentinels vote
// for themselves alone: a stock sentinel that could win an election would be a second authority.
func (m *Monitor) askVote(ev AskVote) Vote {
	v := Vote{Leader: "*"}
	for _, g := range m.inOrder() {
		i := g.primary
		if !m.same(i.addr, ev.Addr) {
			continue
		}
		v.Down = i.down() && !m.tilted
		if ev.RunID == "*" {
			break
		}
		foreign := m.standing.Formed && ev.RunID != m.id
		if ev.Epoch < epochMax && !foreign {
			m.raise(ev.Epoch, g)
			if g.leaderEpoch < ev.Epoch && m.epoch <= ev.Epoch {
				g.vote(ev.RunID, ev.Epoch)
			}
		}
		if g.leader != "" {
			v.Leader, v.Epoch = g.leader, g.leaderEpoch
		}
		break
	}
	return v
}
