package resp

import "bytes"

// Limits bounds what a Parser accepts. Zero fields mean the defaults of the constants below.
type Limits struct {
	InlineMax int // longest line without an end: an inline request, or the header of an array or a string
	ArgsMax   int // most arguments of one request
	BulkMax   int // longest argument (proto-max-bulk-len)

	// Unauthenticated adds UnauthArgsMax and UnauthBulkMax, so that a client who has not shown a password cannot make
	// the server hold much; those two are answered with texts of their own.
	Unauthenticated bool
}

const (
	// InlineMax is the default of Limits.InlineMax.
	InlineMax = 64 << 10
	// ArgsMax is the default of Limits.ArgsMax.
	ArgsMax = 1<<31 - 1
	// BulkMax is the default of Limits.BulkMax.
	BulkMax = 512 << 20
	// UnauthArgsMax is the most arguments that an unauthenticated client may send.
	UnauthArgsMax = 10
	// UnauthBulkMax is the longest argument that an unauthenticated client may send.
	UnauthBulkMax = 16 << 10
)

// spansKept is the most spans that stay allocated between two requests: enough for the commands that are torn often,
// little enough for thousands of idle clients.
const spansKept = 8

// Parser takes requests out of a query buffer. The zero value is ready. It remembers how far it came in a request that
// is not complete, so a request that arrives byte by byte costs time linear in its size.
type Parser struct {
	spans []span // arguments of the incomplete request found so far
	pos   int    // bytes of the incomplete request that are parsed for good
	seen  int    // bytes from pos on that are known not to end the line
	left  int    // arguments still to come; 0 between requests
	bulk  int    // length of the argument at pos, -1 while its header is not complete
	want  int
}

// span is the place of an argument, counted from the request's first byte: the buffer may move until it is complete.
type span struct{ start, end int }

// Next takes the request at the start of buf. It appends the arguments, which are slices of buf (quoted words of an
// inline request excepted), to argv and returns the grown slice and the number of bytes the request takes.
//
// n = 0 means that buf ends inside the request: call again with the same bytes and more behind them; they may have
// moved. n > 0 without a new argument is an empty request (a blank line, an array of length 0 or less), to be passed
// over. An error is a *ProtocolError; calling again gives it again, unless the limits have changed.
func (p *Parser) Next(buf []byte, argv [][]byte, lim *Limits) (args [][]byte, n int, err error) {
	if p.left == 0 {
		if len(buf) == 0 {
			return argv, 0, nil
		}
		if buf[0] != '*' {
			return p.inline(buf, argv, lim)
		}
		if p.seen == 0 && !lim.Unauthenticated {
			if args, n := whole(buf, argv, lim); n > 0 {
				return args, n, nil
			}
		}
		if n, err := p.arrayHeader(buf, lim); n > 0 || err != nil || p.left == 0 {
			return argv, n, err
		}
	}
	if done, err := p.arguments(buf, lim); !done {
		return argv, 0, err
	}
	for _, s := range p.spans {
		argv = append(argv, buf[s.start:s.end:s.end])
	}
	n = p.pos
	p.Reset()
	return argv, n, nil
}

// Want returns how many bytes are missing until the argument under way is complete, as of the last call of Next. It is
// 0 when the parser waits for a header or a line, whose length nobody knows.
func (p *Parser) Want() int { return p.want }

// Awaited is the length of the argument that is not complete, 0 when none is begun.
func (p *Parser) Awaited() int {
	if p.want == 0 {
		return 0
	}
	return p.bulk
}

// Parsed is how many bytes at the front of the next call's buffer are understood already: arguments that wait for
// others.
func (p *Parser) Parsed() int { return p.pos }

// Reset forgets a half-parsed request; the next call of Next starts at the first byte of its buffer.
func (p *Parser) Reset() {
	spans := p.spans[:0]
	if cap(spans) > spansKept {
		spans = nil
	}
	*p = Parser{spans: spans}
}

// whole is the fast way for what nearly every request is: a complete array in its shortest form and within the limits.
// It keeps no state and returns n = 0 for everything else, errors too, which then go the exact way.
func whole(buf []byte, argv [][]byte, lim *Limits) (args [][]byte, n int) {
	bulkMax, argsMax := lim.bulkMax(), lim.argsMax()
	count, i := number(buf, 1)
	if count <= 0 || count > argsMax {
		return argv, 0
	}
	args = argv
	for range count {
		if i >= len(buf) || buf[i] != '$' {
			return args[:len(argv)], 0
		}
		length, start := number(buf, i+1)
		end := start + length
		if length < 0 || length > bulkMax || end+2 > len(buf) || buf[end] != '\r' || buf[end+1] != '\n' {
			return args[:len(argv)], 0
		}
		args = append(args, buf[start:end:end])
		i = end + 2
	}
	return args, i
}

// number reads digits and CRLF from buf[i:] and returns what stands after them; value is -1 unless it has one to nine
// digits without a leading zero and the line is complete.
func number(buf []byte, i int) (value, next int) {
	if i+2 < len(buf) && buf[i+1] == '\r' && buf[i+2] == '\n' { // one digit: most of them
		if d := buf[i] - '0'; d <= 9 {
			return int(d), i + 3
		}
		return -1, i
	}
	start := i
	for ; i < len(buf) && i-start < 9; i++ {
		d := buf[i] - '0'
		if d > 9 {
			break
		}
		value = value*10 + int(d)
	}
	if i == start || buf[start] == '0' || i+1 >= len(buf) || buf[i] != '\r' || buf[i+1] != '\n' {
		return -1, start
	}
	return value, i + 2
}

// arrayHeader reads "*<count>" and sets p.left. n > 0 is an empty array, which is the whole request.
func (p *Parser) arrayHeader(buf []byte, lim *Limits) (n int, err error) {
	cr, err := p.line(buf, lim, errBigCount)
	if cr < 0 {
		return 0, err
	}
	if buf[cr+1] != '\n' {
		return 0, errCRLF
	}
	count, ok := ParseInt(buf[1:cr])
	switch {
	case !ok || count > int64(lim.argsMax()):
		return 0, errCount
	case lim.Unauthenticated && count > UnauthArgsMax:
		return 0, errUnauthCount
	case count <= 0:
		p.Reset()
		return cr + 2, nil
	}
	p.pos, p.seen, p.left, p.bulk = cr+2, 0, int(count), -1
	return 0, nil
}

// arguments reads on until the request is complete (done) or buf ends.
func (p *Parser) arguments(buf []byte, lim *Limits) (done bool, err error) {
	p.want = 0
	for p.left > 0 {
		if p.bulk < 0 {
			cr, err := p.line(buf, lim, errBigLength)
			if cr < 0 {
				return false, err
			}
			if err := p.bulkHeader(buf, cr, lim); err != nil {
				return false, err
			}
		}
		end := p.pos + p.bulk
		if len(buf)-p.pos < p.bulk+2 {
			p.want = end + 2 - len(buf)
			return false, nil
		}
		if buf[end] != '\r' || buf[end+1] != '\n' {
			return false, errCRLF
		}
		p.spans = append(p.spans, span{p.pos, end})
		p.pos, p.bulk = end+2, -1
		p.left--
	}
	return true, nil
}

func (p *Parser) bulkHeader(buf []byte, cr int, lim *Limits) error {
	if buf[p.pos] != '$' {
		return errNotBulk(buf[p.pos])
	}
	if buf[cr+1] != '\n' {
		return errCRLF
	}
	length, ok := ParseInt(buf[p.pos+1 : cr])
	switch {
	case !ok || length < 0 || length > int64(lim.bulkMax()):
		return errLength
	case lim.Unauthenticated && length > UnauthBulkMax:
		return errUnauthLength
	}
	p.pos, p.seen, p.bulk = cr+2, 0, int(length)
	return nil
}

// line finds the CR that ends the line at p.pos and has one more byte behind it; -1 when buf ends before.
func (p *Parser) line(buf []byte, lim *Limits, tooBig error) (cr int, err error) {
	from := p.pos + p.seen
	i := bytes.IndexByte(buf[from:], '\r')
	if i < 0 {
		p.seen = len(buf) - p.pos
		if p.seen > lim.inlineMax() {
			return -1, tooBig
		}
		return -1, nil
	}
	p.seen += i
	if cr = from + i; cr+1 >= len(buf) {
		return -1, nil
	}
	return cr, nil
}

func (l *Limits) inlineMax() int { return orDefault(l.InlineMax, InlineMax) }
func (l *Limits) argsMax() int   { return orDefault(l.ArgsMax, ArgsMax) }
func (l *Limits) bulkMax() int   { return orDefault(l.BulkMax, BulkMax) }

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}
