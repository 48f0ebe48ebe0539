package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"valkey/testenv"
)

// restricted is a user whose every command is checked: by command, by key and by database.
var restricted = []any{
	"ACL", "SETUSER", "bench", "reset", "on", "nopass", "+@read", "+@write", "-@dangerous", "~key:*", "db=0",
}

// measureUsers compares what a GET costs the server as the default user and as a restricted one, in turn on one server.
func measureUsers(o options, s *side, srv *testenv.Server, rep int) error {
	if err := fill(srv.Addr, o.keys, o.valueBytes); err != nil {
		return err
	}
	c, err := testenv.Dial(srv.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if v, err := c.Call(restricted...); err != nil || v != testenv.Simple("OK") {
		return fmt.Errorf("ACL SETUSER: %v (%w)", v, err)
	}
	for _, p := range []int{1, 16} {
		cpu := map[string]float64{}
		for i := range 2 {
			user := []string{"", "bench"}[(i+rep)%2]
			l := load{
				addr: srv.Addr, user: user, op: "GET", clients: o.clients, pipeline: p, keys: o.keys, valueBytes: o.valueBytes,
			}
			if _, cpu[user], err = l.cost(o, srv); err != nil {
				return err
			}
		}
		name := fmt.Sprintf("GET, pipeline %d: ", p)
		s.add(name+"CPU µs/op, default user", cpu[""])
		s.add(name+"CPU µs/op, restricted user", cpu["bench"])
		s.add(name+"restricted / default user", cpu["bench"]/cpu[""])
	}
	return nil
}

// generator is the load generator of TLS rows: a second implementation of TLS, which costs the machine little.
const generator = "valkey-benchmark"

// measureTLS puts load on the server over TLS, with both kinds of keys that certificates have. Without a generator
// beside the other server the rows are left out.
func measureTLS(o options, s *side) error {
	tool := filepath.Join(o.theirs, generator)
	if _, err := os.Stat(tool); o.theirs == "" || err != nil {
		fmt.Printf("no %s beside another server: nothing is measured over TLS\n", generator)
		return nil
	}
	dir, err := os.MkdirTemp("", "valkey-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // as in withServer
	a, err := testenv.NewAuthority(dir)
	if err != nil {
		return err
	}
	for _, key := range []string{"ECDSA", "RSA"} {
		if _, err := a.Issue(key, testenv.Identity{RSA: key == "RSA"}); err != nil {
			return err
		}
		port, err := testenv.FreePort()
		if err != nil {
			return err
		}
		run := func(srv *testenv.Server) error {
			t := tlsLoad{o, s, srv, []string{tool, "--tls", "--cacert", a.CAFile(), "-p", port}}
			return t.measure(key)
		}
		if err := withServer(o, s.path, run, "--tls-port", port, "--tls-cert-file", a.CertFile(key), "--tls-key-file",
			a.KeyFile(key), "--tls-ca-cert-file", a.CAFile(), "--tls-auth-clients", "no"); err != nil {
			return err
		}
	}
	return nil
}

// tlsLoad is a server and the beginning of the command that puts load on it.
type tlsLoad struct {
	options
	side    *side
	server  *testenv.Server
	command []string
}

func (t *tlsLoad) measure(key string) error {
	if err := t.run("TLS, new connections, "+key+": ", "connection", "-k", "0", "PING"); err != nil || key == "RSA" {
		return err // once a handshake is over, the key does not matter
	}
	if err := fill(t.server.Addr, t.keys, t.valueBytes); err != nil {
		return err
	}
	return t.run("TLS, GET, pipeline 16: ", "op", "-P", "16", "-r", strconv.Itoa(t.keys), "GET", "key:__rand_int__")
}

// run adds the rows of one load: how many a second, and what each costs the server.
func (t *tlsLoad) run(name, what string, args ...string) error {
	more := []string{"--csv", "-c", strconv.Itoa(t.clients), "--duration", strconv.Itoa(max(1, int(t.seconds)))}
	argv := append(append(t.command, more...), args...)
	before, err1 := testenv.CPUTime(t.server.PID())
	out, err := exec.Command(argv[0], argv[1:]...).Output()
	after, err2 := testenv.CPUTime(t.server.PID())
	if err := errors.Join(err, err1, err2); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	rate, err := csvRate(string(out))
	if err != nil {
		return err
	}
	t.side.add(name+what+"s/s", rate)
	t.side.add(name+"CPU µs/"+what, micros(after-before)/(rate*max(1, float64(int(t.seconds)))))
	return nil
}

// csvRate finds the requests a second in a table of valkey-benchmark: the second column of the last line.
func csvRate(table string) (float64, error) {
	lines := strings.Split(strings.TrimSpace(table), "\n")
	cells := strings.Split(lines[len(lines)-1], "\",\"")
	if len(cells) < 2 {
		return 0, fmt.Errorf("%s printed %q", generator, table)
	}
	rate, err := strconv.ParseFloat(cells[1], 64)
	if err != nil {
		return 0, fmt.Errorf("%s printed %q: %w", generator, table, err)
	}
	return rate, nil
}
