package configs

import (
	"os"
	"path"
	"strings"
	"testing"

	"valkey/internal/vfs"
)

// TestUnits reads the systemd units: each starts its program with arguments that it takes, and is told of by it.
func TestUnits(t *testing.T) {
	for program, sentinel := range map[string]bool{"valkey-server": false, "valkey-sentinel": true} {
		text, err := os.ReadFile(program + ".service")
		if err != nil {
			t.Fatal(err)
		}
		settings := map[string]string{}
		section := ""
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "[") {
				section = line
			}
			if name, value, found := strings.Cut(line, "="); found && line[0] != '#' {
				if settings[name] != "" && name != "After" {
					t.Errorf("%s: %s stands there twice", program, name)
				}
				settings[section+name] = value
			}
		}
		words := strings.Fields(settings["[Service]ExecStart"])
		if settings["[Service]Type"] != "notify" || path.Base(words[0]) != program ||
			settings["[Install]WantedBy"] == "" {
			t.Errorf("%s: %v", program, settings)
		}
		fsys := vfs.NewMem()
		put(t, fsys, words[1], "dir /\n")
		c, err := Load(Source{FS: fsys, Dir: settings["[Service]WorkingDirectory"], Args: words[1:], Sentinel: sentinel})
		if err != nil || c.Supervised != SupervisedSystemd || c.Daemonize {
			t.Errorf("%s: its arguments are refused, or it is not supervised (%v)", program, err)
		}
		writable := "/var/lib/" + settings["[Service]StateDirectory"]
		if dir := path.Dir(words[1]); sentinel && dir != writable || settings["[Service]WorkingDirectory"] != writable {
			t.Errorf("%s: cannot write in %s", program, dir)
		}
	}
}

// TestThreeVMs loads the configurations of the worked example.
func TestThreeVMs(t *testing.T) {
	text, err := os.ReadFile("../docs/three-vms.md")
	if err != nil {
		t.Fatal(err)
	}
	loaded := 0
	for i, block := range strings.Split(string(text), "\n```") {
		if i%2 == 0 || strings.HasPrefix(block, "sh") {
			continue
		}
		fsys := vfs.NewMem()
		put(t, fsys, "/etc/x.conf", block)
		sentinel := strings.Contains(block, "\nsentinel ")
		for _, dir := range []string{"/var/lib/valkey", "/var/lib/valkey-sentinel"} {
			if err := fsys.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Load(Source{FS: fsys, Dir: "/", Args: []string{"/etc/x.conf"}, Sentinel: sentinel}); err != nil {
			t.Errorf("%v in%s", err, block)
		}
		loaded++
	}
	if loaded != 2 {
		t.Errorf("%d configurations found", loaded)
	}
}
