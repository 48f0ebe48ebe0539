package scripts

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// process is a program that runs.
type process interface {
	id() int
	kill()
	// wait gives the exit code, or the signal that ended it.
	wait() (code, signal int)
}

// execFailed is the exit code of a program that could not be run, as that of a child that tried.
const execFailed = 2

// errFork says that there is no process to be had at the moment.
var errFork = errors.New("scripts: the system cannot start a process")

// child is a process of the system.
type child struct{ cmd *exec.Cmd }

// startChild runs a program in dir. A nil process without an error means that the program cannot be run at all.
func startChild(dir string, argv []string) (process, error) {
	name := argv[0]
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name) // and never one of PATH
	}
	cmd := &exec.Cmd{Path: name, Args: argv, Dir: dir, Stdout: os.Stdout, Stderr: os.Stderr}
	switch err := cmd.Start(); {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EMFILE):
		return nil, errFork
	case err != nil:
		return nil, nil //nolint:nilnil // says that it cannot be run, which is an end like others
	}
	return child{cmd}, nil
}

func (c child) id() int { return c.cmd.Process.Pid }

func (c child) kill() { _ = c.cmd.Process.Kill() } // it may have ended already

func (c child) wait() (code, signal int) {
	_ = c.cmd.Wait() // the state says it all
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 0, int(status.Signal())
	}
	return c.cmd.ProcessState.ExitCode(), 0
}
