package repl

import (
	"sync"
	"sync/atomic"
)

// Feed is what an outlet can be switched to: a Reader, a file, a snapshot that is being made. Next and Sent are
// netloop.Source's.
type Feed interface {
	Next(limit int) []byte
	Sent(n int)
}

// Outlet is all that one replica's connection sends, in order: what the server says to it, and after that what it is
// fed. It is a netloop.Source; Say and Switch may be called from any goroutine.
type Outlet struct {
	mu struct {
		sync.Mutex // held for a few instructions; never while a feed is asked
		said       []byte
		feed       Feed
	}
	from  Feed // gave what Next did, nil if it was said; of the goroutine that pulls
	taken atomic.Uint64
	total *atomic.Uint64
}

// NewOutlet makes an outlet that says nothing. What it sends is added to a total.
func NewOutlet(total *atomic.Uint64) *Outlet { return &Outlet{total: total} }

// Say sends bytes, ahead of what the feed has from now on. It must not be called while the feed is in the middle of
// something.
func (o *Outlet) Say(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mu.said = append(o.mu.said, text...)
}

// Switch feeds from now on from another source; nil from none.
func (o *Outlet) Switch(f Feed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mu.feed = f
}

// Next gives what is to be sent next.
func (o *Outlet) Next(limit int) []byte {
	o.mu.Lock()
	said, feed := o.mu.said, o.mu.feed
	o.mu.Unlock()
	if len(said) > 0 {
		o.from = nil
		return said[:min(len(said), limit)]
	}
	if o.from = feed; feed == nil {
		return nil
	}
	return feed.Next(limit)
}

// Sent takes n bytes off it.
func (o *Outlet) Sent(n int) {
	o.taken.Add(uint64(n))
	o.total.Add(uint64(n))
	if o.from != nil {
		o.from.Sent(n)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mu.said = o.mu.said[n:]; len(o.mu.said) == 0 {
		o.mu.said = nil
	}
}

// Empty reports whether all that was said is sent.
func (o *Outlet) Empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.mu.said) == 0
}

// Taken is how many bytes were sent in all.
func (o *Outlet) Taken() uint64 { return o.taken.Load() }
