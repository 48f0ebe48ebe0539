package server

import (
	"testing"

	"valkey/configs"
)

func TestTitle(t *testing.T) {
	s := &Server{config: configs.New(), title: &Title{space: make([]byte, 41), program: "valkey-server"}}
	for _, tc := range []struct{ template, want string }{
		{"{title} {listen-addr} {server-mode}", "valkey-server *:6379"},
		{"  {{x} {port}/{tls-port} ", "{x} 6379/0"},
		{"{title}{title}{title}{title}", "valkey-servervalkey-servervalkey-serverv"},
	} {
		s.config.ProcTitleTemplate = tc.template
		s.setTitle()
		want := make([]byte, 41)
		copy(want, tc.want)
		if string(s.title.space) != string(want) {
			t.Errorf("%s: %q", tc.template, s.title.space)
		}
	}
	s.config.Bind = []string{"-::1", "10.0.0.1"}
	if got := s.listenAddress(); got != "[::1]:6379" {
		t.Error(got)
	}
	s.config.Port, s.config.Unixsocket = 0, "/run/valkey.sock"
	if got := s.listenAddress(); got != "/run/valkey.sock" {
		t.Error(got)
	}
	s.title.Set("x")
	s.config.SetProcTitle = false
	s.setTitle()
	if s.title.space[0] != 'x' {
		t.Error("set-proc-title no still sets it")
	}
}
