package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"valkey/testenv/ha"
)

const (
	demoKey    = "demo:written"
	warmUp     = time.Second     // of writes before the primary is killed
	failureMax = 2 * time.Minute // until writes must be taken again
	afterwards = 2 * time.Second // of writes after that
)

// silent keeps the client library's log of lost connections away.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// demo kills the primary while a client of go-redis writes, and tells what happens when.
func demo(ctx context.Context, o options) error {
	redis.SetLogger(silent{})
	f, primary, err := bring(ctx, o)
	if err != nil {
		return err
	}
	topology(f)
	w, err := newDemoWriter(f)
	if err != nil {
		return err
	}
	defer w.close()
	fmt.Printf("\na client writes through the sentinels, one write after the other, to %s\n", primary.Name)
	ctx, cancel := context.WithTimeout(ctx, failureMax)
	defer cancel()
	if err := w.client.Del(ctx, demoKey).Err(); err != nil {
		return fmt.Errorf("the client cannot write: %w", err)
	}
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() { w.run(ctx, stop) }) // until stop is closed, which the deferred call waits for
	finish := sync.OnceFunc(func() { close(stop); writing.Wait() })
	defer finish()
	if err := pause(ctx, warmUp); err != nil {
		return err
	}
	tell, err := listen(ctx, f)
	if err != nil {
		return err
	}
	defer tell.close()

	at := time.Now()
	tell.from(at)
	w.from(at)
	fmt.Printf("\n     0 ms  SIGKILL to %s (sentinels find it down after %v of silence)\n", primary.Name,
		f.Options.DownAfter)
	if err := f.Kill(syscall.SIGKILL, primary); err != nil {
		return err
	}
	select {
	case first := <-w.resumed:
		fmt.Printf("%6d ms  first write after it is acknowledged\n", first.Sub(at).Milliseconds())
	case <-ctx.Done():
		return fmt.Errorf("no write was acknowledged after the failure: %w (logs in %s)", ctx.Err(), f.Dir)
	}
	if err := pause(ctx, afterwards); err != nil {
		return err
	}
	finish()
	if err := w.report(ctx); err != nil {
		return err
	}
	fmt.Printf("\n%s comes back, and will follow the new primary\n", primary.Name)
	f, _, err = bring(ctx, o)
	if err == nil {
		topology(f)
	}
	return err
}

// pause waits unless the demonstration is interrupted.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// demoWriter appends numbers to a key through go-redis.
type demoWriter struct {
	client  *redis.Client
	resumed chan time.Time // gets the first write acknowledged after the failure, once

	mu    sync.Mutex
	since time.Time // of the failure; zero before
	acked []int
	fails int
}

func newDemoWriter(f *ha.Fleet) (*demoWriter, error) {
	// As a URL, since the options of the library have a name with a word that is not used here.
	addrs := f.SentinelAddrs()
	o, err := redis.ParseFailoverURL(fmt.Sprintf("redis://%s?master_name=%s&addr=%s&max_retries=-1&dial_timeout=500ms&"+
		"read_timeout=500ms", addrs[0], ha.Name, strings.Join(addrs[1:], "&addr=")))
	if err != nil {
		return nil, err
	}
	return &demoWriter{resumed: make(chan time.Time, 1), client: redis.NewFailoverClient(o)}, nil
}

func (w *demoWriter) close() { _ = w.client.Close() } // nothing is on its way

func (w *demoWriter) from(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = at
}

func (w *demoWriter) run(ctx context.Context, stop <-chan struct{}) {
	for n := 1; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		began := time.Now()
		err := w.client.Append(ctx, demoKey, strconv.Itoa(n)+",").Err()
		w.mu.Lock()
		if err == nil {
			w.acked = append(w.acked, n)
			if !w.since.IsZero() && began.After(w.since) {
				select {
				case w.resumed <- time.Now():
				default: // it is known already
				}
			}
		} else {
			w.fails++
		}
		w.mu.Unlock()
		if err != nil && pause(ctx, time.Millisecond) != nil {
			return
		}
	}
}

// report counts what the new primary holds of what was acknowledged.
func (w *demoWriter) report(ctx context.Context) error {
	text, err := w.client.Get(ctx, demoKey).Result()
	if err != nil {
		return fmt.Errorf("read what was written: %w", err)
	}
	held := map[string]bool{}
	for n := range strings.SplitSeq(text, ",") {
		held[n] = true
	}
	lost := 0
	for _, n := range w.acked {
		if !held[strconv.Itoa(n)] {
			lost++
		}
	}
	fmt.Printf("\nwrites acknowledged %d, refused or unanswered %d, acknowledged and lost %d\n",
		len(w.acked), w.fails, lost)
	return nil
}

// narrator prints the first of each event of the sentinels that tells of the failover.
type narrator struct {
	subscriptions []*redis.PubSub
	clients       []*redis.Client

	mu    sync.Mutex
	since time.Time
	told  map[string]bool
}

// story is the events that are told, and what they mean.
var story = map[string]string{
	"+sdown":          "detected: a sentinel finds the primary down",
	"+odown":          "agreed: enough of them do",
	"+selected-slave": "chosen: the replica to take over",
	"+promoted-slave": "promoted: it is a primary now",
	"+switch-master":  "announced: sentinels give clients the new address",
}

// listen subscribes to every sentinel.
func listen(ctx context.Context, f *ha.Fleet) (*narrator, error) {
	n := &narrator{told: map[string]bool{}}
	for _, s := range f.Sentinels {
		c := redis.NewClient(&redis.Options{Addr: s.Addr})
		p := c.PSubscribe(ctx, "*")
		n.clients, n.subscriptions = append(n.clients, c), append(n.subscriptions, p)
		if _, err := p.Receive(ctx); err != nil {
			n.close()
			return nil, fmt.Errorf("listen to %s: %w", s.Name, err)
		}
		go func() { // ends when the subscription is closed
			for m := range p.Channel() {
				n.hear(s, m)
			}
		}()
	}
	return n, nil
}

func (n *narrator) from(at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.since = at
}

func (n *narrator) hear(s *ha.Node, m *redis.Message) {
	ms := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	about := strings.HasPrefix(m.Payload, "master ") || m.Channel != "+sdown" // and not a replica's end
	if meaning := story[m.Channel]; meaning != "" && about && !n.since.IsZero() && !n.told[m.Channel] {
		n.told[m.Channel] = true
		fmt.Printf("%6d ms  %s (%s, %s %s)\n", ms.Sub(n.since).Milliseconds(), meaning, s.Name, m.Channel, m.Payload)
	}
}

func (n *narrator) close() {
	for i, p := range n.subscriptions {
		_ = p.Close() // which ends its reader
		_ = n.clients[i].Close()
	}
}
