//go:build compat

package interop

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/sentinel/link"
	"valkey/testenv"
)

// TestSentinelLinks runs a sentinel's links against Valkey, as a user that may do only what a sentinel has to: the
// server sees the commands that were given, under the name that was given, and none besides.
func TestSentinelLinks(t *testing.T) {
	server := testenv.StartValkey(t)
	watcher, operator := server.Client(t), server.Client(t)
	operator.Do("ACL", "SETUSER", "watcher", "on", ">secret", "&__sentinel__:hello", "+subscribe", "+publish", "+ping",
		"+info", "+multi", "+exec", "+client", "+config", "+slaveof")
	watcher.Do("MONITOR")
	host, p, err := net.SplitHostPort(server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.Atoi(p)
	l := link.New(link.Dialer{})
	t.Cleanup(l.Close)
	next := func(kind link.Kind) link.Event {
		t.Helper()
		for {
			select {
			case e := <-l.Events():
				if l.Take(e) && e.Kind == kind {
					return e
				}
			case <-time.After(10 * time.Second):
				t.Fatal("no event")
			}
		}
	}
	auth := []string{"AUTH", "watcher", "secret"}
	l.Connect(link.Target{Link: 1, Role: link.PubSub, Host: host, Port: port, Setup: [][]string{auth,
		{"CLIENT", "SETNAME", "sentinel-01234567-pubsub"}, {"SUBSCRIBE", "__sentinel__:hello"}}})
	next(link.Up)
	testenv.Eventually(t, 10*time.Second, "the subscription is there", func() bool {
		list, _ := operator.Do("CLIENT", "LIST").(string)
		return strings.Contains(list, "name=sentinel-01234567-pubsub") && strings.Contains(list, "cmd=subscribe")
	})
	l.Connect(link.Target{Link: 1, Role: link.Commands, Host: host, Port: port, Setup: [][]string{auth,
		{"CLIENT", "SETNAME", "sentinel-01234567-cmd"}}})
	next(link.Up)
	l.Send(1, 1, [][]string{{"INFO"}})
	l.Send(1, 2, [][]string{{"PING"}})
	l.Send(1, 3, [][]string{{"PUBLISH", "__sentinel__:hello", "a,b"}})
	l.Send(1, 4, [][]string{{"MULTI"}, {"SLAVEOF", "NO", "ONE"}, {"CONFIG", "REWRITE"},
		{"CLIENT", "KILL", "TYPE", "pubsub"}, {"EXEC"}})
	if e := next(link.Reply); e.Seq != 1 || !strings.Contains(e.Text, "\r\nrun_id:") {
		t.Errorf("INFO: %+v", e)
	}
	if e := next(link.Reply); e.Seq != 2 || e.Text != "PONG" {
		t.Errorf("PING: %+v", e)
	}
	published, exec := next(link.Reply), next(link.Reply)
	if published.Text != "1" || exec.Seq != 4 || len(exec.Items) != 3 || exec.Items[0] != "OK" ||
		!strings.HasPrefix(exec.Items[1], "-ERR") || exec.Items[2] != "1" {
		t.Errorf("PUBLISH answers %+v, the transaction %+v", published, exec)
	}
	var seen []string
	for len(seen) == 0 || !strings.HasPrefix(seen[len(seen)-1], `EXEC"`) {
		v, err := watcher.Read()
		if err != nil {
			t.Fatal(err)
		}
		if _, words, found := strings.Cut(fmt.Sprint(v), `] "`); found && !strings.Contains(words, "LIST") {
			seen = append(seen, words)
		}
	}
	for _, line := range seen {
		line = strings.ToLower(line)
		if strings.HasPrefix(line, "hello") || strings.Contains(line, "setinfo") {
			t.Errorf("the server was told %s", line)
		}
	}
	if len(seen) < 9 {
		t.Errorf("MONITOR shows %q", seen)
	}
}
