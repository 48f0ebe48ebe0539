package configs

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// unit says how a number is written.
type unit int

const (
	plain         unit = iota
	memory             // with an optional b, k, kb, m, mb, g or gb
	memoryPercent      // the same, or a percentage, kept as a negative number
	memorySigned       // the same, or a plain negative number
	octal
)

// number is a directive with an integer value within [min, max].
type number struct {
	def, min, max int64
	unit          unit
}

func (k number) reset(field any) { *field.(*int64) = k.def }

func (k number) set(field any, args []string) error {
	v, err := k.parse(args[0])
	if err != nil {
		return err
	}
	if err := k.check(v); err != nil {
		return err
	}
	*field.(*int64) = v
	return nil
}

func (k number) parse(s string) (int64, error) {
	switch k.unit {
	case memory, memoryPercent, memorySigned:
		if v, ok := ParseMemory(s); ok {
			// Above MaxInt64 it turns negative, and out of range.
			return int64(v), nil
		}
		if k.unit == memorySigned {
			if v, ok := parseInt(s); ok {
				return v, nil
			}
		}
		if digits, found := strings.CutSuffix(s, "%"); found && k.unit == memoryPercent {
			if v, ok := parseInt(digits); ok && v >= 0 {
				return -v, nil
			}
		}
		if k.unit == memoryPercent {
			return 0, refusal("argument must be a memory or percent value")
		}
		return 0, refusal("argument must be a memory value")
	case octal:
		v, err := strconv.ParseInt(s, 8, 64)
		if err != nil {
			return 0, refusal("argument couldn't be parsed as an octal number")
		}
		return v, nil
	default:
		v, ok := parseInt(s)
		if !ok {
			return 0, refusal("argument couldn't be parsed into an integer")
		}
		return v, nil
	}
}

func (k number) check(v int64) error {
	switch {
	case k.unit == memoryPercent && v < 0:
		if v < k.min {
			return refusal(fmt.Sprintf("percentage argument must be less or equal to %d", -k.min))
		}
	case v >= k.min && v <= k.max:
	case k.unit == octal:
		return refusal(fmt.Sprintf("argument must be between %o and %o inclusive", k.min, k.max))
	default:
		return refusal(fmt.Sprintf("argument must be between %d and %d inclusive", k.min, k.max))
	}
	return nil
}

func (k number) get(field any) string {
	v := *field.(*int64)
	switch {
	case k.unit == memoryPercent && v < 0:
		return strconv.FormatInt(-v, 10) + "%"
	case k.unit == octal:
		return strconv.FormatInt(v, 8)
	}
	return strconv.FormatInt(v, 10)
}

func (k number) lines(field any) []line {
	v, text := *field.(*int64), k.get(field)
	if v > 0 && (k.unit == memory || k.unit == memoryPercent || k.unit == memorySigned) {
		text = formatMemory(uint64(v))
	}
	return []line{{text, v != k.def}}
}

// wideMemory is a directive whose value may take all of 64 bits: 0 is its default and means no limit.
type wideMemory struct{}

func (wideMemory) reset(field any) { *field.(*uint64) = 0 }

func (wideMemory) set(field any, args []string) error {
	v, ok := ParseMemory(args[0])
	if !ok {
		return refusal("argument must be a memory value")
	}
	*field.(*uint64) = v
	return nil
}

func (wideMemory) get(field any) string { return strconv.FormatUint(*field.(*uint64), 10) }

func (wideMemory) lines(field any) []line {
	v := *field.(*uint64)
	return []line{{formatMemory(v), v != 0}}
}

// parseInt reads a decimal in the one form that prints back equal: no plus, no leading zero, no space.
func parseInt(s string) (int64, bool) {
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil && strconv.FormatInt(v, 10) == s
}

// memoryUnits are tried in order; the names compare without case.
var memoryUnits = []struct {
	name  string
	bytes uint64
}{
	{"", 1}, {"b", 1}, {"k", 1e3}, {"kb", 1 << 10}, {"m", 1e6}, {"mb", 1 << 20}, {"g", 1e9}, {"gb", 1 << 30},
}

// ParseMemory reads a number of bytes. No digits at all are 0, as for Valkey; a number that does not fit is refused,
// where Valkey lets the product wrap round.
func ParseMemory(s string) (uint64, bool) {
	digits := strings.TrimLeft(s, "0123456789")
	name, digits := digits, s[:len(s)-len(digits)]
	for _, u := range memoryUnits {
		if !strings.EqualFold(u.name, name) {
			continue
		}
		if digits == "" {
			return 0, true
		}
		v, err := strconv.ParseUint(digits, 10, 64)
		high, low := bits.Mul64(v, u.bytes)
		return low, err == nil && high == 0
	}
	return 0, false
}

// formatMemory writes a number of bytes with the largest unit that divides it.
func formatMemory(v uint64) string {
	switch {
	case v != 0 && v%(1<<30) == 0:
		return fmt.Sprintf("%dgb", v>>30)
	case v != 0 && v%(1<<20) == 0:
		return fmt.Sprintf("%dmb", v>>20)
	case v != 0 && v%(1<<10) == 0:
		return fmt.Sprintf("%dkb", v>>10)
	}
	return strconv.FormatUint(v, 10)
}

const (
	intMin  = math.MinInt32
	intMax  = math.MaxInt32
	uintMax = math.MaxUint32
	longMax = math.MaxInt64
	portMax = 65535
)
