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

// Writer appends numbers to a key as fast as it can.
type Writer struct {
	Key      string  // what it appends to
	Acked    []Write // once Stop has returned
	ReadOnly int     // errors that said READONLY

	last atomic.Int64 // Unix nanoseconds of the last acknowledgement
	quit chan struct{}
	done chan struct{}
}

// StartWriter empties a key and begins, as a client that asks the sentinels again after every error.
func (f *Fleet) StartWriter(primary *Node) (*Writer, error) {
	if _, err := Ask(primary, askMax, "DEL", writeKey); err != nil {
		return nil, err
	}
	follow := follower{fleet: f}
	return WriteWith(writeKey, follow.append), nil
}

// WriteWith begins with a client of any kind, which appends a value to the key or says why it could not.
func WriteWith(key string, write func(key, value string) error) *Writer {
	w := &Writer{Acked: make([]Write, 0, acknowledged), Key: key, quit: make(chan struct{}), done: make(chan struct{})}
	go w.run(write) // until Stop
	return w
}

// Last is when a write was acknowledged last; any goroutine may ask.
func (w *Writer) Last() time.Time { return time.Unix(0, w.last.Load()) }

// Stop ends the writer.
func (w *Writer) Stop() {
	close(w.quit)
	<-w.done
}

func (w *Writer) run(write func(key, value string) error) {
	defer close(w.done)
	for n := 1; ; n++ {
		select {
		case <-w.quit:
			return
		default:
		}
		err := write(w.Key, fmt.Sprintf("%d,", n))
		if err == nil {
			now := time.Now()
			w.Acked = append(w.Acked, Write{n, now})
			w.last.Store(now.UnixNano())
			continue
		}
		if strings.HasPrefix(err.Error(), "READONLY") {
			w.ReadOnly++
		}
		<-time.After(writerPause)
	}
}

// follower is a connection to the primary, whom it asks one sentinel after the other for.
type follower struct {
	fleet    *Fleet
	conn     *testenv.Client // nil: not known
	sentinel int
}

func (f *follower) append(key, value string) error {
	if f.conn == nil {
		primary, err := f.fleet.Primary(f.fleet.Sentinels[f.sentinel%sentinels], addressMax)
		if err == nil {
			f.conn, err = primary.dial(writeMax)
		}
		if err != nil {
			f.sentinel++
			return err
		}
	}
	_, err := call(f.conn, writeMax, "APPEND", key, value)
	if err != nil {
		f.conn.Close()
		f.conn = nil
	}
	return err
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
	v, err := Ask(primary, 10*time.Second, "GET", w.Key)
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
