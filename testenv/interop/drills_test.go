//go:build compat

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"valkey/testenv"
	"valkey/testenv/proxy"
)

// counter increments a number on whatever stands behind an address, and knows how often that was acknowledged by the
// server and by its replica (WAIT 1).
type counter struct {
	address      *proxy.Proxy
	acknowledged int64
	replicated   int64

	stop, ended chan struct{}
	pause       sync.Mutex // held by the drill while clients stay away
}

func count(p *proxy.Proxy) *counter {
	c := &counter{address: p, stop: make(chan struct{}), ended: make(chan struct{})}
	go c.run() // ends with End
	return c
}

func (c *counter) run() {
	defer close(c.ended)
	var conn *testenv.Client
	for {
		select {
		case <-c.stop:
			return
		default:
		}
		if conn == nil {
			var err error
			if conn, err = testenv.Dial(c.address.Addr); err != nil {
				continue
			}
		}
		c.pause.Lock()
		n, err := conn.Call("INCR", "drill:counter")
		if i, ok := n.(int64); err == nil && ok {
			c.acknowledged = i
			if w, err := conn.Call("WAIT", 1, 1000); err == nil && w == int64(1) {
				c.replicated = i
			}
		}
		c.pause.Unlock()
		if err != nil {
			conn.Close()
			conn = nil
		}
	}
}

// End stops counting.
func (c *counter) End() {
	close(c.stop)
	<-c.ended
}

func number(t *testing.T, c *testenv.Client) int64 {
	t.Helper()
	n, err := strconv.ParseInt(fmt.Sprint(c.Do("GET", "drill:counter")), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRollingUpgrade takes a pair of a stock Valkey over to this server, replica first, under load: a second replica of
// ours, the role handed over with FAILOVER, the old primary brought back as ours with its own data file. Clients reach
// the primary by one address. No write that was acknowledged and replicated is lost.
func TestRollingUpgrade(t *testing.T) {
	old, oldReplica := testenv.Valkey.Start(t, options...), testenv.Valkey.Start(t, options...)
	p := old.Client(t)
	w := testenv.NewWorkload(1)
	w.Calm = true
	w.Write(t, p, 3000)
	testenv.Follow(t, oldReplica.Client(t), old.Addr)
	testenv.Linked(t, oldReplica.Client(t))
	clients := proxy.New(t, old.Addr)
	load := count(clients)
	w.Write(t, p, 300)

	// Replicas first: the old one goes, ours comes with its data file and takes up where it was.
	if v := oldReplica.Client(t).Do("SAVE"); v != testenv.Simple("OK") {
		t.Fatal(v)
	}
	oldReplica.Stop(t)
	_, port, _ := strings.Cut(old.Addr, ":")
	replica := testenv.Ours.StartIn(t, oldReplica.Dir,
		append([]string{"--replicaof", "127.0.0.1 " + port}, options...)...)
	r := replica.Client(t)
	testenv.Linked(t, r)
	if n := testenv.Info(t, p, "sync_partial_ok"); n != "1" {
		t.Errorf("%s partial syncs: the replica that was upgraded copied everything again", n)
	}

	// The role goes over to it.
	host, port, _ := strings.Cut(replica.Addr, ":")
	load.pause.Lock()
	clients.SetTarget(replica.Addr)
	if v := p.Do("FAILOVER", "TO", host, port); v != testenv.Simple("OK") {
		t.Fatal("FAILOVER:", v)
	}
	testenv.Eventually(t, deadline, "our replica is the primary", func() bool {
		return testenv.Info(t, r, "role") == "master"
	})
	clients.Sever()
	load.pause.Unlock()
	w.Write(t, r, 300)
	testenv.Linked(t, p)

	// The old primary, a replica by now, is upgraded too.
	old.Stop(t)
	_, port, _ = strings.Cut(replica.Addr, ":")
	upgraded := testenv.Ours.StartIn(t, old.Dir, append([]string{"--replicaof", "127.0.0.1 " + port}, options...)...)
	u := upgraded.Client(t)
	testenv.Linked(t, u)
	w.Write(t, r, 300)
	load.End()
	if n := number(t, r); n < load.replicated || n < load.acknowledged {
		t.Errorf("%d after %d acknowledged and %d replicated", n, load.acknowledged, load.replicated)
	}
	if load.replicated == 0 {
		t.Error("no write was replicated while the drill went on")
	}
	testenv.InSync(t, "upgraded", r, u)
	testenv.SamePlace(t, r, u)
}

// TestDowngrade goes the other way: a pair of ours hands over to a stock Valkey, which must find all data and go on.
func TestDowngrade(t *testing.T) {
	ours, stock := testenv.Start(t, options...), testenv.Valkey.Start(t, options...)
	p, r := ours.Client(t), stock.Client(t)
	w := testenv.NewWorkload(2)
	w.Calm = true
	w.Write(t, p, 2000)
	testenv.Follow(t, r, ours.Addr)
	testenv.Linked(t, r)
	host, port, _ := strings.Cut(stock.Addr, ":")
	if v := p.Do("FAILOVER", "TO", host, port, "TIMEOUT", 10000); v != testenv.Simple("OK") {
		t.Fatal("FAILOVER:", v)
	}
	testenv.Eventually(t, deadline, "the roles have changed", func() bool {
		return testenv.Info(t, r, "role") == "master" && testenv.Info(t, p, "master_link_status") == "up"
	})
	w.Write(t, r, 500)
	testenv.InSync(t, "after the failover", r, p)
	if n := testenv.Info(t, r, "sync_full"); n != "0" {
		t.Errorf("%s full syncs: the old primary copied everything again", n)
	}
}

// TestMigrationFromRedis is the online migration: a new server copies the Redis under load, clients are moved, and
// REPLICAOF NO ONE ends it. The offline one by data file is TestDataFiles.
func TestMigrationFromRedis(t *testing.T) {
	redis, ours := testenv.Redis.Start(t, options...), testenv.Start(t, options...)
	p, r := redis.Client(t), ours.Client(t)
	w := testenv.NewWorkload(3)
	w.Calm = true
	w.Write(t, p, 3000)
	clients := proxy.New(t, redis.Addr)
	load := count(clients)
	testenv.Follow(t, r, redis.Addr)
	testenv.Linked(t, r)
	w.Write(t, p, 500)
	load.pause.Lock() // clients are told to wait: the cut-over
	testenv.InSync(t, "before clients are moved", p, r)
	clients.SetTarget(ours.Addr)
	if v := r.Do("REPLICAOF", "NO", "ONE"); v != testenv.Simple("OK") {
		t.Fatal(v)
	}
	clients.Sever()
	before := load.acknowledged
	load.pause.Unlock()
	testenv.Eventually(t, deadline, "clients write to the new server", func() bool { return number(t, r) > before })
	load.End()
	if n := number(t, r); n < load.acknowledged {
		t.Errorf("%d after %d acknowledged writes", n, load.acknowledged)
	}
	if n := number(t, p); n > before {
		t.Errorf("the old server got %d more writes", n-before)
	}
}

// TestTools lets each program's checkers judge the other's files. Valkey 9.1.2's valkey-check-aof takes a base of data
// file format 80 for commands, its own server's too, so there is none here.
func TestTools(t *testing.T) {
	dir := os.Getenv("VALKEY_BIN")
	for _, pair := range []struct {
		from  testenv.Program
		tools func(t *testing.T, name string) string
	}{
		{testenv.Valkey, func(_ *testing.T, name string) string { return filepath.Join(dir, name) }},
		{testenv.Ours, func(t *testing.T, name string) string { return testenv.Valkey.Tool(t, name) }},
	} {
		t.Run("files of "+pair.from.String(), func(t *testing.T) {
			s := pair.from.Start(t, append([]string{"--appendonly", "yes", "--aof-use-rdb-preamble", "no"}, options...)...)
			c := s.Client(t)
			w := testenv.NewWorkload(4)
			w.Write(t, c, 2000)
			if v := c.Do("SAVE"); v != testenv.Simple("OK") {
				t.Fatal(v)
			}
			s.Stop(t)
			manifest := filepath.Join(s.Dir, "appendonlydir", "appendonly.aof.manifest")
			increment := filepath.Join(s.Dir, "appendonlydir", "appendonly.aof.1.incr.aof")
			run := func(want int, name string, args ...string) {
				t.Helper()
				cmd := exec.Command(pair.tools(t, name), args...)
				cmd.Stdin = strings.NewReader("y\n")
				out, err := cmd.CombinedOutput()
				if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != want {
					t.Fatalf("%s %v: %v\n%s", name, args, err, out)
				}
			}
			run(0, "valkey-check-rdb", filepath.Join(s.Dir, "dump.rdb"))
			run(0, "valkey-check-aof", manifest)
			f, err := os.OpenFile(increment, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString("*3\r\n$3\r\nSET\r\n$4\r\nto"); err != nil {
				t.Fatal(err)
			}
			f.Close()
			run(1, "valkey-check-aof", manifest)
			run(0, "valkey-check-aof", "--fix", manifest)
			run(0, "valkey-check-aof", manifest)
		})
	}
}
