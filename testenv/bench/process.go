package main

import (
	"time"

	"valkey/testenv"
)

// probe is a client that asks all the time and remembers its longest wait.
type probe struct {
	quit chan struct{}
	done chan struct{}
	max  time.Duration
	err  error
}

// probeEvery is the pause between two questions.
const probeEvery = 500 * time.Microsecond

func startProbe(addr string) (*probe, error) {
	c, err := testenv.Dial(addr)
	if err != nil {
		return nil, err
	}
	p := &probe{quit: make(chan struct{}), done: make(chan struct{})}
	go func() { // owned by the probe; ends with stop
		defer close(p.done)
		defer c.Close()
		tick := time.NewTicker(probeEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.quit:
				return
			case <-tick.C:
			}
			from := time.Now()
			if _, p.err = c.Call("PING"); p.err != nil {
				return
			}
			p.max = max(p.max, time.Since(from))
		}
	}()
	return p, nil
}

// stop ends the probe and returns its longest wait.
func (p *probe) stop() (time.Duration, error) {
	close(p.quit)
	<-p.done
	return p.max, p.err
}
