package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Program is a server that tests can start.
type Program int

// The programs.
const (
	Ours   Program = iota // this repository's valkey-server
	Valkey                // a real Valkey's, from the folder in VALKEY or on PATH
	Redis                 // a real Redis' of before its licence changed, from the folder in REDIS or on PATH
)

// programs says what each is called, and which environment variable names its folder.
var programs = [...]struct{ name, variable, server string }{
	Ours:   {"ours", binVariable, "valkey-server"},
	Valkey: {"valkey", "VALKEY", "valkey-server"},
	Redis:  {"redis", "REDIS", "redis-server"},
}

func (p Program) String() string { return programs[p].name }

// Find returns the path of the program's server; the folder of the environment variable counts before PATH.
func (p Program) Find() (path string, ok bool) { return p.find(programs[p].server) }

// Tool returns the path of one of the program's tools, such as valkey-check-rdb.
func (p Program) Tool(t testing.TB, name string) string {
	t.Helper()
	path, ok := p.find(name)
	if !ok {
		t.Skipf("SKIPPED: no %s of a real %v here; name its folder with %s=<folder>", name, p, programs[p].variable)
	}
	return path
}

func (p Program) find(name string) (path string, ok bool) {
	if dir := os.Getenv(programs[p].variable); dir != "" {
		path = filepath.Join(dir, name)
		_, err := os.Stat(path)
		return path, err == nil
	}
	if p == Ours {
		return "", false
	}
	path, err := exec.LookPath(name)
	return path, err == nil
}

// FindValkey returns the path of a real valkey-server.
func FindValkey() (path string, ok bool) { return Valkey.Find() }

// Start runs the program in a new folder with extra arguments (--name value ...) and returns when it answers PING. A
// real Valkey or Redis that is not installed skips the test, and says so.
func (p Program) Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return p.StartIn(t, t.TempDir(), args...)
}

// StartIn is Start in a folder that is there already, with another server's files in it perhaps.
func (p Program) StartIn(t testing.TB, dir string, args ...string) *Server {
	t.Helper()
	s := p.Prepare(t, dir, args...)
	s.Launch(t)
	return s
}

// StartSentinel runs the program as a sentinel whose file has these lines.
func (p Program) StartSentinel(t testing.TB, lines ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "sentinel.conf")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return p.StartIn(t, dir, file, "--sentinel")
}

// Prepare is StartIn that leaves it to the test to Launch the server.
func (p Program) Prepare(t testing.TB, dir string, args ...string) *Server {
	t.Helper()
	path, ok := p.Find()
	switch {
	case ok:
	case p == Ours:
		t.Fatal("testenv: the package's TestMain does not call testenv.Main, or there is no server in " + binVariable)
	default:
		t.Skipf("SKIPPED: no real %v here; name its folder with %s=<folder> or put %s on PATH", p, programs[p].variable,
			programs[p].server)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatalf("testenv: %v", err)
	}
	s := newServer(path, dir, args)
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("log of %s %s:\n%s", s.path, strings.Join(s.args, " "), s.LogTail())
		}
	})
	return s
}
