package virtual

import "time"

// Process is something that can be killed and started again, and stopped for a while.
type Process struct {
	World   *World
	Up      bool // it is there
	Stopped bool // and does not get on

	life    int      // counts starts and ends: what belongs to an earlier one is dropped
	waiting []func() // what comes while it is stopped
}

// Alive tells whether it is there and gets on.
func (p *Process) Alive() bool { return p.Up && !p.Stopped }

// Begin begins a life.
func (p *Process) Begin() {
	p.End()
	p.Up = true
}

// End ends it, and all that was to happen in it.
func (p *Process) End() {
	p.Up, p.Stopped, p.waiting = false, false, nil
	p.life++
}

// Stop stops the process as SIGSTOP does.
func (p *Process) Stop() { p.Stopped = p.Up }

// Resume lets it go on, first with all that came in meanwhile. It may be stopped anew by that.
func (p *Process) Resume() {
	p.Stopped = false
	for len(p.waiting) > 0 && p.Alive() {
		f := p.waiting[0]
		p.waiting = p.waiting[1:]
		f()
	}
}

// Do has something happen in the process: now, or when it goes on, or never when this life ends first.
func (p *Process) Do(f func()) {
	switch {
	case !p.Up:
	case p.Stopped:
		p.waiting = append(p.waiting, f)
	default:
		f()
	}
}

// First has something be the first that happens when a stopped process goes on.
func (p *Process) First(f func()) { p.waiting = append([]func(){f}, p.waiting...) }

// After has something happen in this life of the process, in a while.
func (p *Process) After(d time.Duration, f func()) {
	life := p.life
	p.World.After(d, func() {
		if p.life == life {
			p.Do(f)
		}
	})
}

// Every repeats something for as long as this life lasts, from a random moment on. A stopped process does it once,
// late.
func (p *Process) Every(d time.Duration, f func()) {
	var again func()
	again = func() {
		f()
		p.After(d, again)
	}
	p.After(p.World.Between(0, d), again)
}
