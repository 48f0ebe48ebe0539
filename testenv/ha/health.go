package ha

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"valkey/testenv"
)

// askMax is how long a node may take to answer a question.
const askMax = time.Second

// Ask sends a node one command over a connection of its own. An error reply is an error.
func Ask(n *Node, limit time.Duration, args ...any) (any, error) {
	c, err := n.dial(limit)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return call(c, limit, args...)
}

// dial connects to a node, as the user that it wants.
func (n *Node) dial(limit time.Duration) (*testenv.Client, error) {
	c, err := testenv.DialWithin(n.Addr, limit)
	if err != nil || n.User == "" {
		return c, err
	}
	if _, err := call(c, limit, "AUTH", n.User, n.Password); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// call sends one command and reads its reply. An error reply is an error.
func call(c *testenv.Client, limit time.Duration, args ...any) (any, error) {
	if err := c.Send(testenv.AppendCommand(nil, args...)); err != nil {
		return nil, err
	}
	v, err := c.ReadWithin(limit)
	if e, refused := v.(testenv.Error); err == nil && refused {
		return nil, errors.New(string(e))
	}
	return v, err
}

// Primary gives the server that a sentinel takes for the primary.
func (f *Fleet) Primary(sentinel *Node, limit time.Duration) (*Node, error) {
	v, err := Ask(sentinel, limit, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", Name)
	if err != nil {
		return nil, err
	}
	words, ok := v.([]any)
	if !ok || len(words) != 2 {
		return nil, fmt.Errorf("ha: %s answers %v", sentinel.Name, v)
	}
	addr := net.JoinHostPort(fmt.Sprint(words[0]), fmt.Sprint(words[1]))
	i := slices.IndexFunc(f.Servers, func(n *Node) bool { return n.Addr == addr })
	if i < 0 {
		return nil, fmt.Errorf("ha: %s names %s", sentinel.Name, addr)
	}
	return f.Servers[i], nil
}

// Info gives the fields of a node's INFO, of one section or of all.
func Info(n *Node, sections ...any) (map[string]string, error) {
	v, err := Ask(n, askMax, append([]any{"INFO"}, sections...)...)
	if err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for line := range strings.Lines(fmt.Sprint(v)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			fields[name] = value
		}
	}
	return fields, nil
}

// record reads pairs of names and values.
func record(v any) map[string]string {
	words, _ := v.([]any)
	fields := map[string]string{}
	for i := 0; i+1 < len(words); i += 2 {
		fields[fmt.Sprint(words[i])] = fmt.Sprint(words[i+1])
	}
	return fields
}

// Healthy says why the fleet is not whole yet, or gives the primary that everybody agrees on.
func (f *Fleet) Healthy() (*Node, error) {
	var primary *Node
	for _, s := range f.Sentinels {
		seen, err := f.Primary(s, askMax)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		if primary != nil && seen != primary {
			return nil, errors.New("sentinels name different primaries")
		}
		primary = seen
		if err := content(s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	_, port, _ := net.SplitHostPort(primary.Addr)
	for _, n := range f.Servers {
		info, err := Info(n, "replication")
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		case n == primary && info["role"] != "master":
			return nil, fmt.Errorf("%s is to be the primary and is not", n.Name)
		case n != primary && (info["master_link_status"] != "up" || info["master_port"] != port):
			return nil, fmt.Errorf("%s does not follow %s", n.Name, primary.Name)
		}
	}
	return primary, nil
}

// content says what a sentinel finds wrong.
func content(s *Node) error {
	v, err := Ask(s, askMax, "SENTINEL", "MASTER", Name)
	if err != nil {
		return err
	}
	m := record(v)
	if m["flags"] != "master" || m["num-slaves"] != "2" || m["num-other-sentinels"] != "2" {
		return fmt.Errorf("primary %s, %s replicas, %s other sentinels",
			m["flags"], m["num-slaves"], m["num-other-sentinels"])
	}
	for _, what := range []string{"REPLICAS", "SENTINELS"} {
		v, err := Ask(s, askMax, "SENTINEL", what, Name)
		if err != nil {
			return err
		}
		list, _ := v.([]any)
		for _, one := range list {
			r := record(one)
			for _, bad := range []string{"s_down", "o_down", "disconnected"} {
				if slices.Contains(strings.Split(r["flags"], ","), bad) {
					return fmt.Errorf("%s is %s", r["name"], r["flags"])
				}
			}
		}
	}
	_, err = Ask(s, askMax, "SENTINEL", "CKQUORUM", Name)
	return err
}

// AwaitHealthy waits until the fleet is whole, and gives the primary.
func (f *Fleet) AwaitHealthy(ctx context.Context) (*Node, error) {
	for {
		primary, why := f.Healthy()
		if why == nil {
			return primary, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("ha: the fleet did not become whole: %w (logs in %s)", why, f.Dir)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Leader gives the sentinel that leads the group, where it says so.
func (f *Fleet) Leader() (*Node, bool) {
	for _, s := range f.Sentinels {
		v, err := Ask(s, askMax, "SENTINEL", "QUORUM", "STATUS")
		if err != nil {
			continue
		}
		want := record(v)["leader-id"]
		for _, n := range f.Sentinels {
			if id, err := Ask(n, askMax, "SENTINEL", "MYID"); err == nil && id == want {
				return n, true
			}
		}
	}
	return nil, false
}
