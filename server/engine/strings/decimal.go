package strings

import (
	"bytes"
	"math/big"
)

// INCRBYFLOAT's numbers are those of a C compiler's long double on x86: 64 bits of precision and exponents of two up
// to 16384. They are read as C's strtold reads and written with 17 places at most, trailing zeros cut off.
const (
	decimalPrecision = 64
	exponentMax      = 16384
	exponentMin      = -16445
	decimalPlaces    = 17
	decimalTextMax   = 5*1024 - 1 // longer texts are no numbers
)

// parseDecimal reads a number, infinities included. It is not ok when the text is none, or one beyond the format.
func parseDecimal(text []byte) (f *big.Float, ok bool) {
	if len(text) == 0 || len(text) > decimalTextMax {
		return nil, false
	}
	word := bytes.ToLower(text)
	negative := word[0] == '-'
	if negative || word[0] == '+' {
		word = word[1:]
	}
	f = new(big.Float).SetPrec(decimalPrecision)
	if string(word) == "inf" || string(word) == "infinity" {
		return f.SetInf(negative), true
	}
	base, digits, mark := 10, "0123456789", byte('e')
	number := word
	if bytes.HasPrefix(word, []byte("0x")) {
		base, digits, mark = 0, "0123456789abcdef", 'p'
		number = word[2:]
	}
	mantissa, ok := cutMantissa(number, digits, mark)
	if !ok {
		return nil, false
	}
	if _, _, err := f.Parse(string(word), base); err != nil || tooLarge(f) {
		return nil, false
	}
	if bytes.ContainsAny(mantissa, "123456789abcdef") && (f.Sign() == 0 || f.MantExp(nil) < exponentMin) {
		return nil, false // so small that nothing of it is left
	}
	if negative {
		f.Neg(f)
	}
	return f, true
}

// cutMantissa checks the form of a number without sign, digits with a point somewhere and perhaps an exponent behind
// a mark, and returns what stands before the exponent.
func cutMantissa(number []byte, digits string, mark byte) (mantissa []byte, ok bool) {
	mantissa, exponent, signed := bytes.Cut(number, []byte{mark})
	if signed {
		if len(exponent) > 0 && (exponent[0] == '-' || exponent[0] == '+') {
			exponent = exponent[1:]
		}
		if len(exponent) == 0 || len(bytes.Trim(exponent, "0123456789")) > 0 {
			return nil, false
		}
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte{'.'})
	if len(whole)+len(fraction) == 0 || len(bytes.Trim(whole, digits)) > 0 || len(bytes.Trim(fraction, digits)) > 0 {
		return nil, false
	}
	return mantissa, true
}

// tooLarge reports whether a number is beyond the format.
func tooLarge(f *big.Float) bool { return f.IsInf() || f.MantExp(nil) > exponentMax }

// appendDecimal appends a finite number's text.
func appendDecimal(b []byte, f *big.Float) []byte {
	start := len(b)
	b = f.Append(b, 'f', decimalPlaces)
	b = bytes.TrimRight(b, "0")
	b = bytes.TrimSuffix(b, []byte{'.'})
	if string(b[start:]) == "-0" {
		return append(b[:start], '0')
	}
	return b
}
