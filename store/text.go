package store

import "math"

// intTextMax is the longest decimal form of a 64-bit number.
const intTextMax = 20

// parseInt reads a number in canonical form: what formatting it again would give, and nothing else.
func parseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > intTextMax {
		return 0, false
	}
	negative := b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	if b[0] == '0' {
		return 0, len(b) == 1 && !negative
	}
	var n uint64
	for _, c := range b {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c) // 19 digits cannot overflow 64 bits
	}
	if negative {
		return -int64(n), n <= -math.MinInt64
	}
	return int64(n), n <= math.MaxInt64
}

// digits returns the length of a number's decimal form.
func digits(n int64) int {
	length, u := 1, uint64(n)
	if n < 0 {
		length, u = 2, -u
	}
	for ; u >= 10; u /= 10 {
		length++
	}
	return length
}

// Sizes of Valkey's own objects, which decide what OBJECT ENCODING replies.
const (
	objectBytes    = 8   // an object's header when its value is embedded
	embeddedMax    = 128 // the most bytes an object with embedded value may have
	deadlineBytes  = 8
	embeddedExtra  = 4 // header and terminator of an embedded value
	embeddedLenMax = 1<<8 - 1
)

// textEncoding returns what OBJECT ENCODING replies for a string that is not a number: Valkey embeds it together with
// its key when both, and a deadline if there is one, fit into two cache lines.
func textEncoding(value, key int, deadline bool) Encoding {
	if value > embeddedLenMax {
		return Raw
	}
	size := objectBytes + key + keyExtra(key) + value + embeddedExtra
	if deadline {
		size += deadlineBytes
	}
	if size <= embeddedMax {
		return Embstr
	}
	return Raw
}

// keyExtra returns what an embedded key of that length takes beside its bytes: a header by length, a terminator, and
// a byte that tells the header's size.
func keyExtra(key int) int {
	switch {
	case key < 1<<5:
		return 3
	case key < 1<<8:
		return 5
	case key < 1<<16:
		return 7
	default:
		return 11
	}
}
