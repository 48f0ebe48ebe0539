package sentinel

import (
	"testing"
	"time"

	"valkey/frontend/netloop"
	"valkey/frontend/session"
	"valkey/quorum"
)

// Exported for the tests outside of the package.
const (
	ErrNoQuorum      = string(errNoQuorum)
	ErrSave          = string(errSave)
	ErrConfigUsage   = string(errConfigUsage)
	ErrScriptsDenied = string(errScriptsDenied)
)

var (
	NewTable   = newTable
	BecomeLink = becomeLink
)

// MyID is the sentinel's id.
func (s *Sentinel) MyID() string {
	s.enter()
	defer s.leave()
	return s.config.Sentinel.MyID
}

// Apply applies an entry at the next index, as the log does.
func (s *Sentinel) Apply(data []byte) {
	s.enter()
	next := s.ledger.Index() + 1
	s.leave()
	machine{s}.Apply(quorum.Entry{Index: next, At: time.Now(), By: "other", Data: data})
}

// AskAddress executes the question for a primary's address, and gives the allocations of each and the reply.
func (s *Sentinel) AskAddress(name string) (allocations float64, reply string) {
	s.enter()
	defer s.leave()
	cl := &session.Client{}
	s.front.LogInDefault(cl)
	cl.W.Proto = 2
	cmd := &netloop.Command{Args: [][]byte{[]byte("SENTINEL"), []byte("GET-MASTER-ADDR-BY-NAME"), []byte(name)}, Size: 50}
	e, known := s.table.Lookup(cmd.Args)
	allocations = testing.AllocsPerRun(100, func() {
		cl.W.Buf = cl.W.Buf[:0]
		s.execute(cl, e, known, cmd)
	})
	return allocations, string(cl.W.Buf)
}
