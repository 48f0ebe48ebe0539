package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
	"valkey/testenv/virtual"
)

// server is a fake data server: a role, a history with an offset, and the commands that sentinels send.
type server struct {
	w    *virtual.World
	n    *network
	of   string // the name that it was set up for
	at   string // host:port
	host string
	port int

	up     bool
	frozen bool
	runID  string

	primary   string // the address it follows, "" for a primary
	linkUp    bool
	linkSince time.Duration // it is down
	replID    string
	replID2   string
	secondEnd int64
	offset    uint64
	data      string // names the empty beginning of what it holds, as no server could
	priority  int

	aware     bool   // it refuses orders of an older epoch, as our servers do
	roleEpoch uint64 // the highest that it obeyed

	pausedUntil time.Duration
	failoverTo  string // a FAILOVER that goes on
	failoverEnd time.Duration
	followers   map[string]bool

	conns []*conn
	check *checker
}

func (s *server) addr() string  { return s.at }
func (s *server) running() bool { return s.up }
func (s *server) stopped() bool { return s.frozen }

// hex makes an id of 40 characters.
func hex(w *virtual.World) string {
	return fmt.Sprintf("%016x%016x%08x", w.Rand.Uint64(), w.Rand.Uint64(), w.Rand.Uint32())
}

// start begins the process: with what it had, or empty.
func (s *server) start(empty bool) {
	s.up, s.frozen, s.runID, s.roleEpoch = true, false, hex(s.w), 0
	s.pausedUntil, s.failoverTo, s.linkUp, s.linkSince = 0, "", false, s.w.Now
	s.followers = map[string]bool{}
	if empty {
		s.replID, s.replID2, s.secondEnd, s.offset, s.data = hex(s.w), "", -1, 0, hex(s.w)
	}
}

// kill ends the process; whoever is connected and in reach learns of it.
func (s *server) kill() {
	s.up, s.frozen = false, false
	s.breakConns("reset")
}

func (s *server) breakConns(reason string) {
	conns := s.conns
	s.conns = nil
	for _, c := range conns {
		if s.n.both(c.from.addr(), s.addr()) {
			s.w.After(s.n.latency(), func() { c.end(reason) })
		} else if !c.ended {
			s.conns = append(s.conns, c)
		}
	}
}

// replicate is what replication does in a moment: writes go into a primary, and replicas in reach get on.
func (s *server) replicate() {
	if !s.up || s.frozen {
		return
	}
	if s.primary == "" {
		if s.w.Now >= s.pausedUntil && s.failoverTo == "" {
			s.offset += s.w.Rand.Uint64N(50)
		}
		s.failover()
		return
	}
	p, _ := s.n.places[s.primary].(*server)
	if p == nil || !p.up || p.frozen || !s.n.both(s.addr(), p.addr()) || p == s {
		s.unlink()
		return
	}
	if !s.linkUp {
		if p.primary != "" && !p.linkUp || !s.w.Chance(3) {
			return // a replica that has no link itself serves nobody
		}
		s.sync(p)
	}
	if s.replID != p.replID {
		s.sync(p) // the upstream has taken another history
	}
	if p.offset > s.offset {
		s.offset += s.w.Rand.Uint64N(p.offset-s.offset+1) + min(20, p.offset-s.offset)
		s.offset = min(s.offset, p.offset)
	}
	p.followers[s.addr()] = true
}

func (s *server) unlink() {
	if s.linkUp {
		s.linkUp, s.linkSince = false, s.w.Now
	}
}

// sync continues the history that both share, or copies.
func (s *server) sync(p *server) {
	shared := s.replID == p.replID || p.replID2 == s.replID && int64(s.offset) <= p.secondEnd
	if !shared || s.offset > p.offset {
		s.check.lost += s.offset - min(s.offset, p.offset) // writes that were acknowledged
		s.offset = p.offset
	}
	s.replID, s.replID2, s.secondEnd, s.data = p.replID, p.replID2, p.secondEnd, p.data
	s.linkUp = true
}

// failover goes on with a FAILOVER once the target has everything, or gives it up.
func (s *server) failover() {
	if s.failoverTo == "" {
		return
	}
	t, _ := s.n.places[s.failoverTo].(*server)
	switch {
	case s.w.Now >= s.failoverEnd:
		s.failoverTo = ""
	case t != nil && t.up && !t.frozen && s.n.both(s.addr(), t.addr()) && t.primary == s.addr() && t.linkUp &&
		t.offset == s.offset && t.replID == s.replID:
		t.promote()
		s.failoverTo = ""
		s.follow(t.addr())
		s.w.Logf("%s handed over to %s", s.addr(), t.addr())
	}
}

// promote makes it a primary that goes on with its history under a new name.
func (s *server) promote() {
	if s.primary == "" {
		return
	}
	s.primary, s.replID2, s.secondEnd, s.replID = "", s.replID, int64(s.offset), hex(s.w)
	s.linkUp, s.followers = false, map[string]bool{}
}

func (s *server) follow(a string) {
	if s.primary != a {
		s.primary, s.linkUp, s.linkSince = a, false, s.w.Now
	}
	s.failoverTo = ""
}

// serve executes the commands of a sentinel.
func (s *server) serve(c *conn, seq uint64, commands [][]string) (monitor.Reply, bool) {
	r := monitor.Reply{Link: c.link, Seq: seq}
	for _, cmd := range commands {
		text := s.execute(c, cmd)
		if cmd[0] == "MULTI" || cmd[0] == "EXEC" {
			continue
		}
		if len(commands) == 1 {
			r.Text = text
		} else {
			r.Items = append(r.Items, text)
		}
	}
	return r, true
}

func (s *server) execute(c *conn, cmd []string) string {
	e := uint64(0)
	if cmd[0] == "SLAVEOF" {
		word, epoch, _ := strings.Cut(cmd[2], "/")
		e, _ = strconv.ParseUint(epoch, 10, 64)
		if s.aware && epoch != "" && e < s.roleEpoch {
			s.w.Logf("%s refuses %v after epoch %d", s.addr(), cmd, s.roleEpoch)
			return "-STALEEPOCH"
		}
		s.roleEpoch = max(s.roleEpoch, e)
		cmd = []string{cmd[0], cmd[1], word}
	}
	switch strings.Join(cmd[:min(2, len(cmd))], " ") {
	case "PING":
		return "PONG"
	case "INFO":
		return s.info()
	case "PUBLISH __sentinel__:hello":
		for _, o := range s.conns {
			if o.kind == monitor.PubSub && o.open && !o.ended {
				o.deliver(func() { o.from.heard(o, cmd[2]) })
			}
		}
		return "1"
	case "SLAVEOF NO":
		s.promote()
		s.check.promoted(s, c.from, ledger.Epoch(e))
	case "CLIENT PAUSE":
		ms, _ := strconv.Atoi(cmd[2])
		s.pausedUntil = s.w.Now + time.Duration(ms)*time.Millisecond
	case "CLIENT UNPAUSE":
		s.pausedUntil = 0
	case "FAILOVER TO":
		to := cmd[2] + ":" + cmd[3]
		ms, _ := strconv.Atoi(cmd[5])
		switch t, _ := s.n.places[to].(*server); {
		case s.primary != "":
			return "-ERR FAILOVER is not valid when server is a replica."
		case t == nil || !s.followers[to]:
			return "-ERR FAILOVER target HOST and PORT is not a replica."
		}
		s.failoverTo, s.failoverEnd = to, s.w.Now+time.Duration(ms)*time.Millisecond
	case "FAILOVER ABORT":
		s.failoverTo = ""
	default:
		if cmd[0] == "SLAVEOF" {
			s.follow(cmd[1] + ":" + cmd[2])
		}
	}
	return "OK"
}

func (s *server) info() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("run_id:%s", s.runID)
	state := "no-failover"
	if s.failoverTo != "" {
		state = "waiting-for-sync"
	}
	if s.primary == "" {
		line("role:master")
		n := 0
		for _, name := range sortedKeys(s.followers) {
			f, _ := s.n.places[name].(*server)
			if f.primary == s.addr() && f.linkUp {
				line("slave%d:ip=%s,port=%d,state=online,offset=%d,lag=0", n, f.host, f.port, f.offset)
				n++
			}
		}
	} else {
		host, port, _ := strings.Cut(s.primary, ":")
		line("role:slave")
		line("master_host:%s", host)
		line("master_port:%s", port)
		line("master_link_status:%s", map[bool]string{true: "up", false: "down"}[s.linkUp])
		line("slave_repl_offset:%d", s.offset)
		if !s.linkUp {
			line("master_link_down_since_seconds:%d", int((s.w.Now - s.linkSince).Seconds()))
		}
		line("slave_priority:%d", s.priority)
		line("replica_announced:1")
	}
	line("master_failover_state:%s", state)
	if s.aware {
		line("role_epoch:%d", s.roleEpoch)
	}
	line("master_replid:%s", s.replID)
	line("master_replid2:%s", s.replID2)
	line("master_repl_offset:%d", s.offset)
	line("second_repl_offset:%d", s.secondEnd)
	return b.String()
}
