//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"valkey/testenv"
	"valkey/testenv/proxy"
)

const (
	linkSeed   = 0x11_2233 // of the faults and writes of this file
	replicas   = 8         // of one primary
	linkRounds = 16        // in each, every replica's link breaks once
)

// replicationOptions make a full sync begin at once.
var replicationOptions = []string{"--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"}

// follower is a replica behind its own proxy.
type follower struct {
	server *testenv.Server
	client *testenv.Client
	link   *proxy.Proxy
}

// follow starts a replica of the server, and waits until its link is up.
func follow(t *testing.T, primary *testenv.Server, args ...string) follower {
	t.Helper()
	f := follower{server: testenv.Start(t, append(args, replicationOptions...)...), link: proxy.New(t, primary.Addr)}
	f.client = f.server.Client(t)
	testenv.Follow(t, f.client, f.link.Addr)
	testenv.Linked(t, f.client)
	return f
}

// TestTornLinksOfReplicas breaks 128 links at random bytes, half of them while a whole copy is sent: in the dialogue,
// in the copy, in the stream; half of the replicas use two connections. After every round all replicas have what the
// primary has.
func TestTornLinksOfReplicas(t *testing.T) {
	t.Logf("seed %#x", linkSeed)
	rng := rand.New(rand.NewPCG(linkSeed, 0))
	primary := testenv.Start(t, append([]string{"--repl-diskless-sync-max-replicas", "4",
		"--dual-channel-replication-enabled", "yes"}, replicationOptions...)...)
	p := primary.Client(t)
	w := testenv.NewWorkload(linkSeed)
	w.Write(t, p, 1000)
	all := make([]follower, replicas)
	for i := range all {
		load := []string{"disabled", "swapdb", "on-empty-db", "flush-before-load"}[i%4]
		all[i] = follow(t, primary, "--repl-diskless-load", load,
			"--dual-channel-replication-enabled", []string{"yes", "no"}[i/(replicas/2)])
	}
	for round := range linkRounds {
		p.Do("CONFIG", "SET", "repl-diskless-sync", []string{"yes", "no"}[round%2])
		w.Calm = round%5 != 0
		var faults []string
		for i, f := range all {
			fault := proxy.Fault{Kind: proxy.Kind(rng.IntN(2)), Dir: proxy.Down, After: rng.Int64N(30_000)}
			if (i+round)%2 == 0 {
				f.link.BreakNow(fault)
			} else {
				fault = inCopy(rng, fault)
				f.link.Break(fault)
				f.client.Do("REPLICAOF", "NO", "ONE") // a history of its own: all must be copied
				f.client.Do("SET", "of the replica", "goes")
				testenv.Follow(t, f.client, f.link.Addr)
			}
			faults = append(faults, fault.String())
			w.Write(t, p, 50)
		}
		for i, f := range all {
			testenv.InSync(t, fmt.Sprintf("round %d, replica %d, %s", round, i, faults[i]), p, f.client)
			f.link.Mend() // a fault that was too far off
		}
	}
	t.Logf("%s full, %s partial", testenv.Info(t, p, "sync_full"), testenv.Info(t, p, "sync_partial_ok"))
}

// inCopy moves a fault into what happens at the beginning of a link.
func inCopy(rng *rand.Rand, f proxy.Fault) proxy.Fault {
	switch rng.IntN(4) {
	case 0:
		f.After = rng.Int64N(200) // the dialogue, as the replica hears it
	case 1:
		f.Dir, f.After = proxy.Up, rng.Int64N(250) // and as the primary does
	default:
		f.After = rng.Int64N(150_000)
	}
	return f
}

// TestLinksThatFallSilent lets a link stand still, or lose what is sent, in the dialogue, in the copy and in the
// stream: both sides give it up after repl-timeout, and begin again.
func TestLinksThatFallSilent(t *testing.T) {
	primary := testenv.Start(t, append([]string{"--repl-timeout", "2", "--repl-ping-replica-period", "1",
		"--rdbcompression", "no"}, replicationOptions...)...)
	p := primary.Client(t)
	w := testenv.NewWorkload(linkSeed)
	w.Write(t, p, 2000)
	p.Do("SET", "large", strings.Repeat("0123456789abcdef", 4<<20/16))
	var all sync.WaitGroup
	const places = 5
	for _, kind := range []proxy.Kind{proxy.Stall, proxy.Lose} {
		for _, place := range [places]proxy.Fault{
			{Kind: kind, Dir: proxy.Down, After: 9}, {Kind: kind, Dir: proxy.Down, After: 50_000},
			{Kind: kind, Dir: proxy.Down, After: 2 << 20}, {Kind: kind, Dir: proxy.Up, After: 120},
			{Kind: kind, Dir: proxy.Up, After: 350},
		} {
			f := follower{server: testenv.Start(t, append([]string{"--repl-timeout", "2"}, replicationOptions...)...)}
			f.client, f.link = f.server.Client(t), proxy.New(t, primary.Addr)
			f.link.Break(place)
			testenv.Follow(t, f.client, f.link.Addr)
			mine, begun := primary.Client(t), time.Now()
			all.Go(func() { // ends within Eventually's deadline
				testenv.Eventually(t, 4*deadline, place.String()+": a second link is up", func() bool {
					return f.link.Accepted() > 1 && testenv.Info(t, f.client, "master_link_status") == "up"
				})
				t.Logf("%v: %v", place, time.Since(begun))
				if n := mine.Do("EXISTS", "large"); n != int64(1) {
					t.Errorf("EXISTS: %v", n)
				}
			})
		}
	}
	all.Wait()
	testenv.Eventually(t, deadline, "the primary has forgotten the links of before", func() bool {
		return testenv.Info(t, p, "connected_slaves") == strconv.Itoa(2*places)
	})
}

// TestReplicaThatNeverReads stops reading in the middle of the stream: it is dropped at its output limit, the primary's
// memory stays bounded, and the replica is equal again when it reads.
func TestReplicaThatNeverReads(t *testing.T) {
	primary := testenv.Start(t, append([]string{"--client-output-buffer-limit", "replica 16mb 0 0",
		"--repl-backlog-size", "1mb"}, replicationOptions...)...)
	p := primary.Client(t)
	f := follow(t, primary)
	value := strings.Repeat("x", 1<<20)
	f.link.BreakNow(proxy.Fault{Kind: proxy.Stall, Dir: proxy.Down, After: 1000})
	for i := range 150 {
		p.Do("SET", "k"+strconv.Itoa(i%4), value)
	}
	testenv.Eventually(t, deadline, "the replica is dropped", func() bool {
		return info(t, p, "client_output_buffer_limit_disconnections") == 1
	})
	if mb := resident(t, primary) >> 20; mb > 150 {
		t.Errorf("%d MB are resident", mb)
	}
	f.link.Sever()
	testenv.InSync(t, "after it was dropped", p, f.client)
}

// TestKillsUnderLoad takes the primary, the replica or both away with SIGKILL while writes go on. The primary comes
// back with its append-only file, in which every acknowledged write is; the replica ends equal to it.
func TestKillsUnderLoad(t *testing.T) {
	const rounds = 6
	t.Logf("seed %#x", linkSeed)
	rng := rand.New(rand.NewPCG(linkSeed, 1))
	primary := testenv.Start(t, append([]string{"--appendonly", "yes", "--appendfsync", "always"},
		replicationOptions...)...)
	f := follow(t, primary, "--appendonly", "yes")
	acknowledged := 0
	for round := range rounds {
		p := primary.Client(t)
		stop := make(chan struct{})
		var load sync.WaitGroup
		load.Go(func() { // ends with the connection, or with stop
			for {
				select {
				case <-stop:
					return
				default:
				}
				if v, err := p.Call("INCR", "n"); err != nil || v != int64(acknowledged+1) {
					if err == nil {
						t.Errorf("round %d: INCR: %v after %d", round, v, acknowledged)
					}
					return
				}
				acknowledged++
			}
		})
		begun := primary.Client(t)
		if rng.IntN(2) == 0 {
			begun.Do("BGREWRITEAOF")
		}
		for range 20 + rng.IntN(200) {
			begun.Do("PING")
		}
		victim := rng.IntN(3)
		if victim != 0 {
			f.server.Kill()
		}
		if victim != 1 {
			primary.Kill()
		}
		close(stop)
		load.Wait()
		if victim != 1 {
			primary.Launch(t)
			f.link.SetTarget(primary.Addr)
			f.link.Sever()
		}
		if victim != 0 {
			f.server.Launch(t)
			f.client = f.server.Client(t)
			testenv.Follow(t, f.client, f.link.Addr)
		}
		p = primary.Client(t)
		n, _ := strconv.Atoi(fmt.Sprint(p.Do("GET", "n")))
		if n != acknowledged && n != acknowledged+1 { // the last may have been written and not answered
			t.Fatalf("round %d: %d after %d acknowledged writes", round, n, acknowledged)
		}
		acknowledged = n
		testenv.InSync(t, fmt.Sprintf("round %d, victim %d", round, victim), p, f.client)
	}
	if acknowledged < rounds {
		t.Errorf("only %d writes were acknowledged", acknowledged)
	}
}

// TestSlowLink passes everything in pieces of a few bytes, so that both sides see nothing but torn messages.
func TestSlowLink(t *testing.T) {
	primary := testenv.Start(t, replicationOptions...)
	p := primary.Client(t)
	w := testenv.NewWorkload(linkSeed)
	w.Calm = true
	w.Write(t, p, 100)
	for _, piece := range []int{1, 3, 17} {
		f := follower{server: testenv.Start(t, replicationOptions...), link: proxy.New(t, primary.Addr)}
		f.client = f.server.Client(t)
		f.link.SetPace(piece, 0)
		testenv.Follow(t, f.client, f.link.Addr)
		testenv.Linked(t, f.client)
		w.Write(t, p, 20)
		testenv.InSync(t, fmt.Sprintf("pieces of %d", piece), p, f.client)
		f.link.SetPace(1<<20, time.Millisecond)
	}
}
