package monitor

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"valkey/sentinel/ledger"
)

// TestScripts runs testdata. One sentinel, S1, is driven by hand: `advance 5s` lets time pass with a Tick at each
// deadline, the instances answer only what a script has them answer, and every line of output is an action, in order.
//
//	new [key=value ...]         a monitor without primaries
//	watch m 10.0.0.1:6379       an operator's MONITOR, with quorum=2
//	live 10.0.0.1:6379 ...      connections to these come up at once, and PING is answered with PONG until `dead`
//	info 10.0.0.1:6379          the next INFO is answered with the lines of the input; `always` for every one after it
//	join leader=S1 S1 S2 S3     the group is formed, and proposals are applied; without a leader nothing is
//	by S2: report m             an entry of another sentinel, in the ledger's script language of a few verbs
//	restore 2                   the ledger is replaced by one that has the first two entries alone
//	hello, vote, ask, record... see the switch
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		e := &env{t: t}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			e.t, e.out = t, nil
			e.command(d)
			if len(e.out) == 0 {
				return ""
			}
			return strings.Join(e.out, "\n") + "\n"
		})
	})
}

// env is a monitor, a ledger, and instances that answer as they are told.
type env struct {
	t     *testing.T
	now   time.Duration
	mon   *Monitor
	book  *ledger.Ledger
	out   []string
	quiet []string // what is not printed, by its beginning

	live   map[string]string // address to what PING is answered with
	infos  map[string]string // address to what INFO is answered with
	at     map[LinkID]string // where links lead
	queue  []Event           // what comes in next
	leader string
	log    []entry
	hold   bool    // confirmations are held back
	held   []Event // those
	req    uint64
}

// entry is one that the group has agreed on.
type entry struct {
	by   string
	data []byte
}

func (e *env) print(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if !slices.ContainsFunc(e.quiet, func(q string) bool { return strings.HasPrefix(line, q) }) {
		e.out = append(e.out, line)
	}
}

func (e *env) step(ev Event) {
	e.queue = append(e.queue, ev)
	for len(e.queue) > 0 {
		next := e.queue[0]
		e.queue = e.queue[1:]
		for _, a := range e.mon.Step(next, e.now) {
			e.act(a)
		}
	}
}

func (e *env) advance(d time.Duration) {
	for end := e.now + d; e.now < end; {
		next := end
		if at := e.mon.Deadline(); at != 0 {
			next = min(end, max(at, e.now))
		}
		e.now = next
		e.step(Tick{})
	}
}

func (e *env) act(a Action) {
	switch a := a.(type) {
	case Connect:
		e.at[a.Link] = a.Addr.String()
		e.print("connect %s %s %v", a.Addr, connNames[a.Conn], a.Setup)
		if _, ok := e.live[a.Addr.String()]; ok {
			e.queue = append(e.queue, LinkUp{Link: a.Link, Conn: a.Conn, LocalIP: "10.0.9.1"})
		} else {
			e.queue = append(e.queue, LinkDown{Link: a.Link, Conn: a.Conn, Reason: "refused"})
		}
	case Disconnect:
		e.print("disconnect %s %s", e.at[a.Link], connNames[a.Conn])
	case Send:
		e.sent(a)
	case Propose:
		e.proposed(a)
	case Confirm:
		e.print("confirm")
		if e.hold {
			e.held = append(e.held, Confirmed{ID: a.ID})
		} else {
			e.queue = append(e.queue, Confirmed{ID: a.ID})
		}
	case Emit:
		e.print("%s %s", a.Name, a.Payload)
	case Note:
		e.print("note: %s", a.Text)
	case Script:
		e.print("script %s %q", a.Path, a.Args)
	case Save:
		e.print("save")
	case Resolve:
		e.print("resolve %s", a.Host)
	case Answer:
		e.print("answer: %v %+v", a.Err, a.Vote)
	case Crash:
		e.print("crash")
	}
}

var connNames = [...]string{"commands", "pubsub"}

func (e *env) sent(a Send) {
	addr := e.at[a.Link]
	e.print("send %s %v", addr, a.Commands)
	switch strings.ToUpper(a.Commands[0][0]) {
	case "PING":
		if text := e.live[addr]; text != "" {
			e.queue = append(e.queue, Reply{Link: a.Link, Seq: a.Seq, Text: text})
		}
	case "INFO":
		if text, ok := e.infos[addr]; ok {
			e.queue = append(e.queue, Reply{Link: a.Link, Seq: a.Seq, Text: text})
		}
	case "SENTINEL":
		r := Reply{Link: a.Link, Seq: a.Seq, Text: e.infos["probe "+addr]}
		if r.Text == "" {
			r.Items = []string{"group-id", "1"}
		}
		e.queue = append(e.queue, r)
	case "MULTI":
		var items []string
		if text, ok := e.infos["exec "+addr]; ok {
			items = strings.Split(text, ",")
		}
		e.queue = append(e.queue, Reply{Link: a.Link, Seq: a.Seq, Items: items})
	default:
		e.queue = append(e.queue, Reply{Link: a.Link, Seq: a.Seq, Text: "OK"})
	}
}

func (e *env) proposed(a Propose) {
	records, err := ledger.Decode(a.Data)
	if err != nil {
		e.t.Fatal(err)
	}
	for _, r := range records {
		e.print("propose %s", recordText(r))
	}
	if e.leader == "" {
		e.queue = append(e.queue, Outcome{ID: a.ID, Err: errors.New("no quorum")})
		return
	}
	e.enter("S1", records...)
	e.queue = append(e.queue, Outcome{ID: a.ID})
}

// enter has the group agree on records.
func (e *env) enter(by string, records ...ledger.Record) {
	e.log = append(e.log, entry{by, ledger.Encode(records...)})
	r := e.book.Apply(e.book.Index()+1, time.Unix(0, 0), by, e.log[len(e.log)-1].data)
	if r.Err != nil {
		e.print("refused: %v", r.Err)
	}
	e.queue = append(e.queue, Applied{Epoch: e.book.Epoch(), Changes: r.Changes})
}

func recordText(r ledger.Record) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", r), "*ledger.") + strings.TrimPrefix(fmt.Sprintf("%+v", r), "&")
}

func address(s string) ledger.Addr {
	host, port, _ := strings.Cut(s, ":")
	n, _ := strconv.Atoi(port)
	return ledger.Addr{Host: host, Port: n}
}

// link finds the link to an address.
func (e *env) link(addr string) LinkID {
	for id, a := range e.at {
		if a == addr && e.mon.links[id] != nil {
			return id
		}
	}
	e.t.Fatalf("no link to %s", addr)
	return 0
}

func (e *env) command(d *datadriven.TestData) {
	var words []string
	opts := map[string]string{}
	for _, a := range d.CmdArgs {
		if len(a.Vals) == 1 {
			opts[a.Key] = a.Vals[0]
		} else {
			words = append(words, a.Key)
		}
	}
	switch d.Cmd {
	case "new":
		e.now, e.book = time.Second, ledger.New()
		e.live, e.infos, e.at = map[string]string{}, map[string]string{}, map[LinkID]string{}
		e.quiet = []string{"send 10.0.0.1:6379 [[PING", "save", "confirm", "connect", "-cmd-link", "-pubsub-link"}
		e.leader, e.log = "", nil
		e.mon = New(newConfig(opts), e.now)
	case "show":
		e.quiet = slices.DeleteFunc(e.quiet, func(q string) bool { return slices.Contains(words, q) })
	case "hide":
		for line := range strings.SplitSeq(d.Input, "\n") {
			e.quiet = append(e.quiet, line)
		}
	case "watch":
		e.ask(WatchPrimary{Req: e.next(), Name: words[0], Addr: address(words[1]), Quorum: number(opts["quorum"], 2)})
	case "advance":
		span, err := time.ParseDuration(words[0])
		if err != nil {
			e.t.Fatal(err)
		}
		e.advance(span)
	case "stall":
		span, _ := time.ParseDuration(words[0])
		e.now += span
		e.step(Tick{})
	case "live":
		for _, a := range words {
			e.live[a] = "PONG"
			if opts["ping"] != "" {
				e.live[a] = strings.ReplaceAll(opts["ping"], "_", " ")
			}
		}
	case "dead":
		for _, a := range words {
			delete(e.live, a)
			if opts["hang"] == "" {
				id := e.link(a)
				e.step(LinkDown{Link: id, Conn: Commands, Reason: "reset"})
				e.step(LinkDown{Link: id, Conn: PubSub, Reason: "reset"})
			} else {
				e.live[a] = ""
			}
		}
	case "broken": // both connections, pubsub first, by somebody who kills clients
		id := e.link(words[0])
		e.step(LinkDown{Link: id, Conn: PubSub, Reason: "reset"})
		e.step(LinkDown{Link: id, Conn: Commands, Reason: "reset"})
	case "info":
		e.infos[strings.Join(words, " ")] = strings.ReplaceAll(d.Input, "\n", "\r\n")
	default:
		e.agree(d, words, opts)
	}
}

// agree are what the group does.
func (e *env) agree(d *datadriven.TestData, words []string, opts map[string]string) {
	switch d.Cmd {
	case "join":
		e.leader = opts["leader"]
		s := Standing{
			Formed: true, Voter: opts["learner"] == "", Leader: e.leader, InContact: e.leader != "", Members: words,
			Frozen: opts["frozen"] != "",
		}
		if opts["removed"] != "" {
			s = Standing{Removed: true}
		}
		e.step(s)
	case "by":
		e.other(words)
	case "restore": // the first entries alone
		e.log, e.book = e.log[:number(words[0], 0)], ledger.New()
		for i, x := range e.log {
			e.book.Apply(uint64(i+1), time.Unix(0, 0), x.by, x.data)
		}
		e.step(Restored{Epoch: e.book.Epoch(), Primaries: e.book.Primaries()})
	case "hold":
		if e.hold = words[0] == "on"; !e.hold {
			e.queue, e.held = append(e.queue, e.held...), nil
			e.step(Tick{})
		}
	default:
		e.ask2(d, words, opts)
	}
}

// newConfig is what a script's sentinel has in its file.
func newConfig(opts map[string]string) Config {
	c := Config{ID: "S1", Global: Global{
		Port: 26379, DenyScriptsReconfig: opts["deny"] != "", ResolveHostnames: opts["resolve"] != "",
	}}
	if bound, err := strconv.ParseUint(opts["max-lag"], 10, 64); err == nil { // a file with two primaries
		c.Primaries = []Settings{{Name: "m", Addr: address("10.0.0.1:6379"), Quorum: 2, MaxLagBytes: bound},
			{Name: "n", Addr: address("10.0.0.9:6379"), Quorum: 2, MaxLagBytes: 1}}
	}
	if opts["replicas"] != "" { // a file that knows them
		s := Settings{Name: "m", Addr: address("10.0.0.1:6379"), Quorum: 1, DownAfter: time.Second}
		for a := range strings.SplitSeq(opts["replicas"], "/") {
			s.Replicas = append(s.Replicas, address(a))
		}
		c.Primaries = append(c.Primaries, s)
	}
	return c
}

// other enters a record of another sentinel: by S2 report m.
func (e *env) other(words []string) {
	p := e.book.Primary(words[2])
	var ref ledger.Ref
	var addr ledger.Addr
	var fence uint64
	if p != nil {
		ref, addr = p.Ref, p.Addr
		if p.Failover != nil {
			fence = p.Failover.Fence
		}
	}
	records := map[string]ledger.Record{
		"watch":    &ledger.Watch{Name: words[2], Addr: ledger.Addr{Host: "10.0.0.1", Port: 6379}},
		"unwatch":  &ledger.Unwatch{Ref: ref, Absent: words[3:]},
		"lineage":  &ledger.Lineage{Ref: ref, Addr: addr, ID: words[len(words)-1]},
		"report":   &ledger.Report{Ref: ref, Addr: addr, Reason: "no reply"},
		"withdraw": &ledger.Withdraw{Ref: ref},
		"intent":   &ledger.Intent{Ref: ref},
		"forced":   &ledger.Intent{Ref: ref, Kind: ledger.Forced},
		"takeover": &ledger.Takeover{Ref: ref, Fence: fence, Why: "test"},
		"promoted": &ledger.Promoted{Ref: ref, Fence: fence},
		"abort":    &ledger.Abort{Ref: ref, Fence: fence, Why: "slave-timeout"},
		"end":      &ledger.End{Ref: ref, Fence: fence},
	}
	r := records[words[1]]
	switch words[1] {
	case "down":
		r = &ledger.Down{Ref: ref, Quorum: 2, Counted: words[3:]}
	case "handover":
		r = &ledger.Candidate{Ref: ref, Fence: fence, Addr: address(words[3]), Way: ledger.HandOver}
	case "candidate":
		r = &ledger.Candidate{Ref: ref, Fence: fence, Addr: address(words[3])}
	}
	if r == nil {
		e.t.Fatalf("unknown record %v", words)
	}
	e.enter(words[0], r)
	e.step(Tick{})
}

func (e *env) next() uint64 {
	e.req++
	return e.req
}

func (e *env) ask(ev Event) { e.step(ev) }

func number(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return otherwise
}

// ask2 are the wishes of operators, and what commands read.
func (e *env) ask2(d *datadriven.TestData, words []string, opts map[string]string) {
	switch d.Cmd {
	case "restart": // with a file that has this address for the primary; then what was agreed comes in
		file := Settings{Name: words[0], Addr: address(words[1]), Quorum: 2, Notification: "/notify", Reconfig: "/reconf"}
		if opts["epoch"] != "" {
			file.ConfigEpoch = ledger.Epoch(number(opts["epoch"], 0))
		}
		e.mon = New(Config{ID: "S1", Global: Global{Port: 26379}, Primaries: []Settings{file}}, e.now)
		e.step(Restored{Epoch: e.book.Epoch(), Primaries: e.book.Primaries()})
	case "remove":
		e.ask(RemovePrimary{Req: e.next(), Name: words[0]})
	case "reset":
		e.ask(ResetPrimaries{Req: e.next(), Names: words})
	case "failover":
		e.ask(StartFailover{Req: e.next(), Name: words[0], Coordinated: len(words) > 1})
	case "set":
		o := Option{Name: words[1], Value: opts["value"], Value2: opts["value2"]}
		e.ask(SetPrimary{Req: e.next(), Name: words[0], Options: []Option{o}})
	case "simulate":
		e.ask(SimulateFailure{Req: e.next(), AfterElection: words[0] == "election", AfterPromotion: words[0] == "promotion"})
	case "timings":
		t := DefaultTimings()
		t.InfoPeriod = time.Duration(number(opts["info"], 10000)) * time.Millisecond
		e.ask(SetTimings{Req: e.next(), Timings: t})
	case "vote":
		e.ask(AskVote{
			Req: e.next(), Addr: address(words[0]), Epoch: ledger.Epoch(number(words[1], 0)), RunID: words[2],
		})
	case "hello":
		ev := HelloHeard{Payload: d.Input}
		if len(words) > 0 {
			ev.Link = e.link(words[0])
		}
		e.ask(ev)
	case "resolved":
		e.ask(Resolved{Host: words[0], IP: words[1]})
	case "address":
		a, ok := e.mon.Address(words[0])
		e.print("%s %t", a, ok)
	case "record", "replicas", "sentinels":
		var list [][]Field
		switch d.Cmd {
		case "record":
			r, _ := e.mon.Record(words[0])
			list = append(list, r)
		case "replicas":
			list, _ = e.mon.Replicas(words[0])
		case "sentinels":
			list, _ = e.mon.Sentinels(words[0])
		}
		for _, r := range list {
			var parts []string
			for _, f := range r {
				if len(words) == 1 || slices.Contains(words[1:], f.Name) {
					parts = append(parts, f.Name+"="+f.Value)
				}
			}
			e.print("%s", strings.Join(parts, " "))
		}
	case "usable":
		u, _ := e.mon.Usable(words[0])
		e.print("%+v", u)
	case "line":
		e.print("%s", e.mon.Line(words[0]))
	case "tilt":
		tilted, since, total := e.mon.Tilt()
		e.print("%t %v %d", tilted, since, total)
	case "state":
		s := e.mon.State()
		e.print("epoch %d", s.CurrentEpoch)
		for _, p := range s.Primaries {
			e.print("%s %s config-epoch %d leader-epoch %d replicas %v sentinels %v", p.Name, p.Addr, p.ConfigEpoch,
				p.LeaderEpoch, p.Replicas, p.Sentinels)
		}
	default:
		e.t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	}
}
