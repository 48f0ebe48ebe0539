package core

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// proposals are those of this member that are under way. One is sent again when the leader changes and after a while
// without an answer; it is applied once, since the roster remembers its number.
type proposals struct {
	next  uint64
	under map[uint64]*proposal
}

type proposal struct {
	token    any
	data     []byte
	deadline time.Duration
	again    time.Duration
	handed   bool // raft has taken it at least once, so nobody can say that it will not happen
}

func newProposals(boot uint64) proposals {
	return proposals{next: boot<<bootShift + 1, under: map[uint64]*proposal{}}
}

func (n *Node) propose(token any, at time.Time, kind byte, data []byte) {
	p := &n.proposals
	switch {
	case len(data) > EntryMax:
		n.answer(token, nil, ErrTooLarge)
		return
	case !n.formed() || p.full():
		n.answer(token, nil, ErrNoQuorum)
		return
	}
	v := envelope{kind: kind, raft: n.meta.Raft, seq: p.next, at: at.UnixNano(), data: data}
	pr := &proposal{token: token, data: v.encode(), deadline: n.now + proposalPatience}
	p.under[p.next] = pr
	p.next++
	n.hand(pr)
}

// full reports whether the next number would leave the window in which the roster remembers the oldest.
func (p *proposals) full() bool {
	for seq := range p.under {
		if p.next-seq >= proposalsMax {
			return true
		}
	}
	return false
}

// hand gives a proposal to raft, which appends it, or sends it to the leader, or knows of none.
func (n *Node) hand(p *proposal) {
	p.again = n.now + TickEvery
	if n.rn.Propose(p.data) == nil {
		p.handed, p.again = true, n.now+proposalRetry
	}
}

func (p *proposals) inOrder() []uint64 { return slices.Sorted(maps.Keys(p.under)) }

func (p *proposals) tick(n *Node) {
	for _, seq := range p.inOrder() {
		switch pr := p.under[seq]; {
		case n.now >= pr.deadline:
			p.fail(n, seq)
		case n.now >= pr.again && n.formed() && !(n.leader.self && pr.handed):
			n.hand(pr)
		}
	}
}

// retry sends all again: there is a new leader.
func (p *proposals) retry(n *Node) {
	for _, seq := range p.inOrder() {
		if n.formed() {
			n.hand(p.under[seq])
		}
	}
}

// applied answers a proposal.
func (p *proposals) applied(n *Node, seq uint64, result any, err error) {
	if pr := p.under[seq]; pr != nil {
		delete(p.under, seq)
		n.answer(pr.token, result, err)
	}
}

// restored answers those that a snapshot brought: they were applied, elsewhere, and their results are not here.
func (p *proposals) restored(n *Node) {
	m := n.roster.members[n.meta.Raft]
	for _, seq := range p.inOrder() {
		if m != nil && m.window.seen(seq) {
			p.fail(n, seq)
		}
	}
}

func (p *proposals) fail(n *Node, seq uint64) {
	pr := p.under[seq]
	delete(p.under, seq)
	if pr.handed {
		n.answer(pr.token, nil, ErrUnknown)
	} else {
		n.answer(pr.token, nil, ErrNoQuorum)
	}
}

// reads are requests to know that nothing newer was agreed. Those that come while one is under way share the next.
type reads struct {
	counter uint64 // of the last try; every try has a new one, as raft takes an old one for answered
	first   uint64 // of the first try for asked: the answer to any since then will do
	asked   []read
	again   time.Duration // when the one under way is tried anew
	queue   []read
	waiting []release
}

type read struct {
	token    any
	deadline time.Duration
}

// release is what is answered when the log is applied up to index.
type release struct {
	index uint64
	asked []read
}

func (r *reads) len() int {
	sum := len(r.asked) + len(r.queue)
	for _, w := range r.waiting {
		sum += len(w.asked)
	}
	return sum
}

func (n *Node) confirm(token any) {
	r := &n.reads
	if !n.formed() || r.len() >= readsMax {
		n.answer(token, nil, ErrNoQuorum)
		return
	}
	r.queue = append(r.queue, read{token, n.now + proposalPatience})
	if len(r.asked) == 0 {
		r.ask(n)
	}
}

// ask begins a try for those that were asked for, or, if that is over, for all that came since.
func (r *reads) ask(n *Node) {
	if len(r.asked) == 0 {
		r.asked, r.queue, r.first = r.queue, nil, r.counter+1
	}
	if len(r.asked) == 0 || !n.formed() {
		return
	}
	r.counter++
	r.again = n.now + readRetry
	ctx := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, n.meta.Raft), r.counter)
	n.rn.ReadIndex(ctx)
}

// known takes raft's answer to a try.
func (r *reads) known(counter, index uint64) {
	if counter >= r.first && len(r.asked) > 0 {
		r.waiting = append(r.waiting, release{index, r.asked})
		r.asked = nil
	}
}

// release answers those whose index is applied.
func (r *reads) release(n *Node) {
	r.waiting = slices.DeleteFunc(r.waiting, func(w release) bool {
		if w.index > n.log.applied {
			return false
		}
		for _, a := range w.asked {
			n.answer(a.token, nil, nil)
		}
		return true
	})
	if len(r.asked) == 0 && len(r.queue) > 0 {
		r.ask(n)
	}
}

func (r *reads) tick(n *Node) {
	r.drop(n, func(a read) bool { return n.now >= a.deadline })
	if len(r.asked) > 0 && n.now >= r.again {
		r.ask(n)
	}
}

func (r *reads) retry(n *Node) {
	if len(r.asked) > 0 {
		r.ask(n)
	}
}

// drop answers those that match with ErrNoQuorum.
func (r *reads) drop(n *Node, match func(read) bool) {
	sift := func(list []read) []read {
		return slices.DeleteFunc(list, func(a read) bool {
			if !match(a) {
				return false
			}
			n.answer(a.token, nil, ErrNoQuorum)
			return true
		})
	}
	r.asked, r.queue = sift(r.asked), sift(r.queue)
	for i := range r.waiting {
		r.waiting[i].asked = sift(r.waiting[i].asked)
	}
	r.waiting = slices.DeleteFunc(r.waiting, func(w release) bool { return len(w.asked) == 0 })
}

// cancel answers a request whose owner does not wait any more.
func (n *Node) cancel(token any) {
	for _, seq := range n.proposals.inOrder() {
		if n.proposals.under[seq].token == token {
			n.proposals.fail(n, seq)
		}
	}
	n.reads.drop(n, func(a read) bool { return a.token == token })
}

// failAll answers everything: the identity under which it was asked is gone.
func (n *Node) failAll() {
	for _, seq := range n.proposals.inOrder() {
		n.proposals.fail(n, seq)
	}
	n.reads.drop(n, func(read) bool { return true })
}
