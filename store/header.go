package store

import "valkey/store/mem"

// Type is the type of a value. The numbers are those of the RDB format's and Valkey's own objects.
type Type uint8

// The types.
const (
	String Type = 0
	List   Type = 1
	Set    Type = 2
	ZSet   Type = 3
	Hash   Type = 4
	Stream Type = 6
)

// String returns the name that TYPE replies.
func (t Type) String() string {
	switch t {
	case String:
		return "string"
	case List:
		return "list"
	case Set:
		return "set"
	case ZSet:
		return "zset"
	case Hash:
		return "hash"
	case Stream:
		return "stream"
	}
	return "unknown"
}

// Encoding is how OBJECT ENCODING calls the form of a value.
type Encoding uint8

// The encodings of strings.
const (
	Raw Encoding = iota
	Int
	Embstr
)

// String returns the name that OBJECT ENCODING replies.
func (e Encoding) String() string {
	switch e {
	case Raw:
		return "raw"
	case Int:
		return "int"
	case Embstr:
		return "embstr"
	}
	return "unknown"
}

// header is the first word of an entry.
//
//	0..3    type
//	4..7    encoding
//	8..15   flags; 11..15 are the marks of running cuts, see door.go
//	16..39  age: LRU seconds, or LFU minutes and counter
//	40..47  length of the key, unless flagLongKey
//	48..63  length of the value when it lies in the body as bytes
type header uint64

const (
	flagDeadline header = 1 << 8  // there is room for a deadline, which may be -1
	flagLongKey  header = 1 << 9  // the key's length has a word of its own
	flagOuter    header = 1 << 10 // the body refers to a value of its own

	markShift = 11
	marksMask = header(1<<CutsMax-1) << markShift

	ageShift   = 16
	ageMask    = 1<<24 - 1
	keyShift   = 40
	valueShift = 48

	shortKeyMax = 1<<8 - 1
	// embedMax is the longest value within an entry: re-keying an entry copies no more than that.
	embedMax = 4096
)

func makeHeader(t Type, enc Encoding, age uint32) header {
	return header(t) | header(enc)<<4 | header(age)<<ageShift
}

func (h header) typ() Type          { return Type(h & 15) }
func (h header) encoding() Encoding { return Encoding(h >> 4 & 15) }
func (h header) has(f header) bool  { return h&f != 0 }
func (h header) age() uint32        { return uint32(h>>ageShift) & ageMask }
func (h header) shortKey() int      { return int(h >> keyShift & shortKeyMax) }
func (h header) shortValue() int    { return int(h >> valueShift) }

func (h header) withAge(age uint32) header {
	return h&^(ageMask<<ageShift) | header(age&ageMask)<<ageShift
}

func (h header) withEncoding(e Encoding) header { return h&^(15<<4) | header(e)<<4 }

// keyUnits returns where the key begins, in units of 8 bytes from the entry's start.
func (h header) keyUnits() mem.Ref { return mem.Ref(1 + h>>8&1 + h>>9&1) }

// bodyLen returns how many bytes follow the key.
func (h header) bodyLen() int {
	switch {
	case h.has(flagOuter):
		return outerBytes
	case h.encoding() == Int && h.typ() == String:
		return 8
	default:
		return h.shortValue()
	}
}
