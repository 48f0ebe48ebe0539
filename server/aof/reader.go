package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"valkey/frontend/resp"
)

// Command is one command of a part.
type Command struct {
	Argv  [][]byte // slices of the batch's memory
	Start int64    // where it begins in the file, annotations before it left aside
	End   int64    // where the next thing begins
}

// Batch is some commands of a part, with the memory that they stand in.
type Batch struct {
	Commands []Command
	buf      []byte
	args     [][]byte
}

// FormatError is a part that is not made of commands.
type FormatError struct {
	Offset int64 // where the thing begins that is none
	Reason string
}

// Error is one line for a log.
func (e *FormatError) Error() string {
	return fmt.Sprintf("bad file format at offset %d: %s", e.Offset, e.Reason)
}

// ErrTruncated is a part that ends inside a command.
var ErrTruncated = errors.New("unexpected end of file")

const (
	// readSize is how much is read at once.
	readSize = 256 << 10
	// annotationMax is the longest annotation.
	annotationMax = 1024
	// stampPrefix begins the annotation that tells the time.
	stampPrefix = "#TS:"
)

// Reader takes commands out of a part. It holds as much memory as the largest command that is really there.
type Reader struct {
	in     io.Reader
	offset int64 // of rest in the file
	rest   []byte
	eof    bool
	parser resp.Parser
}

// NewReader reads a part from an offset on, where in stands already.
func NewReader(in io.Reader, offset int64) *Reader { return &Reader{in: in, offset: offset} }

// Offset is where the next command or annotation begins.
func (r *Reader) Offset() int64 { return r.offset }

// aofLimits are looser than those of clients: what has been written must be readable.
var aofLimits = resp.Limits{BulkMax: 1<<62 - 1}

// Next fills a batch with the next commands: those that one read brought, at least one. Besides io.EOF, which comes
// alone, there are ErrTruncated, a *FormatError and the errors of the file; the commands before it come with the error.
func (r *Reader) Next(b *Batch) error {
	b.Commands, b.args = b.Commands[:0], b.args[:0]
	b.buf = append(b.buf[:0], r.rest...)
	for {
		if err := r.parse(b); err != nil || len(b.Commands) > 0 {
			return err
		}
		if r.eof {
			if len(r.rest) == 0 {
				return io.EOF
			}
			return ErrTruncated
		}
		if err := r.fill(b); err != nil {
			return err
		}
	}
}

// fill reads on behind what is there of a command that is not whole. A length in the file is believed no further than
// bytes follow: the buffer doubles at most.
func (r *Reader) fill(b *Batch) error {
	size := readSize
	if want := r.parser.Want(); want > size {
		size = min(want, max(len(b.buf), readSize))
	}
	have := len(b.buf)
	if cap(b.buf)-have < size {
		grown := make([]byte, have, have+size)
		copy(grown, b.buf)
		b.buf = grown
	}
	n, err := io.ReadFull(r.in, b.buf[have:have+size])
	b.buf = b.buf[:have+n]
	r.rest = b.buf
	switch {
	case err == nil:
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r.eof = true
	default:
		return err
	}
	return nil
}

// parse takes all whole commands out of the batch's buffer.
func (r *Reader) parse(b *Batch) error {
	p := b.buf
	at := 0
	defer func() {
		r.offset += int64(at)
		r.rest = b.buf[at:]
	}()
	for at < len(p) {
		if p[at] == '#' {
			end := bytes.IndexByte(p[at:], '\n')
			switch {
			case end >= annotationMax || end < 0 && len(p)-at >= annotationMax:
				return r.bad(at, "an annotation is too long")
			case end < 0:
				return nil
			}
			at += end + 1
			continue
		}
		if p[at] != '*' {
			return r.bad(at, fmt.Sprintf("expected '*', got '%c'", p[at]))
		}
		first := len(b.args)
		args, n, err := r.parser.Next(p[at:], b.args, &aofLimits)
		b.args = args
		switch {
		case err != nil:
			return r.bad(at, err.Error())
		case n == 0:
			return nil
		case len(args) == first:
			return r.bad(at, "a command without words")
		}
		start := r.offset + int64(at)
		at += n
		b.Commands = append(b.Commands, Command{
			Argv: args[first:len(args):len(args)], Start: start, End: r.offset + int64(at),
		})
	}
	return nil
}

func (r *Reader) bad(at int, reason string) error {
	return &FormatError{Offset: r.offset + int64(at), Reason: reason}
}
