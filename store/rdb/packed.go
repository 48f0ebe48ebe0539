package rdb

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// Small aggregates are written as one string that holds all elements. The walks here follow such a string from end to
// end, and say what is wrong with it, or "".

// element is one of them: bytes, or a number.
type element struct {
	text  []byte
	num   int64
	isNum bool
}

// len returns how long the element is as text.
func (e element) len() int {
	if !e.isNum {
		return len(e.text)
	}
	return intLen(e.num)
}

func intLen(n int64) int {
	var digits [20]byte
	return len(strconv.AppendInt(digits[:0], n, 10))
}

// walkPacked checks a string of the form that a type has.
func walkPacked(s *Shape, t Type, b []byte) (why string) {
	pairs := false
	switch t {
	case TypeHashZipmap, TypeZSetZiplist, TypeHashZiplist, TypeZSetListpack, TypeHashListpack:
		pairs = true
	default:
	}
	n, first := 0, 0
	each := func(e element) {
		if n++; !pairs {
			s.add(e.len())
		} else if n%2 == 1 {
			first = e.len()
		} else {
			s.add(first + e.len())
		}
	}
	switch t {
	case TypeHashZipmap:
		why = walkZipmap(b, each)
	case TypeListZiplist, TypeListQuicklist, TypeZSetZiplist, TypeHashZiplist:
		why = walkZiplist(b, each)
	case TypeSetIntset:
		why = walkIntset(b, each)
	default:
		why = walkListpack(b, each)
	}
	if why == "" && pairs && n%2 != 0 {
		why = "an odd number of elements where there must be pairs"
	}
	return why
}

const (
	packedEnd     = 0xff
	listpackHead  = 6
	ziplistHead   = 10
	intsetHead    = 8
	countUnknown  = 1<<16 - 1
	zipmapBigLen  = 254
	ziplistBigLen = 254
)

// walkListpack follows a listpack: total bytes and count in front, elements that are followed by their own length.
func walkListpack(b []byte, each func(element)) (why string) {
	if len(b) < listpackHead+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) {
		return "a listpack that tells another length"
	}
	p := b[listpackHead:]
	n := 0
	for p[0] != packedEnd {
		head, size := listpackElement(p)
		whole := uint64(head) + size
		back := backLen(whole)
		if head == 0 || whole+uint64(len(back)) >= uint64(len(p)) {
			return "an element of a listpack reaches beyond its end"
		}
		if !bytes.HasPrefix(p[whole:], back) {
			return "an element of a listpack tells two lengths"
		}
		each(listpackValue(p[:whole], head))
		n++
		p = p[whole+uint64(len(back)):]
	}
	if len(p) != 1 {
		return "a listpack ends before its end"
	}
	if told := int(binary.LittleEndian.Uint16(b[4:])); told != countUnknown && told != n {
		return "a listpack tells another number of elements"
	}
	return ""
}

// listpackElement returns the bytes of an element's head and of what follows; a head of 0 is none.
func listpackElement(p []byte) (head int, size uint64) {
	c := p[0]
	switch {
	case c < 0x80: // a number of 7 bits
		return 1, 0
	case c < 0xc0: // a string
		return 1, uint64(c & 0x3f)
	case c < 0xe0: // a number of 13 bits
		return 1, 1
	case c < 0xf0:
		if len(p) < 2 {
			return 0, 0
		}
		return 2, uint64(c&0x0f)<<8 | uint64(p[1])
	case c == 0xf0:
		if len(p) < 5 {
			return 0, 0
		}
		return 5, uint64(binary.LittleEndian.Uint32(p[1:]))
	case c <= 0xf3: // 16, 24, 32 bits
		return 1, uint64(c-0xf1) + 2
	case c == 0xf4:
		return 1, 8
	}
	return 0, 0
}

// listpackValue returns what an element is, given all of it and the length of its head.
func listpackValue(p []byte, head int) element {
	c := p[0]
	switch {
	case c < 0x80:
		return element{num: int64(c), isNum: true}
	case c < 0xc0 || c >= 0xe0 && c <= 0xf0:
		return element{text: p[head:]}
	case c < 0xe0:
		return element{num: int64(int16(uint16(c&0x1f)<<11|uint16(p[1])<<3) >> 3), isNum: true}
	}
	return element{num: littleEndian(p[head:]), isNum: true}
}

// littleEndian returns a signed number of up to 8 bytes.
func littleEndian(p []byte) int64 {
	var u uint64
	for i, c := range p {
		u |= uint64(c) << (8 * i)
	}
	unused := 64 - 8*len(p)
	return int64(u<<unused) >> unused
}

// backLen returns how an element's length is written behind it: seven bits a byte, all but the first marked.
func backLen(n uint64) []byte {
	var b [5]byte
	i := len(b) - 1
	for ; n > 127 && i > 0; i-- {
		b[i] = byte(n&127) | 128
		n >>= 7
	}
	b[i] = byte(n)
	return b[i:]
}

// walkZiplist follows a ziplist: total bytes, place of the last element and count in front; elements begin with the
// length of the one before.
func walkZiplist(b []byte, each func(element)) (why string) {
	if len(b) < ziplistHead+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) {
		return "a ziplist that tells another length"
	}
	p := b[ziplistHead:]
	n, last, before := 0, ziplistHead, uint64(0)
	for p[0] != packedEnd {
		told, first := uint64(p[0]), uint64(1)
		if told == ziplistBigLen {
			if len(p) < 6 {
				return "a ziplist ends within an element"
			}
			told, first = uint64(binary.LittleEndian.Uint32(p[1:])), 5
		}
		if told != before {
			return "an element of a ziplist tells another length of the one before"
		}
		head, size := ziplistElement(p[first:])
		whole := first + uint64(head) + size
		if head == 0 || whole >= uint64(len(p)) {
			return "an element of a ziplist reaches beyond its end"
		}
		each(ziplistValue(p[first:whole], head))
		n++
		last, before = len(b)-len(p), whole
		p = p[whole:]
	}
	if len(p) != 1 {
		return "a ziplist ends before its end"
	}
	if n > 0 && uint64(binary.LittleEndian.Uint32(b[4:])) != uint64(last) {
		return "a ziplist tells another last element"
	}
	if told := int(binary.LittleEndian.Uint16(b[8:])); told != countUnknown && told != n {
		return "a ziplist tells another number of elements"
	}
	return ""
}

// ziplistElement returns the bytes of an element's head and of what follows; a head of 0 is none.
func ziplistElement(p []byte) (head int, size uint64) {
	if len(p) == 0 {
		return 0, 0
	}
	c := p[0]
	switch {
	case c < 0x40:
		return 1, uint64(c)
	case c < 0x80:
		if len(p) < 2 {
			return 0, 0
		}
		return 2, uint64(c&0x3f)<<8 | uint64(p[1])
	case c == 0x80:
		if len(p) < 5 {
			return 0, 0
		}
		return 5, uint64(binary.BigEndian.Uint32(p[1:]))
	case c == 0xc0:
		return 1, 2
	case c == 0xd0:
		return 1, 4
	case c == 0xe0:
		return 1, 8
	case c == 0xf0:
		return 1, 3
	case c == 0xfe:
		return 1, 1
	case c > 0xf0 && c < 0xfe: // the number is in the head
		return 1, 0
	}
	return 0, 0
}

// ziplistValue returns what an element is, given all of it but its first length, and the length of its head.
func ziplistValue(p []byte, head int) element {
	switch c := p[0]; {
	case c <= 0x80:
		return element{text: p[head:]}
	case c > 0xf0 && c < 0xfe:
		return element{num: int64(c&0x0f) - 1, isNum: true}
	}
	return element{num: littleEndian(p[head:]), isNum: true}
}

// walkZipmap follows a zipmap: pairs of a field and a value, which may have free bytes behind it.
func walkZipmap(b []byte, each func(element)) (why string) {
	if len(b) < 2 {
		return "a zipmap without an end"
	}
	p, n := b[1:], 0
	for p[0] != packedEnd {
		field, head := zipmapLen(p)
		if head == 0 || field+uint64(head) >= uint64(len(p)) {
			return "a field of a zipmap reaches beyond its end"
		}
		each(element{text: p[head : uint64(head)+field]})
		p = p[field+uint64(head):]
		value, head := zipmapLen(p)
		if head == 0 || len(p) <= head {
			return "a value of a zipmap reaches beyond its end"
		}
		whole := value + uint64(head) + 1 + uint64(p[head])
		if whole >= uint64(len(p)) {
			return "a value of a zipmap reaches beyond its end"
		}
		each(element{text: p[head+1 : uint64(head)+1+value]})
		n++
		p = p[whole:]
	}
	switch {
	case len(p) != 1:
		return "a zipmap ends before its end"
	case b[0] < zipmapBigLen && int(b[0]) != n:
		return "a zipmap tells another number of fields"
	}
	return ""
}

// zipmapLen reads a length and how many bytes tell it; 0 is none.
func zipmapLen(p []byte) (n uint64, head int) {
	switch {
	case p[0] < zipmapBigLen:
		return uint64(p[0]), 1
	case p[0] > zipmapBigLen || len(p) < 5:
		return 0, 0
	}
	n = uint64(binary.LittleEndian.Uint32(p[1:]))
	if n < zipmapBigLen {
		return 0, 0
	}
	return n, 5
}

// walkIntset follows an intset: bytes a number, count, numbers in rising order.
func walkIntset(b []byte, each func(element)) (why string) {
	if len(b) < intsetHead {
		return "an intset without a head"
	}
	width := int(binary.LittleEndian.Uint32(b))
	count := uint64(binary.LittleEndian.Uint32(b[4:]))
	if width != 2 && width != 4 && width != 8 {
		return "an intset of numbers of a width that there is not"
	}
	if uint64(len(b)-intsetHead) != count*uint64(width) {
		return "an intset that tells another number of elements"
	}
	var before int64
	for p := b[intsetHead:]; len(p) > 0; p = p[width:] {
		now := littleEndian(p[:width])
		if now <= before && len(p) < len(b)-intsetHead {
			return "an intset out of order"
		}
		before = now
		each(element{num: now, isNum: true})
	}
	return ""
}
