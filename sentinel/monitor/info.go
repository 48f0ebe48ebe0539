package monitor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"valkey/sentinel/ledger"
)

// info takes in an INFO reply that had been asked for at a time.
func (i *instance) info(text string, askedAt time.Duration) {
	if len(text) > infoBytesMax {
		text = text[:infoBytesMax]
	}
	i.infoText, i.infoAt, i.infoAsked = text, i.m.now, askedAt
	i.linkDown, i.keepsData, i.epochAware, i.roleEpoch = 0, false, false, 0
	now := i.m.now
	var r role
	for line := range strings.SplitSeq(text, "\r\n") {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		switch key {
		case "run_id":
			i.ran(value)
		case "role":
			switch value {
			case "master":
				r = rolePrimary
			case "slave":
				r = roleReplica
			}
		case "master_link_down_since_seconds":
			seconds, _ := strconv.ParseInt(value, 10, 64)
			i.linkDown = max(1, time.Duration(seconds)) * time.Second // it is told only while down; -1: never up
		case "master_failover_state":
			busy := value != "no-failover"
			if busy != i.failingOver || !i.hasFailover {
				i.failSince = now
			}
			i.hasFailover, i.failingOver = true, busy
		case "connected_slaves":
			i.alone = value == "0"
		case "master_replid":
			i.replID = value
		case "master_replid2":
			i.replID2 = value
		case "second_repl_offset":
			i.secondEnd, _ = strconv.ParseInt(value, 10, 64)
		case "master_repl_offset":
			i.replEnd, _ = strconv.ParseUint(value, 10, 64)
		case "role_epoch":
			e, _ := strconv.ParseUint(value, 10, 64)
			i.epochAware, i.roleEpoch = true, ledger.Epoch(e)
		default:
			if r == roleReplica {
				i.replicaLine(key, value)
			}
			if i.kind == Primary && len(key) > 5 && strings.HasPrefix(key, "slave") && key[5] >= '0' && key[5] <= '9' {
				i.group.discover(value)
			}
		}
	}
	i.took(r)
}

// replicaLine reads what only a replica tells.
func (i *instance) replicaLine(key, value string) {
	switch key {
	case "master_host":
		if !strings.EqualFold(value, i.upHost) {
			i.upHost, i.upSince = value, i.m.now
		}
	case "master_port":
		if port, _ := strconv.Atoi(value); port != i.upPort {
			i.upPort, i.upSince = port, i.m.now
		}
	case "master_link_status":
		i.linkUp = value == "up"
	case "slave_priority":
		i.priority, _ = strconv.Atoi(value)
	case "replica_keeps_data_seconds":
		i.keepsData = true
	case "slave_repl_offset":
		i.offset, _ = strconv.ParseUint(value, 10, 64)
	case "replica_announced":
		i.announced = value != "0"
	}
}

// ran notices a process that is another one than before.
func (i *instance) ran(id string) {
	if len(id) < 40 {
		return
	}
	if id = id[:40]; i.runID == id {
		return
	}
	if i.runID != "" {
		i.m.event(Notice, "+reboot", i, "")
		if i.kind == Primary && i.group.rebootDownAfter != 0 {
			i.rebootSince = i.m.now
		}
	}
	i.runID = id
}

// took acts on what INFO said: first what is only noted, then what stock Sentinel leaves alone in TILT.
func (i *instance) took(r role) {
	if r != roleUnknown && r != i.role {
		i.roleSince = i.m.now
		i.role = r
		if r == roleReplica {
			i.upSince = i.m.now
		}
		name, word := "-role-change", "slave"
		if (r == rolePrimary) == (i.kind == Primary) {
			name = "+role-change"
		}
		if r == rolePrimary {
			word = "master"
		}
		i.m.event(Verbose, name, i, " new reported role is %s", word)
	}
	if i.kind == Primary {
		i.group.hear(i)
	}
	if i.kind == Replica && !i.m.tilted {
		i.correct()
	}
}

// hear takes in which history the primary has: the name of what its replicas may hold. One that follows another has
// that one's. Whom only this sentinel takes for the primary, as its file is old, does not count: it may have been
// reborn without its data.
func (g *group) hear(p *instance) {
	agreed := g.agreed()
	if agreed != nil && g.m.same(agreed.Addr, p.addr) && p.replID != "" && len(p.replID) <= ledger.LineageBytesMax {
		g.heard = p.replID
	}
}

// news is a history of the primary that is not agreed yet, "" for none.
func (g *group) news(p *ledger.Primary) string {
	if slices.Contains(p.Lineages, g.heard) {
		return ""
	}
	return g.heard
}

// histories are the primary's, the latest first: the one that is not agreed yet, and those that are.
func (g *group) histories() []string {
	p := g.agreed()
	if p == nil {
		return nil
	}
	if id := g.news(p); id != "" {
		return append([]string{id}, p.Lineages...)
	}
	return p.Lineages
}

// discover adds a replica that the primary names, in the form ip=...,port=... or the old ip,port,state.
func (g *group) discover(value string) {
	host, port := "", ""
	fields := strings.Split(value, ",")
	if strings.Contains(value, "ip=") {
		for _, f := range fields {
			if v, ok := strings.CutPrefix(f, "ip="); ok {
				host = v
			}
			if v, ok := strings.CutPrefix(f, "port="); ok {
				port = v
			}
		}
	} else if len(fields) >= 3 {
		host, port = fields[0], fields[1]
	}
	n, err := strconv.Atoi(port)
	a := ledger.Addr{Host: host, Port: n}
	if err != nil || host == "" || len(host) > hostBytesMax || n < 1 || n > 65535 ||
		g.replica(a) != nil || len(g.replicas) >= replicasMax {
		return
	}
	if isName(host) && !g.m.global.ResolveHostnames {
		return
	}
	i := g.addReplica(a)
	g.m.event(Notice, "+slave", i, "")
	g.m.do(Save{})
}

// correct brings a replica back that has turned primary, follows another primary, or is stuck in a FAILOVER of its
// own, once it has been so for long enough that no failover can be the reason. It is done in the group's name, as every
// order is: once the group has confirmed that no newer address has been agreed.
func (i *instance) correct() {
	if i.correcting || i.wrong() == "" {
		return
	}
	i.correcting = true
	i.m.confirm(func(err error) {
		i.correcting = false
		if err == nil && i.m.links[i.link.id] != nil && i.kind == Replica {
			i.amend()
		}
	})
}

// wrong is the event of the correction that the replica needs, "" for none. A sentinel that does not belong to those
// who decide may have been left behind with an address of long ago: to it, nothing is wrong.
func (i *instance) wrong() string {
	g, now, s := i.group, i.m.now, i.m.standing
	if !s.Voter || !s.InContact || g.agreed() == nil || g.failover() != nil || i.m.tilted || !g.sane() {
		return ""
	}
	event, since, patience := "", time.Duration(0), g.failoverTimeout
	switch {
	case i.role == rolePrimary:
		event, since, patience = "+convert-to-slave", i.roleSince, 4*i.m.timings.PublishPeriod
	case i.failingOver:
		event, since = "+fix-slave-config", i.failSince
	case !i.m.same(ledger.Addr{Host: i.upHost, Port: i.upPort}, g.primary.addr):
		event, since = "+fix-slave-config", i.upSince
	}
	if event == "" || i.infoAt == 0 || now-since <= patience || !i.upFor(patience) {
		return ""
	}
	return event
}

// amend tells the replica whom to follow, unless it obeys somebody who knows more than the group does.
func (i *instance) amend() {
	event, agreed := i.wrong(), i.m.agreedEpoch
	if event == "" {
		return
	}
	if why := i.group.otherAuthority(); why != "" {
		i.refrain("not corrected", why)
		return
	}
	if i.roleEpoch > agreed {
		i.refrain("not corrected", fmt.Sprintf("it obeyed epoch %d, and the group has agreed on none above %d; "+
			"REPLICAOF by hand settles it, and so does SENTINEL FAILOVER", i.roleEpoch, agreed))
		return
	}
	if !i.order(&i.group.primary.addr, agreed) {
		return
	}
	i.m.event(Notice, event, i, "")
	// Whatever it says next begins a new period of patience, so that it is not told again at each INFO.
	i.roleSince, i.upSince, i.failSince = i.m.now, i.m.now, i.m.now
}

// sane tells whether the primary is one in every respect, so that others may be bent to it.
func (g *group) sane() bool {
	p := g.primary
	return p.role == rolePrimary && !p.down() && !g.agreedDown() &&
		p.infoAt != 0 && g.m.now-p.infoAt < 2*g.m.timings.InfoPeriod
}

// upFor tells whether the instance has not been down lately.
func (i *instance) upFor(d time.Duration) bool {
	return !i.down() && (i.lastDown == 0 || i.m.now-i.lastDown > d)
}
