package netloop

import (
	"testing"
	"time"
)

// Windows of a loop under various loads: connections that take turns, and how much of the time the loop is busy.
func TestPacer(t *testing.T) {
	tests := []struct {
		name         string
		conns, turns int
		took         time.Duration // of the window of a millisecond
		elapsed      time.Duration
		want         time.Duration
	}{
		{"fifty clients that wait for replies", 50, 80, 700 * time.Microsecond, time.Millisecond, 50 * time.Microsecond},
		{"thirty-two", 32, 80, 700 * time.Microsecond, time.Millisecond, 33333 * time.Nanosecond},
		{"eight: a pause would be a large part of their time", 8, 60, 500 * time.Microsecond, time.Millisecond, 0},
		{"one", 1, 25, 500 * time.Microsecond, time.Millisecond, 0},
		{"many that have little to do", 500, 500, 200 * time.Microsecond, time.Millisecond, 0},
		{"many", 100, 100, 900 * time.Microsecond, time.Millisecond, 50 * time.Microsecond},
		{"after a rest", 50, 80, time.Millisecond, 3 * time.Millisecond, 0},
		{"idle", 0, 0, 0, time.Millisecond, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			begun := time.Now()
			p := pacer{begun: begun, window: 1}
			conns := make([]Conn, max(tt.conns, 1))
			for i := range tt.turns {
				p.serve(&conns[i%len(conns)])
			}
			p.end(begun.Add(tt.elapsed), tt.took)
			if p.pause != tt.want || p.crowd != tt.conns {
				t.Errorf("pause %v, want %v; crowd %d, want %d", p.pause, tt.want, p.crowd, tt.conns)
			}
			if p.turns != 0 || p.conns != 0 || p.busy != 0 || p.window != 2 {
				t.Errorf("the next window begins as %+v", p)
			}
		})
	}
}

// What was served in the window before counts anew.
func TestPacerCountsEachWindow(t *testing.T) {
	var c Conn
	p := pacer{window: 1}
	for range 3 {
		p.serve(&c)
		p.serve(&c)
		if p.end(p.begun.Add(paceWindow), 0); p.crowd != 1 {
			t.Fatalf("crowd %d", p.crowd)
		}
	}
}
