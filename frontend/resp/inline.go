package resp

import "bytes"

// inline takes a request typed by hand: words on a line that ends with LF or CRLF.
func (p *Parser) inline(buf []byte, argv [][]byte, lim *Limits) (args [][]byte, n int, err error) {
	lf := p.lineFeed(buf)
	if lf < 0 {
		if len(buf) > lim.inlineMax() {
			return argv, 0, errBigInline
		}
		return argv, 0, nil
	}
	line := buf[:lf]
	if lf > 0 && line[lf-1] == '\r' {
		line = line[:lf-1]
	}
	args, ok := SplitWords(line, argv)
	if !ok {
		return argv, 0, errQuotes
	}
	p.seen = 0
	return args, lf + 1, nil
}

// lineFeed returns the place of the LF that ends the line at the start of buf, or -1. A NUL hides everything behind it:
// such a line never ends, so binary garbage is refused once it has grown to the limit and none of it is executed.
func (p *Parser) lineFeed(buf []byte) int {
	fresh := buf[p.seen:]
	i := bytes.IndexByte(fresh, '\n')
	if i >= 0 {
		fresh = fresh[:i]
	}
	if nul := bytes.IndexByte(fresh, 0); nul >= 0 {
		p.seen += nul // and stays there
		return -1
	}
	if i < 0 {
		p.seen = len(buf)
		return -1
	}
	return p.seen + i
}

// SplitWords splits a line at blanks and appends the words to argv. Words may hold "double quotes" with the escapes \n,
// \r, \t, \b, \a, \xHH and a backslash before anything else, and 'single quotes' with \' alone. A word is a slice of
// line unless it has quotes. ok is false when a quote is not closed. Config files and inline requests share these
// rules.
func SplitWords(line []byte, argv [][]byte) (words [][]byte, ok bool) {
	words = argv
	for i := 0; ; {
		for i < len(line) && (isWordEnd(line[i]) || line[i] == '\v' || line[i] == '\f') {
			i++
		}
		if i == len(line) {
			return words, true
		}
		start := i
		for i < len(line) && !isWordEnd(line[i]) && line[i] != '"' && line[i] != '\'' {
			i++
		}
		word := line[start:i:i]
		if i < len(line) && !isWordEnd(line[i]) {
			if word, i = quotedWord(line, i, bytes.Clone(word)); i < 0 {
				return argv, false
			}
		}
		words = append(words, word)
	}
}

// quotedWord appends the rest of a word, from the quote at line[i] on, to word; next is -1 when a quote is not closed.
func quotedWord(line []byte, i int, word []byte) (unquoted []byte, next int) {
	if word == nil {
		word = []byte{} // "" is a word too
	}
	quote := byte(0)
	for i < len(line) {
		c := line[i]
		switch {
		case quote == 0 && isWordEnd(c):
			return word, i
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
			i++
		case c == quote:
			quote = 0
			i++
		case c == '\\' && quote != 0:
			c, i = unescape(line, i, quote)
			word = append(word, c)
		default:
			word = append(word, c)
			i++
		}
	}
	if quote != 0 {
		return nil, -1
	}
	return word, i
}

// unescape reads the escape at line[i]. An escape needs one more byte behind it on the line, if only the closing quote;
// a backslash without that room stands for itself.
func unescape(line []byte, i int, quote byte) (c byte, next int) {
	if i+2 >= len(line) {
		return '\\', i + 1
	}
	c = line[i+1]
	if quote == '\'' {
		if c == '\'' {
			return c, i + 2
		}
		return '\\', i + 1
	}
	switch c {
	case 'x':
		if i+4 < len(line) {
			if high, low := hexDigit(line[i+2]), hexDigit(line[i+3]); high >= 0 && low >= 0 {
				return byte(high<<4 | low), i + 4
			}
		}
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'b':
		c = '\b'
	case 'a':
		c = '\a'
	}
	return c, i + 2
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func isWordEnd(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
