package link

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// input buffers what the primary sends, for whoever reads next: lines, then a copy, then the stream.
type input struct {
	from       io.Reader
	buf        []byte
	start, end int // what is read and not taken
}

// unread is what was read and not taken yet. It is valid until the next fill.
func (in *input) unread() []byte { return in.buf[in.start:in.end] }

func (in *input) take(n int) { in.start += n }

// fill reads once, with room for at least want bytes more: 0 where nobody knows how much is missing.
func (in *input) fill(want int) error {
	held := in.end - in.start
	if held == 0 {
		in.start, in.end = 0, 0
		if len(in.buf) > bufferKept {
			in.buf = nil
		}
	}
	if want = max(want, readMin); len(in.buf)-in.end < want {
		into := in.buf
		if len(in.buf)-held < want {
			into = make([]byte, max(bufferBytes, held+max(want, held))) // twice as much: pieces of unknown size
		}
		copy(into, in.unread())
		in.buf, in.start, in.end = into, 0, held
	}
	n, err := in.from.Read(in.buf[in.end:])
	in.end += n
	if n > 0 {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// line takes a line, without its end.
func (in *input) line() (string, error) {
	for {
		if i := bytes.IndexByte(in.unread(), '\n'); i >= 0 {
			line := bytes.TrimSuffix(in.unread()[:i], []byte("\r"))
			text := string(line[:min(len(line), lineMax)])
			in.take(i + 1)
			return text, nil
		}
		if len(in.unread()) > lineMax {
			return "", fmt.Errorf("link: a line of more than %d bytes from the primary", lineMax)
		}
		if err := in.fill(0); err != nil {
			return "", err
		}
	}
}
