package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"valkey/frontend/session"
	"valkey/internal/glob"
	"valkey/server/engine/enginetest"
)

// subscriptions is what TestPubSubModel expects: for each client the names that it listens to, by kind.
type subscriptions map[*session.Client]*[3]map[string]bool

func (m subscriptions) count(k session.Kind, name string) (n int) {
	for _, names := range m {
		if names[k][name] {
			n++
		}
	}
	return n
}

func (m subscriptions) receivers(channel string) (n int) {
	for _, names := range m {
		if names[session.Channel][channel] {
			n++
		}
		for pattern := range names[session.Pattern] {
			if glob.Match([]byte(pattern), []byte(channel)) {
				n++
			}
		}
	}
	return n
}

func TestPubSubModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := enginetest.New(t, families...)
	e, want := s.Engine, subscriptions{}
	names := [3][]string{{"a", "ab", "b", "c"}, {"a*", "*", "?", "[ab]", `\a`, "ab"}, {"a", "b"}}
	fresh := 0
	for range 5000 {
		if len(want) < 4 {
			c := s.Client(fmt.Sprintf("c%d", fresh))
			want[c] = &[3]map[string]bool{{}, {}, {}}
			fresh++
		}
		clients := slices.SortedFunc(mapKeys(want), func(a, b *session.Client) int { return int(a.ID) - int(b.ID) })
		c := clients[r.IntN(len(clients))]
		k := session.Kind(r.IntN(3))
		name := names[k][r.IntN(len(names[k]))]
		call := session.Call{Front: &e.Front, Client: c, Reply: &c.W}
		switch r.IntN(8) {
		case 0, 1, 2, 3:
			call.Subscribe(k, []byte(name))
			want[c][k][name] = true
		case 4, 5:
			call.Unsubscribe(k, []byte(name))
			delete(want[c][k], name)
		case 6:
			call.UnsubscribeAll(k)
			clear(want[c][k])
		case 7:
			e.Kill(c)
			delete(want, c)
		}
		channel := names[session.Channel][r.IntN(4)]
		if got := e.Publish([]byte(channel), []byte("m")); got != want.receivers(channel) {
			t.Fatalf("%s reaches %d, want %d", channel, got, want.receivers(channel))
		}
		if got := e.PubSub.Patterns.Subscribers([]byte("a*")); got != want.count(session.Pattern, "a*") {
			t.Fatalf("%d listen to a*", got)
		}
		if got := e.PublishShard([]byte("a"), nil); got != want.count(session.Shard, "a") {
			t.Fatalf("shard channel a reaches %d", got)
		}
		for _, c := range clients {
			c.W.Buf = c.W.Buf[:0]
		}
	}
	for c := range want {
		e.Kill(c)
	}
	if n := e.PubSub.Channels.Len() + e.PubSub.Patterns.Len() + e.PubSub.Shards.Len() + e.PubSub.Clients; n != 0 {
		t.Errorf("%d names or clients are left", n)
	}
}

func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// fanOut makes a server with subscribers of one channel, half of them with RESP3.
func fanOut(tb testing.TB, n int) (*enginetest.Server, []*session.Client) {
	tb.Helper()
	s := enginetest.New(tb, families...)
	clients := make([]*session.Client, n)
	for i := range clients {
		c := s.Client(fmt.Sprint("c", i))
		c.W.Proto = 2 + i%2
		call := session.Call{Front: &s.Engine.Front, Client: c, Reply: &c.W}
		call.Subscribe(session.Channel, []byte("news"))
		c.W.Buf = make([]byte, 0, 1<<10)
		clients[i] = c
	}
	return s, clients
}

func TestFanOutAllocatesNothing(t *testing.T) {
	s, clients := fanOut(t, 100)
	channel, message := []byte("news"), []byte("hello")
	n := testing.AllocsPerRun(100, func() {
		if s.Engine.Publish(channel, message) != len(clients) {
			t.Error("somebody got nothing")
		}
		for _, c := range clients {
			c.W.Buf = c.W.Buf[:0]
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFanOut10000(b *testing.B) {
	s, clients := fanOut(b, 10000)
	channel, message := []byte("news"), make([]byte, 100)
	for b.Loop() {
		s.Engine.Publish(channel, message)
		for _, c := range clients {
			c.W.Buf = c.W.Buf[:0]
		}
	}
}

func BenchmarkPublishPast1000Patterns(b *testing.B) {
	s := enginetest.New(b, families...)
	c := s.Client("c")
	call := session.Call{Front: &s.Engine.Front, Client: c, Reply: &c.W}
	for i := range 1000 {
		call.Subscribe(session.Pattern, fmt.Appendf(nil, "room:%d:*", i))
	}
	c.W.Buf = make([]byte, 0, 1<<10)
	channel := []byte("room:777:chat")
	for b.Loop() {
		s.Engine.Publish(channel, channel)
		c.W.Buf = c.W.Buf[:0]
	}
}
