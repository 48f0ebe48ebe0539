package mem

import "math/bits"

const (
	smallMax  = 1 << 10  // largest size with classes 8 bytes apart
	mediumMax = 32 << 10 // largest size served by slabs

	smallClasses = smallMax / 8
	stepsPerSize = 8 // geometric classes in each doubling above smallMax
	classes      = smallClasses + 5*stepsPerSize + 1

	slabPagesMin   = 16 // 64 KiB: big enough to make a slab's record cheap, small enough to come back empty
	slabObjectsMin = 8
)

// classOf returns the slab class for n bytes and the size that it really gives; n is 1 to mediumMax.
func classOf(n int) (class, size int) {
	if n <= smallMax {
		class = (n + 7) >> 3
		return class, class << 3
	}
	width := bits.Len(uint(n - 1)) // 11 for 1025..2048
	shift := width - 4
	step := (n - 1) >> shift // 8..15
	return smallClasses + (width-11)*stepsPerSize + step - 7, (step + 1) << shift
}

// Cap returns how many bytes an allocation of n bytes really has. Two sizes with the same Cap can take each other's
// place.
func Cap(n int) int {
	switch {
	case n <= smallMax:
		return (n + 7) &^ 7
	case n <= mediumMax:
		_, size := classOf(n)
		return size
	default:
		return (n + pageBytes - 1) &^ (pageBytes - 1)
	}
}

// slabPages returns how many pages a slab of objects of that size has.
func slabPages(size int) uint32 {
	return max(slabPagesMin, uint32((size*slabObjectsMin+pageBytes-1)>>pageShift))
}
