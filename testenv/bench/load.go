package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const (
	keyDigits  = 12 // of key:000000000001, 16 bytes
	keysMax    = 1e12
	silenceMax = 10 * time.Second // without any reply, a run is given up
	readBytes  = 64 << 10
	seed       = 1
	fillBatch  = 100 // commands in one write while filling
)

// load is one run: connections that each keep one batch of commands on the way.
type load struct {
	addr       string
	user       string // to log in as, without a password; empty is the default user
	op         string // SET or GET
	clients    int
	pipeline   int
	keys       int
	valueBytes int
}

// result is what a run saw.
type result struct {
	requests int
	took     time.Duration
	latency  []time.Duration // of each batch
}

// client is a connection in the middle of a batch.
type client struct {
	file    *os.File
	fd      int // file's
	request []byte
	digits  []int // offsets of the keys' digits in request
	left    int   // bytes of the reply that are still to come
	sentAt  time.Time
}

// newClient connects and prepares a batch whose keys are filled in before each sending.
func newClient(l *load) (*client, error) {
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	file, err := conn.(*net.TCPConn).File() // a second descriptor of the same socket, out of the runtime's poller
	if err != nil {
		return nil, err
	}
	c := &client{file: file, fd: int(file.Fd())}
	if l.user != "" {
		if err := c.logIn(l.user); err != nil {
			return nil, err
		}
	}
	for range l.pipeline {
		c.request = l.appendCommand(c.request)
		at := len(c.request) - 2 - keyDigits
		if l.op == "SET" {
			at -= len(bulkHeader(l.valueBytes)) + l.valueBytes + 2
		}
		c.digits = append(c.digits, at)
	}
	return c, syscall.SetNonblock(c.fd, true)
}

// logIn makes the connection a user's, while its descriptor still blocks.
func (c *client) logIn(user string) error {
	if err := syscall.SetNonblock(c.fd, false); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c.file, "AUTH %s -\r\n", user); err != nil {
		return err
	}
	reply := make([]byte, len("+OK\r\n"))
	if _, err := io.ReadFull(c.file, reply); err != nil || reply[0] != '+' {
		return fmt.Errorf("AUTH %s: %q (%w)", user, reply, err)
	}
	return nil
}

func bulkHeader(n int) string { return "$" + strconv.Itoa(n) + "\r\n" }

func (l *load) appendCommand(b []byte) []byte {
	words := 2
	if l.op == "SET" {
		words = 3
	}
	b = fmt.Appendf(b, "*%d\r\n$3\r\n%s\r\n$16\r\nkey:%0*d\r\n", words, l.op, keyDigits, 0)
	if words == 3 {
		b = append(b, bulkHeader(l.valueBytes)...)
		for range l.valueBytes {
			b = append(b, 'x')
		}
		b = append(b, "\r\n"...)
	}
	return b
}

// replyBytes is the length of one reply: every key exists, so all are alike.
func (l *load) replyBytes() int {
	if l.op == "SET" {
		return len("+OK\r\n")
	}
	return len(bulkHeader(l.valueBytes)) + l.valueBytes + 2
}

func setDigits(b []byte, n int) {
	for i := keyDigits - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

// send starts a batch of keys that next gives.
func (c *client) send(l *load, next func() int) error {
	for _, at := range c.digits {
		setDigits(c.request[at:], next())
	}
	c.left, c.sentAt = l.pipeline*l.replyBytes(), time.Now()
	if n, err := syscall.Write(c.fd, c.request); n != len(c.request) {
		return fmt.Errorf("wrote %d bytes of a batch of %d (%w)", n, len(c.request), err)
	}
	return nil
}

// receive reads what is there and tells whether the batch is complete.
func (c *client) receive(l *load, buf []byte) (bool, error) {
	n, err := syscall.Read(c.fd, buf)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	fresh := c.left == l.pipeline*l.replyBytes()
	if c.left -= n; n == 0 || c.left < 0 || fresh && buf[0] == '-' {
		return false, fmt.Errorf("the server answered %q", buf[:min(n, 100)])
	}
	return c.left == 0, nil
}

// run keeps every client busy for a time.
func (l *load) run(d time.Duration) (*result, error) {
	rng := rand.New(rand.NewPCG(seed, uint64(l.pipeline)))
	return l.drive(func(elapsed time.Duration, _ int) bool { return elapsed < d }, func() int { return rng.IntN(l.keys) })
}

// drive sends batches while more says so, then waits for what is on the way.
func (l *load) drive(more func(elapsed time.Duration, sent int) bool, next func() int) (*result, error) {
	ep, err := syscall.EpollCreate1(0)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(ep) //nolint:errcheck // nothing is lost with it
	clients := map[int32]*client{}
	defer func() {
		for _, c := range clients {
			c.file.Close()
		}
	}()
	for range l.clients {
		c, err := newClient(l)
		if err != nil {
			return nil, err
		}
		clients[int32(c.fd)] = c
		ev := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.fd)}
		if err := syscall.EpollCtl(ep, syscall.EPOLL_CTL_ADD, c.fd, &ev); err != nil {
			return nil, err
		}
	}
	res, start, sent, busy := &result{}, time.Now(), 0, 0
	again := func(c *client) error {
		if !more(time.Since(start), sent) {
			return nil
		}
		sent += l.pipeline
		busy++
		return c.send(l, next)
	}
	for _, c := range clients {
		if err := again(c); err != nil {
			return nil, err
		}
	}
	events, buf := make([]syscall.EpollEvent, 256), make([]byte, readBytes)
	for busy > 0 {
		n, err := syscall.EpollWait(ep, events, int(silenceMax.Milliseconds()))
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return nil, fmt.Errorf("no reply within %v (%w)", silenceMax, errors.Join(err))
		}
		for _, ev := range events[:n] {
			c := clients[ev.Fd]
			done, err := c.receive(l, buf)
			if err != nil {
				return nil, err
			}
			if done {
				busy--
				res.latency = append(res.latency, time.Since(c.sentAt))
				res.requests += l.pipeline
				if err := again(c); err != nil {
					return nil, err
				}
			}
		}
	}
	res.took = time.Since(start)
	return res, nil
}

// fill writes every key once, in order.
func fill(addr string, keys, valueBytes int) error {
	l := load{addr: addr, op: "SET", clients: 4, pipeline: fillBatch, keys: keys, valueBytes: valueBytes}
	n := 0
	_, err := l.drive(func(_ time.Duration, sent int) bool { return sent < keys }, func() int {
		n++
		return (n - 1) % keys
	})
	if err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	return nil
}

// percentile sorts the batches' latencies and picks one.
func (r *result) percentile(p float64) time.Duration {
	slices.Sort(r.latency)
	return r.latency[min(int(p*float64(len(r.latency))), len(r.latency)-1)]
}
