package report

import (
	"time"

	"valkey/frontend/session"
)

// Reading is the state that one report is made from, as far as every server has it.
type Reading struct {
	*session.Front
	Facts   session.Facts
	Usage   session.Usage
	Traffic session.Traffic
	Extra   Extra

	clients census
}

// Extra are figures of the common sections that only a server with data has; elsewhere they are zero.
type Extra struct {
	Replicas int // connections that are replicas

	Blocked, BlockingKeys, Deadlines int // clients that wait, keys that they wait for, waits with an end
	PausedReason, PausedActions      string
	PausedMs                         int64

	ReplicationIn, ReplicationOut uint64 // bytes
	StalePercent                  float64
	AboveLimit                    time.Duration // how long memory has been above its limit
	LatestStallUs, Snapshots      int64
	MigrationLinks                int
	OwnDeadlines                  int // keys that a replica itself has to expire
}

// Read takes a reading; what Extra has is still to be filled in.
func Read(f *session.Front) Reading {
	const none = "none"
	return Reading{
		Front: f, Facts: f.Host.Facts(), Usage: f.Host.Usage(), Traffic: f.Traffic(), clients: takeCensus(f),
		Extra: Extra{PausedReason: none, PausedActions: none},
	}
}

// census is what a look at every client gives.
type census struct {
	inputMax, outputMax int // bytes
	pubsub, watching    int
	tracking            int
	watchedKeys         int
}

func takeCensus(f *session.Front) (n census) {
	type key struct {
		db   int
		name string
	}
	watched := map[key]bool{}
	for c := range f.Clients.All {
		if c.Link != nil {
			_, room := c.Link.QueryBuffer()
			n.inputMax = max(n.inputMax, room)
		}
		n.outputMax = max(n.outputMax, c.OutputBytes())
		if c.Subs.Count() > 0 {
			n.pubsub++
		}
		if c.Tracking != nil {
			n.tracking++
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
