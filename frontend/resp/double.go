package resp

import (
	"math"
	"strconv"
)

// doubleLenMax is room for any double's text: sign, 17 digits, point, exponent, or up to 25 places of plain notation.
const doubleLenMax = 32

// AppendDouble appends the text that Valkey gives a double: integers as integers, everything else with digits that
// read back to the same number, in plain notation while that stays short, otherwise with an exponent.
func AppendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "nan"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	case f == 0:
		if math.Signbit(f) {
			return append(b, "-0"...)
		}
		return append(b, '0')
	}
	// Inside half the range of int64 the conversion is exact both ways.
	if math.Abs(f) <= float64(math.MaxInt64/2) && f == math.Trunc(f) {
		return strconv.AppendInt(b, int64(f), 10)
	}
	var space [doubleLenMax]byte
	digits, exp10 := appendDecimal(space[:0], math.Abs(f))
	if f < 0 {
		b = append(b, '-')
	}
	return appendDigits(b, digits, exp10, f < 0)
}

// appendDigits lays the digits out. exp10 is the power of ten of the last digit.
func appendDigits(b, digits []byte, exp10 int, negative bool) []byte {
	n := len(digits)
	top := exp10 + n - 1 // power of ten of the first digit
	size := max(top, -top)
	switch {
	case exp10 >= 0 && size < n+7:
		b = append(b, digits...)
		for range exp10 {
			b = append(b, '0')
		}
		return b
	case exp10 < 0 && (exp10 > -7 || size < 4):
		whole := n + exp10
		if whole > 0 {
			b = append(b, digits[:whole]...)
			b = append(b, '.')
			return append(b, digits[whole:]...)
		}
		b = append(b, '0', '.')
		for range -whole {
			b = append(b, '0')
		}
		return append(b, digits...)
	}
	// Seventeen digits are always enough; a negative number has room for no more.
	room := 18
	if negative {
		room = 17
	}
	digits = digits[:min(n, room)]
	b = append(b, digits[0])
	if len(digits) > 1 {
		b = append(b, '.')
		b = append(b, digits[1:]...)
	}
	b = append(b, 'e')
	if top < 0 {
		b = append(b, '-')
	} else {
		b = append(b, '+')
	}
	return strconv.AppendInt(b, int64(size), 10)
}
