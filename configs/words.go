package configs

import (
	"fmt"
	"strings"
)

// splitWords splits a line into words as Valkey does: by spaces, with "double quotes" that know \n \r \t \b \a \xHH and
// \ before anything else, and 'single quotes' that know only \'. A closing quote must end the word. ok is false when a
// quote is not closed or something follows it.
func splitWords(line string) (words []string, ok bool) {
	for {
		line = strings.TrimLeft(line, spaces)
		if line == "" {
			return words, true
		}
		var word string
		if word, line, ok = nextWord(line); !ok {
			return nil, false
		}
		words = append(words, word)
	}
}

const spaces = " \t\n\v\f\r"

func isSpace(c byte) bool { return strings.IndexByte(spaces, c) >= 0 }

// nextWord takes a word from the beginning of the line, which is not a space.
func nextWord(line string) (word, rest string, ok bool) {
	var b []byte
	for line != "" && !isSpace(line[0]) {
		quote := line[0]
		if quote != '"' && quote != '\'' {
			b, line = append(b, quote), line[1:]
			continue
		}
		// A quote may begin in the middle of a word, and ends it.
		line = line[1:]
		for line != "" && line[0] != quote {
			c, n := unescape(line, quote)
			b, line = append(b, c), line[n:]
		}
		if line == "" || len(line) > 1 && !isSpace(line[1]) {
			return "", "", false
		}
		return string(b), line[1:], true
	}
	return string(b), line, true
}

// unescape gives the byte that a quoted text begins with, and the bytes it takes there.
func unescape(s string, quote byte) (c byte, n int) {
	if s[0] != '\\' || len(s) < 2 {
		return s[0], 1
	}
	if quote == '\'' {
		if s[1] == '\'' {
			return '\'', 2
		}
		return '\\', 1
	}
	switch s[1] {
	case 'x':
		if len(s) >= 4 && isHex(s[2]) && isHex(s[3]) {
			return unhex(s[2])<<4 | unhex(s[3]), 4
		}
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'b':
		return '\b', 2
	case 'a':
		return '\a', 2
	}
	return s[1], 2
}

func isHex(c byte) bool { return unhex(c) < 16 }

// unhex gives the value of a hex digit, and 255 for anything else.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// quote writes s in double quotes, so that splitWords gives it back whatever it holds.
func quote(s string) string {
	b := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; c {
		case '\\', '"':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		case '\a':
			b = append(b, `\a`...)
		case '\b':
			b = append(b, `\b`...)
		default:
			if c >= ' ' && c <= '~' {
				b = append(b, c)
			} else {
				b = fmt.Appendf(b, `\x%02x`, c)
			}
		}
	}
	return string(append(b, '"'))
}

// plainWord reports whether s needs no quotes on a line.
func plainWord(s string) bool {
	words, ok := splitWords(s)
	return ok && len(words) == 1 && words[0] == s
}
