package store

// Every entry keeps 24 bits that say how lately (LRU) or how often (LFU) it was used: the seconds of its last use, or
// its minutes (16 bits) and a counter (8 bits) that grows with the logarithm of the uses and decays with time. Both
// wrap: an age is a difference. Which of the two they are is the policy's business; entries are not converted when it
// changes, as in Valkey.

const (
	lfuFresh     = 5 // where the counter of a new entry starts, so that it can prove itself before it is evicted
	lfuMax       = 255
	msPerSecond  = 1000
	msPerMinute  = 60 * msPerSecond
	unitInterval = 1.0 / (1 << 53)
)

// Aging says how entries age.
type Aging struct {
	LFU          bool
	LogFactor    int // how much harder each further step of the LFU counter is; lfu-log-factor
	DecayMinutes int // after how many minutes the counter loses one, 0 for never; lfu-decay-time
}

// SetAging sets how entries age from now on.
func (s *Store) SetAging(a Aging) { s.aging = a }

// SetClock tells the time in milliseconds, once a batch: the ages of what the batch touches.
func (s *Store) SetClock(now int64) {
	s.seconds = uint32(now/msPerSecond) & ageMask
	s.minutes = uint16(now / msPerMinute)
}

func (s *Store) freshAge() uint32 {
	if s.aging.LFU {
		return uint32(s.minutes)<<8 | lfuFresh
	}
	return s.seconds
}

// Touch notes a use of the entry.
func (e Entry) Touch() {
	s := e.s
	h := e.header()
	if !s.aging.LFU {
		e.setHeader(h.withAge(s.seconds))
		return
	}
	e.setHeader(h.withAge(uint32(s.minutes)<<8 | uint32(s.bump(s.decayed(h.age())))))
}

// Idle returns the seconds since the last use, under LRU.
func (e Entry) Idle() int { return int((e.s.seconds - e.header().age()) & ageMask) }

// Freq returns the counter of uses, under LFU.
func (e Entry) Freq() int { return int(e.s.decayed(e.header().age())) }

// SetIdle sets the seconds since the last use, unless entries age by frequency.
func (e Entry) SetIdle(seconds uint32) {
	if !e.s.aging.LFU {
		e.setHeader(e.header().withAge(e.s.seconds - min(seconds, ageMask)))
	}
}

// SetFreq sets the counter of uses, if entries age by frequency.
func (e Entry) SetFreq(counter uint8) {
	if e.s.aging.LFU {
		e.setHeader(e.header().withAge(uint32(e.s.minutes)<<8 | uint32(counter)))
	}
}

func (s *Store) decayed(age uint32) uint8 {
	count := uint8(age)
	if s.aging.DecayMinutes == 0 {
		return count
	}
	lost := int(s.minutes-uint16(age>>8)) / s.aging.DecayMinutes
	if lost > int(count) {
		return 0
	}
	return count - uint8(lost)
}

// bump counts a use with a probability that falls as the counter rises.
func (s *Store) bump(count uint8) uint8 {
	if count == lfuMax {
		return count
	}
	above := max(0, float64(count)-lfuFresh)
	if p := 1 / (above*float64(s.aging.LogFactor) + 1); float64(s.random()>>11)*unitInterval < p {
		count++
	}
	return count
}

// coldness is what eviction compares: the higher, the better the victim.
func (e Entry) coldness() uint64 {
	if e.s.aging.LFU {
		return uint64(lfuMax - e.Freq())
	}
	return uint64(e.Idle())
}
