package enginetest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// replies writes all replies in RESP as text, each on a line of its own.
func replies(b []byte) []string {
	var out []string
	for len(b) > 0 {
		var text string
		text, b = reply(b)
		out = append(out, text)
	}
	return out
}

// reply writes the first reply as text and returns what follows it. It panics on anything that is no reply: the server
// under test wrote it.
func reply(b []byte) (text string, rest []byte) {
	line, rest, ok := bytes.Cut(b, []byte("\r\n"))
	if !ok || len(line) == 0 {
		panic(fmt.Sprintf("BUG: enginetest: not a reply: %q", b))
	}
	body := string(line[1:])
	switch line[0] {
	case '+':
		return body, rest
	case '-':
		return "(error) " + body, rest
	case ':':
		return "(integer) " + body, rest
	case '_':
		return "(nil)", rest
	case ',':
		return "(double) " + body, rest
	case '#':
		return "(bool) " + body, rest
	case '(':
		return "(big) " + body, rest
	}
	n, err := strconv.Atoi(body)
	if err != nil {
		panic(fmt.Sprintf("BUG: enginetest: not a reply: %q", b))
	}
	if n < 0 {
		return "(nil)", rest
	}
	if line[0] == '$' || line[0] == '=' {
		return strconv.Quote(string(rest[:n])), rest[n+2:]
	}
	return aggregate(line[0], n, rest)
}

func aggregate(kind byte, n int, rest []byte) (string, []byte) {
	name := map[byte]string{'*': "", '~': "set ", '%': "map ", '>': "push ", '|': "attributes "}[kind]
	if kind == '%' || kind == '|' {
		n *= 2
	}
	items := make([]string, n)
	for i := range items {
		items[i], rest = reply(rest)
	}
	return name + "[" + strings.Join(items, ", ") + "]", rest
}

// CountReplies counts the whole replies in a buffer; it panics if there is anything else in it.
func CountReplies(b []byte) int { return len(replies(b)) }
