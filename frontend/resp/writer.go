package resp

import (
	"strconv"
	"strings"
)

// Writer appends replies to Buf in the protocol version Proto (2 or 3). It allocates only when Buf has to grow.
// A Writer is a plain value: whoever owns Buf may take it, cut it or put another one in its place between two replies.
type Writer struct {
	Buf   []byte
	Proto int
}

// Mark remembers where the header of an aggregate belongs whose length is known only after its elements. See Later.
type Mark int

// OK writes the status reply OK.
func (w *Writer) OK() { w.Buf = append(w.Buf, "+OK\r\n"...) }

// Simple writes a status reply; s must not hold CR or LF.
func (w *Writer) Simple(s string) {
	w.Buf = append(w.Buf, '+')
	w.Buf = append(w.Buf, s...)
	w.crlf()
}

// Error writes an error reply. The first word of msg is its code ("ERR", "WRONGTYPE"); CR and LF, which may come from a
// client's argument quoted in the text, become spaces.
func (w *Writer) Error(msg string) {
	w.Buf = append(w.Buf, '-')
	if strings.ContainsAny(msg, "\r\n") {
		for i := range len(msg) {
			c := msg[i]
			if c == '\r' || c == '\n' {
				c = ' '
			}
			w.Buf = append(w.Buf, c)
		}
	} else {
		w.Buf = append(w.Buf, msg...)
	}
	w.crlf()
}

// Int writes an integer.
func (w *Writer) Int(n int64) {
	w.Buf = append(w.Buf, ':')
	w.Buf = strconv.AppendInt(w.Buf, n, 10)
	w.crlf()
}

// Bulk writes a string of any bytes. A nil slice is the empty string; absence is Null.
func (w *Writer) Bulk(b []byte) {
	w.header('$', len(b))
	w.Buf = append(w.Buf, b...)
	w.crlf()
}

// BulkString writes a string of any bytes.
func (w *Writer) BulkString(s string) {
	w.header('$', len(s))
	w.Buf = append(w.Buf, s...)
	w.crlf()
}

// BulkInt writes the decimal digits of n as a bulk string.
func (w *Writer) BulkInt(n int64) {
	var digits [20]byte
	w.Bulk(strconv.AppendInt(digits[:0], n, 10))
}

// Null writes the absence of a value.
func (w *Writer) Null() {
	if w.Proto == 3 {
		w.Buf = append(w.Buf, "_\r\n"...)
	} else {
		w.Buf = append(w.Buf, "$-1\r\n"...)
	}
}

// NullArray writes the absence of an array; RESP3 has one null for everything.
func (w *Writer) NullArray() {
	if w.Proto == 3 {
		w.Buf = append(w.Buf, "_\r\n"...)
	} else {
		w.Buf = append(w.Buf, "*-1\r\n"...)
	}
}

// Array announces n elements.
func (w *Writer) Array(n int) { w.header('*', n) }

// Map announces n pairs of key and value; in RESP2 an array of 2n elements.
func (w *Writer) Map(n int) { w.header(w.mapKind(n)) }

// Set announces n elements without order; in RESP2 an array.
func (w *Writer) Set(n int) { w.header(w.setKind(), n) }

// Push announces an out-of-band message of n elements; in RESP2, where pub/sub messages come as arrays, an array.
func (w *Writer) Push(n int) {
	if w.Proto == 3 {
		w.header('>', n)
	} else {
		w.header('*', n)
	}
}

// Attribute announces n pairs of side information about the reply that follows. RESP2 has no such thing: the caller
// must leave the pairs out too.
func (w *Writer) Attribute(n int) { w.header('|', n) }

// Double writes a floating point number; in RESP2 its text as a bulk string.
func (w *Writer) Double(f float64) {
	var text [doubleLenMax]byte
	s := AppendDouble(text[:0], f)
	if w.Proto != 3 {
		w.Bulk(s)
		return
	}
	w.Buf = append(w.Buf, ',')
	w.Buf = append(w.Buf, s...)
	w.crlf()
}

// Bool writes a truth value; in RESP2 the integers 1 and 0.
func (w *Writer) Bool(b bool) {
	text := "#f\r\n"
	switch {
	case w.Proto == 3 && b:
		text = "#t\r\n"
	case w.Proto != 3 && b:
		text = ":1\r\n"
	case w.Proto != 3:
		text = ":0\r\n"
	}
	w.Buf = append(w.Buf, text...)
}

// Verbatim writes text for a human reader with its three-letter format ("txt", "mkd"); in RESP2 a bulk string.
func (w *Writer) Verbatim(format, text string) {
	if w.Proto != 3 {
		w.BulkString(text)
		return
	}
	w.header('=', len(text)+4)
	for i := range 3 {
		if i < len(format) {
			w.Buf = append(w.Buf, format[i])
		} else {
			w.Buf = append(w.Buf, ' ')
		}
	}
	w.Buf = append(w.Buf, ':')
	w.Buf = append(w.Buf, text...)
	w.crlf()
}

// BigNumber writes the decimal digits of an integer of any size; in RESP2 a bulk string.
func (w *Writer) BigNumber(digits string) {
	if w.Proto != 3 {
		w.BulkString(digits)
		return
	}
	w.Buf = append(w.Buf, '(')
	w.Buf = append(w.Buf, digits...)
	w.crlf()
}

// Command appends a command in the form in which clients send it.
func (w *Writer) Command(argv [][]byte) {
	w.Array(len(argv))
	for _, a := range argv {
		w.Bulk(a)
	}
}

// Raw appends bytes that are protocol already.
func (w *Writer) Raw(b []byte) { w.Buf = append(w.Buf, b...) }

// Later marks the place of an aggregate whose length is not known yet. Write its elements, then call EndArray, EndMap
// or EndSet with the mark: the header is put in place and the elements move behind it, so nested marks end inside out.
func (w *Writer) Later() Mark { return Mark(len(w.Buf)) }

// EndArray puts the header of an array of n elements at m.
func (w *Writer) EndArray(m Mark, n int) { w.insertHeader(m, '*', n) }

// EndMap puts the header of a map of n pairs at m.
func (w *Writer) EndMap(m Mark, n int) {
	kind, n := w.mapKind(n)
	w.insertHeader(m, kind, n)
}

// EndSet puts the header of a set of n elements at m.
func (w *Writer) EndSet(m Mark, n int) { w.insertHeader(m, w.setKind(), n) }

func (w *Writer) mapKind(n int) (byte, int) {
	if w.Proto == 3 {
		return '%', n
	}
	return '*', 2 * n
}

func (w *Writer) setKind() byte {
	if w.Proto == 3 {
		return '~'
	}
	return '*'
}

func (w *Writer) insertHeader(m Mark, kind byte, n int) {
	var space [headerLenMax]byte
	head := appendHeader(space[:0], kind, n)
	end := len(w.Buf)
	w.Buf = append(w.Buf, head...)
	copy(w.Buf[int(m)+len(head):], w.Buf[m:end])
	copy(w.Buf[m:], head)
}

func (w *Writer) header(kind byte, n int) { w.Buf = appendHeader(w.Buf, kind, n) }

func (w *Writer) crlf() { w.Buf = append(w.Buf, '\r', '\n') }

// headerLenMax is a kind, the 19 digits and the sign of a number, CR and LF.
const headerLenMax = 1 + 20 + 2

func appendHeader(b []byte, kind byte, n int) []byte {
	if uint(n) < 10 {
		return append(b, kind, '0'+byte(n), '\r', '\n')
	}
	b = append(b, kind)
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, '\r', '\n')
}

// AppendCommand appends a request of the given arguments: an array of bulk strings.
func AppendCommand[S []byte | string](b []byte, args ...S) []byte {
	b = appendHeader(b, '*', len(args))
	for _, a := range args {
		b = appendHeader(b, '$', len(a))
		b = append(b, a...)
		b = append(b, '\r', '\n')
	}
	return b
}
