package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/testenv"
)

// target is another server as MIGRATE sees it, which answers when and what a test wants.
type target struct {
	t    *testing.T
	l    net.Listener
	conn net.Conn
	in   *bufio.Reader
}

func newTarget(t *testing.T) *target {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &target{t: t, l: l}
	t.Cleanup(func() {
		l.Close()
		g.hangUp()
	})
	return g
}

func (g *target) hangUp() {
	if g.conn != nil {
		g.conn.Close()
	}
}

func (g *target) accept() {
	g.t.Helper()
	if err := g.l.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute)); err != nil {
		g.t.Fatal(err)
	}
	conn, err := g.l.Accept()
	if err != nil {
		g.t.Fatal(err)
	}
	g.conn, g.in = conn, bufio.NewReader(conn)
}

// expect reads a command and holds it against words; "*" is any.
func (g *target) expect(words ...string) {
	g.t.Helper()
	if got := readCommand(g.t, g.in); !alike(got, words) {
		g.t.Fatalf("the target got %q, want %q", got, words)
	}
}

func alike(got, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if want[i] != "*" && got[i] != want[i] {
			return false
		}
	}
	return true
}

func (g *target) answer(lines ...string) {
	g.t.Helper()
	if _, err := io.WriteString(g.conn, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		g.t.Fatal(err)
	}
}

// migrate is the beginning of a MIGRATE to the target.
func (g *target) migrate(key string, more ...string) []string {
	_, port, _ := net.SplitHostPort(g.l.Addr().String())
	return append([]string{"MIGRATE", "127.0.0.1", port, key, "2", "10000"}, more...)
}

func readLine(t *testing.T, in *bufio.Reader) string {
	t.Helper()
	line, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

func readCommand(t *testing.T, in *bufio.Reader) (words []string) {
	t.Helper()
	n, _ := strconv.Atoi(readLine(t, in)[1:])
	for range n {
		size, _ := strconv.Atoi(readLine(t, in)[1:])
		word := make([]byte, size+2)
		if _, err := io.ReadFull(in, word); err != nil {
			t.Fatal(err)
		}
		words = append(words, string(word[:size]))
	}
	return words
}

// user is a client that speaks word by word.
type user struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func newUser(t *testing.T, socket string) *user {
	t.Helper()
	conn := dial(t, socket).conn
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &user{t, conn, bufio.NewReader(conn)}
}

func (u *user) send(words ...string) {
	u.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := io.WriteString(u.conn, b.String()); err != nil {
		u.t.Fatal(err)
	}
}

// reply reads a reply: its line, or the text that follows.
func (u *user) reply() string {
	u.t.Helper()
	line := readLine(u.t, u.in)
	if line[0] != '$' || line == "$-1" {
		return line
	}
	n, _ := strconv.Atoi(line[1:])
	text := make([]byte, n+2)
	if _, err := io.ReadFull(u.in, text); err != nil {
		u.t.Fatal(err)
	}
	return string(text[:n])
}

func (u *user) do(want string, words ...string) {
	u.t.Helper()
	u.send(words...)
	u.expect(want)
}

func (u *user) expect(want string) {
	u.t.Helper()
	if got := u.reply(); got != want {
		u.t.Fatalf("the reply is %q, want %q", got, want)
	}
}

// blocked waits until so many clients wait.
func (u *user) blocked(n int) {
	u.t.Helper()
	testenv.Eventually(u.t, 10*time.Second, fmt.Sprintf("%d blocked clients", n), func() bool {
		u.send("INFO", "clients")
		return strings.Contains(u.reply(), fmt.Sprintf("blocked_clients:%d\r\n", n))
	})
}

func TestMigrateMovesAKey(t *testing.T) {
	g, socket := newTarget(t), start(t)
	a, b, c, d := newUser(t, socket), newUser(t, socket), newUser(t, socket), newUser(t, socket)
	a.do("+OK", "SET", "k", "value")
	a.do("+OK", "SET", "stays", "1")
	a.send(g.migrate("k", "REPLACE", "AUTH2", "me", "secret")...)
	g.accept()
	g.expect("AUTH", "me", "secret")
	g.expect("SELECT", "2")
	g.expect("RESTORE", "k", "0", "*", "REPLACE")
	// Whoever touches the key waits, everybody else does not.
	b.send("GET", "k")
	c.do("+OK", "MULTI")
	c.do("+QUEUED", "SET", "k", "new")
	c.send("EXEC")
	d.blocked(3)
	d.do("1", "GET", "stays")
	d.do("+OK", "SET", "other", "2")
	g.answer("+OK", "+OK", "+OK")
	a.expect("+OK")
	b.expect("$-1")
	c.expect("*1")
	c.expect("+OK")
	d.do("new", "GET", "k")
	d.do(":1", "DEL", "k")
}

func TestMigrateCopies(t *testing.T) {
	g, socket := newTarget(t), start(t, "--rdbcompression", "no")
	a, b, c := newUser(t, socket), newUser(t, socket), newUser(t, socket)
	a.do("+OK", "SET", "k", "value", "PX", "100000")
	a.send(g.migrate("k", "COPY")...)
	g.accept()
	g.expect("SELECT", "2")
	if got := readCommand(t, g.in); len(got) != 4 || len(got[2]) != 5 && len(got[2]) != 6 {
		t.Fatalf("%q", got)
	}
	b.do("value", "GET", "k")
	b.send("SET", "k", "new")
	c.blocked(2)
	g.answer("+OK", "+OK")
	a.expect("+OK")
	b.expect("+OK")
	c.do("new", "GET", "k")
	// The second time the database is selected already.
	a.send(g.migrate("k", "COPY")...)
	g.expect("RESTORE", "k", "0", "*")
	g.answer("-BUSYKEY Target key name already exists.")
	a.expect("-ERR Target instance replied with error: BUSYKEY Target key name already exists.")
	a.do("new", "GET", "k")
}

func TestMigrateDeletesWhatArrivedAlone(t *testing.T) {
	g, socket := newTarget(t), start(t)
	a := newUser(t, socket)
	words := g.migrate("", "KEYS")
	const keys = 300
	for i := range keys {
		key := fmt.Sprintf("k%d", i)
		a.do("+OK", "SET", key, strings.Repeat("v", i*i))
		words = append(words, key, "no"+key)
	}
	a.send(words...)
	g.accept()
	g.expect("SELECT", "2")
	g.answer("+OK")
	for i := range keys {
		g.expect("RESTORE", fmt.Sprintf("k%d", i), "0", "*")
		if i%100 == 7 && i < 200 {
			g.answer("-ERR no")
		} else {
			g.answer("+OK")
		}
	}
	a.expect("-ERR Target instance replied with error: ERR no")
	a.do(":2", "DBSIZE")
	a.do(":1", "EXISTS", "k7")
}

func TestMigrateReplacesABrokenLink(t *testing.T) {
	g, socket := newTarget(t), start(t)
	a := newUser(t, socket)
	for range 2 { // the second time over a connection that the target has closed meanwhile
		a.do("+OK", "SET", "k", "value")
		a.send(g.migrate("k")...)
		g.accept()
		g.expect("SELECT", "2")
		g.expect("RESTORE", "k", "0", "*")
		g.answer("+OK", "+OK")
		a.expect("+OK")
		a.do(":0", "EXISTS", "k")
		g.hangUp()
	}
	// One that breaks again is told, and nothing is lost.
	a.do("+OK", "SET", "k", "value")
	a.send(g.migrate("k")...)
	g.accept()
	g.hangUp()
	if got := a.reply(); !strings.HasPrefix(got, "-IOERR error or timeout ") {
		t.Fatal(got)
	}
	a.do("value", "GET", "k")
}

func TestMigrateGivesUpInTime(t *testing.T) {
	g, socket := newTarget(t), start(t)
	a := newUser(t, socket)
	a.do("+OK", "SET", "k", "value")
	words := g.migrate("k")
	words[5] = "300"
	a.send(words...)
	a.expect("-IOERR error or timeout reading from target instance")
	a.do("value", "GET", "k")
	g.l.Close()
	a.do("-IOERR error or timeout connecting to the client", words...)
	a.do("+NOKEY", g.migrate("none")...)
	a.do("+OK", "MULTI")
	a.do("+QUEUED", words...)
	a.send("EXEC")
	a.expect("*1")
	a.expect("-ERR MIGRATE waits for another server and cannot run inside a transaction")
}

func TestMigrateGoesOnWithoutItsClient(t *testing.T) {
	g, socket := newTarget(t), start(t)
	a, b := newUser(t, socket), newUser(t, socket)
	a.do("+OK", "SET", "k", "value")
	a.send(g.migrate("k")...)
	g.accept()
	g.expect("SELECT", "2")
	g.expect("RESTORE", "k", "0", "*")
	a.conn.Close()
	b.blocked(0)
	b.send("GET", "k")
	g.answer("+OK", "+OK")
	b.expect("$-1")
}
