package session

// Registry holds the connected clients in the order in which they came.
type Registry struct {
	first, last *Client
	byID        map[uint64]*Client
	nextID      uint64
}

// NewRegistry returns an empty registry; ids start at 1 and are never used twice.
func NewRegistry() *Registry { return &Registry{byID: make(map[uint64]*Client)} }

// Add gives the client its id and appends it.
func (r *Registry) Add(c *Client) {
	r.nextID++
	c.ID = r.nextID
	r.byID[c.ID] = c
	c.prev = r.last
	if r.last != nil {
		r.last.next = c
	} else {
		r.first = c
	}
	r.last = c
}

// Remove takes the client out.
func (r *Registry) Remove(c *Client) {
	if r.byID[c.ID] != c {
		return
	}
	delete(r.byID, c.ID)
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		r.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		r.last = c.prev
	}
	c.prev, c.next = nil, nil
}

// ByID finds a client, nil when there is none.
func (r *Registry) ByID(id uint64) *Client { return r.byID[id] }

// Len is the number of clients.
func (r *Registry) Len() int { return len(r.byID) }

// All yields the clients in order; the one yielded may be removed meanwhile.
func (r *Registry) All(yield func(*Client) bool) {
	for c := r.first; c != nil; {
		next := c.next
		if !yield(c) {
			return
		}
		c = next
	}
}

// First is the client that connected longest ago, nil when there is none.
func (r *Registry) First() *Client { return r.first }

// After is the client that connected next after c, nil after the last.
func (r *Registry) After(c *Client) *Client { return c.next }
