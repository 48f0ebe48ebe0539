package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
	"valkey/server/engine/enginetest"
	"valkey/store"
)

// shift is a command that waits for a key, takes it away and passes its value on to another one.
var shift = engine.Command{
	Spec: command.Spec{
		Name: "shift", Group: command.GroupGeneric, Since: "1.0.0", Complexity: "O(1)", Summary: "Shifts a value.",
		Arity: 3, Flags: command.Write | command.Blocking,
		Keys: []command.KeySpec{
			command.KeyAt(1, command.RW, command.Access|command.Delete), command.KeyAt(2, command.OW, command.Update),
		},
		Args: []command.Arg{command.KeyArg("source", 0), command.KeyArg("destination", 1)},
	},
	Run: func(c *engine.Call) error {
		from, to := c.Key(1), c.Key(2)
		en := c.Find(from)
		if !en.Exists() {
			c.Block(engine.BlockOptions{
				Kind: session.BlockKeys, Keys: []int{1}, TimedOut: func(w *resp.Writer) { w.Null() },
			})
			return nil
		}
		var scratch [20]byte
		value := bytes.Clone(en.Bytes(&scratch))
		c.Delete(from)
		c.SetString(to, c.Find(to), value, store.NoExpire)
		c.Reply.OK()
		return nil
	},
}

// TestWaitsThatServeEachOther lets one SET set off a chain of waiting clients, each of which writes what the next one
// waits for: the chain may be of any length, and each link is an effect of its own.
func TestWaitsThatServeEachOther(t *testing.T) {
	const links = 20
	s := enginetest.New(t, append(slices.Clip(families), []engine.Command{shift})...)
	for i := range links {
		s.Step("run", fmt.Sprintf("w%d: SHIFT k%d k%d", i, i, i+1))
	}
	out := s.Step("effects", "SET k0 v")
	var want strings.Builder
	want.WriteString("OK\n> 0 SET k0 v\n")
	for i := range links {
		fmt.Fprintf(&want, "> 0 SHIFT k%d k%d\n", i, i+1)
	}
	for i := range links {
		fmt.Fprintf(&want, "w%d <- OK\n", i)
	}
	if out != want.String() {
		t.Errorf("got\n%s\nwant\n%s", out, want.String())
	}
	if got := s.Do("GET", fmt.Sprintf("k%d", links)); got != `"v"` {
		t.Errorf("the end of the chain holds %s", got)
	}
}

// TestEndOfWaitIsAReply: CLIENT REPLY holds it back as it does any other.
func TestEndOfWaitIsAReply(t *testing.T) {
	for _, end := range []string{"timeout", "UNBLOCK TIMEOUT", "UNBLOCK ERROR"} {
		for _, mode := range []string{"OFF", "SKIP"} {
			t.Run(mode+" "+end, func(t *testing.T) {
				s := enginetest.New(t, families...)
				s.Step("run", "w: CLIENT REPLY "+mode+"\nw: WAIT 1 1000")
				if end == "timeout" {
					s.Advance(2 * time.Second)
				} else {
					verb, how, _ := strings.Cut(end, " ")
					s.Do("CLIENT", verb, fmt.Sprint(s.Client("w").ID), how)
				}
				if s.Client("w").Block != nil {
					t.Fatal("it still waits")
				}
				got := strings.Fields(s.Step("run", "w: PING"))
				switch {
				case mode == "OFF" && len(got) > 0:
					t.Errorf("CLIENT REPLY OFF let pass %q", got)
				case mode == "SKIP" && (len(got) != 1 || got[0] != "PONG"):
					t.Errorf("after CLIENT REPLY SKIP and WAIT, PING: %q", got)
				}
			})
		}
	}
}

// TestWaitsLeaveNothingBehind: a wait that ended early is forgotten with its deadline, which may be years ahead.
func TestWaitsLeaveNothingBehind(t *testing.T) {
	s := enginetest.New(t, families...)
	for range 100 {
		s.Step("run", "w: WAIT 1 1000000000")
		s.Do("CLIENT", "UNBLOCK", fmt.Sprint(s.Client("w").ID))
		s.Step("run", "w: PING")
	}
	if n := s.Engine.Deadlines(); n != 0 {
		t.Errorf("%d deadlines are kept", n)
	}
	s.Step("run", "a: WAIT 1 30\nb: WAIT 1 10\nc: WAIT 1 20\nd: WAIT 1 0")
	s.Do("CLIENT", "UNBLOCK", fmt.Sprint(s.Client("c").ID))
	if _, _, n := s.Engine.BlockedCounts(); n != 2 || s.Engine.Deadlines() != 2 {
		t.Errorf("%d clients wait with a deadline, %d deadlines are kept", n, s.Engine.Deadlines())
	}
	want := "c <- (integer) 0\nb <- (integer) 0\na <- (integer) 0\n"
	if got := s.Step("advance", "1ms\n10ms\n20ms"); got != want {
		t.Errorf("the waits end with %q, want %q", got, want)
	}
}

// TestWaitsEndInAnyOrder ends waits by CLIENT UNBLOCK, a lost connection and the deadline, in an order of no meaning.
func TestWaitsEndInAnyOrder(t *testing.T) {
	const clients = 200
	s := enginetest.New(t, families...)
	names := make([]string, clients)
	for i := range names {
		names[i] = fmt.Sprintf("w%d", i)
		s.Step("run", fmt.Sprintf("%s: WAIT 1 %d", names[i], 10+i%7))
	}
	r := rand.New(rand.NewPCG(1, 1))
	r.Shuffle(clients, func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i, name := range names[:clients/2] {
		if c := s.Client(name); i%2 == 0 {
			s.Engine.Disconnect(c)
		} else {
			s.Do("CLIENT", "UNBLOCK", fmt.Sprint(c.ID))
		}
		s.Engine.CheckReplicaWaits()
	}
	if n, _, timed := s.Engine.BlockedCounts(); n != clients/2 || timed != clients/2 {
		t.Errorf("%d clients wait, %d with a deadline", n, timed)
	}
	s.Advance(time.Second)
	if n, _, timed := s.Engine.BlockedCounts(); n != 0 || timed != 0 {
		t.Errorf("%d clients wait, %d with a deadline", n, timed)
	}
	for _, name := range names[clients/2:] {
		if got := string(s.Client(name).W.Buf); got != ":0\r\n" {
			t.Fatalf("%s got %q", name, got)
		}
	}
}

// TestPostponedAgain has the first command that goes on after a pause begin another one: those behind it are held back
// again, and lose neither their order nor, if they left meanwhile, anything else.
func TestPostponedAgain(t *testing.T) {
	s := enginetest.New(t, families...)
	s.Step("run", "a: MULTI\na: SET n 10\na: CLIENT PAUSE 1000 WRITE")
	s.Do("CLIENT", "PAUSE", "1000", "WRITE")
	s.Step("run", "a: EXEC\nb: INCR n\nc: INCR n\nd: APPEND n 0")
	s.Do("CLIENT", "UNPAUSE")
	if got := s.Do("GET", "n"); got != `"10"` {
		t.Errorf("n is %s during the second pause", got)
	}
	if n, _, _ := s.Engine.BlockedCounts(); n != 3 {
		t.Errorf("%d clients are held back", n)
	}
	s.Engine.Disconnect(s.Client("c"))
	s.Advance(time.Second)
	if n, _, _ := s.Engine.BlockedCounts(); n != 0 {
		t.Errorf("%d clients are held back", n)
	}
	if got := s.Do("GET", "n"); got != `"110"` {
		t.Errorf("n is %s in the end", got)
	}
}

// TestHeldThroughDemotion: who comes to a primary that hands over is held, also when it is a replica already, until
// the last pause ends.
func TestHeldThroughDemotion(t *testing.T) {
	s := enginetest.New(t, families...)
	s.Do("CLIENT", "PAUSE", "1000", "WRITE")
	s.Engine.PauseFor(engine.PauseForFailover)
	s.Engine.SetGate(engine.GateReplica, true)
	s.Engine.HoldWriters()
	s.Step("run", "a: SET n 10")
	s.Engine.UnpauseFor(engine.PauseForFailover)
	s.Step("run", "b: SET n 20")
	if n, _, _ := s.Engine.BlockedCounts(); n != 2 {
		t.Errorf("%d clients are held back", n)
	}
	s.Do("CLIENT", "UNPAUSE")
	s.Advance(0)
	for _, name := range []string{"a", "b"} {
		if got := string(s.Client(name).W.Buf); got != "-"+string(engine.ErrReadOnly)+"\r\n" {
			t.Errorf("%s got %q", name, got)
		}
	}
	s.Do("CLIENT", "PAUSE", "1000", "WRITE")
	if got := s.Do("SET", "n", "30"); got != "(error) "+string(engine.ErrReadOnly) {
		t.Errorf("a paused replica that hands nothing over: %s", got)
	}
}
