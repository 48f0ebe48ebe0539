package link_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"valkey/server/repl/link"
)

// pair is a primary with a connection for the stream and one for the copy. It says a fixed text on each, and holds
// both open; says[i] is cut where cut[i] is not negative, and that connection closed.
type pair struct {
	says [2]string
	cut  [2]int

	at     [2]net.Conn // the primary's ends
	heard  [2]bytes.Buffer
	dialed int
	sides  sync.WaitGroup
}

const (
	alone  = welcome + "+DUALCHANNELSYNC\r\n"
	claims = "+OK\r\n\n+CONTINUE\r\n"
	placed = "+OK\r\n\n$ENDOFF:7 " + id + " 3 44\r\n\n$EOF:" + mark + "\r\n"
)

func newPair(main, second string) *pair {
	return &pair{says: [2]string{main, second}, cut: [2]int{-1, -1}}
}

func (p *pair) dial(context.Context) (net.Conn, error) {
	i := p.dialed
	p.dialed++
	replica, primary := net.Pipe()
	p.at[i] = primary
	p.sides.Go(func() { _, _ = io.Copy(&p.heard[i], primary) })
	says, cut := p.says[i], p.cut[i] >= 0
	if cut {
		says = says[:p.cut[i]]
	}
	p.sides.Go(func() {
		_, _ = io.WriteString(primary, says)
		if cut {
			<-time.After(time.Millisecond) // virtual: when the replica has said what it has to say to that
			_ = primary.Close()
		}
	})
	return replica, nil
}

// hangUp ends what is still open.
func (p *pair) hangUp() {
	for _, c := range p.at {
		if c != nil {
			_ = c.Close()
		}
	}
}

// follow runs a link, calls meanwhile when nothing moves any more, hangs up and gives how the link ended.
func (p *pair) follow(t *testing.T, f *follower, meanwhile ...func(*link.Link)) error {
	t.Helper()
	l := link.New(f, p.dial)
	ended := make(chan error, 1)
	go func() { ended <- l.Run(t.Context()) }()
	<-time.After(10 * time.Millisecond) // virtual
	synctest.Wait()
	for _, m := range meanwhile {
		m(l)
	}
	p.hangUp()
	err := <-ended
	p.sides.Wait()
	return err
}

func dualFollower() *follower {
	return &follower{timeout: time.Hour, who: link.Introduction{Port: 7001, Version: "9.1.2", DualChannel: true}}
}

// TestDualEveryCut: wherever a primary breaks either connection off, the replica has a prefix of the stream, and that
// only behind a copy that is whole.
func TestDualEveryCut(t *testing.T) {
	copied, full := strings.Repeat("copy ff ", 40), set+ping+"\r\n"+set
	main, second := alone+claims+full, placed+copied+mark
	for which, says := range []string{main, second} {
		for cut := range len(says) + 1 {
			synctest.Test(t, func(t *testing.T) {
				f, p := dualFollower(), newPair(main, second)
				p.cut[which] = cut
				err := p.follow(t, f)
				if err == nil {
					t.Fatalf("connection %d cut at %d: no error", which, cut)
				}
				if !strings.HasPrefix(full, string(f.stream)) {
					t.Fatalf("connection %d cut at %d: stream %q", which, cut, f.stream)
				}
				if f.complete && string(f.loaded) != copied || !strings.HasPrefix(copied, string(f.loaded)) {
					t.Fatalf("connection %d cut at %d: copy %q, complete %v", which, cut, f.loaded, f.complete)
				}
				if f.streams && !f.complete {
					t.Fatalf("connection %d cut at %d: a stream without a copy", which, cut)
				}
			})
		}
	}
}

// TestDualDialogue: what a replica says on each connection, and what it makes of the answers.
func TestDualDialogue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := dualFollower()
		f.who.User, f.who.Password, f.who.Address = "u", "p", "10.0.0.9"
		p := newPair("+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+DUALCHANNELSYNC\r\n"+claims+set,
			"+OK\r\n+OK\r\n"+placed+"x"+mark)
		if err := p.follow(t, f); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
		want := words("PING") + words("AUTH", "u", "p") + words("REPLCONF", "listening-port", "7001") +
			words("REPLCONF", "ip-address", "10.0.0.9") +
			words("REPLCONF", "capa", "eof", "capa", "psync2", "capa", "dual-channel") +
			words("REPLCONF", "version", "9.1.2") + words("PSYNC", "?", "-1") +
			words("REPLCONF", "set-rdb-client-id", "44") + words("PSYNC", id, "8") +
			words("REPLCONF", "ACK", fmt.Sprint(len(set)))
		if got := p.heard[0].String(); got != want {
			t.Errorf("the first connection: %q", got)
		}
		want = words("AUTH", "u", "p") + words("REPLCONF", "capa", "eof", "rdb-only", "1", "rdb-channel", "1",
			"listening-port", "7001", "version", "9.1.2") + words("REPLCONF", "ip-address", "10.0.0.9") + "SYNC\r\n"
		if got := p.heard[1].String(); got != want {
			t.Errorf("the second connection: %q", got)
		}
		if a := f.answer; a.Verdict != link.FullSync || a.ID != id || a.Offset != 7 || a.DB != 3 {
			t.Errorf("the place of the copy: %+v", a)
		}
		if string(f.loaded) != "x" || string(f.stream) != set || f.current != len(set) {
			t.Errorf("copy %q, stream %q, current after %d", f.loaded, f.stream, f.current)
		}
	})
}

// TestDualRefusals: whatever a primary does not grant ends the attempt, and nothing is followed.
func TestDualRefusals(t *testing.T) {
	good := placed + "x" + mark
	for _, says := range [][2]string{
		{alone + claims, "-ERR no\r\n"}, {alone + claims, "+OK\r\n-ERR no\r\n"},
		{alone + claims, "+OK\r\n$ENDOFF:7 " + id + " 3\r\n"}, {alone + claims, "+OK\r\n$ENDOFF:7 abc 3 44\r\n"},
		{alone + claims, "+OK\r\n$ENDOFF:-7 " + id + " 3 44\r\n"}, {alone + claims, "+OK\r\n$EOF:" + mark + "\r\n"},
		{alone + claims, "+OK\r\n$ENDOFF:7 " + id + " 3 44x\r\n"},
		{alone + "-ERR gone\r\n", good}, {alone + "+OK\r\n+FULLRESYNC " + id + " 9\r\n", good},
		{alone + "+OK\r\n+DUALCHANNELSYNC\r\n", good}, {alone + "+OK\r\n-ERR no\r\n", good},
		{alone + "+OK\r\n-LOADING x\r\n", good},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, p := dualFollower(), newPair(says[0], says[1])
			if err := p.follow(t, f); err == nil || errors.Is(err, io.ErrUnexpectedEOF) || f.streams {
				t.Errorf("%q: %v", says, err)
			}
		})
	}
}

// TestReserve: what comes while a copy is being loaded waits within its limit, the rest with the primary, and then all
// of it is executed before the replica calls itself current and acknowledges.
func TestReserve(t *testing.T) {
	const block, input, limit = 16 << 10, 64 << 10, 40 << 10
	full := strings.Repeat(set, 10_000)
	synctest.Test(t, func(t *testing.T) {
		f, p := dualFollower(), newPair(alone+claims+full, placed+"x"+mark)
		f.slow, f.room = 5*time.Second, limit
		most := int64(0)
		err := p.follow(t, f, func(l *link.Link) {
			f.mu.Lock()
			defer f.mu.Unlock()
			held, peak := l.Reserve()
			if held != limit/block*block+block || peak != held || f.streams {
				t.Errorf("%d bytes wait, at most %d; followed: %v", held, peak, f.streams)
			}
			if n := len(f.notes); n == 0 || !strings.Contains(f.notes[n-1], "limit reached (40960 bytes)") {
				t.Errorf("notes %q", f.notes)
			}
			most = peak
		}, func(l *link.Link) {
			<-time.After(6 * time.Second) // virtual
			synctest.Wait()
			if held, peak := l.Reserve(); held != 0 || peak != most {
				t.Errorf("%d bytes wait when all was taken, at most %d", held, peak)
			}
		})
		if !errors.Is(err, io.ErrUnexpectedEOF) || string(f.stream) != full {
			t.Errorf("%v: %d bytes of %d", err, len(f.stream), len(full))
		}
		if f.current < limit || f.current > limit+block+input || f.current%len(set) != 0 {
			t.Errorf("current after %d bytes", f.current)
		}
		if strings.Contains(p.heard[0].String(), words("REPLCONF", "ACK", "0")) {
			t.Error("acknowledged before anything was executed")
		}
	})
}

// TestReserveUnlimited: a limit of 0 is none.
func TestReserveUnlimited(t *testing.T) {
	full := strings.Repeat(set, 10_000)
	synctest.Test(t, func(t *testing.T) {
		f, p := dualFollower(), newPair(alone+claims+full, placed+"x"+mark)
		f.slow = 5 * time.Second
		_ = p.follow(t, f, func(l *link.Link) {
			if held, _ := l.Reserve(); held < int64(len(full))-64<<10 {
				t.Errorf("%d bytes wait of %d", held, len(full))
			}
			<-time.After(6 * time.Second) // virtual
			synctest.Wait()
		})
		if string(f.stream) != full || f.current != len(full) {
			t.Errorf("%d bytes of %d, current after %d", len(f.stream), len(full), f.current)
		}
	})
}

// TestDualSilence: either connection may not be silent for longer than the other side is given; a replica that loads
// for long is not a silent primary, and says on the first connection that it lives.
func TestDualSilence(t *testing.T) {
	for name, says := range map[string][2]string{
		"dialogue": {alone, "+OK\r\n"},
		"copy":     {alone + claims, placed + "x"},
		"claim":    {alone + "+OK\r\n", placed + "x" + mark},
		"stream":   {alone + claims, placed + "x" + mark},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, p := dualFollower(), newPair(says[0], says[1])
			f.timeout, f.slow = 10*time.Second, 3500*time.Millisecond
			began := time.Now()
			err := p.follow(t, f, func(*link.Link) { <-time.After(20 * time.Second) }) // virtual
			if !link.IsSilent(err) {
				t.Errorf("%s: %v after %v", name, err, time.Since(began))
			}
			lives := strings.Count(strings.ReplaceAll(p.heard[0].String(), "\r\n", ""), "\n")
			if name == "stream" && lives != 3 {
				t.Errorf("%s: %d signs of life: %q", name, lives, p.heard[0].String())
			}
		})
	}
}

// TestDualStops: the end of a context ends both connections, whichever is waited for.
func TestDualStops(t *testing.T) {
	for _, says := range [][2]string{
		{alone, ""}, {alone, "+OK\r\n"}, {alone + claims, placed + "x"}, {alone, placed + "x" + mark},
		{alone + claims + set, placed + "x" + mark},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, p := dualFollower(), newPair(says[0], says[1])
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- link.New(f, p.dial).Run(ctx) }()
			synctest.Wait()
			cancel()
			if err := <-ended; err == nil {
				t.Errorf("%q: no error", says)
			}
			p.sides.Wait()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPair(alone, "")
		refuse := errors.New("refused")
		l := link.New(dualFollower(), func(ctx context.Context) (net.Conn, error) {
			if p.dialed == 1 {
				return nil, refuse
			}
			return p.dial(ctx)
		})
		if err := l.Run(t.Context()); !errors.Is(err, refuse) {
			t.Error(err)
		}
		p.sides.Wait()
	})
}
