package link

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"sync"
)

// Role is what a connection is for.
type Role uint8

// The roles.
const (
	Commands Role = iota
	PubSub
)

// Target says what to connect to.
type Target struct {
	Link uint64 // a number of the owner's choice
	Role Role
	Host string // an address, or a name that is resolved each time
	Port int
	// Setup are the commands that go first: AUTH, CLIENT SETNAME, SUBSCRIBE. Nobody looks at the replies: who may not
	// talk to an instance will see it by the answers to PING.
	Setup [][]string
}

// Kind says what an event is.
type Kind uint8

// The kinds of events.
const (
	Up       Kind = iota // the connection is open, and Setup is on its way; Text is the local address
	Down                 // it could not be opened, or has ended; Text is why
	Reply                // the answer to a Send
	Message              // what came on a subscribed channel; Text is the message
	Resolved             // the answer to Resolve; Text is the address, empty if there is none
)

// Event is what happened to a connection.
type Event struct {
	Kind Kind
	Link uint64
	Role Role
	Seq  uint64 // of the Send that a Reply answers
	// Text is as the kind says. A reply is a status, a string or a number as it is, and an error after a "-"; that of a
	// transaction is EXEC's, with what the commands in it answered in Items.
	Text  string
	Items []string
	Host  string // that Resolve asked about

	from *conn
}

// Dialer opens connections the way the configuration says.
type Dialer struct {
	Source string      // the local address; empty leaves the choice to the system
	TLS    *tls.Config // nil speaks plainly
}

// Links is all connections of a sentinel.
type Links struct {
	dialer    Dialer
	open      map[key]*conn
	resolving map[string]bool
	events    chan Event // full: whoever has more waits
	ctx       context.Context
	cancel    context.CancelFunc
	running   sync.WaitGroup
}

type key struct {
	link uint64
	role Role
}

// New makes an owner's Links.
func New(dialer Dialer) *Links {
	ctx, cancel := context.WithCancel(context.Background())
	return &Links{dialer: dialer, open: map[key]*conn{}, resolving: map[string]bool{},
		events: make(chan Event, eventsMax), ctx: ctx, cancel: cancel}
}

// SetDialer changes how the next connections are opened.
func (l *Links) SetDialer(dialer Dialer) { l.dialer = dialer }

// Events gives what happens. The owner hands each event to Take before it looks at it.
func (l *Links) Events() <-chan Event { return l.events }

// Take reports whether an event is still of interest: nothing is heard of a connection that was closed meanwhile, even
// if a new one has its number.
func (l *Links) Take(e Event) bool {
	if e.Kind == Resolved {
		delete(l.resolving, e.Host)
		return true
	}
	k := key{e.Link, e.Role}
	if l.open[k] != e.from {
		return false
	}
	if e.Kind == Down {
		delete(l.open, k)
	}
	return true
}

// Connect begins to open a connection; Up or Down will follow. One that the target has already is closed.
func (l *Links) Connect(t Target) {
	l.Disconnect(t.Link, t.Role)
	c := newConn(l, t)
	l.open[key{t.Link, t.Role}] = c
	l.running.Go(c.run) // until the connection ends, or is closed
}

// Disconnect closes a connection, or gives up opening it. Nothing more is heard of it.
func (l *Links) Disconnect(link uint64, role Role) {
	k := key{link, role}
	if c := l.open[k]; c != nil {
		delete(l.open, k)
		c.close()
	}
}

// Send sends commands on a command connection: one, or a transaction from MULTI to EXEC. One Reply with the number
// follows, or Down. It reports whether the connection was up to take them.
func (l *Links) Send(link, seq uint64, commands [][]string) bool {
	c := l.open[key{link, Commands}]
	return c != nil && c.send(pending{seq: seq, left: len(commands)}, commands)
}

// Resolve asks what a name means. A question that is being answered is not asked again.
func (l *Links) Resolve(host string) {
	if l.resolving[host] {
		return
	}
	l.resolving[host] = true
	l.running.Go(func() { // until the resolver answers, or Close
		ctx, cancel := context.WithTimeout(l.ctx, dialTimeout)
		defer cancel()
		text := ""
		if found, err := net.DefaultResolver.LookupIPAddr(ctx, host); err == nil && len(found) > 0 {
			text = pick(found)
		}
		select {
		case l.events <- Event{Kind: Resolved, Host: host, Text: text}:
		case <-l.ctx.Done():
		}
	})
}

// pick prefers an IPv4 address, which is what most fleets listen on.
func pick(found []net.IPAddr) string {
	for _, a := range found {
		if a.IP.To4() != nil {
			return a.String()
		}
	}
	return found[0].String()
}

// Close ends everything and waits until it has ended.
func (l *Links) Close() {
	l.cancel()
	for k := range l.open {
		l.Disconnect(k.link, k.role)
	}
	l.running.Wait()
}

// errSource refuses a local address that is none.
var errSource = errors.New("bind-source-addr is no address")

// Dial opens a connection.
func (d Dialer) Dial(ctx context.Context, host string, port int) (net.Conn, error) {
	var dialer net.Dialer
	if d.Source != "" {
		ip := net.ParseIP(d.Source)
		if ip == nil {
			return nil, errSource
		}
		dialer.LocalAddr = &net.TCPAddr{IP: ip}
	}
	c, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil || d.TLS == nil {
		return c, err
	}
	secured := tls.Client(c, d.TLS)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = c.Close() // the first error is the one to tell
		return nil, err
	}
	return secured, nil
}
