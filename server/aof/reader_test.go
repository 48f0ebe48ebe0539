package aof_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"valkey/frontend/resp"
	"valkey/server/aof"
)

// readAll gives the commands of a part as lines, and how it ended.
func readAll(in io.Reader) (lines []string, end int64, err error) {
	r := aof.NewReader(in, 0)
	batches := [2]aof.Batch{}
	for i := 0; ; i++ {
		b := &batches[i%2]
		err = r.Next(b)
		for _, c := range b.Commands {
			lines = append(lines, fmt.Sprintf("%d-%d %s", c.Start, c.End, bytes.Join(c.Argv, []byte(" "))))
		}
		if err != nil {
			return lines, r.Offset(), err
		}
	}
}

func TestReader(t *testing.T) {
	set := "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
	n := len(set)
	whole := fmt.Sprintf("0-%d SET k v", n)
	for _, c := range []struct {
		what, text string
		lines      []string
		end        int
		err        string
	}{
		{"nothing", "", nil, 0, "EOF"},
		{"one", set, []string{whole}, n, "EOF"},
		{"a torn command", set + set[:n-1], []string{whole}, n, "unexpected end of file"},
		{"a torn header", set + "*", []string{whole}, n, "unexpected end of file"},
		{"annotations", "#TS:1\r\n" + set + "#TS:2\r\n", []string{fmt.Sprintf("7-%d SET k v", 7+n)}, n + 14, "EOF"},
		{"a torn annotation", set + "#TS", []string{whole}, n, "unexpected end of file"},
		{"a long annotation", set + "#" + strings.Repeat("x", 2000), []string{whole}, n,
			fmt.Sprintf("bad file format at offset %d: an annotation is too long", n)},
		{"rubbish", set + "!!!", []string{whole}, n, fmt.Sprintf("bad file format at offset %d: expected '*', got '!'", n)},
		{"no words", "*0\r\n", nil, 0, "bad file format at offset 0: a command without words"},
		{"a length that lies", "*1\r\n$4611686018427387900\r\nabc", nil, 0, "unexpected end of file"},
	} {
		for _, in := range []io.Reader{
			strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text)),
			iotest.DataErrReader(strings.NewReader(c.text)),
		} {
			lines, end, err := readAll(in)
			if strings.Join(lines, "|") != strings.Join(c.lines, "|") || end != int64(c.end) || err.Error() != c.err {
				t.Errorf("%s: %q up to %d, then %v", c.what, lines, end, err)
			}
		}
	}
}

func TestReaderGivesTheFilesError(t *testing.T) {
	broken := errors.New("broken")
	if _, _, err := readAll(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestReaderTakesWhatIsLargerThanItsBuffer(t *testing.T) {
	big := strings.Repeat("x", 3<<20)
	var text []byte
	for range 3 {
		text = resp.AppendCommand(text, "SET", "k", big)
		text = resp.AppendCommand(text, "DEL", "k")
	}
	lines, end, err := readAll(bytes.NewReader(text))
	if len(lines) != 6 || end != int64(len(text)) || !errors.Is(err, io.EOF) {
		t.Fatalf("%d commands up to %d, then %v", len(lines), end, err)
	}
	for i, l := range lines {
		if want := []string{"SET k " + big, "DEL k"}[i%2]; !strings.HasSuffix(l, want) {
			t.Errorf("command %d is not what was written", i)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("#TS:1\r\n*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n$0\r\n\r\n*1\r\n$4\r\nEXEC\r\n"))
	f.Add([]byte("*2\r\n$6\r\nSELECT\r\n$1\r\n9\r\n!!!"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, end, err := readAll(bytes.NewReader(data))
		slow, slowEnd, slowErr := readAll(iotest.OneByteReader(bytes.NewReader(data)))
		if strings.Join(lines, "|") != strings.Join(slow, "|") || end != slowEnd || err.Error() != slowErr.Error() {
			t.Errorf("read at once: %q %d %v; byte by byte: %q %d %v", lines, end, err, slow, slowEnd, slowErr)
		}
		if end > int64(len(data)) {
			t.Errorf("the end %d lies behind the file's, %d", end, len(data))
		}
	})
}
