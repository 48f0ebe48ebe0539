package enginetest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
	"valkey/store"
)

// Start is the virtual time at which a Server begins.
var Start = time.UnixMilli(1_700_000_000_000)

// storeBytes is the address space of a Server's data; what a test stores is far less.
const storeBytes = 1 << 30

// Server is an engine with its store, clients that have no connection, and a clock that stands still between steps.
type Server struct {
	Engine *engine.Engine
	Store  *store.Store
	Config *configs.Config

	t       testing.TB
	elapsed time.Duration // since Start
	names   []string      // of the clients, in order
	clients map[string]*session.Client
	events  *session.Client // listens to keyspace events; nil before the first such step
	effects []string
	before  session.Stats // at the last stats step
	dirty   int64
	cut     cut
}

// New makes a server that has the commands of some families. At the end of the test it checks its store.
func New(t testing.TB, families ...[]engine.Command) *Server {
	t.Helper()
	config := configs.New()
	st, err := store.New(store.Options{
		Databases: int(config.Databases), HashSeed: [16]byte{1}, RandomSeed: 1, ReserveBytes: storeBytes,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, Store: st, Config: config, clients: make(map[string]*session.Client)}
	s.Engine = engine.New(engine.Options{
		Config: config, Store: st, Commands: command.NewTable(families...), Host: host{}, Seed: 1,
		Monotonic: func() int64 { return int64(s.elapsed) },
	})
	s.Engine.Begin(Start)
	t.Cleanup(func() {
		s.endCut()
		if err := st.Check(); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *Server) connect() *session.Client {
	c := &session.Client{}
	s.Engine.Connect(c)
	return c
}

// Client finds a client by its name in the scripts, connecting it when it is first named.
func (s *Server) Client(name string) *session.Client {
	c := s.clients[name]
	if c == nil {
		c = s.connect()
		s.clients[name] = c
		s.names = append(s.names, name)
	}
	return c
}

// Now is the virtual time.
func (s *Server) Now() time.Time { return Start.Add(s.elapsed) }

// Do runs one command of the client c1 and gives its reply as text, "" for a client that is blocked.
func (s *Server) Do(args ...string) string {
	s.t.Helper()
	argv := make([][]byte, len(args))
	for i, a := range args {
		argv[i] = []byte(a)
	}
	c := s.Client("c1")
	s.Exec(c, argv)
	return strings.Join(s.taken(c), "\n")
}

// Exec runs one command of a client; its reply is in the client's buffer. The arguments are destroyed afterwards, as
// a read buffer's are.
func (s *Server) Exec(c *session.Client, argv [][]byte) {
	s.Engine.Lock()
	defer s.Engine.Unlock()
	s.Engine.Begin(s.Now())
	batch := []engine.Prepared{{Client: c, Argv: argv}}
	s.Engine.Prepare(batch)
	s.Engine.Execute(&batch[0])
	for _, a := range argv {
		for i := range a {
			a[i] = '?'
		}
	}
	s.Engine.After()
}

// Advance lets time pass, then runs what is due.
func (s *Server) Advance(d time.Duration) {
	s.Engine.Lock()
	defer s.Engine.Unlock()
	s.elapsed += d
	s.Engine.Begin(s.Now())
	s.Engine.Cron()
	s.Engine.After()
}

// Step runs one step of a script and gives its output; see the package's doc.
func (s *Server) Step(verb, input string) string {
	s.t.Helper()
	var out []string
	for line := range strings.Lines(input) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		switch verb {
		case "run", "effects", "events", "all":
			out = append(out, s.line(verb, line)...)
		case "advance":
			d, err := time.ParseDuration(line)
			if err != nil {
				s.t.Fatal(err)
			}
			s.Advance(d)
			out = append(out, s.unasked()...)
		case "config":
			name, value, _ := strings.Cut(line, " ")
			if err := s.Config.Set([]configs.Setting{{Name: name, Value: value}}, configs.Situation{}); err != nil {
				out = append(out, err.Error())
			}
			s.Engine.SetAging()
			if name == "requirepass" {
				s.Engine.Users.SetPassword(value)
			}
		default:
			s.t.Fatalf("enginetest: unknown step %q", verb)
		}
	}
	switch verb {
	case "stats":
		out = append(out, s.stats())
	case "hold":
		s.Engine.SetActiveExpire(false)
	}
	if len(out) == 0 {
		return ""
	}
	return strings.Join(out, "\n") + "\n"
}

// line runs a line of a script.
func (s *Server) line(verb, line string) []string {
	name := "c1"
	if who, rest, ok := strings.Cut(line, ": "); ok && !strings.ContainsAny(who, ` "'`) {
		name, line = who, rest
	}
	argv, ok := resp.SplitWords([]byte(line), nil)
	if !ok {
		s.t.Fatalf("enginetest: unbalanced quotes: %s", line)
	}
	if verb == "events" || verb == "all" {
		s.listen()
		defer s.deafen()
	}
	if verb == "effects" || verb == "all" {
		s.Engine.AOF, s.Engine.Replicas = (*sink)(s), (*replicaSink)(s)
		defer func() { s.Engine.AOF, s.Engine.Replicas = nil, nil }()
	}
	c := s.Client(name)
	s.Engine.Lock()
	s.nextCut()
	s.Engine.Unlock()
	s.Exec(c, argv)
	out := s.taken(c)
	out = append(out, s.heard()...)
	out = append(out, s.effects...)
	s.effects = nil
	return append(out, s.unasked()...)
}

// taken takes what was sent to a client.
func (s *Server) taken(c *session.Client) []string {
	out := replies(c.W.Buf)
	c.W.Buf = c.W.Buf[:0]
	return out
}

// unasked takes what was sent to any client by now.
func (s *Server) unasked() []string {
	var out []string
	for _, name := range s.names {
		for _, text := range s.taken(s.clients[name]) {
			out = append(out, name+" <- "+text)
		}
	}
	return out
}

// stats tells what has been counted since it was last called.
func (s *Server) stats() string {
	now, was := &s.Engine.Stats, &s.before
	text := fmt.Sprintf("hits %d, misses %d, expired %d, evicted %d, changes %d",
		now.KeyspaceHits-was.KeyspaceHits, now.KeyspaceMisses-was.KeyspaceMisses, now.ExpiredKeys-was.ExpiredKeys,
		now.EvictedKeys-was.EvictedKeys, s.Engine.Dirty-s.dirty)
	s.before, s.dirty = *now, s.Engine.Dirty
	return text
}

const eventPattern = "__keyevent@*"

func (s *Server) listen() {
	s.Config.NotifyKeyspaceEvents = configs.NotifyKeyevent | configs.NotifyAll | configs.NotifyNew | configs.NotifyKeyMiss
	if s.events == nil {
		s.events = s.connect()
	}
	c := session.Call{Front: &s.Engine.Front, Client: s.events, Reply: &s.events.W}
	c.Subscribe(session.Pattern, []byte(eventPattern))
	s.taken(s.events)
}

func (s *Server) deafen() {
	s.Config.NotifyKeyspaceEvents = 0
	c := session.Call{Front: &s.Engine.Front, Client: s.events, Reply: &s.events.W}
	c.Unsubscribe(session.Pattern, []byte(eventPattern))
	s.taken(s.events)
}

// heard takes the events: the pushes are pattern, pattern, channel and key.
func (s *Server) heard() []string {
	if s.events == nil {
		return nil
	}
	var out []string
	for _, text := range s.taken(s.events) {
		words := strings.Split(strings.Trim(text, "[]"), ", ")
		channel, _ := strconv.Unquote(words[2])
		db, event, _ := strings.Cut(strings.TrimPrefix(channel, "__keyevent@"), "__:")
		out = append(out, "! "+db+" "+event+" "+strings.Join(words[3:], ", "))
	}
	return out
}

// sink keeps effects for the append-only file as lines.
type sink Server

// Append is engine.EffectSink's.
func (s *sink) Append(db int, wire []byte) { s.effects = append(s.effects, effectLine(db, wire)) }

// replicaSink keeps those effects that only replicas get, marked.
type replicaSink Server

// Append is engine.EffectSink's.
func (s *replicaSink) Append(db int, wire []byte) {
	if text := effectLine(db, wire); len(s.effects) == 0 || s.effects[len(s.effects)-1] != text {
		s.effects = append(s.effects, text+" (replicas)")
	}
}

func effectLine(db int, wire []byte) string {
	argv := Words(wire)
	text := string(bytes.Join(quoted(argv), []byte(" ")))
	if db == engine.AnyDB {
		return "> " + text
	}
	return "> " + strconv.Itoa(db) + " " + text
}

// Words takes one command in wire form apart.
func Words(wire []byte) [][]byte {
	r := resp.NewReader(bytes.NewReader(wire))
	v, err := r.Read()
	if err != nil {
		panic("BUG: an effect is no command: " + err.Error())
	}
	argv := make([][]byte, len(v.Elems))
	for i := range argv {
		argv[i] = []byte(v.Elems[i].Str)
	}
	return argv
}

// quoted puts those arguments into quotes that need it.
func quoted(argv [][]byte) [][]byte {
	out := slices.Clone(argv)
	for i, a := range out {
		if q := strconv.Quote(string(a)); len(a) == 0 || len(q) != len(a)+2 || bytes.IndexByte(a, ' ') >= 0 {
			out[i] = []byte(q)
		}
	}
	return out
}
