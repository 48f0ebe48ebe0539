//go:build compat

package interop

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"valkey/configs"
	"valkey/internal/vfs"
	"valkey/testenv"
)

// TestSentinelConf lets Valkey's sentinel rewrite a file, and us the same one: what either has written the other reads,
// and the lines are the same.
func TestSentinelConf(t *testing.T) {
	program := testenv.Valkey.Tool(t, "valkey-sentinel")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "sentinel.conf")
	id := strings.Repeat("0f", 20)
	text := fmt.Sprintf(`# the first line
port %s
bind 127.0.0.1
dir %s

sentinel down-after-milliseconds m 5000
sentinel monitor m 127.0.0.1 1 2
sentinel monitor other 127.0.0.2 1 3


sentinel auth-pass m "my\"pass\\word with spaces"
SENTINEL auth-user other user
sentinel rename-command other CONFIG "GUESS ME"
sentinel master-reboot-down-after-period m 7
sentinel known-replica m 127.0.0.1 3
sentinel known-sentinel m 127.0.0.1 4 %s
sentinel resolve-hostnames no
sentinel announce-port 99
sentinel config-epoch other 12
`, port, dir, strings.Repeat("ab", 20))
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	load := func() *configs.Config {
		t.Helper()
		c, err := configs.Load(configs.Source{FS: vfs.OS{}, Dir: dir, Args: []string{name}, Sentinel: true})
		if err != nil {
			t.Fatal(err)
		}
		c.UserLines = func() []string { return []string{"default on nopass ~* &* +@all"} }
		return c
	}
	lines := func() []string { // the order is that of each one's table
		t.Helper()
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(slices.Values(strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' })))
	}
	ours := load()
	ours.Sentinel.MyID, ours.Sentinel.CurrentEpoch = id, 12
	if err := ours.Rewrite(vfs.OS{}, name); err != nil {
		t.Fatal(err)
	}
	fromUs := lines()
	rewriteByValkey(t, program, name, addr)
	fromValkey := lines()
	if !slices.Equal(fromUs, fromValkey) {
		t.Errorf("our lines and Valkey's differ:\n%s\n\n%s", strings.Join(fromUs, "\n"), strings.Join(fromValkey, "\n"))
	}
	again := load()
	if err := again.Rewrite(vfs.OS{}, name); err != nil {
		t.Fatal(err)
	}
	if got := lines(); !slices.Equal(got, fromValkey) {
		t.Errorf("what Valkey wrote becomes\n%s", strings.Join(got, "\n"))
	}
}

// rewriteByValkey starts Valkey's sentinel on a file, has it write that anew, and ends it.
func rewriteByValkey(t *testing.T, program, name, addr string) {
	t.Helper()
	cmd := exec.Command(program, name)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	testenv.Eventually(t, 20*time.Second, "Valkey's sentinel takes the file and writes it anew", func() bool {
		c, err := testenv.Dial(addr)
		if err != nil {
			return false
		}
		defer c.Close()
		v, err := c.Call("SENTINEL", "FLUSHCONFIG")
		return err == nil && v == testenv.Simple("OK")
	})
}
