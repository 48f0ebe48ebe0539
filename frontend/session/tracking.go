package session

import "slices"

// Tracking is what CLIENT TRACKING has set for a client.
type Tracking struct {
	Redirect  uint64 // who gets the messages; 0: the client itself
	Broadcast bool
	OptIn     bool
	OptOut    bool
	NoLoop    bool
	Caching   bool     // CLIENT CACHING came before
	Prefixes  []string // of the keys that Broadcast tells of, sorted; Add adds one

	bytes int // that Prefixes takes
}

// Keep takes over what a change of mode leaves as it is.
func (t *Tracking) Keep(old *Tracking) {
	t.Caching, t.Prefixes, t.bytes = old.Caching, old.Prefixes, old.bytes
}

// Add adds a prefix, unless it is there.
func (t *Tracking) Add(prefix string) {
	if i, found := slices.BinarySearch(t.Prefixes, prefix); !found {
		t.Prefixes = slices.Insert(t.Prefixes, i, prefix)
		t.bytes += prefixBytes + len(prefix)
	}
}

// Redirection is the client that gets the invalidation messages of this one: 0 itself, -1 none.
func (c *Client) Redirection() int64 {
	if c.Tracking == nil {
		return -1
	}
	return int64(c.Tracking.Redirect)
}
