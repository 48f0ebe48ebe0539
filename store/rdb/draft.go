package rdb

import (
	"encoding/binary"

	"valkey/store"
)

// Aging says what a key's entry tells of its use.
type Aging uint8

// What is written before a key: nothing, the seconds that it was idle, or its counter of uses.
const (
	AgingNone Aging = iota
	AgingIdle
	AgingFreq
)

// Draft is a piece of a file yet to be sealed: a sequence of parts, each a varint and, mostly, bytes. The varint's
// lowest two bits are the part's kind, the others a number.
type Draft struct {
	// Changing is what large values are pinned with, see store.Pin.
	Changing store.Changing

	buf  []byte
	pins []*store.Pinned
	held int // bytes in pins

	copies bool // no value is pinned: the draft is sealed at once
}

// The kinds of parts.
const (
	partRaw  = iota // the number of bytes; they go to the file as they are
	partText        // the number of bytes; they become a string, in whichever form is shortest
	partLen         // a length
	partMore        // one of the following
	partKinds
)

const (
	moreInt = iota // 8 bytes: a string that spells a number
	morePin        // the next pinned value, a string
)

// Len returns about how many bytes the draft will be in the file, pinned values included.
func (d *Draft) Len() int { return len(d.buf) + d.held }

// Pins returns the values that are not in the draft itself. Whoever seals or drops it has to unpin them.
func (d *Draft) Pins() []*store.Pinned { return d.pins }

// Reset empties the draft and keeps its memory.
func (d *Draft) Reset() {
	clear(d.pins)
	*d = Draft{Changing: d.Changing, buf: d.buf[:0], pins: d.pins[:0], copies: d.copies}
}

// Aux notes a field that tells of the file or the server.
func (d *Draft) Aux(name, value string) {
	d.op(opAux)
	d.text([]byte(name))
	d.text([]byte(value))
}

// Function notes the code of a library of functions.
func (d *Draft) Function(code []byte) {
	d.op(opFunction)
	d.text(code)
}

// SelectDB says which database the keys that follow belong to.
func (d *Draft) SelectDB(db int) {
	d.op(opSelectDB)
	d.len(db)
}

// ResizeDB says how many keys follow in the database, and how many of them have deadlines.
func (d *Draft) ResizeDB(keys, volatile int) {
	d.op(opResizeDB)
	d.len(keys)
	d.len(volatile)
}

// Entry notes a key with its value and deadline.
func (d *Draft) Entry(e store.Entry, aging Aging) {
	// Up to 17 raw bytes stand before the key: one part for all of them.
	head := len(d.buf)
	d.buf = append(d.buf, 0)
	if at := e.ExpireAt(); at != store.NoExpire {
		d.buf = append(d.buf, opExpireMs)
		d.buf = binary.LittleEndian.AppendUint64(d.buf, uint64(at))
	}
	switch aging {
	case AgingIdle:
		d.buf = append(d.buf, opIdle)
		d.buf = appendLength(d.buf, uint64(e.Idle()))
	case AgingFreq:
		d.buf = append(d.buf, opFreq, byte(e.Freq()))
	case AgingNone:
	}
	d.buf = append(d.buf, byte(typeOf(e)))
	d.buf[head] = byte(tag(partRaw, uint64(len(d.buf)-head-1)))
	d.text(e.Key())
	d.value(e)
}

// tag is what a part begins with.
func tag(kind int, n uint64) uint64 { return n<<2 | uint64(kind) }

func (d *Draft) op(code byte) { d.buf = append(d.buf, byte(tag(partRaw, 1)), code) }

func (d *Draft) part(kind int, n uint64) { d.buf = binary.AppendUvarint(d.buf, tag(kind, n)) }

func (d *Draft) len(n int) { d.part(partLen, uint64(n)) }

func (d *Draft) text(p []byte) {
	d.part(partText, uint64(len(p)))
	d.buf = append(d.buf, p...)
}

// pin notes a string value without copying it, if it is one that is worth it.
func (d *Draft) pin(e store.Entry) bool {
	if d.copies {
		return false
	}
	p, ok := e.Pin(d.Changing)
	if ok {
		d.part(partMore, morePin)
		d.pins = append(d.pins, p)
		d.held += len(p.Bytes())
	}
	return ok
}

func (d *Draft) int(n int64) {
	d.part(partMore, moreInt)
	d.buf = binary.LittleEndian.AppendUint64(d.buf, uint64(n))
}
