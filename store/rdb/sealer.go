package rdb

import (
	"encoding/binary"
	"io"
	"strconv"

	"valkey/internal/invariant"
	"valkey/store"
)

// SealOptions say how a file is written.
type SealOptions struct {
	Version  Version
	Compress bool
	Checksum bool // otherwise the file ends with a zero, which readers take for "none"

	// Read appends n bytes of a pinned value, from one on, as they were when it was pinned. Without it the value is read
	// where it is: nobody may write to it.
	Read func(dst []byte, p *store.Pinned, from, n int) []byte
}

func readInPlace(dst []byte, p *store.Pinned, from, n int) []byte {
	return append(dst, p.Bytes()[from:from+n]...)
}

// Sealer writes drafts in the format. It belongs to one goroutine.
type Sealer struct {
	w       io.Writer
	o       SealOptions
	out     []byte
	written int64
	sum     uint64
	err     error // of the writer; nothing is written after it
	encoder encoder
}

// encoder turns strings into their shortest form.
type encoder struct {
	compress bool
	lzf      compressor
	scratch  []byte
	piece    []byte // of a pinned value, behind what a match may refer to
}

// NewSealer makes a Sealer that writes to w, in pieces of sealFlushBytes and more.
func NewSealer(w io.Writer, o SealOptions) *Sealer {
	if o.Read == nil {
		o.Read = readInPlace
	}
	return &Sealer{w: w, o: o, encoder: encoder{compress: o.Compress}}
}

// Begin writes the header.
func (s *Sealer) Begin() error {
	s.out = append(s.out, s.o.Version.header()...)
	return nil
}

// Seal writes a draft, which stays as it is.
func (s *Sealer) Seal(d *Draft) error {
	s.draft(d, sealFlushBytes)
	return s.err
}

// draft seals, and writes whenever so many bytes are there.
func (s *Sealer) draft(d *Draft, flush int) {
	buf, pins := d.buf, d.pins
	for len(buf) > 0 {
		tag, n := binary.Uvarint(buf)
		invariant.Check(n > 0, "rdb: a draft that is no sequence of parts")
		buf = buf[n:]
		size := int(tag >> 2)
		switch tag & (partKinds - 1) {
		case partRaw:
			s.out = append(s.out, buf[:size]...)
			buf = buf[size:]
		case partText:
			s.out = s.encoder.appendText(s.out, buf[:size])
			buf = buf[size:]
		case partLen:
			s.out = appendLength(s.out, tag>>2)
		case partMore:
			if size == moreInt {
				s.out = appendInt(s.out, int64(binary.LittleEndian.Uint64(buf)))
				buf = buf[8:]
				break
			}
			if s.pinned(pins[0], flush) != nil {
				return
			}
			pins = pins[1:]
		}
		if len(s.out) >= flush && s.Flush() != nil {
			return
		}
	}
}

// pinned writes a pinned value piece by piece, so that a huge one takes little memory beside itself.
func (s *Sealer) pinned(p *store.Pinned, flush int) error {
	var ok bool
	if s.out, ok = s.encoder.appendPinned(s.out, p, s.o.Read); ok {
		return nil
	}
	size := len(p.Bytes())
	s.out = appendLength(s.out, uint64(size))
	for at := 0; at < size; at += pieceBytes {
		s.out = s.o.Read(s.out, p, at, min(pieceBytes, size-at))
		if len(s.out) >= flush && s.Flush() != nil {
			return s.err
		}
	}
	return nil
}

// End writes the end and the checksum, and all that is still in the buffer.
func (s *Sealer) End() error {
	s.out = append(s.out, opEOF)
	if s.o.Checksum {
		s.sum = Checksum(s.sum, s.out)
	}
	// The checksum is not part of what it is computed of.
	sum := s.sum
	s.o.Checksum = false
	s.out = binary.LittleEndian.AppendUint64(s.out, sum)
	return s.Flush()
}

// Written returns how many bytes have been given to the writer.
func (s *Sealer) Written() int64 { return s.written }

// Flush writes what is in the buffer. The other methods do it as the buffer fills.
func (s *Sealer) Flush() error {
	if s.err != nil || len(s.out) == 0 {
		return s.err
	}
	if s.o.Checksum {
		s.sum = Checksum(s.sum, s.out)
	}
	n, err := s.w.Write(s.out)
	s.written += int64(n)
	s.err = err
	if s.out = s.out[:0]; cap(s.out) > sealBufferKept {
		s.out = nil
	}
	return err
}

// appendText appends a string: as a number, compressed, or as it is.
func (z *encoder) appendText(dst, p []byte) []byte {
	if n, ok := smallInt(p); ok {
		return appendInt(dst, n)
	}
	if z.compress && len(p) >= compressMin {
		packed, ok := z.lzf.compress(z.scratch[:0], p, min(len(p)-compressGain, compressedMax))
		if z.scratch = packed[:0]; cap(packed) > sealBufferKept {
			z.scratch = nil
		}
		if ok {
			return appendPacked(dst, packed, len(p))
		}
	}
	return appendPlain(dst, p)
}

// appendPinned appends a pinned value if it can be compressed.
func (z *encoder) appendPinned(dst []byte, p *store.Pinned, read func([]byte, *store.Pinned, int, int) []byte,
) ([]byte, bool) {
	size := len(p.Bytes())
	if !z.compress || !z.lzf.begin(size) {
		return dst, false
	}
	limit := min(size-compressGain, compressedMax)
	packed, piece, ok := z.scratch[:0], z.piece[:0], true
	for at := 0; at < size && ok; at += pieceBytes {
		seen := min(len(piece), lzfDistanceMax)
		z.lzf.base += uint32(len(piece) - seen)
		piece = append(piece[:0], piece[len(piece)-seen:]...)
		piece = read(piece, p, at, min(pieceBytes, size-at))
		packed, ok = z.lzf.more(packed, piece, seen, limit)
	}
	z.lzf.base += uint32(len(piece))
	z.piece = piece[:0]
	if z.scratch = packed[:0]; cap(packed) > sealBufferKept {
		z.scratch = nil
	}
	if !ok {
		return dst, false
	}
	return appendPacked(dst, packed, size), true
}

func appendPacked(dst, packed []byte, size int) []byte {
	dst = append(dst, formCoded<<6|codeLZF)
	dst = appendLength(dst, uint64(len(packed)))
	dst = appendLength(dst, uint64(size))
	return append(dst, packed...)
}

func appendPlain(dst, p []byte) []byte {
	return append(appendLength(dst, uint64(len(p))), p...)
}

// appendLength appends a length in its shortest form.
func appendLength(dst []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(dst, byte(n))
	case n < 1<<14:
		return append(dst, form14bit<<6|byte(n>>8), byte(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(dst, form32bit), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, form64bit), n)
	}
}

// appendInt appends a string that spells a number.
func appendInt(dst []byte, n int64) []byte {
	switch {
	case n == int64(int8(n)):
		return append(dst, formCoded<<6|codeInt8, byte(n))
	case n == int64(int16(n)):
		return binary.LittleEndian.AppendUint16(append(dst, formCoded<<6|codeInt16), uint16(n))
	case n == int64(int32(n)):
		return binary.LittleEndian.AppendUint32(append(dst, formCoded<<6|codeInt32), uint32(n))
	default:
		var text [20]byte
		return appendPlain(dst, strconv.AppendInt(text[:0], n, 10))
	}
}

// smallIntText is the longest text that a number of 32 bits has.
const smallIntText = 11

// smallInt returns the number that a text spells, if it does so as formatting would and fits into 32 bits.
func smallInt(p []byte) (int64, bool) {
	if len(p) == 0 || len(p) > smallIntText {
		return 0, false
	}
	digits := p
	if p[0] == '-' {
		digits = p[1:]
	}
	if len(digits) == 0 || digits[0] == '0' && len(p) > 1 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) != len(p) {
		n = -n
	}
	return n, n == int64(int32(n))
}

// Raw writes what another Sealer has made of drafts, without Begin and End.
func (s *Sealer) Raw(p []byte) error {
	s.out = append(s.out, p...)
	if len(s.out) < sealFlushBytes {
		return s.err
	}
	return s.Flush()
}
