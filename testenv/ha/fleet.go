// Package ha runs a whole fleet on this machine, one primary, two replicas and three sentinels, of this repository's
// programs or of others: for people to try (testenv/fleet), and to measure failovers (testenv/benchha).
//
// A fleet lives in a folder: a configuration and a log for each process, and fleet.json, which says what runs.
// Processes outlive the program that started them, and another one finds them by that file.
//
// fleet.go is the processes, health.go what they say about themselves, writer.go a client that follows the sentinels.
package ha

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Name is what the sentinels call the primary.
const Name = "mymaster"

const (
	servers   = 3
	sentinels = 3
	stateFile = "fleet.json"
	stopMax   = 10 * time.Second
	pollEvery = 5 * time.Millisecond
)

// Options says what a fleet is made of.
type Options struct {
	Servers   string        // folder of valkey-server
	Sentinels string        // folder of valkey-sentinel
	DownAfter time.Duration // of the sentinels
	Port      int           // of the first server, the others following; sentinels have it plus 20000. 0: any free ones.
	// User, with Password, is whom servers and sentinels let in, and nobody else; empty: they let everybody in.
	User, Password string
}

// access has a node let the user in alone, and come to others as that user by what the directives say.
func (o Options) access(user, password string) string {
	if o.User == "" {
		return ""
	}
	return fmt.Sprintf("user default off\nuser %s on >%s ~* &* +@all\n%s %s\n%s %s\n", o.User, o.Password,
		user, o.User, password, o.Password)
}

// program is what a node runs.
func (o Options) program(n *Node) string {
	if strings.HasPrefix(n.Name, "sentinel") {
		return filepath.Join(o.Sentinels, "valkey-sentinel")
	}
	return filepath.Join(o.Servers, "valkey-server")
}

// Node is one process.
type Node struct {
	Name string
	Addr string // host:port
	PID  int    // the last there was

	User, Password string `json:",omitempty"` // as Options has them
}

// Fleet is a primary, its replicas, and the sentinels that watch them.
type Fleet struct {
	Dir       string
	Options   Options
	Servers   []*Node
	Sentinels []*Node
}

// Create writes the configurations of a new fleet into an empty or absent folder.
func Create(dir string, o Options) (*Fleet, error) {
	var err error
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	for _, bin := range []*string{&o.Servers, &o.Sentinels} {
		if *bin, err = filepath.Abs(*bin); err != nil {
			return nil, err
		}
	}
	for _, n := range []*Node{{Name: "server"}, {Name: "sentinel"}} {
		if _, err := os.Stat(o.program(n)); err != nil {
			return nil, fmt.Errorf("ha: a fleet needs this program: %w", err)
		}
	}
	ports, err := choosePorts(o.Port)
	if err != nil {
		return nil, err
	}
	f := &Fleet{Dir: dir, Options: o}
	primary := ports[0]
	for i, port := range ports[:servers] {
		text := "save 3600 1\nrepl-diskless-sync-delay 0\n" + o.access("masteruser", "masterauth")
		if i > 0 {
			text += fmt.Sprintf("replicaof 127.0.0.1 %d\n", primary)
		}
		f.Servers = append(f.Servers, f.node("server", i, port))
		if err := f.configure(f.Servers[i], port, text); err != nil {
			return nil, err
		}
	}
	for i, port := range ports[servers:] {
		text := fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 2\nsentinel down-after-milliseconds %s %d\n"+
			"sentinel failover-timeout %s 10000\n", Name, primary, Name, o.DownAfter.Milliseconds(), Name) +
			o.access("sentinel sentinel-user", "sentinel sentinel-pass")
		if o.User != "" {
			text += fmt.Sprintf("sentinel auth-user %s %s\nsentinel auth-pass %s %s\n", Name, o.User, Name, o.Password)
		}
		f.Sentinels = append(f.Sentinels, f.node("sentinel", i, port))
		if err := f.configure(f.Sentinels[i], port, text); err != nil {
			return nil, err
		}
	}
	return f, f.save()
}

// Open finds the fleet of a folder; fs.ErrNotExist says that there is none.
func Open(dir string) (*Fleet, error) {
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, err
	}
	f := &Fleet{}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("ha: %s: %w", filepath.Join(dir, stateFile), err)
	}
	if len(f.Servers) != servers || len(f.Sentinels) != sentinels {
		return nil, fmt.Errorf("ha: %s is no fleet's", filepath.Join(dir, stateFile))
	}
	return f, nil
}

func (f *Fleet) save() error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(f.Dir, stateFile), append(data, '\n'), 0o644)
}

func (f *Fleet) node(kind string, i, port int) *Node {
	return &Node{Name: fmt.Sprintf("%s-%d", kind, i+1), Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		User: f.Options.User, Password: f.Options.Password}
}

func (f *Fleet) configure(n *Node, port int, text string) error {
	dir := filepath.Join(f.Dir, n.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text = fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nlogfile %s\n%s", port, strconv.Quote(dir),
		strconv.Quote(f.Log(n)), text)
	return os.WriteFile(f.config(n), []byte(text), 0o644)
}

func (f *Fleet) config(n *Node) string { return filepath.Join(f.Dir, n.Name, "node.conf") }

// Log is the file that a node logs to.
func (f *Fleet) Log(n *Node) string { return filepath.Join(f.Dir, n.Name, "log") }

// All is every node, servers first.
func (f *Fleet) All() []*Node { return slices.Concat(f.Servers, f.Sentinels) }

// SentinelAddrs is where a client finds the sentinels.
func (f *Fleet) SentinelAddrs() []string {
	var addrs []string
	for _, n := range f.Sentinels {
		addrs = append(addrs, n.Addr)
	}
	return addrs
}

// Start starts nodes, and remembers them.
func (f *Fleet) Start(nodes ...*Node) error {
	for _, n := range nodes {
		cmd := exec.Command(f.Options.program(n), f.config(n))
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // so that a signal for the starter does not end it
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("ha: start %s: %w", n.Name, err)
		}
		n.PID = cmd.Process.Pid
		go func() { _ = cmd.Wait() }() // ends with the process; how it ended stands in its log
	}
	return f.save()
}

// Alive reports whether a node runs: the process is there, and is the node and not another one that got its number.
func (f *Fleet) Alive(n *Node) bool {
	if n.PID == 0 {
		return false
	}
	// Programs that show their state in the title have no arguments there, but their address.
	title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", n.PID))
	return err == nil && (strings.Contains(string(title), f.config(n)) || strings.Contains(string(title), n.Addr))
}

// Kill sends signals to nodes, and waits until the processes have ended. One that does not end by itself is made to.
func (f *Fleet) Kill(signal syscall.Signal, nodes ...*Node) error {
	for _, n := range nodes {
		if !f.Alive(n) {
			continue
		}
		if err := syscall.Kill(n.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("ha: end %s: %w", n.Name, err)
		}
	}
	for _, n := range nodes {
		for end := time.Now().Add(stopMax); f.Alive(n); <-time.After(pollEvery) {
			if time.Now().After(end) {
				_ = syscall.Kill(n.PID, syscall.SIGKILL) // it may have ended just now
			}
		}
	}
	return nil
}

// choosePorts gives ports for servers and sentinels that are free now.
func choosePorts(first int) ([]int, error) {
	if first != 0 {
		for base := first; base < first+1000; base += 10 {
			if ports, err := listenAll(base, base+1, base+2, base+20000, base+20001, base+20002); err == nil {
				return ports, nil
			}
		}
		return nil, fmt.Errorf("ha: no free ports above %d", first)
	}
	return listenAll(make([]int, servers+sentinels)...)
}

// listenAll tries whether ports are free, all at once, and gives them; 0 is any.
func listenAll(ports ...int) ([]int, error) {
	for i, port := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, fmt.Errorf("ha: %w", err)
		}
		defer func() { _ = l.Close() }()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
