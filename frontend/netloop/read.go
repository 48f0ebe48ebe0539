package netloop

import "golang.org/x/sys/unix"

// readable reads c's socket once. The requests it completes join the round.
func (l *Loop) readable(c *Conn) {
	switch {
	case c.flags&held != 0:
		l.readOnto(c) // kept until Release
	case c.flags&inBacklog != 0:
		// First what it has sent before.
	case c.queued() > carryMax || c.parser.Want() > readMax-carryMax:
		l.readOwn(c)
	default:
		l.readShared(c)
	}
}

// readShared reads into the loop's buffer, behind what is left of a torn request.
func (l *Loop) readShared(c *Conn) {
	if len(l.shared)-l.sharedUsed < carryMax+readMax {
		l.run()
		if c.flags&(closed|closing|held|inBacklog) != 0 {
			return
		}
	}
	space := l.shared[l.sharedUsed:]
	carried := copy(space, c.in[c.start:])
	n := l.read(c, space[carried:carried+readMax])
	if n == 0 {
		return
	}
	if carried > 0 {
		l.consume(c, carried)
	}
	end := carried + n
	l.sharedUsed += (end + 63) &^ 63 // whole cache lines
	l.parse(c, space[:end:end], false)
}

// readOwn reads onto c's query buffer: into the exact place of a big argument, or behind many small ones.
func (l *Loop) readOwn(c *Conn) {
	if l.readOnto(c) {
		l.parse(c, c.in[c.start:], true)
	}
}

// readOnto reads once and reports whether there are new bytes to look at.
func (l *Loop) readOnto(c *Conn) bool {
	want := c.parser.Want()
	if c.parser.Awaited() < bigArgument {
		want = 0 // the end of a small argument says nothing of what is behind it
	}
	l.reserve(c, c.queued(), want)
	room := c.in[len(c.in):cap(c.in)]
	if want > 0 {
		// Not a byte more: the buffer is the argument's then, and what follows can be parsed where it arrives.
		room = room[:min(want, len(room), readBigMax)]
	} else {
		room = room[:min(len(room), readMax)]
	}
	n := l.read(c, room)
	if n == 0 {
		return false
	}
	c.in = c.in[:len(c.in)+n]
	l.publishQuery(c)
	limit := int(l.server.queryMax.Load())
	if c.limits.Load().Unauthenticated {
		limit = min(limit, queryUnauthMax)
	}
	if c.queued() > limit {
		c.flags |= inRound
		c.taken = 0
		l.commands = append(l.commands, Command{Conn: c, Err: ErrQueryBuffer})
		l.touched = append(l.touched, touch{conn: c, data: c.in[c.start:], own: true})
		return false
	}
	return true
}

// read returns how many bytes came; 0 means none, or that the connection is gone.
func (l *Loop) read(c *Conn, room []byte) int {
	if c.tls != nil {
		return l.readSecure(c, room)
	}
	n, errno := rawRead(c.fd, room)
	if errno == unix.EAGAIN || errno == unix.EINTR {
		return 0
	}
	if errno != 0 || n == 0 {
		l.drop(c)
		return 0
	}
	c.activeAt = l.sweeps
	c.bytesReceived.Add(uint64(n))
	l.tally.received += uint64(n)
	l.tally.reads++
	return n
}

// parse takes the requests out of data, which is c's query buffer (own) or a part of the shared one.
func (l *Loop) parse(c *Conn, data []byte, own bool) {
	c.flags |= inRound
	c.taken = 0
	t := touch{conn: c, data: data, own: own}
	lim := c.limits.Load()
	count := 0
	for count < commandsPerConnMax {
		args, n, err := c.parser.Next(data[t.seen:], l.argv, lim)
		if err != nil {
			// What is wrong may be right when the requests before it have run: AUTH lifts limits. So it is reported
			// when it comes first.
			if t.again = count > 0; !t.again {
				l.commands = append(l.commands, Command{Conn: c, Err: err, Args: [][]byte{data[t.seen:]}})
			}
			break
		}
		if n == 0 {
			break
		}
		t.seen += n
		if len(args) == len(l.argv) {
			continue // an empty request
		}
		own := args[len(l.argv):len(args):len(args)]
		l.argv = args
		l.commands = append(l.commands, Command{Conn: c, Args: own, Size: t.seen - t.parsed})
		t.parsed = t.seen
		count++
	}
	t.again = t.again || count == commandsPerConnMax
	l.touched = append(l.touched, t)
	if len(l.commands) >= commandsMax {
		l.run()
	}
}
