package enginetest

import (
	"valkey/store"
	"valkey/store/rdb"
)

// cutKeysMax is how many keys there may be for a script to run beside a cut: each cut begins with a copy of them.
const cutKeysMax = 2000

// named is a key of a database.
type named struct {
	db  int
	key string
}

// kept is what a key had when a cut began.
type kept struct {
	payload string
	at      int64
}

// cut is a running cut of a Server's data. Scripts always run beside one, so that every command of every type shows
// that its writes pass the store's door; scripts must not notice.
type cut struct {
	running *store.Cut
	left    map[named]kept // what has not been handed over yet
	lines   int            // of scripts, so far
}

func keptOf(e store.Entry) kept { return kept{string(rdb.DumpPayload(e, false)), e.ExpireAt()} }

// nextCut goes a little further with the cut, or begins one; engine lock held.
func (s *Server) nextCut() {
	c := &s.cut
	c.lines++
	if c.running != nil {
		s.stepCut(c.lines % 3)
		return
	}
	keys := 0
	for db := range s.Store.Each {
		keys += db.Len()
	}
	if keys > cutKeysMax {
		return
	}
	c.left = make(map[named]kept, keys)
	for db := range s.Store.Each {
		for cursor, more := uint64(0), db.Len() > 0; more; more = cursor != 0 {
			cursor = db.Scan(cursor, func(e store.Entry) { c.left[named{db.ID(), string(e.Key())}] = keptOf(e) })
		}
	}
	running, err := s.Store.Cut(func(db int, e store.Entry) {
		name := named{db, string(e.Key())}
		want, ok := c.left[name]
		if got := keptOf(e); !ok || got != want {
			s.t.Errorf("enginetest: a cut hands over %+v as %q until %d, want %q until %d, %v",
				name, got.payload, got.at, want.payload, want.at, ok)
		}
		delete(c.left, name)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	c.running = running
}

// stepCut walks on, and at the end looks whether everything was handed over.
func (s *Server) stepCut(entries int) {
	if s.cut.running.Step(entries) {
		return
	}
	if len(s.cut.left) > 0 {
		s.t.Errorf("enginetest: a cut did not hand over %v", s.cut.left)
	}
	s.cut.running = nil
}

// endCut lets the cut come to its end.
func (s *Server) endCut() {
	for s.cut.running != nil {
		s.stepCut(cutKeysMax)
	}
}
