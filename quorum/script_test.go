package quorum_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/cockroachdb/datadriven"

	"valkey/internal/vfs"
	"valkey/quorum"
	"valkey/quorum/core"
)

// TestScripts runs the scripts in testdata on fleets in virtual time. A script's output is what happened, without the
// times and random names that say nothing.
//
//	fleet size=3 expect=3 [forget=1h] [seed=1]   a fleet, nobody started
//	start a b …       crash a b …      wipe a (its disk is lost)      pause a …     resume a …
//	cut a b           both ways        heal                           slow a 700ms  (its disk)
//	apart             two groups may form
//	expect a 5        what makes a group, as a sees it from now on
//	run 5s            formed           (until all that live agree on a leader)
//	propose a x       confirm a        remove a b     transfer a b    force a
//	status            members a        machine a
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &script{t: t}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.out.Reset()
			s.do(d)
			s.news()
			return s.out.String()
		})
	})
}

type script struct {
	t    *testing.T
	f    *fleet
	read int // events that were shown
	out  strings.Builder
	name map[string]string // of groups, in the order in which they come up
}

func (s *script) do(d *datadriven.TestData) {
	arg := func(i int) string { return d.CmdArgs[i].Key }
	each := func(do func(*node)) {
		for _, a := range d.CmdArgs {
			do(s.f.node(a.Key))
		}
	}
	switch d.Cmd {
	case "fleet":
		s.fleet(d)
	case "start":
		each((*node).start)
	case "crash":
		each((*node).crash)
	case "wipe":
		each(func(n *node) { n.mem = vfs.NewMem() })
	case "pause":
		each(func(n *node) { n.Stop() })
	case "resume":
		each(func(n *node) { n.Resume() })
	case "cut":
		s.f.cut[[2]string{arg(0), arg(1)}], s.f.cut[[2]string{arg(1), arg(0)}] = true, true
	case "apart":
		s.f.forced = true // two groups are what the script wants
	case "heal":
		clear(s.f.cut)
	case "slow":
		s.f.node(arg(0)).Slow = s.duration(arg(1))
	case "run":
		s.f.run(s.duration(arg(0)))
	case "formed":
		s.f.until(time.Minute, "all that live have one leader", s.agreed)
	case "expect":
		sentinels, err := strconv.Atoi(arg(1))
		if err != nil {
			d.Fatalf(s.t, "%v", err)
		}
		s.f.node(arg(0)).Step(core.Expect{Sentinels: sentinels})
	case "propose":
		n := s.f.node(arg(0))
		s.answered(func(done func(core.Answer)) { n.propose(arg(1), 0, done) })
	case "confirm":
		s.asked(arg(0), func(token any) core.Input { return core.Confirm{Token: token} })
	case "remove":
		s.asked(arg(0), func(token any) core.Input { return core.Remove{Token: token, At: s.f.wall(), ID: arg(1)} })
	case "transfer":
		s.asked(arg(0), func(token any) core.Input { return core.Transfer{Token: token, ID: arg(1)} })
	case "force":
		s.f.forced = true
		s.asked(arg(0), func(token any) core.Input { return core.Force{Token: token} })
	case "status":
		for _, n := range s.f.nodes {
			s.status(n)
		}
	case "members":
		for _, m := range s.f.node(arg(0)).Node.Members(s.f.Now) {
			fmt.Fprintf(&s.out, "%s voter=%v leading=%v leaving=%v\n", m.ID, m.Voter, m.Leading, m.Leaving)
		}
	case "machine":
		m := s.f.node(arg(0)).machine
		fmt.Fprintf(&s.out, "%q\n", strings.Split(string(m.Snapshot()[8:]), "\n"))
	default:
		d.Fatalf(s.t, "no such command")
	}
}

func (s *script) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *script) fleet(d *datadriven.TestData) {
	size, expect, seed, forget := 3, 3, 1, ""
	d.MaybeScanArgs(s.t, "size", &size)
	d.MaybeScanArgs(s.t, "expect", &expect)
	d.MaybeScanArgs(s.t, "seed", &seed)
	cryptotest.SetGlobalRandom(s.t, uint64(seed))
	s.f = newFleet(s.t, uint64(seed), size, expect)
	if d.MaybeScanArgs(s.t, "forget", &forget) {
		s.f.forget = s.duration(forget)
	}
	s.read, s.name = 0, map[string]string{}
}

// agreed reports whether all that live and are in a formed group have the same leader.
func (s *script) agreed() bool {
	leader := ""
	for _, n := range s.f.nodes {
		st := s.f.status(n)
		if !n.Alive() {
			continue
		}
		if !st.InContact || leader != "" && st.Leader != leader {
			return false
		}
		leader = st.Leader
	}
	return leader != ""
}

func (s *script) asked(id string, in func(any) core.Input) {
	n := s.f.node(id)
	s.answered(func(done func(core.Answer)) { n.Ask(in, done) })
}

// answered waits for an answer and writes it down.
func (s *script) answered(ask func(done func(core.Answer))) {
	began, done := s.f.Now, false
	ask(func(a core.Answer) {
		done = true
		switch {
		case a.Err != nil:
			fmt.Fprintf(&s.out, "%v", a.Err)
		case a.Result != nil:
			fmt.Fprintf(&s.out, "%v", a.Result)
		default:
			fmt.Fprint(&s.out, "ok")
		}
		if took := s.f.Now - began; took > time.Second {
			fmt.Fprintf(&s.out, " (after %.0f s)", took.Seconds())
		}
		fmt.Fprintln(&s.out)
	})
	s.f.until(10*time.Second, "an answer", func() bool { return done })
}

func (s *script) status(n *node) {
	st := s.f.status(n)
	switch {
	case !n.Up:
		fmt.Fprintf(&s.out, "%s: down\n", n.id)
	case n.Stopped:
		fmt.Fprintf(&s.out, "%s: paused\n", n.id)
	case !st.Formed:
		fmt.Fprintf(&s.out, "%s: not formed, pledged=%v removed=%v need=%d\n", n.id, st.Pledged, st.Removed, st.Need)
	default:
		fmt.Fprintf(&s.out, "%s: %s leader=%s contact=%v voters=%d learners=%d voter=%v", n.id, s.group(st.Group), st.Leader,
			st.InContact, st.Voters, st.Learners, st.Voter)
		if st.Frozen() {
			fmt.Fprintf(&s.out, " frozen by %s", s.group(st.Foreign))
		}
		fmt.Fprintln(&s.out)
	}
}

func (s *script) group(g quorum.GroupID) string {
	key := g.String()
	if s.name[key] == "" {
		s.name[key] = fmt.Sprintf("G%d", len(s.name)+1)
	}
	return s.name[key]
}

// news shows the events since the last command. Who leads is left to status: elections are chatty.
func (s *script) news() {
	if s.f == nil {
		return
	}
	for _, line := range s.f.said[s.read:] {
		_, text, _ := strings.Cut(line, "s ")
		if !strings.Contains(text, ": new leader") && !strings.Contains(text, ": no leader") {
			fmt.Fprintln(&s.out, "  "+text)
		}
	}
	s.read = len(s.f.said)
}
