package core

import (
	"encoding/binary"
	"errors"
)

// errShort says that bytes from a disk or a peer do not hold what they announce.
var errShort = errors.New("quorum: record is cut short or malformed")

// encoder appends numbers and strings; everything that this package writes is made of them.
type encoder struct{ b []byte }

func (e *encoder) byte(v byte)     { e.b = append(e.b, v) }
func (e *encoder) uint(v uint64)   { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) bytes(v []byte)  { e.uint(uint64(len(v))); e.b = append(e.b, v...) }
func (e *encoder) string(v string) { e.uint(uint64(len(v))); e.b = append(e.b, v...) }
func (e *encoder) fixed(v uint64)  { e.b = binary.LittleEndian.AppendUint64(e.b, v) }

func (e *encoder) bool(v bool) {
	if v {
		e.byte(1)
	} else {
		e.byte(0)
	}
}

func (e *encoder) groups(list []GroupID) {
	e.uint(uint64(len(list)))
	for _, g := range list {
		e.fixed(uint64(g))
	}
}

// decoder reads the same. The first thing that is wrong makes everything after it zero, so a caller looks at err once.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() { d.b, d.err = nil, errShort }

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) bool() bool { return d.byte() != 0 }

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) fixed() uint64 {
	if len(d.b) < 8 {
		d.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(d.b)
	d.b = d.b[8:]
	return v
}

// bytes gives a part of the input, not a copy.
func (d *decoder) bytes() []byte {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

// name reads a short string.
func (d *decoder) name() string {
	v := d.bytes()
	if len(v) > nameMax {
		d.fail()
		return ""
	}
	return string(v)
}

// count reads how many elements of at least size bytes follow, so that a liar costs no memory.
func (d *decoder) count(size int) int {
	n := d.uint()
	if n > uint64(len(d.b)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) groups() []GroupID {
	n := d.count(8)
	if n > listMax {
		d.fail()
		return nil
	}
	var out []GroupID
	for range n {
		out = append(out, GroupID(d.fixed()))
	}
	return out
}

// end reports what was wrong, and bytes that nobody asked for are.
func (d *decoder) end() error {
	if d.err == nil && len(d.b) > 0 {
		d.fail()
	}
	return d.err
}
