package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Shape is what a value's own structure tells, of any type. An element of a hash is a field with its value, one of a
// sorted set a member with its score. The bytes of streams' entries and of modules' values are not counted.
type Shape struct {
	Elements uint64
	Bytes    uint64 // of all elements, as text

	each func(bytes int)
}

func (s *Shape) add(n int) {
	s.Elements++
	s.Bytes += uint64(n)
	if s.each != nil {
		s.each(n)
	}
}

// counts skips lengths.
func (in *input) counts(n int) (err error) {
	for ; n > 0 && err == nil; n-- {
		_, err = in.count()
	}
	return err
}

func (in *input) skip(n uint64) error {
	_, err := in.take(n)
	return err
}

// walk takes a value of any known type apart, and tells each how long its elements are.
func (in *input) walk(t Type, each func(bytes int)) (s Shape, err error) {
	s.each = each
	switch t {
	case TypeString:
		err = in.walkText(&s)
	case TypeList, TypeSet:
		err = in.walkEach(func() error { return in.walkText(&s) })
	case TypeZSet:
		err = in.walkEach(func() error { return in.walkMember(&s, in.oldScore) })
	case TypeZSet2:
		err = in.walkEach(func() error { return in.walkMember(&s, in.score) })
	case TypeHash:
		err = in.walkEach(func() error { return in.walkPair(&s) })
	case TypeHash2:
		err = in.walkEach(func() error {
			if err := in.walkPair(&s); err != nil {
				return err
			}
			return in.skip(8)
		})
	case TypeModule2:
		err = in.walkModule(&s)
	case TypeModulePreGA:
		err = &ForeignError{Offset: in.offset(), Reason: "a module's value in the form of a release candidate of Redis 4"}
	case TypeListQuicklist, TypeListQuicklist2:
		err = in.walkEach(func() error { return in.walkNode(&s, t) })
	case TypeStreamListpacks, TypeStreamListpacks2, TypeStreamListpacks3:
		err = in.walkStream(&s, t)
	default:
		err = in.walkBlob(&s, t)
	}
	return s, err
}

func (in *input) walkEach(one func() error) error {
	n, err := in.count()
	for ; n > 0 && err == nil; n-- {
		err = one()
	}
	return err
}

func (in *input) walkText(s *Shape) error {
	b, err := in.text()
	s.add(len(b))
	return err
}

func (in *input) walkMember(s *Shape, score func() (int, error)) error {
	member, err := in.text()
	if err != nil {
		return err
	}
	n, err := score()
	s.add(len(member) + n)
	return err
}

// score reads a score and returns how long it is as text.
func (in *input) score() (int, error) {
	b, err := in.take(8)
	if err != nil {
		return 0, err
	}
	var text [32]byte
	f := math.Float64frombits(binary.LittleEndian.Uint64(b))
	return len(strconv.AppendFloat(text[:0], f, 'g', -1, 64)), nil
}

// walkPair takes a field and its value for one element.
func (in *input) walkPair(s *Shape) error {
	field, err := in.text()
	if err != nil {
		return err
	}
	value, err := in.text()
	s.add(len(field) + len(value))
	return err
}

// oldScore is score for one written as text, whose length may also stand for infinity or no number.
func (in *input) oldScore() (int, error) {
	n, err := in.byte()
	if err != nil || n >= 253 {
		return len("inf"), err
	}
	return int(n), in.skip(uint64(n))
}

// A node of a quicklist: its elements together, or a single large one.
const (
	nodePlain  = 1
	nodePacked = 2
)

func (in *input) walkNode(s *Shape, t Type) error {
	kind := uint64(nodePacked)
	if t == TypeListQuicklist2 {
		var err error
		if kind, err = in.count(); err != nil {
			return err
		}
	}
	switch kind {
	case nodePlain:
		return in.walkText(s)
	case nodePacked:
		return in.walkBlob(s, t)
	}
	return in.corrupt("a quicklist's node of kind %d", kind)
}

// walkBlob takes a value apart that is written as one string with a structure of its own.
func (in *input) walkBlob(s *Shape, t Type) error {
	b, err := in.text()
	if err != nil {
		return err
	}
	if why := walkPacked(s, t, b); why != "" {
		return in.corrupt("%s: %s", t, why)
	}
	return nil
}

// The parts of a module's value.
const (
	moduleEOF    = 0
	moduleSint   = 1
	moduleUint   = 2
	moduleFloat  = 3
	moduleDouble = 4
	moduleString = 5
)

func (in *input) walkModule(s *Shape) error {
	if _, err := in.count(); err != nil {
		return err
	}
	s.Elements = 1
	return in.moduleValue()
}

// moduleValue skips parts up to the end mark.
func (in *input) moduleValue() error {
	for {
		part, err := in.count()
		if err != nil {
			return err
		}
		switch part {
		case moduleEOF:
			return nil
		case moduleSint, moduleUint:
			err = in.counts(1)
		case moduleFloat:
			err = in.skip(4)
		case moduleDouble:
			err = in.skip(8)
		case moduleString:
			_, err = in.text()
		default:
			err = in.corrupt("a part of kind %d in a module's value", part)
		}
		if err != nil {
			return err
		}
	}
}

const moduleLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// moduleName returns the name of nine letters that a module's number spells; the lowest ten bits are a version.
func moduleName(id uint64) string {
	var name [9]byte
	id >>= 10
	for i := len(name) - 1; i >= 0; i-- {
		name[i] = moduleLetters[id&63]
		id >>= 6
	}
	return string(name[:])
}

const (
	streamIDBytes = 16
	timeBytes     = 8
)

func (in *input) walkStream(s *Shape, t Type) error {
	if err := in.walkEach(in.walkStreamNode); err != nil {
		return err
	}
	length, err := in.count()
	if err != nil {
		return err
	}
	s.Elements = length
	numbers := 2 // the last ID
	if t >= TypeStreamListpacks2 {
		numbers += 5 // the first ID, the largest deleted one, how many were added
	}
	if err := in.counts(numbers); err != nil {
		return err
	}
	return in.walkEach(func() error { return in.walkGroup(t) })
}

func (in *input) walkStreamNode() error {
	id, err := in.text()
	if err != nil {
		return err
	}
	if len(id) != streamIDBytes {
		return in.corrupt("a stream's node has an ID of %d bytes", len(id))
	}
	b, err := in.text()
	if err != nil {
		return err
	}
	n := 0
	why := walkListpack(b, func(element) { n++ })
	switch {
	case why != "":
		return in.corrupt("stream: %s", why)
	case n == 0:
		return in.corrupt("an empty node in a stream")
	}
	return nil
}

func (in *input) walkGroup(t Type) error {
	if _, err := in.text(); err != nil {
		return err
	}
	numbers := 2
	if t >= TypeStreamListpacks2 {
		numbers++
	}
	if err := in.counts(numbers); err != nil {
		return err
	}
	err := in.walkEach(func() error { // what is pending
		if err := in.skip(streamIDBytes + timeBytes); err != nil {
			return err
		}
		return in.counts(1)
	})
	if err != nil {
		return err
	}
	return in.walkEach(func() error { // consumers
		if _, err := in.text(); err != nil {
			return err
		}
		times := uint64(timeBytes)
		if t >= TypeStreamListpacks3 {
			times += timeBytes
		}
		if err := in.skip(times); err != nil {
			return err
		}
		return in.walkEach(func() error { return in.skip(streamIDBytes) })
	})
}
