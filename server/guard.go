package server

import (
	"errors"
	"io"
	"time"

	"valkey/server/repl/link"
	"valkey/server/snapshot"
)

// guard keeps a replica from losing its data to a primary that lost its own: one that came back at the same address,
// with a history that has nothing to do with the replica's, is shorter, and began with nothing. It belongs to an
// upstream, so that whoever says REPLICAOF takes whatever comes; the engine lock guards it.
type guard struct {
	followed  bool   // the stream of this primary has been executed
	refusedAt int64  // when a copy was refused first, on the monotonic clock; 0 if none was
	emptied   string // the history that was refused: what comes into it later does not make up for what is lost
}

// errReborn refuses a copy.
var errReborn = errors.New("server: the primary lost its data: its history is an unrelated and shorter one")

// doubts says whether a full copy must be looked at before it may replace the data. The engine lock is held.
func (u *upstream) doubts(a link.Answer) bool {
	s := u.s
	second, _ := s.history.Second()
	switch {
	case !u.guard.followed, a.Offset == link.NoOffset, a.Offset >= s.history.Offset():
		return false
	case a.ID == s.history.ID(), a.ID == second, s.keyCount() == 0:
		return false
	}
	return u.keepsFor() > 0
}

// keepsFor is how long the data is still kept. The engine lock is held.
func (u *upstream) keepsFor() time.Duration {
	keep := time.Duration(u.s.config.ReplicaKeepDataSeconds) * time.Second
	if u.guard.refusedAt != 0 {
		keep -= u.s.engine.Duration(u.guard.refusedAt)
	}
	return max(keep, 0)
}

// admit refuses a copy before it comes, if it is of a history that was refused already. The engine lock is held.
func (u *upstream) admit(a link.Answer) error {
	if a.ID == u.guard.emptied && u.doubts(a) {
		return errReborn
	}
	return nil
}

// examine is the last moment before data is given up for a copy. It gives the copy, or refuses it.
func (u *upstream) examine(r io.Reader) (io.Reader, error) {
	doubted := false
	if err := u.locked(func() error {
		doubted = u.doubts(u.sync)
		if !doubted && u.guard.refusedAt != 0 {
			u.s.warn("The data that was kept is given up for the primary's copy")
		}
		return nil
	}); err != nil || !doubted {
		return r, err
	}
	r, lost, err := snapshot.Look(r)
	if err != nil || !lost {
		return r, err
	}
	return nil, u.locked(func() error {
		u.refuse()
		return errReborn
	})
}

// refuse keeps the data. The engine lock is held.
func (u *upstream) refuse() {
	s, g := u.s, &u.guard
	u.state = stateHandshake // it got no further, and the next try takes its time
	g.emptied = u.sync.ID
	if g.refusedAt != 0 {
		return
	}
	g.refusedAt = s.engine.Monotonic()
	s.warn("The primary %s came back without its data, with an unrelated history that ends at offset %d, before ours at "+
		"%d. Ours is kept for %d seconds (replica-keep-data-seconds): promote a replica, or set that to 0 to "+
		"take the primary's", u.addressText(), u.sync.Offset, s.history.Offset(), s.config.ReplicaKeepDataSeconds)
}
