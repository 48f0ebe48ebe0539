package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"valkey/server/engine/enginetest"
)

// TestWatchModel runs random commands of several clients and expects EXEC to fail exactly if a key that the client
// watches has been written since.
func TestWatchModel(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s := enginetest.New(t, families...)
	const clients, keys = 5, 4
	var watched, spoiled [clients]map[string]bool
	for i := range clients {
		watched[i], spoiled[i] = map[string]bool{}, map[string]bool{}
	}
	run := func(c int, cmd string) string {
		return strings.TrimSpace(s.Step("run", fmt.Sprintf("c%d: %s", c, cmd)))
	}
	for step := range 5000 {
		c := r.IntN(clients)
		key := fmt.Sprint("k", r.IntN(keys))
		switch r.IntN(6) {
		case 0, 1:
			run(c, "WATCH "+key)
			watched[c][key] = true
		case 2:
			run(c, "UNWATCH")
			clear(watched[c])
			clear(spoiled[c])
		case 3, 4:
			run(c, "INCR "+key)
			for o := range clients {
				if watched[o][key] {
					spoiled[o][key] = true
				}
			}
		case 5:
			run(c, "MULTI")
			run(c, "PING")
			want := "[PONG]"
			if len(spoiled[c]) > 0 {
				want = "(nil)"
			}
			if got := run(c, "EXEC"); got != want {
				t.Fatalf("step %d: EXEC of c%d gives %s, want %s", step, c, got, want)
			}
			clear(watched[c])
			clear(spoiled[c])
		}
	}
	for c := range clients {
		run(c, "RESET")
	}
	if clients, keys := s.Engine.WatchCounts(); clients+keys != 0 {
		t.Errorf("%d clients and %d keys are left", clients, keys)
	}
}
