package monitor

import (
	"slices"
	"testing"
	"time"

	"valkey/sentinel/ledger"
)

// TestOnlyTheAgreedPrimaryHasHistories holds that a server which only an old file names as the primary, and which may
// be back without its data, lends its history to nobody.
func TestOnlyTheAgreedPrimaryHasHistories(t *testing.T) {
	m := New(Config{ID: "S1"}, time.Second)
	at := func(host string) ledger.Addr { return ledger.Addr{Host: host, Port: 6379} }
	agreed := func(host string) *ledger.Primary {
		return &ledger.Primary{Ref: ledger.Ref{Name: "m"}, Addr: at(host), Watchers: []string{"S1"}}
	}
	g := m.watch(Settings{Name: "m", Addr: at("10.0.0.1"), Quorum: 1})
	says := func(history string) {
		g.primary.replID = history
		g.hear(g.primary)
	}
	holds := func(when string, want ...string) {
		t.Helper()
		if got := g.histories(); !slices.Equal(got, want) {
			t.Errorf("%s the histories are %v, not %v", when, got, want)
		}
	}
	says("old")
	holds("before anything is agreed")
	m.Step(Applied{Changes: []ledger.Change{{Record: &ledger.Watch{}, Primary: agreed("10.0.0.2")}}}, m.now)
	holds("when another is agreed")
	says("new")
	holds("when that has spoken", "new")
	m.Step(Restored{Primaries: []*ledger.Primary{agreed("10.0.0.3")}}, m.now)
	holds("when the ledger has moved on unseen")
	g.primary.replID = "newer"
	m.Step(Applied{Changes: []ledger.Change{{Record: &ledger.Watch{}, Primary: agreed("10.0.0.3")}}}, m.now)
	holds("when what was heard before is agreed", "newer")
}
