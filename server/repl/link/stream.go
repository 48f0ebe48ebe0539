package link

import (
	"errors"
	"fmt"
	"math"

	"valkey/frontend/resp"
)

// Command is a command of the stream.
type Command struct {
	Argv [][]byte // nil for a blank line, which counts as bytes and does nothing
	Size int      // in bytes of the stream
}

// Batch is what was received together: whole commands.
type Batch struct {
	Raw      []byte // their bytes: the sizes add up
	Commands []Command
	Pending  int // bytes received behind them: the beginning of another command
}

// streamLimits: the primary's commands were taken by the primary, whatever this server's limits are.
var streamLimits = resp.Limits{BulkMax: math.MaxInt - bufferBytes}

// errInline: a primary never sends a command as a line, so the stream is out of step.
var errInline = &StreamError{errors.New("a command that is a plain line")}

// StreamError says that what the primary sends is no stream of commands. Going on where it was left is out of the
// question then.
type StreamError struct{ err error }

func (e *StreamError) Error() string { return fmt.Sprintf("link: the stream is corrupt: %s", e.err) }

// Unwrap gives the cause.
func (e *StreamError) Unwrap() error { return e.err }

// stream takes commands out of an input.
type stream struct {
	in     *input
	parser resp.Parser
	batch  Batch
	argv   [][]byte // of all commands of the batch
	ends   []int    // of each command's arguments in argv
}

// next waits for at least one whole command and gives all that have come. The bytes are valid until it is called again.
func (s *stream) next() (*Batch, error) {
	s.in.take(len(s.batch.Raw))
	s.batch = Batch{Commands: s.batch.Commands[:0]}
	for {
		n, err := s.parse()
		if n > 0 { // what came before an error still counts
			s.batch.Raw = s.in.unread()[:n:n]
			s.batch.Pending = len(s.in.unread()) - n
			return &s.batch, nil
		}
		if err != nil {
			return nil, err
		}
		if err := s.in.fill(s.parser.Want()); err != nil {
			return nil, err
		}
	}
}

// parse takes whole commands from what was received and returns their length.
func (s *stream) parse() (n int, err error) {
	s.argv, s.ends = s.argv[:0], s.ends[:0]
	for buf := s.in.unread(); n < len(buf) && len(s.ends) < batchMax; {
		if c := buf[n]; c != '*' && c != '\n' && c != '\r' && s.parser.Parsed() == 0 {
			err = errInline
			break
		}
		argv, size, perr := s.parser.Next(buf[n:], s.argv, &streamLimits)
		if perr != nil {
			err = &StreamError{perr}
			break
		}
		if size == 0 {
			break
		}
		s.argv = argv
		s.ends = append(s.ends, len(argv))
		s.batch.Commands = append(s.batch.Commands, Command{Size: size})
		n += size
	}
	start := 0
	for i, end := range s.ends { // only now does argv stay where it is
		s.batch.Commands[i].Argv = s.argv[start:end:end]
		start = end
	}
	return n, err
}
