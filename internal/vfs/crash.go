package vfs

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
)

// CrashClone gives the file system as a machine might find it after losing power now; m itself goes on. What was synced
// is there. Of what was not, the seed draws, for every file and folder on its own, how many of the changes since its
// last sync made it to the disk, and how much of the first one that did not, if that is an append. Seed 0 keeps nothing
// unsynced.
func (m *Mem) CrashClone(seed uint64) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := crash{clones: map[*node]*node{}}
	if seed != 0 {
		c.rng = rand.New(rand.NewPCG(seed, 0))
	}
	return &Mem{root: c.clone(m.root)}
}

// crash is the making of one clone. A node with two names, one of them lost or not, stays one node.
type crash struct {
	rng    *rand.Rand // nil keeps nothing unsynced
	clones map[*node]*node
}

func (c *crash) clone(n *node) *node {
	if done, ok := c.clones[n]; ok {
		return done
	}
	out := &node{mode: n.mode}
	c.clones[n] = out
	if n.mode.IsDir() {
		out.names = maps.Clone(n.durableNames)
		for _, l := range n.links[:c.draw(len(n.links))] {
			l.change(out.names)
		}
		// In the order of names, so that a seed always draws the same.
		for _, name := range slices.Sorted(maps.Keys(out.names)) {
			out.names[name] = c.clone(out.names[name])
		}
	} else {
		out.data = bytes.Clone(n.durable)
		kept := c.draw(len(n.writes))
		for _, w := range n.writes[:kept] {
			out.data = w.change(out.data)
		}
		if kept < len(n.writes) {
			out.data = append(out.data, n.writes[kept].data[:c.draw(len(n.writes[kept].data))]...)
		}
	}
	out.sync()
	return out
}

// draw gives a number from 0 to n, or 0 without a seed.
func (c *crash) draw(n int) int {
	if c.rng == nil {
		return 0
	}
	return c.rng.IntN(n + 1)
}

func (n *node) append(p []byte) {
	w := write{data: bytes.Clone(p)}
	if len(w.data) == 0 {
		return
	}
	n.data = w.change(n.data)
	n.writes = append(n.writes, w)
}

func (n *node) truncate(size int64) {
	if size == int64(len(n.data)) {
		return
	}
	w := write{size: size}
	n.data = w.change(n.data)
	n.writes = append(n.writes, w)
}

func (n *node) apply(l link) {
	l.change(n.names)
	n.links = append(n.links, l)
}

// sync makes the state of now the one that survives.
func (n *node) sync() {
	n.durable = bytes.Clone(n.data)
	n.durableNames = maps.Clone(n.names)
	n.writes, n.links = nil, nil
}

func (w write) change(data []byte) []byte {
	switch {
	case w.data != nil:
		return append(data, w.data...)
	case w.size <= int64(len(data)):
		return data[:w.size]
	default:
		return append(data, make([]byte, w.size-int64(len(data)))...)
	}
}

func (l link) change(names map[string]*node) {
	if l.gone != "" {
		delete(names, l.gone)
	}
	if l.node != nil {
		names[l.name] = l.node
	}
}
