package virtual

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// World is virtual time: a heap of events, and the only source of randomness.
type World struct {
	Now    time.Duration
	Rand   *rand.Rand
	events eventHeap
	order  uint64
	log    []string // the last lines of what happened, for a failure's text
}

// logLines is how much of what happened a failure shows.
const logLines = 400

// NewWorld begins a world from a seed.
func NewWorld(seed uint64) *World {
	return &World{Now: time.Second, Rand: rand.New(rand.NewPCG(seed, 0x5eed))}
}

// After has something happen in a while. Events of one moment happen in the order in which they were asked for.
func (w *World) After(d time.Duration, f func()) {
	w.order++
	heap.Push(&w.events, event{at: w.Now + max(0, d), order: w.order, run: f})
}

// Step lets the next event happen, unless it is after the limit.
func (w *World) Step(limit time.Duration) bool {
	if len(w.events) == 0 || w.events[0].at > limit {
		w.Now = max(w.Now, limit)
		return false
	}
	e := heap.Pop(&w.events).(event)
	w.Now = e.at
	e.run()
	return true
}

// Between is a random duration.
func (w *World) Between(a, b time.Duration) time.Duration {
	return a + time.Duration(w.Rand.Int64N(int64(b-a)+1))
}

// Chance is true once in n times.
func (w *World) Chance(n int) bool { return w.Rand.IntN(n) == 0 }

// Logf notes what happened.
func (w *World) Logf(format string, args ...any) {
	if len(w.log) >= 2*logLines {
		w.log = append(w.log[:0], w.log[logLines:]...)
	}
	w.log = append(w.log, fmt.Sprintf("%9.3f ", w.Now.Seconds())+fmt.Sprintf(format, args...))
}

// Story is the last of what happened.
func (w *World) Story() string {
	return strings.Join(w.log[max(0, len(w.log)-logLines):], "\n")
}

type event struct {
	at    time.Duration
	order uint64
	run   func()
}

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].order < h[j].order
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push adds an event.
func (h *eventHeap) Push(x any) { *h = append(*h, x.(event)) }

// Pop takes the last one away.
func (h *eventHeap) Pop() any {
	e := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return e
}
