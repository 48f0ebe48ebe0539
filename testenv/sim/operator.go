package sim

import (
	"slices"
	"time"

	"valkey/quorum/core"
)

// What the operator of a fleet does about its sentinels: some of it breaks things, all of it is as the documents say.

// mayLose tells whether a sentinel may lose its disk. Afterwards there is a vote that nobody can cast, so it happens
// to one at a time. Before there is a group a pledge may be lost and given again: it happens as long as all pledges,
// the lost ones with them, do not suffice for two groups.
func (f *Fleet) mayLose() bool {
	if f.busy {
		return false
	}
	if len(f.check.groups) == 0 {
		n := f.Nodes[0]
		return 2*n.wanted(n.saved.Primaries) > f.Shape.Sentinels+f.lost+1
	}
	return f.whole()
}

// wipe loses a sentinel's disk: the log alone, or everything, so that a new sentinel comes in its place.
func (f *Fleet) wipe(n *node, away time.Duration) {
	if !f.mayLose() {
		return
	}
	if len(f.check.groups) == 0 {
		f.lost++
	}
	n.kill()
	if f.Chance(2) {
		f.Logf("%s loses its log", n.addr())
		n.disk.Lose()
		f.After(away, func() { f.revive(n) })
		return
	}
	f.Logf("%s loses everything", n.addr())
	old := n.id
	f.install(n)
	f.After(away, func() {
		f.revive(n)
		if f.Shape.Forget == 0 { // else the group forgets it by itself
			f.remove(old)
		}
	})
}

// remove has the group remove a sentinel that is gone for ever.
func (f *Fleet) remove(id string) {
	if l := f.leader(); l != nil {
		if !slices.ContainsFunc(l.Node.Members(f.Now), func(m core.Member) bool { return m.ID == id }) {
			return
		}
		f.Logf("%s is told to remove %.4s", l.addr(), id)
		l.remove(id)
	}
	f.After(time.Second, func() { f.remove(id) })
}

// remove asks the group to remove a member.
func (n *node) remove(id string) {
	n.Ask(func(token any) core.Input { return core.Remove{Token: token, At: n.wall(), ID: id} }, func(core.Answer) {})
}

// dismiss has the group remove one that is there, which stays out until it is started anew.
func (f *Fleet) dismiss(n *node, away time.Duration) {
	if f.busy || !f.whole() {
		return
	}
	f.Logf("%s is removed", n.addr())
	f.leader().remove(n.id)
	f.After(away, func() { f.readmit(n) })
}

// readmit starts a sentinel anew that was removed.
func (f *Fleet) readmit(n *node) {
	if n.status().Removed {
		n.kill()
		f.revive(n)
	}
}

// disaster takes a majority of the sentinels for ever. The operator makes a new group of one that is left, and puts
// new sentinels in the places of the others, one after the other.
func (f *Fleet) disaster() {
	if f.busy || !f.whole() {
		return
	}
	f.busy = true
	order := f.Rand.Perm(len(f.Nodes))
	left := 1 + f.Rand.IntN((len(f.Nodes)-1)/2)
	var gone []*node
	for _, i := range order[left:] {
		n := f.Nodes[i]
		f.Logf("%s is gone for ever", n.addr())
		n.kill()
		f.install(n)
		n.packed = true
		gone = append(gone, n)
	}
	f.After(f.Between(0, 5*time.Second), func() { f.force(f.Nodes[order[0]], gone) })
}

// force has a sentinel make a new group, as often as it takes.
func (f *Fleet) force(n *node, gone []*node) {
	done := false
	if n.Alive() {
		f.Logf("%s is told to make a new group", n.addr())
		n.Ask(func(token any) core.Input { return core.Force{Token: token} }, func(a core.Answer) {
			if done = a.Err == nil; done {
				f.replace(gone)
			}
		})
	}
	f.After(3*time.Second, func() {
		if !done {
			f.force(n, gone)
		}
	})
}

// replace starts new sentinels, the next when the last has a vote.
func (f *Fleet) replace(gone []*node) {
	if len(gone) == 0 {
		f.busy = false
		return
	}
	n := gone[0]
	n.packed = false
	f.revive(n)
	if n.status().Voter {
		gone = gone[1:]
	}
	f.After(time.Second, func() { f.replace(gone) })
}

// patience is how long the operator waits for a group that does not form before he makes one.
const patience = 40 * time.Second

// Mend makes everything whole, and keeps it so.
func (f *Fleet) Mend() {
	f.Logf("everything is mended")
	clear(f.Net.cuts)
	f.weather.Loss, f.weather.Double = 0, 0
	for _, s := range f.Servers {
		s.frozen = false
		if !s.up {
			s.start(false)
		}
	}
	for _, n := range f.Nodes {
		n.hold, n.Slow = false, diskTime
		n.thaw()
		f.revive(n)
	}
	f.tend(f.Now)
}

// tend looks after the sentinels. Where the one that drew a group's id lost its disk, nobody else can form the group,
// and the operator has to.
func (f *Fleet) tend(led time.Duration) {
	for _, n := range f.Nodes {
		f.readmit(n)
	}
	switch {
	case f.busy || f.leader() != nil:
		led = f.Now
	case f.Now-led > patience:
		if len(f.check.groups) > 0 || f.lost == 0 {
			f.check.fail("there is no leader, and nothing that is lost explains it")
			return
		}
		f.check.rescued++
		f.busy = true
		f.force(f.Nodes[0], nil)
	}
	f.After(time.Second, func() { f.tend(led) })
}
