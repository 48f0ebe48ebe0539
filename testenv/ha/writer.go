package ha

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"valkey/testenv"
)

const (
	writeKey     = "ha:acknowledged"
	writeMax     = 500 * time.Millisecond
	addressMax   = 200 * time.Millisecond
	writerPause  = time.Millisecond
	acknowledged = 1 << 20 // writes that one round has room for
)

// Write is a number that a server acknowledged.
type Write struct {
	N  int
	At time.Time
}

// Writer is a client that appends numbers to a key as fast as it can, and asks the sentinels again after every error.
type Writer struct {
	Acked    []Write // once Stop has returned
	ReadOnly int     // errors that said READONLY

	fleet *Fleet
	last  atomic.Int64 // Unix nanoseconds of the last acknowledgement
	quit  chan struct{}
	done  chan struct{}
}

// StartWriter empties the key and begins.
func (f *Fleet) StartWriter(primary *Node) (*Writer, error) {
	if _, err := Ask(primary, askMax, "DEL", writeKey); err != nil {
		return nil, err
	}
	w := &Writer{Acked: make([]Write, 0, acknowledged), fleet: f, quit: make(chan struct{}), done: make(chan struct{})}
	go w.run() // until Stop
	return w, nil
}

// Last is when a write was acknowledged last; any goroutine may ask.
func (w *Writer) Last() time.Time { return time.Unix(0, w.last.Load()) }

// Stop ends the writer.
func (w *Writer) Stop() {
	close(w.quit)
	<-w.done
}

func (w *Writer) run() {
	defer close(w.done)
	var c *testenv.Client
	var out []byte
	sentinel := 0
	for n := 1; ; n++ {
		select {
		case <-w.quit:
			return
		default:
		}
		if c == nil {
			primary, err := w.fleet.Primary(w.fleet.Sentinels[sentinel%sentinels], addressMax)
			if err == nil {
				c, err = testenv.DialWithin(primary.Addr, writeMax)
			}
			if err != nil {
				sentinel++
				<-time.After(writerPause)
				continue
			}
		}
		out = testenv.AppendCommand(out[:0], "APPEND", writeKey, fmt.Sprintf("%d,", n))
		var reply any
		err := c.Send(out)
		if err == nil {
			reply, err = c.ReadWithin(writeMax)
		}
		if _, ok := reply.(int64); ok && err == nil {
			now := time.Now()
			w.Acked = append(w.Acked, Write{n, now})
			w.last.Store(now.UnixNano())
			continue
		}
		if refused, ok := reply.(testenv.Error); ok && strings.HasPrefix(string(refused), "READONLY") {
			w.ReadOnly++
		}
		c.Close()
		c = nil
		<-time.After(writerPause)
	}
}

// Gap is the longest time between two acknowledged writes, the second one after a moment.
func (w *Writer) Gap(after time.Time) (longest time.Duration) {
	for i := 1; i < len(w.Acked); i++ {
		if w.Acked[i].At.After(after) {
			longest = max(longest, w.Acked[i].At.Sub(w.Acked[i-1].At))
		}
	}
	return longest
}

// Lost counts the acknowledged writes that a server does not hold.
func (w *Writer) Lost(primary *Node) (int, error) {
	v, err := Ask(primary, 10*time.Second, "GET", writeKey)
	if err != nil {
		return 0, err
	}
	held := map[string]bool{}
	for n := range strings.SplitSeq(fmt.Sprint(v), ",") {
		held[n] = true
	}
	lost := 0
	for _, a := range w.Acked {
		if !held[fmt.Sprint(a.N)] {
			lost++
		}
	}
	return lost, nil
}
