package resp

import (
	"math"
	"math/big"
	"math/bits"
)

// Valkey finds a double's digits with Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately
// with Integers", 2010). They always read back to the number and are nearly always the shortest that do; for about one
// double in a thousand they are not, and a client would see the difference, so the same method stands here.
//
// The method: scale the number and the two borders between it and its neighbours by a power of ten from a table, so
// that the binary exponent becomes small; then write digits of the upper border until what is left of it lies inside
// the interval; then count the last digit down while that comes nearer to the number. The scaled borders are off by at
// most one unit, so the interval is narrowed by one at both ends.

// scaled is f · 2^e.
type scaled struct {
	f uint64
	e int
}

// times multiplies and rounds to 64 bits.
func (a scaled) times(b scaled) scaled {
	high, low := bits.Mul64(a.f, b.f)
	return scaled{high + low>>63, a.e + b.e + 64}
}

// The table has every eighth power of ten from 10^powerFirst on; with one of them every double can be scaled to a
// binary exponent between scaledMin and scaledMax, which leaves 32 bits above the point and four spare ones below.
const (
	powerFirst = -348
	powerStep  = 8
	powerCount = 87
	scaledMin  = -60
	scaledMax  = -32
)

var powersOfTen = makePowersOfTen()

func makePowersOfTen() (table [powerCount]scaled) {
	for i := range table {
		k := powerFirst + i*powerStep
		n, e := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(k, -k))), nil), 0
		if k < 0 { // 1/n, as an integer times 2^e of at least 128 bits
			e = -n.BitLen() - 128
			n.Quo(new(big.Int).Lsh(big.NewInt(1), uint(-e)), n)
		}
		// To 64 bits, rounded.
		if drop := n.BitLen() - 64; drop > 0 {
			n.Add(n, new(big.Int).Lsh(big.NewInt(1), uint(drop-1)))
			n.Rsh(n, uint(drop))
			e += drop
		} else {
			n.Lsh(n, uint(-drop))
			e += drop
		}
		table[i] = scaled{n.Uint64(), e}
	}
	return table
}

// powerFor picks the power that scales a number of binary exponent e.
func powerFor(e int) (power scaled, exp10 int) {
	const log10of2 = 0.30102999566398114
	i := (int(-float64(e+powerCount)*log10of2) - powerFirst) / powerStep
	for e+powersOfTen[i].e+64 < scaledMin {
		i++
	}
	for e+powersOfTen[i].e+64 > scaledMax {
		i--
	}
	return powersOfTen[i], powerFirst + i*powerStep
}

// appendDecimal appends the digits of f, which is finite and positive; exp10 is the power of ten of the last one.
func appendDecimal(b []byte, f float64) (digits []byte, exp10 int) {
	const mantissaBits = 52
	u := math.Float64bits(f)
	m, e := u&(1<<mantissaBits-1), int(u>>mantissaBits)
	if e > 0 {
		m |= 1 << mantissaBits
	} else {
		e = 1
	}
	e -= 1023 + mantissaBits

	// The number and its borders, with the upper border's exponent.
	shift := bits.LeadingZeros64(m)
	number := scaled{m << shift, e - shift}
	upper := scaled{(2*m + 1) << (shift - 1), e - shift}
	lower := scaled{(2*m - 1) << (shift - 1), e - shift}
	if m == 1<<mantissaBits { // the neighbour below is only half as far away
		lower.f = (4*m - 1) << (shift - 2)
	}

	power, exp10 := powerFor(upper.e)
	number, upper, lower = number.times(power), upper.times(power), lower.times(power)
	upper.f--
	lower.f++
	return generate(b, number.f, upper, lower.f, -exp10)
}

// generate appends digits of upper until they lie above lower, then moves the last one towards number.
func generate(b []byte, number uint64, upper scaled, lower uint64, exp10 int) ([]byte, int) {
	start := len(b)
	point := uint(-upper.e)
	distance, interval := upper.f-number, upper.f-lower
	whole, fraction := upper.f>>point, upper.f&(1<<point-1)

	ten := uint64(1_000_000_000)
	for kappa := 9; kappa >= 0; kappa, ten = kappa-1, ten/10 {
		digit := whole / ten
		whole %= ten
		if digit > 0 || len(b) > start {
			b = append(b, '0'+byte(digit))
		}
		if rest := whole<<point + fraction; rest <= interval {
			approach(b, distance, interval, rest, ten<<point)
			return b, exp10 + kappa
		}
	}
	for kappa, unit := -1, uint64(10); ; kappa, unit = kappa-1, unit*10 {
		fraction *= 10
		interval *= 10
		digit := fraction >> point
		fraction &= 1<<point - 1
		if digit > 0 || len(b) > start {
			b = append(b, '0'+byte(digit))
		}
		if fraction < interval {
			approach(b, distance*unit, interval, fraction, 1<<point)
			return b, exp10 + kappa
		}
	}
}

// approach counts the last digit down while that stays inside the interval and brings the digits, which are rest below
// the upper border, nearer to the number, which is distance below it. A step of the digit is worth unit.
func approach(b []byte, distance, interval, rest, unit uint64) {
	last := len(b) - 1
	for rest < distance && interval-rest >= unit &&
		(rest+unit < distance || distance-rest > rest+unit-distance) {
		b[last]--
		rest += unit
	}
}
