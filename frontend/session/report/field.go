package report

import (
	"fmt"
	"strconv"
	"time"
)

// Field is one row: a name, and where in what was read its value comes from. A nil value leaves the row out.
type Field[R any] struct {
	Name  string
	Value func(R) any
}

// Values that are written in a form of their own; numbers, strings and truth values (1 and 0) need none.
type (
	// Percent is written as 12.34%.
	Percent float64
	// Ratio is written as 12.34.
	Ratio float64
	// CPU is written as seconds with microseconds.
	CPU time.Duration
	// Human is an amount of bytes, written as 1.50M.
	Human uint64
)

// Rows appends the rows of some fields, which may be of a server's own type of the same form.
func Rows[R any, F ~struct {
	Name  string
	Value func(R) any
}](b []byte, fields []F, r R) []byte {
	for i := range fields {
		f := Field[R](fields[i])
		if v := f.Value(r); v != nil {
			b = append(append(b, f.Name...), ':')
			b = append(appendValue(b, v), '\r', '\n')
		}
	}
	return b
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return append(b, v...)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case bool:
		if v {
			return append(b, '1')
		}
		return append(b, '0')
	case Percent:
		return fmt.Appendf(b, "%.2f%%", float64(v))
	case Ratio:
		return fmt.Appendf(b, "%.2f", float64(v))
	case CPU:
		us := time.Duration(v).Microseconds()
		return fmt.Appendf(b, "%d.%06d", us/1e6, us%1e6)
	case Human:
		return appendHuman(b, uint64(v))
	}
	panic(fmt.Sprintf("BUG: report: a value of type %T", v))
}

func appendHuman(b []byte, n uint64) []byte {
	if n < 1024 {
		return fmt.Appendf(b, "%dB", n)
	}
	f := float64(n)
	for _, unit := range "KMGTP" {
		if f /= 1024; f < 1024 || unit == 'P' {
			return fmt.Appendf(b, "%.2f%c", f, unit)
		}
	}
	return b
}

// Constant is the value of a field that is always the same here: what it counts does not exist in this server.
func Constant[R any](v any) func(R) any { return func(R) any { return v } }

// Unless leaves a field out.
func Unless(out bool, v any) any {
	if out {
		return nil
	}
	return v
}
