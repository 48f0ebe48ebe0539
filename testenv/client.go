package testenv

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"testing"
	"time"
)

// The kinds of reply beside int64 and string, which is a bulk string.
type (
	// Simple is a status such as OK.
	Simple string
	// Error is an error reply, its code first.
	Error string
	// Null is one of the three nothings, by its form on the wire: `$-1`, `*-1` or `_`.
	Null string
	// Double is a number with its text as it came.
	Double string
	// Verbatim is a text with its format: `txt:...`.
	Verbatim string
	// BigNumber is a whole number of any length.
	BigNumber string
	// Map holds keys and values in turn, in the order in which they came.
	Map []any
	// Set holds elements that have no order.
	Set []any
	// Push is a message that no request asked for.
	Push []any
	// Attributed is a reply with the attributes that preceded it.
	Attributed struct {
		Attributes Map
		Reply      any
	}
)

// Limits on what a reply may claim, so that a broken server cannot exhaust the test.
const (
	replyDepthMax = 32
	replyItemsMax = 16 << 20
	replyBulkMax  = 1 << 30
	// ioMax is the longest that a client waits for bytes.
	ioMax = 20 * time.Second
)

// Client is a connection. Its methods belong to one goroutine.
type Client struct {
	Pushes []Push // what came while Do waited for its reply

	t    testing.TB // nil for Dial's
	conn net.Conn
	r    *bufio.Reader
	out  []byte
}

// Dial connects to host:port, or to a Unix socket when the address begins with a slash.
func Dial(addr string) (*Client, error) { return DialWithin(addr, ioMax) }

// DialWithin is Dial with a limit of its own on the time that it takes.
func DialWithin(addr string, limit time.Duration) (*Client, error) {
	network := "tcp"
	if addr != "" && addr[0] == '/' {
		network = "unix"
	}
	conn, err := net.DialTimeout(network, addr, limit)
	if err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	return &Client{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// DialTLS is Dial over TLS, with the handshake done.
func DialTLS(addr string, cfg *tls.Config) (*Client, error) {
	dialer := &net.Dialer{Timeout: ioMax}
	conn, err := tls.DialWithDialer(dialer, "tcp", addr, cfg)
	if err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	return &Client{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// Close ends the connection.
func (c *Client) Close() { c.conn.Close() }

// Conn is the socket, for tests that misuse it.
func (c *Client) Conn() net.Conn { return c.conn }

// Do sends one command and returns its reply; trouble with the connection fails the test. Arguments are strings, []byte
// or integers.
func (c *Client) Do(args ...any) any {
	v, err := c.Call(args...)
	if err != nil {
		c.t.Helper()
		c.t.Fatalf("testenv: %v: %v", args, err)
	}
	return v
}

// Call is Do that returns the trouble instead.
func (c *Client) Call(args ...any) (any, error) {
	if err := c.Send(AppendCommand(c.out[:0], args...)); err != nil {
		return nil, err
	}
	return c.reply()
}

// Pipeline sends all commands in one write and returns their replies.
func (c *Client) Pipeline(commands ...[]any) []any {
	c.t.Helper()
	var out []byte
	for _, args := range commands {
		out = AppendCommand(out, args...)
	}
	if err := c.Send(out); err != nil {
		c.t.Fatalf("testenv: pipeline: %v", err)
	}
	replies := make([]any, len(commands))
	for i := range replies {
		v, err := c.reply()
		if err != nil {
			c.t.Fatalf("testenv: pipeline, reply %d: %v", i, err)
		}
		replies[i] = v
	}
	return replies
}

// reply reads until something other than a push comes.
func (c *Client) reply() (any, error) {
	for {
		v, err := c.Read()
		p, push := v.(Push)
		if err != nil || !push {
			return v, err
		}
		c.Pushes = append(c.Pushes, p)
	}
}

// Send writes bytes as they are.
func (c *Client) Send(b []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(ioMax)); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	return err
}

// Read reads one reply or push.
func (c *Client) Read() (any, error) { return c.ReadWithin(ioMax) }

// ReadWithin is Read with a limit of its own; a time-out loses the connection's place in the stream.
func (c *Client) ReadWithin(d time.Duration) (any, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		return nil, err
	}
	return readReply(c.r, 0)
}

// ReadAll reads bytes until the server closes.
func (c *Client) ReadAll() ([]byte, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(ioMax)); err != nil {
		return nil, err
	}
	return io.ReadAll(c.r)
}

// AppendCommand appends a command as an array of bulk strings.
func AppendCommand(b []byte, args ...any) []byte {
	b = fmt.Appendf(b, "*%d\r\n", len(args))
	for _, a := range args {
		var s []byte
		switch a := a.(type) {
		case string:
			s = []byte(a)
		case []byte:
			s = a
		default:
			s = fmt.Append(nil, a)
		}
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(s), s)
	}
	return b
}

func readReply(r *bufio.Reader, depth int) (any, error) {
	if depth > replyDepthMax {
		return nil, fmt.Errorf("reply nested deeper than %d", replyDepthMax)
	}
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	if line == "" {
		return nil, fmt.Errorf("empty line where a reply should begin")
	}
	text := line[1:]
	switch line[0] {
	case '+':
		return Simple(text), nil
	case '-':
		return Error(text), nil
	case ':':
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err
	case ',':
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return nil, err
		}
		return Double(text), nil
	case '#':
		if text != "t" && text != "f" {
			return nil, fmt.Errorf("not a boolean: %q", line)
		}
		return text == "t", nil
	case '(':
		return BigNumber(text), nil
	case '_':
		if text != "" {
			return nil, fmt.Errorf("not a null: %q", line)
		}
		return Null("_"), nil
	case '$', '=', '!':
		return readBulk(r, line)
	case '*', '%', '~', '>', '|':
		return readAggregate(r, line, depth)
	}
	return nil, fmt.Errorf("not a reply: %q", line)
}

func readLine(r *bufio.Reader) (string, error) {
	s, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	if len(s) < 2 || s[len(s)-2] != '\r' {
		return "", fmt.Errorf("line without CR LF: %q", s)
	}
	return s[:len(s)-2], nil
}

// readLength reads the number of a header; -1 is allowed where the old nulls are.
func readLength(line string, limit int) (int, error) {
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < -1 || n > limit || n == -1 && line[0] != '$' && line[0] != '*' {
		return 0, fmt.Errorf("bad length: %q", line)
	}
	return n, nil
}

func readBulk(r *bufio.Reader, line string) (any, error) {
	n, err := readLength(line, replyBulkMax)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return Null("$-1"), nil
	}
	b := make([]byte, n+2)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	if b[n] != '\r' || b[n+1] != '\n' {
		return nil, fmt.Errorf("bulk of %d bytes does not end in CR LF", n)
	}
	switch s := string(b[:n]); line[0] {
	case '=':
		return Verbatim(s), nil
	case '!':
		return Error(s), nil
	default:
		return s, nil
	}
}

func readAggregate(r *bufio.Reader, line string, depth int) (any, error) {
	n, err := readLength(line, replyItemsMax)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return Null("*-1"), nil
	}
	if line[0] == '%' || line[0] == '|' {
		n *= 2
	}
	items := make([]any, 0, min(n, 1024))
	for range n {
		v, err := readReply(r, depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	switch line[0] {
	case '%':
		return Map(items), nil
	case '~':
		return Set(items), nil
	case '>':
		return Push(items), nil
	case '|':
		v, err := readReply(r, depth+1)
		return Attributed{Map(items), v}, err
	}
	return items, nil
}

// Float is the value of a Double or of a bulk string that holds a number; NaN where it is neither.
func Float(v any) float64 {
	s := fmt.Sprint(v)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return f
}
