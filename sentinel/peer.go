package sentinel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"valkey/frontend/netloop"
	"valkey/frontend/resp"
	"valkey/quorum"
)

// linkAnswerMax is the longest answer that a peer gives before a connection is a link.
const linkAnswerMax = 512

// dialPeer opens a connection to another sentinel and turns it into a link of the group's log.
func (s *Sentinel) dialPeer(ctx context.Context, p quorum.Peer) (net.Conn, error) {
	s.enter()
	dialer, g := s.dialer(), s.global()
	s.leave()
	host, portText, err := net.SplitHostPort(p.Addr)
	if err != nil {
		return nil, fmt.Errorf("sentinel: peer %q: %w", p.Addr, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("sentinel: peer %q: %w", p.Addr, err)
	}
	conn, err := dialer.Dial(ctx, host, port)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // which ends what waits
	err = becomeLink(conn, g.User, g.Pass)
	if !stop() || err != nil {
		_ = conn.Close()
		return nil, errors.Join(ctx.Err(), err)
	}
	return conn, nil
}

// becomeLink logs in and asks for the link. Not a byte behind the answers is read: it is the link's.
func becomeLink(conn net.Conn, user, pass string) error {
	switch {
	case pass != "" && user != "":
		if err := demand(conn, "AUTH", user, pass); err != nil {
			return err
		}
	case pass != "":
		if err := demand(conn, "AUTH", pass); err != nil {
			return err
		}
	}
	return demand(conn, "SENTINEL", "QUORUM", "LINK")
}

// demand sends a command whose answer has to be OK.
func demand(conn net.Conn, words ...string) error {
	if _, err := conn.Write(resp.AppendCommand(nil, words...)); err != nil {
		return err
	}
	var line []byte
	for one := [1]byte{}; len(line) < linkAnswerMax; line = append(line, one[0]) {
		if _, err := conn.Read(one[:]); err != nil {
			return err
		}
		if one[0] == '\n' {
			break
		}
	}
	if string(line) != "+OK\r" {
		return fmt.Errorf("sentinel: the peer refuses a link: %.100q", line)
	}
	return nil
}

// acceptLink makes a client's connection a link of the group's log. What is sent behind the command before its answer
// has come ends it.
func acceptLink(c *call) error {
	conn, ok := c.Client.Link.(*netloop.Conn)
	if !ok {
		return errNoQuorum
	}
	s := c.s
	c.Reply.OK()
	conn.Detach(func(conn net.Conn) {
		s.running.Go(func() { _ = s.group.Accept(conn) }) // which takes it, or closes it as the group has ended
	})
	return nil
}
