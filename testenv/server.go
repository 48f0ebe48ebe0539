package testenv

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startMax    = 20 * time.Second // until a started server answers
	stopMax     = 10 * time.Second // until a stopped one is gone
	startTries  = 3                // another process may take the free port first
	logTailMax  = 8 << 10          // bytes of a log that a failure shows
	loadingWord = "LOADING"        // the code of the reply while the data set is being loaded
)

// Server is a running server process. It ends with its test.
type Server struct {
	Addr string // host:port
	Dir  string // its working folder, a temporary one

	path string
	args []string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended

	loadingToo bool // an answer that the data is being loaded is one
}

// Start runs this repository's server with extra arguments (--name value ...) and returns when it answers PING.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return Ours.Start(t, args...)
}

// StartValkey runs a real Valkey the same way. Without one the test is skipped, and says so.
func StartValkey(t testing.TB, args ...string) *Server {
	t.Helper()
	return Valkey.Start(t, args...)
}

// Run starts the server at path in the folder dir for a program that is no test; the caller ends it with Kill.
func Run(path, dir string, args ...string) (*Server, error) {
	s := newServer(path, dir, args)
	return s, s.run()
}

func newServer(path, dir string, args []string) *Server {
	return &Server{Dir: dir, path: path, args: args, log: filepath.Join(dir, "server.log")}
}

// Launch starts the process, again after Stop or Kill, in the same folder and on a port of its own, and waits until it
// answers.
func (s *Server) Launch(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// LaunchLoading is Launch that does not wait for the server's data to be loaded.
func (s *Server) LaunchLoading(t testing.TB) {
	t.Helper()
	s.loadingToo = true
	defer func() { s.loadingToo = false }()
	s.Launch(t)
}

func (s *Server) run() error {
	for try := 1; ; try++ {
		port, err := FreePort()
		if err != nil {
			return fmt.Errorf("testenv: %w", err)
		}
		s.Addr = net.JoinHostPort("127.0.0.1", port)
		err = s.launch(port)
		if err == nil {
			return nil
		}
		s.Kill()
		if try == startTries {
			return fmt.Errorf("testenv: start %s: %w\n%s", s.path, err, s.LogTail())
		}
	}
}

func (s *Server) launch(port string) error {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	args, more := []string{"--port", port, "--bind", "127.0.0.1", "--dir", s.Dir, "--save", ""}, s.args
	if len(more) > 0 && !strings.HasPrefix(more[0], "-") { // a configuration file comes first
		args, more = append(more[:1:1], args...), more[1:]
	}
	args = append(args, more...)
	s.cmd = exec.Command(s.path, args...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if raceEnabled { // a race ends the server, and so fails the test, instead of only standing in its log
		s.cmd.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	s.done = done
	cmd := s.cmd
	go func() { // owned by the Server; ends when the process does
		_ = cmd.Wait()
		close(done)
	}()
	return s.awaitPing()
}

// awaitPing polls until the server has loaded its data and answers: an error about authentication is an answer too.
func (s *Server) awaitPing() error {
	deadline := time.Now().Add(startMax)
	for {
		c, err := Dial(s.Addr)
		if err == nil {
			var reply any
			reply, err = c.Call("PING")
			c.Close()
			if err == nil && (s.loadingToo || !strings.HasPrefix(fmt.Sprint(reply), loadingWord)) {
				return nil
			}
		}
		select {
		case <-s.done:
			return fmt.Errorf("ended with %v before it answered", s.cmd.ProcessState)
		case <-time.After(pollEvery):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no answer within %v: %w", startMax, err)
		}
	}
}

// Client connects to the server; the connection ends with the test.
func (s *Server) Client(t testing.TB) *Client {
	t.Helper()
	c, err := Dial(s.Addr)
	if err != nil {
		t.Fatalf("testenv: %v", err)
	}
	c.t = t
	t.Cleanup(c.Close)
	return c
}

// PID is the process id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Stop sends SIGTERM and returns the exit code.
func (s *Server) Stop(t testing.TB) int {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("testenv: stop: %v", err)
	}
	return s.Wait(t)
}

// Wait waits for the process to end by itself and returns its exit code.
func (s *Server) Wait(t testing.TB) int {
	t.Helper()
	select {
	case <-s.done:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(stopMax):
		t.Fatalf("testenv: the server did not end within %v", stopMax)
		return -1
	}
}

// Kill ends the process with SIGKILL, if it runs.
func (s *Server) Kill() {
	if s.done == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.done
}

// Log is everything that the process has written.
func (s *Server) Log() string {
	b, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// LogTail is the end of the log, as much as a failure should show.
func (s *Server) LogTail() string {
	l := s.Log()
	if len(l) > logTailMax {
		l = "...\n" + l[len(l)-logTailMax:]
	}
	return l
}

// FreePort asks the system for a port that is free now.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}
