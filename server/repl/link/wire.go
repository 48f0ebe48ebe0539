package link

import (
	"net"
	"sync/atomic"
	"time"
)

// wire is one connection to the primary. One goroutine at a time reads from it.
type wire struct {
	conn    net.Conn
	in      input
	heardMs *atomic.Int64 // Link.heardMs
	waitsMs atomic.Int64  // since when somebody waits for the primary, Unix milliseconds; 0 when nobody does
	forget  func() bool   // ends the watch over the end of a context
}

// Read reads from the connection, with a note of when it was last heard of.
func (w *wire) Read(b []byte) (int, error) {
	w.waitsMs.Store(time.Now().UnixMilli())
	n, err := w.conn.Read(b)
	w.waitsMs.Store(0)
	if n > 0 {
		w.heardMs.Store(time.Now().UnixMilli())
	}
	return n, err
}

// isSilent reports whether somebody has waited for longer than that.
func (w *wire) isSilent(now time.Time, than time.Duration) bool {
	waits := w.waitsMs.Load()
	return waits > 0 && now.Sub(time.UnixMilli(waits)) > than
}

// close ends every read and write. It may be called from any goroutine, and again.
func (w *wire) close() {
	w.forget()
	_ = w.conn.Close() // what it had to say is lost in any case
}
