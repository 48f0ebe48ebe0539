package session

import (
	"strconv"
)

// DescribeClient appends the line that CLIENT LIST shows of a client.
func (f *Front) DescribeClient(b []byte, c *Client) []byte {
	return f.describe(b, c, c.Name, userName(c))
}

// userName is what stands for the user of a client: clients of the server's own have none.
func userName(c *Client) string {
	if c.User == nil {
		return "(superuser)"
	}
	return c.User.Name()
}

// ClientForLog is the line for the server's log, which may have to leave out what users have chosen.
func (f *Front) ClientForLog(c *Client) string {
	name, user := c.Name, userName(c)
	if f.Config.HideUserDataFromLog {
		name, user = hiddenText, hiddenText
	}
	return string(f.describe(nil, c, name, user))
}

func (f *Front) describe(b []byte, c *Client, name, user string) []byte {
	l, out := linkFacts(c), f.outputOf(c)
	text := func(name, v string) { b = append(append(append(b, ' '), name...), v...) }
	num := func(name string, v int64) { b = strconv.AppendInt(append(append(b, ' '), name...), v, 10) }
	b = append(b, "id="...)
	b = strconv.AppendUint(b, c.ID, 10)
	text("addr=", l.remote)
	text("laddr=", l.local)
	num("fd=", int64(l.fd))
	text("name=", name)
	num("age=", f.AgeSeconds(c))
	num("idle=", f.IdleSeconds(c))
	text("flags=", clientFlags(c))
	text("capa=", capabilities(c))
	num("db=", int64(c.DB))
	num("sub=", int64(c.Subs.Channels.Len()))
	num("psub=", int64(c.Subs.Patterns.Len()))
	num("ssub=", int64(c.Subs.Shards.Len()))
	queued := int64(-1)
	if c.Multi != nil {
		queued = int64(len(c.Multi.Queue))
	} else if c.MultiUsed {
		queued = 0
	}
	num("multi=", queued)
	num("watch=", int64(len(c.Watched)))
	num("qbuf=", int64(l.query))
	num("qbuf-free=", int64(l.queryCap-l.query))
	num("argv-mem=", int64(f.argvBytesOf(c)))
	num("multi-mem=", int64(c.QueuedBytes))
	num("rbs=", int64(c.ReplyCapacity))
	num("rbp=", int64(c.ReplyPeak))
	num("obl=", int64(out.buffered))
	num("oll=", int64(out.chunks))
	num("omem=", int64(out.beyond+out.shared))
	num("tot-mem=", int64(f.memoryOf(c)+out.shared))
	text("events=", l.events)
	text("cmd=", lastCommand(c))
	text("user=", user)
	num("redir=", c.Redirection())
	num("resp=", int64(c.W.Proto))
	text("lib-name=", c.LibName)
	text("lib-ver=", c.LibVersion)
	num("tot-net-in=", int64(c.BytesIn))
	num("tot-net-out=", int64(bytesOut(c)))
	num("tot-cmds=", int64(c.Commands))
	return b
}

const hiddenText = "*redacted*"

// bytesOut is what a client was sent: as replies, and as a replica.
func bytesOut(c *Client) uint64 {
	if c.Replica == nil || c.Replica.Stream == nil {
		return c.BytesOut
	}
	return c.BytesOut + c.Replica.Stream.Taken()
}

// facts are what the link tells, with the values of a client that has none.
type facts struct {
	remote, local   string
	fd              int
	query, queryCap int
	events          string // what its owner waits for: r to read, w to write
}

func linkFacts(c *Client) facts {
	if c.Link == nil {
		return facts{fd: -1}
	}
	f := facts{remote: c.Link.Remote(), local: c.Link.Local(), fd: c.Link.FD(), events: "r"}
	f.query, f.queryCap = c.Link.QueryBuffer()
	if unsent, _ := c.Link.Unsent(); unsent > 0 {
		f.events = "rw"
	}
	return f
}

func lastCommand(c *Client) string {
	if c.LastCommand == "" {
		return "NULL"
	}
	return c.LastCommand
}

// ClientFlagLetters are all letters that the flags of a client may have, now or in a server with more features.
const ClientFlagLetters = "OSMPxbtRBdcuAUreTIiEN"

// HasClientFlag reports whether a client has a flag: one of ClientFlagLetters. N stands for having none. S, which marks
// replicas, is true for clients in MONITOR mode, too, though it is not shown for them.
func HasClientFlag(c *Client, letter byte) bool {
	switch letter {
	case 'M':
		return c.Obeyed
	case 'O':
		return c.IsMonitor
	case 'S':
		return c.IsMonitor || c.IsReplica()
	case 'P':
		return c.Subs.Count() > 0
	case 'x':
		return c.Multi != nil
	case 'b':
		return c.Block != nil
	case 't':
		return c.Tracking != nil
	case 'B':
		return c.Tracking != nil && c.Tracking.Broadcast
	case 'd':
		return c.DirtyCAS
	case 'c':
		return c.CloseAfter
	case 'A':
		return c.CloseASAP
	case 'U':
		return c.Link != nil && c.Link.IsUnix()
	case 'r':
		return c.ReadOnly
	case 'e':
		return c.NoEvict
	case 'T':
		return c.NoTouch
	case 'I':
		return c.ImportSource
	case 'N':
		return clientFlags(c) == "N"
	}
	return false
}

// shownFlags are the letters in the order of CLIENT LIST.
const shownFlags = "OSMPxbtBdcAUreTI"

func clientFlags(c *Client) string {
	var b []byte
	for i := range len(shownFlags) {
		if letter := shownFlags[i]; HasClientFlag(c, letter) && !(letter == 'S' && c.IsMonitor) {
			b = append(b, shownFlags[i])
		}
	}
	if len(b) == 0 {
		return "N"
	}
	return string(b)
}

func capabilities(c *Client) string {
	if c.Redirect {
		return "r"
	}
	return ""
}
