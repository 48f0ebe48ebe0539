package shell

import (
	"testing"

	"valkey/configs"
)

func TestTitle(t *testing.T) {
	c, title := configs.New(), &Title{space: make([]byte, 41), program: "valkey-server"}
	for _, tc := range []struct{ template, want string }{
		{"{title} {listen-addr} {server-mode}", "valkey-server *:6379"},
		{"  {{x} {port}/{tls-port} ", "{x} 6379/0"},
		{"{title}{title}{title}{title}", "valkey-servervalkey-servervalkey-serverv"},
	} {
		c.ProcTitleTemplate = tc.template
		title.Show(c, "")
		want := make([]byte, 41)
		copy(want, tc.want)
		if string(title.space) != string(want) {
			t.Errorf("%s: %q", tc.template, title.space)
		}
	}
	c.Bind = []string{"-::1", "10.0.0.1"}
	if got := listenAddress(c); got != "[::1]:6379" {
		t.Error(got)
	}
	c.Port, c.Unixsocket = 0, "/run/valkey.sock"
	if got := listenAddress(c); got != "/run/valkey.sock" {
		t.Error(got)
	}
	title.Set("x")
	c.SetProcTitle = false
	title.Show(c, "")
	if title.space[0] != 'x' {
		t.Error("set-proc-title no still sets it")
	}
}
