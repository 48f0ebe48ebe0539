package shell

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"valkey/configs"
)

// TestSupervisor listens in systemd's place.
func TestSupervisor(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@valkey-supervisor-test"} {
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("NOTIFY_SOCKET", name)
		for _, mode := range []configs.Supervised{configs.SupervisedSystemd, configs.SupervisedAuto} {
			s := FindSupervisor(mode)
			s.Ready()
			s.Stopping()
			for _, want := range []string{"READY=1\nSTATUS=Ready to accept connections", "STOPPING=1\nSTATUS=Shutting down"} {
				b := make([]byte, 100)
				if err := l.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
					t.Fatal(err)
				}
				if n, err := l.Read(b); err != nil || string(b[:n]) != want || s.String() != "systemd" {
					t.Errorf("%s heard %q (%v), want %q", s, b[:n], err, want)
				}
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		FindSupervisor(configs.SupervisedSystemd).Ready() // nobody listens: nothing happens
	}
	if s := FindSupervisor(configs.SupervisedNo); s.String() != "no" {
		t.Errorf("unsupervised, it is %s", s)
	}
	t.Setenv("NOTIFY_SOCKET", "")
	FindSupervisor(configs.SupervisedSystemd).Ready()
}
