package link

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Payload is the copy that a primary sends: so many bytes, or all up to a mark that no one can foresee. It reads as
// io.Reader up to its end.
type Payload struct {
	in   *input
	Size int64  // in bytes; 0 if a mark ends it
	mark []byte // nil if it has a size
	left int64  // of Size
	done bool

	loading func() // see Loading
}

// Loading says that the copy is being loaded from now on: reading may pause, and the primary is told that the replica
// lives.
func (p *Payload) Loading() {
	if p.loading != nil {
		p.loading()
	}
}

// payloadHeader reads the line that says how the copy ends. Signs of life may come before.
func payloadHeader(in *input) (*Payload, error) {
	for {
		line, err := in.line()
		switch {
		case err != nil:
			return nil, err
		case line == "":
			continue
		case line[0] == '-':
			return nil, fmt.Errorf("link: the primary gave the copy up: %s", line[1:])
		case line[0] != '$':
			return nil, fmt.Errorf("link: not the start of a copy, is the address that of a primary? %q", line)
		}
		if mark, ok := strings.CutPrefix(line, "$EOF:"); ok && len(mark) >= markBytes {
			return &Payload{in: in, mark: []byte(mark[:markBytes])}, nil
		}
		size, err := strconv.ParseInt(line[1:], 10, 64)
		if err != nil || size < 0 {
			return nil, fmt.Errorf("link: a copy of an impossible size: %q", line)
		}
		return &Payload{in: in, Size: size, left: size, done: size == 0}, nil
	}
}

// Read is io.Reader's. A connection that breaks gives io.ErrUnexpectedEOF or its own error, never io.EOF.
func (p *Payload) Read(b []byte) (int, error) {
	for {
		if p.done {
			return 0, io.EOF
		}
		if n := p.available(); n > 0 {
			n = copy(b, p.in.unread()[:n])
			p.in.take(n)
			if p.mark == nil {
				p.left -= int64(n)
				p.done = p.left == 0
			}
			return n, nil
		}
		if p.done {
			continue
		}
		if err := p.in.fill(0); err != nil {
			return 0, err
		}
	}
}

// available is how many of the bytes at hand belong to the copy for sure. It takes the mark away once that comes next.
func (p *Payload) available() int {
	b := p.in.unread()
	if p.mark == nil {
		return int(min(int64(len(b)), p.left))
	}
	switch i := bytes.Index(b, p.mark); i {
	case -1:
		return max(0, len(b)-markBytes+1) // the rest may be the first part of the mark
	case 0:
		p.in.take(markBytes)
		p.done = true
		return 0
	default:
		return i
	}
}

// errRest says that a copy did not end where its reader found its end.
var errRest = errors.New("link: the copy goes on behind its end")

// Finish makes sure that the copy ends here, where its reader found its end.
func (p *Payload) Finish() error {
	var b [1]byte
	switch n, err := p.Read(b[:]); {
	case n > 0:
		return errRest
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}
