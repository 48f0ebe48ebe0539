package shell

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"valkey/configs"
)

// The supervisor is told once, and only where the configuration names it.
func TestTellReady(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", name)
	c := configs.New()
	TellReady(zerolog.Nop(), c) // says nothing
	c.Supervised = configs.SupervisedSystemd
	TellReady(zerolog.Nop(), c)
	b := make([]byte, 100)
	n, err := l.Read(b)
	if err != nil || string(b[:n]) != "READY=1\nSTATUS=Ready to accept connections\n" {
		t.Errorf("got %q, %v", b[:n], err)
	}
	TellStopping(zerolog.Nop(), c)
	if n, err := l.Read(b); err != nil || string(b[:n]) != "STOPPING=1\nSTATUS=Shutting down\n" {
		t.Errorf("got %q, %v", b[:n], err)
	}
}

func TestPidfile(t *testing.T) {
	c := configs.New()
	if err := WritePidfile(c); err != nil {
		t.Error("without a file:", err)
	}
	c.Pidfile = filepath.Join(t.TempDir(), "pid")
	if err := WritePidfile(c); err != nil {
		t.Error(err)
	}
	RemovePidfile(c)
	if left, _ := filepath.Glob(c.Pidfile); len(left) > 0 {
		t.Error("the file is still there")
	}
}
