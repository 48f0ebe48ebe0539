package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"valkey/testenv"
	"valkey/testenv/ha"
)

const (
	healthyMax  = time.Minute
	failoverMax = time.Minute
	settle      = 1200 * time.Millisecond // between a whole fleet and the next failure
	warmUp      = 500 * time.Millisecond  // of writes before it
	afterwards  = 2 * time.Second         // of writes after it
	watchEvery  = 2 * time.Millisecond
	watchMax    = 300 * time.Millisecond // for one answer

	discoveryRounds  = 5
	discoveryClients = 50
	discoveryTime    = 2 * time.Second
	idleSettle       = 15 * time.Second
)

// pause waits unless the measurement is interrupted.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// round is one failure under one writer: kind says which.
func (s *side) round(ctx context.Context, o options, kind string, n int) error {
	f := s.fleet
	old, err := s.healthy(ctx)
	if err != nil {
		return err
	}
	w, err := f.StartWriter(old)
	if err != nil {
		return err
	}
	stop := sync.OnceFunc(w.Stop)
	defer stop()
	if err := pause(ctx, warmUp); err != nil {
		return err
	}
	live, at, err := s.fail(kind, n, old)
	if err != nil {
		return err
	}
	first, last, err := s.watch(ctx, live, old, at)
	if err != nil {
		return err
	}
	if err := pause(ctx, afterwards); err != nil {
		return err
	}
	stop()
	var detection time.Duration
	if kind == "crash" || kind == "leader" {
		detection = o.downAfter // which no fleet can be quicker than
	}
	primary, err := f.Primary(live[0], time.Second)
	if err != nil {
		return err
	}
	lost, err := w.Lost(primary)
	if err != nil {
		return err
	}
	if len(w.Acked) == 0 || !w.Acked[len(w.Acked)-1].At.After(at.Add(first)) {
		return errors.New("no write was acknowledged after the failover")
	}
	s.add("1 first sentinel, ms", ms(first-detection))
	s.add("2 last sentinel, ms", ms(last-detection))
	s.add("3 longest write gap, ms", ms(w.Gap(at)-detection))
	s.add("4 acknowledged writes lost", float64(lost))
	s.add("5 READONLY errors", float64(w.ReadOnly))
	for _, node := range f.All() {
		if !f.Alive(node) {
			if err := f.Start(node); err != nil {
				return err
			}
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

func (s *side) healthy(ctx context.Context) (*ha.Node, error) {
	within, cancel := context.WithTimeout(ctx, healthyMax)
	defer cancel()
	primary, err := s.fleet.AwaitHealthy(within)
	if err != nil {
		return nil, err
	}
	return primary, pause(ctx, settle)
}

// fail brings the failure about; it gives the sentinels that are left.
func (s *side) fail(kind string, n int, old *ha.Node) (live []*ha.Node, at time.Time, err error) {
	f := s.fleet
	live = f.Sentinels
	switch kind {
	case "crash":
		at = time.Now()
		return live, at, f.Kill(syscall.SIGKILL, old)
	case "leader":
		leader, known := f.Leader()
		if !known { // of a fleet that has none between failovers any sentinel is as good
			leader = f.Sentinels[n%len(f.Sentinels)]
		}
		live = nil
		for _, node := range f.Sentinels {
			if node != leader {
				live = append(live, node)
			}
		}
		at = time.Now()
		return live, at, f.Kill(syscall.SIGKILL, leader, old)
	}
	command := []any{"SENTINEL", "FAILOVER", ha.Name}
	if kind == "coordinated" {
		command = append(command, "COORDINATED")
	}
	at = time.Now()
	_, err = ha.Ask(f.Sentinels[n%len(f.Sentinels)], 5*time.Second, command...)
	return live, at, err
}

// watch asks sentinels until each names another primary, and says after what time the first and the last did.
func (s *side) watch(
	ctx context.Context, live []*ha.Node, old *ha.Node, at time.Time,
) (first, last time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, failoverMax)
	defer cancel()
	changed := map[*ha.Node]bool{}
	for len(changed) < len(live) {
		for _, node := range live {
			if changed[node] {
				continue
			}
			if p, err := s.fleet.Primary(node, watchMax); err == nil && p != old {
				changed[node] = true
				last = time.Since(at)
				if len(changed) == 1 {
					first = last
				}
			}
		}
		if err := pause(ctx, watchEvery); err != nil {
			return 0, 0, fmt.Errorf("%d of %d sentinels name a new primary: %w", len(changed), len(live), err)
		}
	}
	return first, last, nil
}

// discovery counts the questions for the address that one sentinel answers.
func (s *side) discovery(ctx context.Context) error {
	if _, err := s.healthy(ctx); err != nil {
		return err
	}
	asked := s.fleet.Sentinels[0]
	before, err := testenv.CPUTime(asked.PID)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, discoveryTime)
	defer cancel()
	counts, failed := make([]int, discoveryClients), make([]error, discoveryClients)
	var clients sync.WaitGroup
	began := time.Now()
	for i := range discoveryClients {
		clients.Go(func() { counts[i], failed[i] = ask(ctx, asked.Addr) }) // until ctx ends
	}
	clients.Wait()
	took, sum := time.Since(began), 0
	after, err := testenv.CPUTime(asked.PID)
	if err != nil {
		return err
	}
	for _, n := range counts {
		sum += n
	}
	s.add("1 requests/s", float64(sum)/took.Seconds())
	s.add("2 CPU µs a request", float64((after-before).Microseconds())/float64(max(sum, 1)))
	return errors.Join(failed...)
}

func ask(ctx context.Context, addr string) (n int, err error) {
	c, err := testenv.Dial(addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for ctx.Err() == nil {
		v, err := c.Call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", ha.Name)
		if words, ok := v.([]any); err != nil || !ok || len(words) != 2 {
			return n, fmt.Errorf("the address is answered %v (%w)", v, err)
		}
		n++
	}
	return n, nil
}

// idle measures what sentinels cost that have nothing to do.
func (s *side) idle(ctx context.Context, d time.Duration) error {
	if _, err := s.healthy(ctx); err != nil {
		return err
	}
	if err := pause(ctx, idleSettle); err != nil {
		return err
	}
	before := map[*ha.Node]time.Duration{}
	for _, n := range s.fleet.Sentinels {
		used, err := testenv.CPUTime(n.PID)
		if err != nil {
			return err
		}
		before[n] = used
	}
	if err := pause(ctx, d); err != nil {
		return err
	}
	for _, n := range s.fleet.Sentinels {
		used, err := testenv.CPUTime(n.PID)
		resident, err2 := testenv.ResidentBytes(n.PID)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		s.add("1 CPU, % of a core", float64(used-before[n])/float64(d)*100)
		s.add("2 resident, MB", float64(resident)/(1<<20))
	}
	return nil
}
