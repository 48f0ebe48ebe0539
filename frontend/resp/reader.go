package resp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Kind is the byte that begins a value on the wire.
type Kind byte

// The kinds of values. Null stands for RESP3's null as well as for the null string and the null array of RESP2.
const (
	KindSimple    Kind = '+'
	KindError     Kind = '-'
	KindInt       Kind = ':'
	KindBulk      Kind = '$'
	KindArray     Kind = '*'
	KindNull      Kind = '_'
	KindDouble    Kind = ','
	KindBool      Kind = '#'
	KindBulkError Kind = '!'
	KindVerbatim  Kind = '='
	KindBigNumber Kind = '('
	KindMap       Kind = '%'
	KindSet       Kind = '~'
	KindPush      Kind = '>'
	KindAttribute Kind = '|'
)

// Value is a reply.
type Value struct {
	Kind Kind
	// Str is the text of simple strings, errors, strings, big numbers and doubles (as sent), and of a verbatim string
	// with its format ("txt:...").
	Str string
	// Int is an integer, or 1 for true.
	Int int64
	// Double is a double.
	Double float64
	// Elems are the elements of an aggregate; of a map and an attribute keys and values in turn.
	Elems []Value
}

// IsError reports whether the value is an error reply, whose text is v.Str.
func (v Value) IsError() bool { return v.Kind == KindError || v.Kind == KindBulkError }

// Reader takes replies of either protocol version from a stream. What is read is bounded: a line by LineMax, a string
// by BulkMax, elements in all by ElemsMax, and nesting by DepthMax.
type Reader struct {
	in    *bufio.Reader
	elems int // left for the value under way
}

const (
	// LineMax is the longest line of a reply: simple strings, errors, big numbers.
	LineMax = 64 << 10
	// ElemsMax is the most elements that one reply has, all levels together.
	ElemsMax = 16 << 20
	// DepthMax is how deep aggregates nest.
	DepthMax = 64
	// readStep is how much memory an announced length is worth before its bytes come.
	readStep = 1 << 20
)

// ErrReply says that the stream is no valid reply, or a larger one than the reader takes. Nothing sensible follows it.
var ErrReply = errors.New("resp: malformed reply")

// NewReader reads replies from r.
func NewReader(r io.Reader) *Reader { return NewReaderSize(r, readerBuffer) }

// NewReaderSize reads replies from r through a buffer of so many bytes: a small one for a connection that is one of
// many and says little. A string that is longer is read past it.
func NewReaderSize(r io.Reader, size int) *Reader { return &Reader{in: bufio.NewReaderSize(r, size)} }

const readerBuffer = 16 << 10

// Buffered is the reader under the Reader, for a protocol that changes in the middle of the stream.
func (r *Reader) Buffered() *bufio.Reader { return r.in }

// Read returns the next value. An attribute is a value of its own, before the one that it describes. The error is
// ErrReply, or the stream's; io.EOF only between two values.
func (r *Reader) Read() (Value, error) {
	r.elems = ElemsMax
	return r.value(0)
}

func (r *Reader) value(depth int) (Value, error) {
	kind, err := r.in.ReadByte()
	if err != nil {
		if depth > 0 {
			err = unexpected(err)
		}
		return Value{}, err
	}
	line, err := r.line()
	if err != nil {
		return Value{}, err
	}
	v := Value{Kind: Kind(kind)}
	switch v.Kind {
	case KindSimple, KindError, KindBigNumber:
		v.Str = string(line)
		return v, nil
	case KindNull:
		return v, check(len(line) == 0, "null")
	case KindBool:
		isTrue := string(line) == "t"
		if isTrue {
			v.Int = 1
		}
		return v, check(isTrue || string(line) == "f", "boolean")
	case KindDouble:
		v.Str = string(line)
		v.Double, err = strconv.ParseFloat(v.Str, 64)
		return v, check(err == nil || math.IsInf(v.Double, 0), "double")
	}
	n, ok := ParseInt(line)
	if err := check(ok, "number"); err != nil {
		return Value{}, err
	}
	switch v.Kind {
	case KindInt:
		v.Int = n
		return v, nil
	case KindBulk, KindVerbatim, KindBulkError:
		if n == -1 {
			return Value{Kind: KindNull}, nil
		}
		v.Str, err = r.text(n)
		return v, err
	case KindArray, KindSet, KindPush, KindMap, KindAttribute:
		if n == -1 {
			return Value{Kind: KindNull}, nil
		}
		return r.aggregate(v, n, depth)
	}
	return Value{}, fmt.Errorf("%w: kind %q", ErrReply, kind)
}

func (r *Reader) aggregate(v Value, n int64, depth int) (Value, error) {
	if v.Kind == KindMap || v.Kind == KindAttribute {
		if n > ElemsMax {
			return Value{}, check(false, "length")
		}
		n *= 2
	}
	if err := check(n >= 0 && n <= int64(r.elems), "length"); err != nil {
		return Value{}, err
	}
	if err := check(depth < DepthMax, "nesting"); err != nil {
		return Value{}, err
	}
	r.elems -= int(n)
	for range n { // grown as elements come, not as announced
		elem, err := r.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.Elems = append(v.Elems, elem)
	}
	return v, nil
}

// line reads up to CRLF and returns what comes before it, valid until the next read.
func (r *Reader) line() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		line = append([]byte(nil), line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(line) <= LineMax {
			var more []byte
			more, err = r.in.ReadSlice('\n')
			line = append(line, more...)
		}
	}
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, unexpected(err)
	}
	n := len(line) - 2
	return line[:max(n, 0)], check(err == nil && n >= 0 && line[n] == '\r', "line")
}

// text reads n bytes and CRLF.
func (r *Reader) text(n int64) (string, error) {
	if err := check(n >= 0 && n <= BulkMax, "length"); err != nil {
		return "", err
	}
	left := int(n) + 2
	var text []byte
	for left > 0 {
		step := min(left, readStep)
		from := len(text)
		text = append(text, make([]byte, step)...)
		if _, err := io.ReadFull(r.in, text[from:]); err != nil {
			return "", unexpected(err)
		}
		left -= step
	}
	return string(text[:n]), check(text[n] == '\r' && text[n+1] == '\n', "end of string")
}

func check(ok bool, what string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%w: bad %s", ErrReply, what)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
