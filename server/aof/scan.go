package aof

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"valkey/frontend/resp"
)

// scanner walks a part word by word, stricter than Reader: every line end has to be there, and every transaction has to
// end. It tells where the part stops being good.
type scanner struct {
	in     *bufio.Reader
	offset int64
	line   int64 // the number of the line at offset; words count as one line each
	good   int64 // offset behind the last command that is whole, and in no open transaction
	multi  bool
	until  int64 // stop at the first annotation of a later time; 0: never
	cut    int64 // offset of that annotation; -1: none
	fault  string
}

func newScanner(in io.Reader, offset, until int64) *scanner {
	return &scanner{in: bufio.NewReaderSize(in, readSize), offset: offset, line: 1, good: offset, until: until, cut: -1}
}

// wordKept is the longest beginning of a word that is looked at: MULTI and EXEC are shorter.
const wordKept = 8

// scan walks to the end, to what is wrong, or to the annotation to stop at. The error is that of reading the file.
func (s *scanner) scan() error {
	for {
		if !s.multi {
			s.good = s.offset
		}
		next, err := s.in.Peek(1)
		switch {
		case errors.Is(err, io.EOF):
			if s.multi {
				s.bad(s.offset, "Reached EOF before reading EXEC for MULTI")
			}
			return nil
		case err != nil:
			return fmt.Errorf("aof: %w", err)
		case next[0] == '#':
			err = s.annotation()
		case next[0] == '*':
			err = s.command()
		default:
			s.bad(s.offset, fmt.Sprintf("Expected a command or an annotation, got: '%c'", next[0]))
		}
		if err != nil || s.fault != "" || s.cut >= 0 {
			return err
		}
	}
}

func (s *scanner) bad(offset int64, why string) {
	if s.fault == "" {
		s.fault = fmt.Sprintf("0x%16x: %s", offset, why)
	}
}

// readLine reads up to the next line feed. One that is missing is a fault.
func (s *scanner) readLine(limit int) ([]byte, error) {
	line, err := s.in.ReadSlice('\n')
	s.offset += int64(len(line))
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull), err == nil && len(line) > limit:
		s.bad(s.offset-int64(len(line)), "A line has no end")
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("aof: %w", err)
	}
	return line, nil
}

func (s *scanner) annotation() error {
	start := s.offset
	line, err := s.readLine(annotationMax)
	if err != nil || s.fault != "" {
		return err
	}
	if s.until == 0 || !bytes.HasPrefix(line, []byte(stampPrefix)) {
		return nil
	}
	at, ok := resp.ParseInt(bytes.TrimSuffix(line[len(stampPrefix):], []byte("\r\n")))
	if !ok {
		s.bad(start, "Invalid timestamp annotation")
		return nil
	}
	if at > s.until {
		s.cut = start
	}
	return nil
}

func (s *scanner) command() error {
	argc, err := s.number('*')
	if err != nil || s.fault != "" {
		return err
	}
	for i := range argc {
		word, err := s.word()
		if err != nil || s.fault != "" {
			return err
		}
		if i > 0 {
			continue
		}
		switch strings.ToLower(string(word)) {
		case "multi":
			if s.multi {
				s.bad(s.offset, "Unexpected MULTI")
			}
			s.multi = true
		case "exec":
			if !s.multi {
				s.bad(s.offset, "Unexpected EXEC")
			}
			s.multi = false
		}
	}
	return nil
}

// number reads a line of a prefix and a count.
func (s *scanner) number(prefix byte) (int64, error) {
	start := s.offset
	line, err := s.readLine(resp.InlineMax)
	if err != nil || s.fault != "" {
		return 0, err
	}
	if line[0] != prefix {
		s.bad(start, fmt.Sprintf("Expected prefix '%c', got: '%c'", prefix, line[0]))
		return 0, nil
	}
	digits, ends := bytes.CutSuffix(line[1:], []byte("\r\n"))
	n, ok := resp.ParseInt(digits)
	if !ends || !ok || n < 0 {
		s.bad(start, fmt.Sprintf("Expected a count and \\r\\n, got: %q", line[1:]))
		return 0, nil
	}
	s.line++
	return n, nil
}

// word reads a word and gives its beginning.
func (s *scanner) word() ([]byte, error) {
	n, err := s.number('$')
	if err != nil || s.fault != "" {
		return nil, err
	}
	start := s.offset
	kept := make([]byte, min(n, wordKept))
	got, err := io.ReadFull(s.in, kept)
	for left := n - int64(got); err == nil && left > 0; {
		var some int
		some, err = s.in.Discard(int(min(left, readSize)))
		left -= int64(some)
		got += some
	}
	var end [2]byte
	if err == nil {
		var some int
		some, err = io.ReadFull(s.in, end[:])
		got += some
	}
	s.offset += int64(got)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.bad(start, fmt.Sprintf("Expected to read %d bytes, got %d bytes", n+2, got))
	case err != nil:
		return nil, fmt.Errorf("aof: %w", err)
	case end != [2]byte{'\r', '\n'}:
		s.bad(start, fmt.Sprintf("Expected \\r\\n, got: %02x%02x", end[0], end[1]))
	default:
		s.line++
	}
	return kept, nil
}
