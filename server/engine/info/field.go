package info

import (
	"fmt"
	"strconv"
	"time"

	"valkey/frontend/session"
	"valkey/server/engine"
)

// field is one row: a name and where its value comes from. A nil value leaves the field out.
type field struct {
	name  string
	value func(*reading) any
}

// Values that are written in a form of their own; numbers, strings and truth values (1 and 0) need none.
type (
	percent float64       // 12.34%
	ratio   float64       // 12.34
	cpu     time.Duration // seconds with microseconds
	human   uint64        // bytes as 1.50M
)

func (f field) append(b []byte, r *reading) []byte {
	v := f.value(r)
	if v == nil {
		return b
	}
	b = append(append(b, f.name...), ':')
	return append(appendValue(b, v), '\r', '\n')
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return append(b, v...)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case bool:
		if v {
			return append(b, '1')
		}
		return append(b, '0')
	case percent:
		return fmt.Appendf(b, "%.2f%%", float64(v))
	case ratio:
		return fmt.Appendf(b, "%.2f", float64(v))
	case cpu:
		us := time.Duration(v).Microseconds()
		return fmt.Appendf(b, "%d.%06d", us/1e6, us%1e6)
	case human:
		return appendHuman(b, uint64(v))
	}
	panic(fmt.Sprintf("BUG: info: a value of type %T", v))
}

func appendHuman(b []byte, n uint64) []byte {
	if n < 1024 {
		return fmt.Appendf(b, "%dB", n)
	}
	f := float64(n)
	for _, unit := range "KMGTP" {
		if f /= 1024; f < 1024 || unit == 'P' {
			return fmt.Appendf(b, "%.2f%c", f, unit)
		}
	}
	return b
}

// constant is the value of a field that is always the same here: what it counts does not exist in this server.
func constant(v any) func(*reading) any { return func(*reading) any { return v } }

// reading is the state that one report is made from.
type reading struct {
	*engine.Engine
	facts   session.Facts
	usage   session.Usage
	traffic session.Traffic
	memory  engine.MemoryReport
	clients census
	saving  engine.Persistence
	repl    engine.Replication
}

func read(e *engine.Engine) *reading {
	return &reading{
		Engine: e, facts: e.Host.Facts(), usage: e.Host.Usage(), traffic: e.Traffic(), memory: e.MemoryReport(),
		clients: takeCensus(e), saving: e.Host.Persistence(), repl: e.Host.Replication(),
	}
}

// census is what a look at every client gives.
type census struct {
	inputMax, outputMax int // bytes
	pubsub, watching    int
	watchedKeys         int
}

func takeCensus(e *engine.Engine) (n census) {
	type key struct {
		db   int
		name string
	}
	watched := map[key]bool{}
	for c := range e.Clients.All {
		if c.Link != nil {
			_, room := c.Link.QueryBuffer()
			n.inputMax = max(n.inputMax, room)
		}
		n.outputMax = max(n.outputMax, c.OutputBytes())
		if c.Subs.Count() > 0 {
			n.pubsub++
		}
		if len(c.Watched) > 0 {
			n.watching++
		}
		for _, w := range c.Watched {
			watched[key{w.DB, w.Key}] = true
		}
	}
	n.watchedKeys = len(watched)
	return n
}
