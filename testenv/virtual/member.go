package virtual

import (
	"fmt"
	"time"

	"valkey/quorum/core"
)

// Member is one member of a replicated log: the rules as they are, in a process of its own. It is its owner who knows
// the disk and the other members.
type Member struct {
	Process
	Node  *core.Node
	Slow  time.Duration                // a write takes this long, and up to twice as long
	Store func(b []core.Batch)         // makes a write durable
	Act   func(e core.Effects)         // does what is wanted beside writes and answers
	asked map[uint64]func(core.Answer) // by token
	token uint64

	writing []core.Batch // the write under way
}

// Start begins a life with what the disk holds.
func (m *Member) Start(c core.Config, disk core.State) error {
	m.Begin()
	m.writing, m.asked = nil, map[uint64]func(core.Answer){}
	var err error
	if m.Node, err = core.New(c, disk, m.World.Now); err != nil {
		return err
	}
	m.act()
	m.Every(core.TickEvery, func() { m.Step(core.Tick{}) })
	return nil
}

// Crash takes the power from the process: a write that was under way is lost, or is there and nobody was told.
func (m *Member) Crash() {
	if m.writing != nil && m.World.Chance(2) {
		m.Store(m.writing)
	}
	m.writing = nil
	m.End()
}

// Step gives the node an input and does what it wants done. The process must not be stopped.
func (m *Member) Step(in core.Input) {
	life := m.life
	m.Node.Step(m.World.Now, in)
	if m.life == life { // an applied entry may have ended it
		m.Do(m.act) // or stopped it
	}
}

// Arrive gives the node an input in a while.
func (m *Member) Arrive(d time.Duration, in core.Input) { m.After(d, func() { m.Step(in) }) }

// Ask puts a request to the node; done gets the answer, unless this life ends first.
func (m *Member) Ask(in func(token any) core.Input, done func(core.Answer)) {
	m.token++
	m.asked[m.token] = done
	m.Step(in(m.token))
}

func (m *Member) act() {
	e, life := m.Node.Take(), m.life
	if len(e.Write) > 0 {
		m.write(e.Write)
	}
	m.Act(e)
	for _, a := range e.Answers {
		token, _ := a.Token.(uint64)
		if done := m.asked[token]; done != nil && m.life == life {
			delete(m.asked, token)
			m.Do(func() { done(a) })
		}
	}
}

func (m *Member) write(b []core.Batch) {
	if m.writing != nil {
		panic("BUG: two writes at a time")
	}
	m.writing = b
	life := m.life
	m.World.After(m.World.Between(m.Slow, 2*m.Slow), func() { // also while the process is stopped: its disk is not
		if m.life == life {
			m.Store(m.writing)
			m.writing = nil
			m.Do(func() { m.Step(core.Written{}) })
		}
	})
}

// Weather is what a network does to messages.
type Weather struct {
	Loss, Double float64              // how likely it is
	Delay        func() time.Duration // of a message; different ones make another order
}

// Carry takes a message from one member to another, as bytes as on the wire. Cut says that nothing gets through.
func (w *World) Carry(from, to *Member, fromID string, s core.Send, cut bool, weather Weather) {
	b, err := s.Message.Encode()
	if err != nil {
		panic(fmt.Sprintf("BUG: a message that cannot be encoded: %v", err))
	}
	lost := cut || !to.Up || w.Rand.Float64() < weather.Loss
	if s.Message.IsSnapshot() {
		from.Arrive(2*weather.Delay(), core.SnapshotSent{ID: s.To, OK: !lost})
	} else if lost && s.Message.Raft != nil {
		from.Arrive(0, core.Unreachable{ID: s.To})
	}
	for copies := 1; !lost && copies > 0; copies-- {
		if w.Rand.Float64() < weather.Double {
			copies++
		}
		m, err := core.DecodeMessage(b)
		if err != nil {
			panic(fmt.Sprintf("BUG: a message that cannot be decoded: %v", err))
		}
		to.Arrive(weather.Delay(), core.Received{From: fromID, Message: m})
	}
}

// Disk holds what a member has written, as bytes, so that nothing survives a crash that is not in them.
type Disk struct {
	frames []byte
}

// Write makes batches durable.
func (d *Disk) Write(b []core.Batch) {
	var err error
	for i := range b {
		if d.frames, err = core.AppendBatch(d.frames, b[i]); err != nil {
			panic(fmt.Sprintf("BUG: a batch that cannot be encoded: %v", err))
		}
	}
}

// Lose loses everything.
func (d *Disk) Lose() { d.frames = nil }

// Open reads it, for a member of that name, and counts the start as quorum does.
func (d *Disk) Open(id string) (core.State, error) {
	s := core.State{Meta: core.Meta{MyID: id}}
	for rest := d.frames; len(rest) > 0; {
		var b core.Batch
		var err error
		if b, rest, err = core.DecodeBatch(rest); err == nil {
			err = s.Apply(b)
		}
		if err != nil {
			return s, err
		}
	}
	if s.Meta.MyID != id { // another sentinel in the place of this one
		s = core.State{Meta: core.Meta{MyID: id}}
	}
	s.Meta.Boot++
	d.frames = nil
	d.Write([]core.Batch{s.Whole()})
	return s, nil
}
