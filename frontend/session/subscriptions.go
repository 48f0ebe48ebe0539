package session

// Subscriptions are the channels, patterns and shard channels that a client listens to. The zero value has none.
type Subscriptions struct {
	Channels, Patterns, Shards Names
}

// Count is the number of all subscriptions of every kind.
func (s *Subscriptions) Count() int { return s.Channels.Len() + s.Patterns.Len() + s.Shards.Len() }

// Names is a set of names in the order in which they were added.
type Names struct {
	list []string
	at   map[string]int
}

// Len is the number of names.
func (n *Names) Len() int { return len(n.list) }

// List gives the names; it is valid until the next change.
func (n *Names) List() []string { return n.list }

// Has reports whether the name is in the set.
func (n *Names) Has(name []byte) bool {
	_, ok := n.at[string(name)]
	return ok
}

// Add puts a name in and reports whether it is new.
func (n *Names) Add(name string) bool {
	if _, ok := n.at[name]; ok {
		return false
	}
	if n.at == nil {
		n.at = make(map[string]int)
	}
	n.at[name] = len(n.list)
	n.list = append(n.list, name)
	return true
}

// Remove takes a name out and reports whether it was there. The last name takes its place.
func (n *Names) Remove(name string) bool {
	i, ok := n.at[name]
	if !ok {
		return false
	}
	last := len(n.list) - 1
	moved := n.list[last]
	n.list[i] = moved
	n.at[moved] = i
	n.list[last] = ""
	n.list = n.list[:last]
	delete(n.at, name)
	return true
}
