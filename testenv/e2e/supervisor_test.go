//go:build e2e

package e2e

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valkey/testenv"
)

// TestSupervised starts and stops the server as a unit of Type=notify is: the supervisor hears when it serves, and when
// it ends.
func TestSupervised(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	t.Setenv("NOTIFY_SOCKET", name)
	s := testenv.Start(t, "--supervised", "systemd")
	hear := func(want string) {
		t.Helper()
		b := make([]byte, 200)
		if err := l.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if n, err := l.Read(b); err != nil || !strings.Contains(string(b[:n]), want) {
			t.Fatalf("the supervisor hears %q (%v), want %s", b[:n], err, want)
		}
	}
	hear("READY=1")
	if by := testenv.Info(t, s.Client(t), "process_supervised"); by != "systemd" {
		t.Errorf("INFO says %q", by)
	}
	if code := s.Stop(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	hear("STOPPING=1")
}
