package rdb

import "encoding/binary"

// LZF is a sequence of two kinds of pieces. A byte below 32 is followed by one literal more than it says. Any other
// byte has in its upper three bits a length less 2 (7: another byte is to be added), and in its lower five, with the
// byte that ends the piece, how far back the copy begins, less 1.

const (
	lzfLiteralMax  = 32
	lzfMatchMin    = 3
	lzfMatchMax    = 264
	lzfDistanceMax = 1 << 13
	lzfRatioMax    = lzfMatchMax / 3 // bytes that one byte can become

	lzfTableBits = 12

	// After every so many places without a match the search takes larger steps: what cannot be compressed costs little.
	lzfPatienceBits = 3
	lzfStepMax      = 64
)

// compressor remembers where three bytes were seen last. Places count from base, that of the bytes at hand, which
// moves beyond everything that was noted before, so that the table need not be cleared between values.
type compressor struct {
	table [1 << lzfTableBits]uint32
	base  uint32
}

// compress appends the compressed form of src to dst, at most limit bytes. It reports false if that is not enough; what
// is behind dst is of no use then.
func (z *compressor) compress(dst, src []byte, limit int) ([]byte, bool) {
	if !z.begin(len(src)) {
		return dst, false
	}
	dst, ok := z.more(dst, src, 0, len(dst)+limit)
	z.base += uint32(len(src))
	return dst, ok
}

// begin makes the table fit for a value of so many bytes. It reports false for one that is too long.
func (z *compressor) begin(size int) bool {
	if size > 1<<31-1 {
		return false
	}
	if z.base == 0 || z.base > 1<<31 {
		clear(z.table[:])
		z.base = 1
	}
	return true
}

// more goes on with src, whose first bytes it had before, until dst is longer than the limit. The place of src is base,
// which the caller moves on.
func (z *compressor) more(dst, src []byte, had, limit int) ([]byte, bool) {
	base := z.base
	literal, misses := had, 0
	for i := had; i+4 <= len(src); {
		seen := binary.LittleEndian.Uint32(src[i:]) << 8
		slot := seen * 2654435761 >> (32 - lzfTableBits)
		was := z.table[slot]
		z.table[slot] = base + uint32(i)
		from := int(was) - int(base)
		if from < 0 || i-from > lzfDistanceMax || binary.LittleEndian.Uint32(src[from:])<<8 != seen {
			misses++
			i += min(1+misses>>lzfPatienceBits, lzfStepMax)
			continue
		}
		misses = 0
		n := matchLen(src, from, i)
		dst = appendLiterals(dst, src[literal:i])
		dst = appendMatch(dst, i-from-1, n)
		if len(dst) > limit {
			return dst, false
		}
		i += n
		literal = i
	}
	rest := src[literal:]
	if len(dst)+len(rest)+(len(rest)+lzfLiteralMax-1)/lzfLiteralMax > limit {
		return dst, false
	}
	return appendLiterals(dst, rest), true
}

// matchLen returns how long the bytes at i are those at from, up to the format's limit. Three are known to be.
func matchLen(src []byte, from, i int) int {
	end := min(len(src)-i, lzfMatchMax)
	n := lzfMatchMin
	for n < end && src[from+n] == src[i+n] {
		n++
	}
	return n
}

func appendLiterals(dst, p []byte) []byte {
	for len(p) > 0 {
		n := min(len(p), lzfLiteralMax)
		dst = append(dst, byte(n-1))
		dst = append(dst, p[:n]...)
		p = p[n:]
	}
	return dst
}

func appendMatch(dst []byte, back, n int) []byte {
	n -= 2
	if n < 7 {
		return append(dst, byte(n<<5|back>>8), byte(back))
	}
	return append(dst, byte(7<<5|back>>8), byte(n-7), byte(back))
}

// decompress fills dst exactly from src, and reports whether that is what src says.
func decompress(dst, src []byte) bool {
	at := 0
	for len(src) > 0 {
		c := int(src[0])
		src = src[1:]
		if c < lzfLiteralMax {
			c++
			if c > len(src) || c > len(dst)-at {
				return false
			}
			at += copy(dst[at:], src[:c])
			src = src[c:]
			continue
		}
		n := c >> 5
		if n == 7 {
			if len(src) == 0 {
				return false
			}
			n += int(src[0])
			src = src[1:]
		}
		n += 2
		if len(src) == 0 {
			return false
		}
		from := at - (c&31<<8 | int(src[0])) - 1
		src = src[1:]
		if from < 0 || n > len(dst)-at {
			return false
		}
		if from+n <= at {
			at += copy(dst[at:], dst[from:from+n])
			continue
		}
		for end := at + n; at < end; at++ { // the copy feeds on itself
			dst[at] = dst[from]
			from++
		}
	}
	return at == len(dst)
}
