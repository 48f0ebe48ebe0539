//go:build e2e

package ha_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"valkey/frontend/resp"
	"valkey/testenv"
)

// writeMax is how long a peer may leave unread what a fake says.
const writeMax = 10 * time.Second

// fakes are data servers of one process, with as much of one as a sentinel sees: roles, histories, and INFO of the
// usual length. Replication takes no time.
type fakes struct {
	mu  sync.Mutex // guards all that the servers hold
	all map[string]*fake
}

// fake is one data server.
type fake struct {
	of         *fakes
	set        *[3]*fake
	listener   net.Listener
	host, port string

	frozen    bool  // it takes in everything and says nothing
	primary   *fake // whom it follows; nil: it is a primary
	runID     string
	replID    string
	replID2   string
	offset    uint64
	roleEpoch uint64
	conns     map[*fakeConn]bool
}

// fakeConn is one connection; its goroutine reads it.
type fakeConn struct {
	server *fake
	net    net.Conn
	write  sync.Mutex
	// Guarded by the fakes' lock:
	subscribed bool

	inTransaction bool
	queued        [][]string
}

// set starts a primary with two replicas, of which the first has more of its history.
func (f *fakes) set(t *testing.T) *[3]*fake {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	n, set := len(f.all), &[3]*fake{}
	replID := fmt.Sprintf("%040x", n)
	for i := range set {
		// An address of its own each, so that no connection to a server that is gone meets itself on its port.
		l, err := net.Listen("tcp", fmt.Sprintf("127.77.%d.%d:0", n/200, 1+n%200+i))
		if err != nil {
			t.Fatal(err)
		}
		s := &fake{of: f, set: set, listener: l, replID: replID, runID: fmt.Sprintf("%039x1", n+i),
			offset: uint64(5000 - 100*i), conns: map[*fakeConn]bool{}}
		s.host, s.port, _ = net.SplitHostPort(l.Addr().String())
		if i > 0 {
			s.primary = set[0]
		}
		set[i], f.all[s.addr()] = s, s
		go s.accept() // until the listener is closed
		t.Cleanup(s.crash)
	}
	return set
}

func (s *fake) addr() string { return net.JoinHostPort(s.host, s.port) }

func (s *fake) accept() {
	for {
		open, err := s.listener.Accept()
		if err != nil {
			return
		}
		c := &fakeConn{server: s, net: open}
		s.of.mu.Lock()
		s.conns[c] = true
		s.of.mu.Unlock()
		go c.serve() // until the connection ends
	}
}

// crash ends the server: nobody listens, and connections are reset.
func (s *fake) crash() {
	_ = s.listener.Close()
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	delete(s.of.all, s.addr())
	for c := range s.conns {
		_ = c.net.Close()
	}
}

// freeze stops the server: its connections stay, and it says nothing more.
func (s *fake) freeze() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.frozen = true
}

// follows says whom the server follows, "" for nobody.
func (s *fake) follows() string {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.primary == nil {
		return ""
	}
	return s.primary.addr()
}

// up tells whether a replica's link is.
func (s *fake) up() bool {
	p := s.primary
	return p != nil && s.of.all[p.addr()] == p && !p.frozen && p.primary == nil
}

func (c *fakeConn) serve() {
	defer func() {
		c.server.of.mu.Lock()
		delete(c.server.conns, c)
		c.server.of.mu.Unlock()
		_ = c.net.Close()
	}()
	in := resp.NewReaderSize(c.net, 512)
	for {
		v, err := in.Read()
		if err != nil {
			return
		}
		var words []string
		for _, e := range v.Elems {
			words = append(words, e.Str)
		}
		if len(words) > 0 {
			c.say(c.answer(words))
		}
	}
}

func (c *fakeConn) say(reply string) {
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.net.SetWriteDeadline(time.Now().Add(writeMax))
	if _, err := c.net.Write([]byte(reply)); err != nil {
		_ = c.net.Close() // which ends its reads
	}
}

// answer executes a command, or keeps it for EXEC.
func (c *fakeConn) answer(words []string) string {
	s := c.server
	s.of.mu.Lock()
	heard, reply := []*fakeConn(nil), ""
	switch verb := strings.ToUpper(words[0]); {
	case s.frozen:
	case verb == "PUBLISH":
		heard, reply = s.subscribers(), ":1\r\n"
	case verb == "MULTI":
		c.inTransaction, reply = true, "+OK\r\n"
	case verb == "EXEC":
		reply = fmt.Sprintf("*%d\r\n", len(c.queued))
		for _, q := range c.queued {
			reply += c.execute(q)
		}
		c.inTransaction, c.queued = false, nil
	case c.inTransaction:
		c.queued, reply = append(c.queued, words), "+QUEUED\r\n"
	default:
		reply = c.execute(words)
	}
	s.of.mu.Unlock()
	for _, o := range heard {
		o.say(string(testenv.AppendCommand(nil, "message", words[1], words[2])))
	}
	return reply
}

func (s *fake) subscribers() (out []*fakeConn) {
	for o := range s.conns {
		if o.subscribed {
			out = append(out, o)
		}
	}
	return out
}

func (c *fakeConn) execute(words []string) string {
	s := c.server
	switch strings.ToUpper(strings.Join(words[:min(2, len(words))], " ")) {
	case "PING":
		return "+PONG\r\n"
	case "INFO":
		text := s.info()
		return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text)
	case "SUBSCRIBE __SENTINEL__:HELLO":
		c.subscribed = true
		return fmt.Sprintf("*3\r\n$9\r\nsubscribe\r\n$%d\r\n%s\r\n:1\r\n", len(words[1]), words[1])
	case "CLIENT SETNAME", "CONFIG REWRITE":
		return "+OK\r\n"
	case "CLIENT KILL": // TYPE normal or pubsub
		for o := range s.conns {
			if o != c && o.subscribed == (words[3] == "pubsub") {
				_ = o.net.Close()
			}
		}
		return ":0\r\n"
	}
	if strings.EqualFold(words[0], "SLAVEOF") && len(words) == 3 {
		return s.take(words[1], words[2])
	}
	return fmt.Sprintf("-ERR unknown command '%s'\r\n", words[0])
}

// take makes it a primary, or has it follow one, unless the order is older than one that it has had.
func (s *fake) take(host, port string) string {
	port, word, _ := strings.Cut(port, "/")
	epoch, _ := strconv.ParseUint(word, 10, 64)
	if epoch != 0 && epoch < s.roleEpoch {
		return "-STALEEPOCH there was a newer order\r\n"
	}
	s.roleEpoch = max(s.roleEpoch, epoch)
	if strings.EqualFold(host, "NO") {
		if s.primary != nil {
			s.primary, s.replID2, s.replID = nil, s.replID, "f"+s.runID[1:]
		}
		return "+OK\r\n"
	}
	p := s.of.all[net.JoinHostPort(host, port)]
	if p == nil {
		return "-ERR nobody is there\r\n"
	}
	s.primary, s.replID, s.offset = p, p.replID, p.offset
	return "+OK\r\n"
}

// padding is what a sentinel reads in INFO and does not use.
var padding = strings.Repeat("some_statistics_of_the_server:1234567\r\n", 130)

func (s *fake) info() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("run_id:%s", s.runID)
	b.WriteString(padding)
	if p := s.primary; p == nil {
		line("role:master")
		n := 0
		for _, r := range s.set {
			if r.primary == s && s.of.all[r.addr()] == r {
				line("slave%d:ip=%s,port=%s,state=online,offset=%d,lag=0", n, r.host, r.port, r.offset)
				n++
			}
		}
	} else {
		line("role:slave\r\nmaster_host:%s\r\nmaster_port:%s", p.host, p.port)
		if s.up() {
			line("master_link_status:up")
		} else {
			line("master_link_status:down\r\nmaster_link_down_since_seconds:1")
		}
		line("slave_repl_offset:%d\r\nslave_priority:100\r\nreplica_announced:1", s.offset)
	}
	line("role_epoch:%d\r\nmaster_failover_state:no-failover", s.roleEpoch)
	line("master_replid:%s\r\nmaster_replid2:%040s", s.replID, s.replID2)
	line("master_repl_offset:%d\r\nsecond_repl_offset:%d", s.offset, s.offset+1)
	return b.String()
}
