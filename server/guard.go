package server

import (
	"errors"
	"time"

	"valkey/server/repl/link"
)

// guard keeps a replica from losing its data to a primary that lost its own: one that came back at the same address
// with a history that has nothing to do with the replica's, and that is shorter. It belongs to an upstream, so that
// whoever says REPLICAOF takes whatever comes; the engine lock guards it.
type guard struct {
	followed  bool  // the stream of this primary has been executed
	refusedAt int64 // when a copy was refused first, on the monotonic clock; 0 if none was
}

// errReborn refuses a copy.
var errReborn = errors.New("server: the primary lost its data: it offers an unrelated and shorter history")

// admit says whether a full copy may replace the data. The engine lock is held.
func (u *upstream) admit(a link.Answer) error {
	s, g := u.s, &u.guard
	keep := s.config.ReplicaKeepDataSeconds
	second, _ := s.history.Second()
	switch {
	case !g.followed, keep == 0, a.Offset == link.NoOffset, a.Offset >= s.history.Offset():
		return nil
	case a.ID == s.history.ID(), a.ID == second, s.keyCount() == 0:
		return nil
	}
	if g.refusedAt == 0 {
		g.refusedAt = s.engine.Monotonic()
		s.warn("The primary %s came back with an unrelated history that ends at offset %d, before ours at %d: it has lost "+
			"its data. Ours is kept for %d seconds (replica-keep-data-seconds); promote a replica, or set that to 0 to "+
			"take the primary's", u.addressText(), a.Offset, s.history.Offset(), keep)
	}
	if s.engine.Duration(g.refusedAt) < time.Duration(keep)*time.Second {
		return errReborn
	}
	s.warn("The data is given up for the primary's: nobody promoted a replica in %d seconds", keep)
	return nil
}
