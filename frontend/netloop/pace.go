package netloop

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pacer lets requests gather. A loop that is faster than its clients finds one or two of them ready whenever it looks,
// and pays for a sleep and a wake-up each time, as the clients do for replies that come one by one. Once the loop is
// busy with many clients it waits a moment before it looks: what it then finds is a dozen. Network cards moderate their
// interrupts for the same reason.
//
// The pause is a small part of the time after which each client's turn comes anyway, so nobody sees it: it holds up
// neither a lone client, which would wait for nothing, nor a loop that has time enough.
type pacer struct {
	// Of the present window.
	begun  time.Time
	busy   time.Duration // not spent in waiting
	turns  int           // of connections that had something to read
	conns  int           // different ones among them
	window uint32        // its number, which connections are stamped with

	crowd int           // conns of the last window
	pause time.Duration // that the last window asks for, 0 for none
}

// serve counts a connection that has something to read.
func (p *pacer) serve(c *Conn) {
	p.turns++
	if c.servedIn != p.window {
		c.servedIn = p.window
		p.conns++
	}
}

// end adds a turn of the loop that took until now, and judges the window when that is over.
func (p *pacer) end(now time.Time, took time.Duration) {
	p.busy += took
	elapsed := now.Sub(p.begun)
	if elapsed < paceWindow {
		return
	}
	p.pause = 0
	if elapsed < 2*paceWindow && p.busy >= elapsed/paceBusyShare {
		// A connection's turn comes round every elapsed × conns / turns.
		round := elapsed * time.Duration(p.conns) / time.Duration(max(p.turns, 1))
		if pause := min(round/paceRoundShare, pauseMax); pause >= pauseMin {
			p.pause = pause
		}
	}
	p.crowd = p.conns
	*p = pacer{begun: now, window: p.window + 1, crowd: p.crowd, pause: p.pause}
}

// wait gives requests time to come after a turn that served few connections of those that are active.
func (p *pacer) wait(served int) {
	if p.pause == 0 || served == 0 || served > p.crowd/4 {
		return
	}
	// By default the kernel adds 50 µs to a short sleep; the setting is the thread's, and the loop may have changed it.
	_, _, _ = unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_TIMERSLACK, 1, 0, 0, 0, 0)
	ts := unix.NsecToTimespec(int64(p.pause))
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0) // a signal may end it
}
