package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// input is a stream that is read in blocks. Slices of a block are handed out, and a block is never used twice: what was
// handed out stays as it is for as long as somebody holds it.
type input struct {
	r        io.Reader
	buf      []byte // the block; unread is buf[pos:end]
	pos, end int
	base     int64 // offset of the block in the stream

	checksum bool
	sum      uint64 // over everything before summed
	summed   int

	spare []byte // room for what does not lie in the stream as it is: digits, decompressed strings
}

// offset returns how many bytes have been taken.
func (in *input) offset() int64 { return in.base + int64(in.pos) }

func (in *input) corrupt(format string, args ...any) error {
	return in.corruptBy(CorruptContent, format, args...)
}

func (in *input) corruptBy(k CorruptKind, format string, args ...any) error {
	return &CorruptError{Offset: in.offset(), Reason: fmt.Sprintf(format, args...), Kind: k}
}

// take returns the next n bytes.
func (in *input) take(n uint64) ([]byte, error) {
	if n > uint64(in.end-in.pos) {
		if err := in.fill(n); err != nil {
			return nil, err
		}
	}
	b := in.buf[in.pos : in.pos+int(n) : in.pos+int(n)]
	in.pos += int(n)
	return b, nil
}

func (in *input) byte() (byte, error) {
	if in.pos == in.end {
		if err := in.fill(1); err != nil {
			return 0, err
		}
	}
	b := in.buf[in.pos]
	in.pos++
	return b, nil
}

// fill reads until n bytes are there. The block grows as they come: a length that lies costs no more than the bytes
// that follow it.
func (in *input) fill(n uint64) error {
	if n > math.MaxInt64/4 {
		return in.corrupt("a length of %d bytes", n)
	}
	for empty := 0; uint64(in.end-in.pos) < n; {
		if in.r == nil {
			return in.short(io.EOF)
		}
		if in.end == len(in.buf) {
			in.turn(int(n))
		}
		k, err := in.r.Read(in.buf[in.end:])
		in.end += k
		if k > 0 {
			empty = 0
		} else if empty++; empty > emptyReadsMax && err == nil {
			err = io.ErrNoProgress
		}
		if err != nil && uint64(in.end-in.pos) < n {
			return in.short(err)
		}
	}
	return nil
}

// short makes an error of a stream that ended or broke.
func (in *input) short(err error) error {
	at := in.base + int64(in.end)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("rdb: read at offset %d: %w", at, err)
}

// turn begins a new block with what is unread.
func (in *input) turn(n int) {
	in.sumUp()
	rest := in.buf[in.pos:in.end]
	block := min(max(firstBlockBytes, 2*len(in.buf)), blockBytes)
	fresh := make([]byte, max(block, min(n, 2*len(rest))))
	in.base += int64(in.pos)
	in.buf, in.pos, in.end, in.summed = fresh, 0, copy(fresh, rest), 0
}

// sumUp brings the checksum up to what was taken.
func (in *input) sumUp() uint64 {
	if in.checksum {
		in.sum = Checksum(in.sum, in.buf[in.summed:in.pos])
	}
	in.summed = in.pos
	return in.sum
}

// carve returns room for n bytes that nobody else has.
func (in *input) carve(n int) []byte {
	if n > blockBytes/8 {
		return make([]byte, n)
	}
	if n > len(in.spare) {
		in.spare = make([]byte, blockBytes/4)
	}
	b := in.spare[:n:n]
	in.spare = in.spare[n:]
	return b
}

// length reads a length, or, if coded, the code of a string's form.
func (in *input) length() (n uint64, coded bool, err error) {
	first, err := in.byte()
	if err != nil {
		return 0, false, err
	}
	switch first >> 6 {
	case form6bit:
		return uint64(first), false, nil
	case form14bit:
		second, err := in.byte()
		return uint64(first&0x3f)<<8 | uint64(second), false, err
	case formCoded:
		return uint64(first & 0x3f), true, nil
	}
	switch first {
	case form32bit:
		b, err := in.take(4)
		if err != nil {
			return 0, false, err
		}
		return uint64(binary.BigEndian.Uint32(b)), false, nil
	case form64bit:
		b, err := in.take(8)
		if err != nil {
			return 0, false, err
		}
		return binary.BigEndian.Uint64(b), false, nil
	}
	return 0, false, in.corrupt("no length begins with 0x%02x", first)
}

// count reads a length that must be one.
func (in *input) count() (uint64, error) {
	n, coded, err := in.length()
	if err == nil && coded {
		err = in.corrupt("a string's code in place of a length")
	}
	return n, err
}

// number reads the number that a code announces.
func (in *input) number(code uint64) (int64, error) {
	switch code {
	case codeInt8:
		b, err := in.byte()
		return int64(int8(b)), err
	case codeInt16:
		b, err := in.take(2)
		if err != nil {
			return 0, err
		}
		return int64(int16(binary.LittleEndian.Uint16(b))), nil
	case codeInt32:
		b, err := in.take(4)
		if err != nil {
			return 0, err
		}
		return int64(int32(binary.LittleEndian.Uint32(b))), nil
	}
	return 0, in.corrupt("a string's code of %d", code)
}

// lzf reads a compressed string.
func (in *input) lzf() ([]byte, error) {
	packed, err := in.count()
	if err != nil {
		return nil, err
	}
	size, err := in.count()
	if err != nil {
		return nil, err
	}
	src, err := in.take(packed)
	if err != nil {
		return nil, err
	}
	if size > lzfRatioMax*packed {
		return nil, in.corrupt("%d compressed bytes cannot become %d", packed, size)
	}
	dst := in.carve(int(size))
	if !decompress(dst, src) {
		return nil, in.corrupt("a compressed string that does not decompress")
	}
	return dst, nil
}

// text reads a string in any form.
func (in *input) text() ([]byte, error) {
	n, coded, err := in.length()
	switch {
	case err != nil:
		return nil, err
	case !coded:
		return in.take(n)
	case n == codeLZF:
		return in.lzf()
	}
	num, err := in.number(n)
	if err != nil {
		return nil, err
	}
	var digits [20]byte
	b := strconv.AppendInt(digits[:0], num, 10)
	return append(in.carve(len(b))[:0], b...), nil
}
