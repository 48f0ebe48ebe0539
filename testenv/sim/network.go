package sim

import (
	"time"

	"valkey/sentinel/monitor"
	"valkey/testenv/virtual"
)

// place is anything with an address: a server or a sentinel.
type place interface {
	addr() string
	running() bool // its process is there
	stopped() bool // and does not get on
	// serve executes commands of a connection and gives their reply, or false when the reply comes later, or never.
	serve(c *conn, seq uint64, commands [][]string) (monitor.Reply, bool)
}

// network says who reaches whom. Cuts are one-way.
type network struct {
	w      *virtual.World
	places map[string]place
	cuts   map[[2]string]bool
}

func (n *network) reaches(from, to string) bool { return !n.cuts[[2]string{from, to}] }

func (n *network) both(a, b string) bool { return n.reaches(a, b) && n.reaches(b, a) }

func (n *network) cut(from, to string)  { n.cuts[[2]string{from, to}] = true }
func (n *network) mend(from, to string) { delete(n.cuts, [2]string{from, to}) }

// latency is the time that a message takes.
func (n *network) latency() time.Duration {
	d := n.w.Between(50*time.Microsecond, 400*time.Microsecond)
	if n.w.Chance(200) {
		d += n.w.Between(0, 50*time.Millisecond)
	}
	return d
}

// conn is one connection of a sentinel to a place: ordered both ways, as TCP is; lost messages are sent again until the
// connection is given up.
type conn struct {
	n     *network
	from  *node
	link  monitor.LinkID
	kind  monitor.Conn
	to    place
	open  bool
	ended bool
	there time.Duration // no earlier arrival at the far end
	back  time.Duration // no earlier arrival at the near end
}

// stallRetry is how often a message tries again to get through.
const stallRetry = 20 * time.Millisecond

// connectTimeout is when a connection that nobody answers is given up.
const connectTimeout = time.Second

// dial makes a connection.
func (n *network) dial(from *node, link monitor.LinkID, kind monitor.Conn, addr string) *conn {
	c := &conn{n: n, from: from, link: link, kind: kind, to: n.places[addr]}
	asked := n.w.Now
	var try func()
	try = func() {
		switch {
		case c.ended:
		case c.to == nil, !c.to.running() && n.both(from.addr(), addr):
			c.end("refused")
		case n.both(from.addr(), addr):
			c.open = true
			from.connected(c)
		case n.w.Now-asked >= connectTimeout:
			c.end("timed out")
		default:
			n.w.After(stallRetry, try)
		}
	}
	n.w.After(n.latency(), try)
	return c
}

// end breaks the connection, and tells the near end.
func (c *conn) end(reason string) {
	if c.ended {
		return
	}
	c.ended = true
	c.from.disconnected(c, reason)
}

// send takes commands to the far end, in order.
func (c *conn) send(seq uint64, commands [][]string) {
	c.there = max(c.there, c.n.w.Now+c.n.latency())
	var arrive func()
	arrive = func() {
		switch {
		case c.ended:
		case !c.n.both(c.from.addr(), c.to.addr()) || c.to.stopped():
			c.there = max(c.there, c.n.w.Now+stallRetry)
			c.n.w.After(stallRetry, arrive)
		case !c.to.running():
			c.end("reset")
		default:
			if r, ok := c.to.serve(c, seq, commands); ok {
				c.answer(r)
			}
		}
	}
	c.n.w.After(c.there-c.n.w.Now, arrive)
}

// answer brings a reply to the near end, in order.
func (c *conn) answer(r monitor.Reply) { c.deliver(func() { c.from.replied(c, r) }) }

// deliver has something happen at the near end when it can.
func (c *conn) deliver(f func()) {
	c.back = max(c.back, c.n.w.Now+c.n.latency())
	var arrive func()
	arrive = func() {
		switch {
		case c.ended:
		case !c.n.both(c.from.addr(), c.to.addr()):
			c.back = max(c.back, c.n.w.Now+stallRetry)
			c.n.w.After(stallRetry, arrive)
		default:
			f()
		}
	}
	c.n.w.After(c.back-c.n.w.Now, arrive)
}
