//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"valkey/testenv"
)

// TestGoRedis drives the server through a client library that others use, in both protocols.
func TestGoRedis(t *testing.T) {
	s := testenv.Start(t, "--notify-keyspace-events", "KEA")
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *redis.Client)
	}{
		{"strings", goRedisStrings}, {"expiry", goRedisExpiry}, {"pipeline", goRedisPipeline},
		{"transactions", goRedisTransactions}, {"scan", goRedisScan}, {"pubsub", goRedisPubSub},
		{"events", goRedisEvents}, {"introspection", goRedisIntrospection}, {"password", goRedisPassword},
	} {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, protocol), func(t *testing.T) {
				c := redis.NewClient(&redis.Options{
					Addr: s.Addr, Protocol: protocol, ClientName: "e2e", PoolSize: 4, MaxRetries: -1,
				})
				t.Cleanup(func() { c.Close() })
				must(t, c.FlushAll(t.Context()).Err())
				tt.run(t, c)
			})
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is holds a command's reply to what it should be.
func is[V comparable](t *testing.T, cmd interface{ Result() (V, error) }, want V) {
	t.Helper()
	if got, err := cmd.Result(); err != nil || got != want {
		t.Fatalf("%v: got %v, %v", cmd, got, err)
	}
}

func goRedisStrings(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	binary, large := "\x00\xff\r\n", strings.Repeat("x", 8<<20)
	is(t, c.Set(ctx, binary, large, 0), "OK")
	if got := c.Get(ctx, binary).Val(); got != large {
		t.Fatalf("GET: %d bytes", len(got))
	}
	if err := c.Get(ctx, "none").Err(); !errors.Is(err, redis.Nil) {
		t.Fatalf("GET of nothing: %v", err)
	}
	is(t, c.SetArgs(ctx, binary, "v", redis.SetArgs{Mode: "XX", Get: true}), large)
	is(t, c.IncrBy(ctx, "n", 41), 41)
	is(t, c.IncrByFloat(ctx, "n", 0.5), 41.5)
	if err := c.Incr(ctx, "n").Err(); err == nil || err.Error() != "ERR value is not an integer or out of range" {
		t.Fatalf("INCR: %v", err)
	}
	is(t, c.MSetNX(ctx, "a", 1, "n", 2), false)
	is(t, c.Append(ctx, "a", "abc"), 3)
	is(t, c.GetDel(ctx, "a"), "abc")
	values, err := c.MGet(ctx, "a", "n").Result()
	if err != nil || !slices.Equal(values, []any{nil, "41.5"}) {
		t.Fatalf("MGET: %v, %v", values, err)
	}
	is(t, c.ObjectEncoding(ctx, "n"), "embstr")
}

func goRedisExpiry(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	is(t, c.Set(ctx, "k", "v", time.Hour), "OK")
	is(t, c.ExpireGT(ctx, "k", time.Minute), false)
	is(t, c.ExpireLT(ctx, "k", time.Minute), true)
	if ttl := c.TTL(ctx, "k").Val(); ttl <= 0 || ttl > time.Minute {
		t.Fatalf("TTL: %v", ttl)
	}
	is(t, c.Persist(ctx, "k"), true)
	is(t, c.TTL(ctx, "k"), -1)
	is(t, c.TTL(ctx, "none"), -2)
	is(t, c.PExpire(ctx, "k", -time.Millisecond), true)
	is(t, c.Exists(ctx, "k"), 0)
}

func goRedisPipeline(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	const n = 2000
	cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for range n {
			p.Incr(ctx, "n")
		}
		p.Do(ctx, "NOSUCH", "x")
		return nil
	})
	if len(cmds) != n+1 || err == nil || err.Error() != "ERR unknown command 'NOSUCH', with args beginning with: 'x' " {
		t.Fatalf("%d replies, %v", len(cmds), err)
	}
	is(t, cmds[n-1].(*redis.IntCmd), n)
}

// goRedisTransactions counts up with WATCH from several goroutines: none of the steps may be lost.
func goRedisTransactions(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	const workers, steps = 4, 25
	count := func(tx *redis.Tx) error {
		n, err := tx.Get(ctx, "n").Int()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, "n", n+1, 0).Err() })
		return err
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for done := 0; done < steps && ctx.Err() == nil; {
				switch err := c.Watch(ctx, count, "n"); {
				case err == nil:
					done++
				case !errors.Is(err, redis.TxFailedErr):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	is(t, c.Get(ctx, "n"), fmt.Sprint(workers*steps))
	_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, "n", 0, 0)
		return p.Do(ctx, "NOSUCH").Err()
	})
	if err == nil || !strings.HasPrefix(err.Error(), "EXECABORT") {
		t.Fatalf("a transaction with an unknown command: %v", err)
	}
}

func goRedisScan(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	const n = 500
	pairs := make([]any, 0, 2*n)
	for i := range n {
		pairs = append(pairs, fmt.Sprint("key:", i), i)
	}
	must(t, c.MSet(ctx, append(pairs, "other", 1)...).Err())
	seen := map[string]bool{}
	it := c.Scan(ctx, 0, "key:*", 7).Iterator()
	for it.Next(ctx) {
		seen[it.Val()] = true
	}
	must(t, it.Err())
	if len(seen) != n {
		t.Fatalf("SCAN found %d of %d keys", len(seen), n)
	}
}

// goRedisPubSub kills the subscriber's connection too: the library must find its way back.
func goRedisPubSub(t *testing.T, c *redis.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	sub := c.Subscribe(ctx, "news")
	defer sub.Close()
	must(t, sub.PSubscribe(ctx, "n*"))
	for range 2 { // until both are confirmed
		_, err := sub.Receive(ctx)
		must(t, err)
	}
	is(t, c.Publish(ctx, "news", "first"), 2)
	for _, pattern := range []string{"", "n*"} {
		m, err := sub.ReceiveMessage(ctx)
		must(t, err)
		if m.Channel != "news" || m.Pattern != pattern || m.Payload != "first" {
			t.Fatalf("got %v", m)
		}
	}
	must(t, c.Do(ctx, "CLIENT", "KILL", "TYPE", "pubsub").Err())
	messages := sub.Channel()
	testenv.Eventually(t, deadline, "the subscriber is back", func() bool {
		return c.Publish(ctx, "news", "second").Val() > 0
	})
	select {
	case m := <-messages:
		if m.Payload != "second" {
			t.Fatalf("got %v", m)
		}
	case <-ctx.Done():
		t.Fatal("nothing came after the reconnect")
	}
}

func goRedisEvents(t *testing.T, c *redis.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	sub := c.PSubscribe(ctx, "__keyevent@0__:*")
	defer sub.Close()
	_, err := sub.Receive(ctx)
	must(t, err)
	must(t, c.Set(ctx, "k", 1, time.Millisecond).Err())
	for _, event := range []string{"set", "expire", "expired"} {
		m, err := sub.ReceiveMessage(ctx)
		must(t, err)
		if m.Channel != "__keyevent@0__:"+event || m.Payload != "k" {
			t.Fatalf("got %v instead of %s", m, event)
		}
	}
}

func goRedisIntrospection(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	must(t, c.Set(ctx, "k", 1, 0).Err())
	info, err := c.InfoMap(ctx, "server", "keyspace", "replication").Result()
	must(t, err)
	if info["Keyspace"]["db0"] == "" || info["Server"]["valkey_version"] == "" ||
		info["Replication"]["role"] != "master" {
		t.Fatalf("INFO: %v", info)
	}
	me, err := c.ClientInfo(ctx).Result()
	must(t, err)
	if me.Name != "e2e" || me.LastCmd != "client|info" || !strings.HasPrefix(me.LibName, "go-redis") {
		t.Fatalf("CLIENT INFO: %+v", me)
	}
	commands, err := c.Command(ctx).Result()
	must(t, err)
	if mset := commands["mset"]; mset == nil || mset.Arity != -3 || mset.FirstKeyPos != 1 || mset.StepCount != 2 {
		t.Fatalf("COMMAND of MSET: %+v", mset)
	}
	keys, err := c.CommandGetKeys(ctx, "MSET", "a", 1, "b", 2).Result()
	if err != nil || !slices.Equal(keys, []string{"a", "b"}) {
		t.Fatalf("COMMAND GETKEYS: %v, %v", keys, err)
	}
	is(t, c.Wait(ctx, 1, time.Millisecond), 0)
}

func goRedisPassword(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	must(t, c.ConfigSet(ctx, "requirepass", "sesame").Err())
	defer c.ConfigSet(ctx, "requirepass", "")
	for password, want := range map[string]string{"": "NOAUTH", "wrong": "WRONGPASS", "sesame": ""} {
		options := *c.Options()
		options.Password = password
		other := redis.NewClient(&options)
		err := other.Ping(ctx).Err()
		other.Close()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("with the password %q: %v", password, err)
		}
	}
}
