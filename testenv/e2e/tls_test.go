//go:build e2e

package e2e

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/testenv"
)

// secured is a server with certificates, and a client of its plain port.
type secured struct {
	*testenv.Server
	*testenv.Authority
	admin *testenv.Client
	addr  string // of its port with TLS
	me    tls.Certificate
}

// startSecured runs a server that speaks TLS on a second port, which CONFIG SET opens.
func startSecured(t *testing.T, args ...string) *secured {
	t.Helper()
	a, err := testenv.NewAuthority(t.TempDir())
	must(t, err)
	s := &secured{Authority: a}
	s.me = s.issue(t, "client", testenv.Identity{Subject: pkix.Name{CommonName: "alice"}})
	s.issue(t, "server", testenv.Identity{})
	s.start(t, args...)
	return s
}

// start runs another server with the same certificates.
func (s *secured) start(t *testing.T, args ...string) {
	t.Helper()
	s.Server = testenv.Start(t, append([]string{
		"--tls-cert-file", s.CertFile("server"), "--tls-key-file", s.KeyFile("server"), "--tls-ca-cert-file", s.CAFile(),
	}, args...)...)
	s.admin = s.Client(t)
	testenv.Eventually(t, deadline, "a port for TLS is free", func() bool {
		port, err := testenv.FreePort()
		must(t, err)
		s.addr = net.JoinHostPort("127.0.0.1", port)
		return s.admin.Do("CONFIG", "SET", "tls-port", port) == testenv.Simple("OK")
	})
}

func (s *secured) issue(t *testing.T, name string, id testenv.Identity) tls.Certificate {
	t.Helper()
	pair, err := s.Issue(name, id)
	must(t, err)
	return pair
}

func (s *secured) set(t *testing.T, words ...any) {
	t.Helper()
	if v := s.admin.Do(append([]any{"CONFIG", "SET"}, words...)...); v != testenv.Simple("OK") {
		t.Fatalf("CONFIG SET %v: %v", words, v)
	}
}

// dial tries to become a client, with certificates or without; the error may come with the first reply.
func (s *secured) dial(t *testing.T, change func(*tls.Config)) (*testenv.Client, tls.ConnectionState, error) {
	t.Helper()
	cfg := &tls.Config{RootCAs: s.Pool, Certificates: []tls.Certificate{s.me}}
	if change != nil {
		change(cfg)
	}
	c, err := testenv.DialTLS(s.addr, cfg)
	if err != nil {
		return nil, tls.ConnectionState{}, err
	}
	t.Cleanup(c.Close)
	_, err = c.Call("PING")
	return c, c.Conn().(*tls.Conn).ConnectionState(), err
}

func (s *secured) mustDial(t *testing.T, change func(*tls.Config)) (*testenv.Client, tls.ConnectionState) {
	t.Helper()
	c, state, err := s.dial(t, change)
	must(t, err)
	return c, state
}

func answers(t *testing.T, c *testenv.Client, what string) {
	t.Helper()
	if v, err := c.Call("PING"); err != nil || v != testenv.Simple("PONG") {
		t.Errorf("%s: %v, %v", what, v, err)
	}
}

// TestTLSBesidePlain has both ports at a time, and each kind of client authentication; who is in stays in whatever
// CONFIG SET changes.
func TestTLSBesidePlain(t *testing.T) {
	s := startSecured(t)
	first, _ := s.mustDial(t, nil)
	nobody := func(c *tls.Config) { c.Certificates = nil }
	stranger, err := testenv.NewAuthority(t.TempDir())
	must(t, err)
	unknown, err := stranger.Issue("client", testenv.Identity{})
	must(t, err)
	for _, tt := range []struct {
		auth             string
		without, unknown bool // who is let in
	}{{"yes", false, false}, {"optional", true, false}, {"no", true, true}, {"yes", false, false}} {
		s.set(t, "tls-auth-clients", tt.auth)
		if _, _, err := s.dial(t, nobody); (err == nil) != tt.without {
			t.Errorf("%s: a client without a certificate: %v", tt.auth, err)
		}
		_, _, err := s.dial(t, func(c *tls.Config) {
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &unknown, nil }
		})
		if (err == nil) != tt.unknown {
			t.Errorf("%s: a client with a stranger's certificate: %v", tt.auth, err)
		}
		s.mustDial(t, nil)
		answers(t, first, "the first client, "+tt.auth)
		answers(t, s.admin, "the plain client, "+tt.auth)
	}
	if _, _, err := s.dial(t, func(c *tls.Config) { c.RootCAs = stranger.Pool }); err == nil {
		t.Error("the server has a stranger's certificate")
	}
	for _, whose := range []string{"server", "ca"} {
		left, err := strconv.Atoi(testenv.Info(t, s.admin, "tls_"+whose+"_cert_expires_in_seconds"))
		if err != nil || left <= 0 || left > int(testenv.CertificateLife.Seconds()) {
			t.Errorf("the %s's certificate expires in %d seconds, %v", whose, left, err)
		}
	}
	if v := testenv.Info(t, s.admin, "tls_client_cert_serial"); v != "none" {
		t.Errorf("the client's certificate is %s", v)
	}
	_, port, _ := net.SplitHostPort(s.addr)
	plain := testenv.Info(t, s.admin, "tcp_port")
	s.set(t, "port", "0")
	if v := testenv.Info(t, s.admin, "tcp_port"); v != port || plain == port {
		t.Errorf("tcp_port is %s with both ports, %s with TLS alone", plain, v)
	}
	s.set(t, "port", plain)
	s.set(t, "tls-port", "0")
	answers(t, first, "the first client, without a listener")
	if _, _, err := s.dial(t, nil); err == nil {
		t.Error("a port that is closed is listened on")
	}
}

// TestTLSKeyPassphrase: a change that cannot be read changes nothing.
func TestTLSKeyPassphrase(t *testing.T) {
	s := startSecured(t)
	s.issue(t, "sealed", testenv.Identity{Passphrase: "secret", RSA: true})
	change := []any{"tls-cert-file", s.CertFile("sealed"), "tls-key-file", s.KeyFile("sealed")}
	for _, pass := range []string{"", "wrong"} {
		v := s.admin.Do(append([]any{"CONFIG", "SET", "tls-key-file-pass", pass}, change...)...)
		if !isError(v, "ERR CONFIG SET failed") {
			t.Errorf("passphrase %q: %v", pass, v)
		}
	}
	_, before := s.mustDial(t, nil)
	s.set(t, append([]any{"tls-key-file-pass", "secret"}, change...)...)
	_, after := s.mustDial(t, nil)
	if before.PeerCertificates[0].Equal(after.PeerCertificates[0]) {
		t.Error("the certificate is the one of before")
	}
	if strings.Contains(s.Log(), "secret") {
		t.Error("the log tells the passphrase")
	}
}

// TestTLSLogin makes those who show a certificate the user whom it names.
func TestTLSLogin(t *testing.T) {
	s := startSecured(t)
	for _, user := range []string{"alice", "urn:bob"} {
		s.admin.Do("ACL", "SETUSER", user, "on", ">x", "+@all", "~*")
	}
	s.admin.Do("ACL", "SETUSER", "urn:off", "off", ">x", "+@all", "~*")
	two := s.issue(t, "two", testenv.Identity{
		Subject: pkix.Name{CommonName: "nobody"}, URIs: []string{"urn:none", "urn:off", "urn:bob"},
	})
	for _, tt := range []struct {
		field string
		pair  tls.Certificate
		want  string
	}{
		{"off", s.me, "default"}, {"CN", s.me, "alice"}, {"CN", two, "default"}, {"URI", s.me, "default"},
		{"URI", two, "urn:bob"},
	} {
		s.set(t, "tls-auth-clients-user", tt.field)
		c, _ := s.mustDial(t, func(c *tls.Config) { c.Certificates = []tls.Certificate{tt.pair} })
		if v := c.Do("ACL", "WHOAMI"); v != tt.want {
			t.Errorf("%s: %v, want %s", tt.field, v, tt.want)
		}
	}
	if n := testenv.Info(t, s.admin, "acl_access_denied_tls_cert"); n != "1" {
		t.Errorf("%s certificates named nobody", n)
	}
	log := fmt.Sprint(s.admin.Do("ACL", "LOG"))
	if !strings.Contains(log, "tls-cert") || !strings.Contains(log, "nobody") {
		t.Errorf("ACL LOG: %s", log)
	}
}

// TestTLSAutoReload replaces the files as renewals do, the certificate before its key: the pair of before holds until
// the new one is whole, and nobody who is in is disconnected.
func TestTLSAutoReload(t *testing.T) {
	s := startSecured(t, "--tls-auto-reload-interval", "1")
	first, was := s.mustDial(t, nil)
	a, err := testenv.NewAuthority(t.TempDir())
	must(t, err)
	serial := testenv.Info(t, s.admin, "tls_server_cert_serial")
	*a = *s.Authority
	a.Dir = t.TempDir()
	_, err = a.Issue("server", testenv.Identity{})
	must(t, err)
	must(t, os.Rename(a.CertFile("server"), s.CertFile("server")))
	testenv.Eventually(t, deadline, "the new certificate has no key", func() bool {
		return strings.Contains(s.Log(), "Failed to configure TLS")
	})
	if _, now := s.mustDial(t, nil); !now.PeerCertificates[0].Equal(was.PeerCertificates[0]) {
		t.Error("half a pair is used")
	}
	must(t, os.Rename(a.KeyFile("server"), s.KeyFile("server")))
	testenv.Eventually(t, deadline, "the new pair is used", func() bool {
		_, now := s.mustDial(t, nil)
		return !now.PeerCertificates[0].Equal(was.PeerCertificates[0])
	})
	answers(t, first, "a client of before")
	testenv.Eventually(t, deadline, "INFO tells the new one", func() bool {
		return testenv.Info(t, s.admin, "tls_server_cert_serial") != serial
	})
}

func TestTLSVersionsAndCiphers(t *testing.T) {
	s := startSecured(t)
	if _, state := s.mustDial(t, nil); state.Version != tls.VersionTLS13 {
		t.Errorf("version %x", state.Version)
	}
	s.set(t, "tls-protocols", "TLSv1.2", "tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384")
	_, state := s.mustDial(t, nil)
	if state.Version != tls.VersionTLS12 || state.CipherSuite != tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 {
		t.Errorf("version %x, cipher %x", state.Version, state.CipherSuite)
	}
	if _, _, err := s.dial(t, func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }); err == nil {
		t.Error("TLS 1.3 is spoken")
	}
	for _, bad := range [][]any{{"tls-protocols", "SSLv3"}, {"tls-ciphers", "NULL"}} {
		if v := s.admin.Do(append([]any{"CONFIG", "SET"}, bad...)...); !isError(v, "ERR CONFIG SET failed") {
			t.Errorf("CONFIG SET %v: %v", bad, v)
		}
	}
	for _, caching := range []string{"yes", "no"} {
		s.set(t, "tls-session-caching", caching)
		cache := tls.NewLRUClientSessionCache(1)
		resume := func(c *tls.Config) { c.ClientSessionCache, c.ServerName = cache, "localhost" }
		s.mustDial(t, resume)
		if _, state := s.mustDial(t, resume); state.DidResume != (caching == "yes") {
			t.Errorf("tls-session-caching %s: resumed %v", caching, state.DidResume)
		}
	}
}

// TestTLSBetweenNodes replicates and migrates over TLS: with the server's certificate alone, and with one of its own
// for what it opens; from the address that bind-source-addr says.
func TestTLSBetweenNodes(t *testing.T) {
	primary := startSecured(t, replicationOptions...)
	primary.issue(t, "node", testenv.Identity{})
	for i, args := range [][]string{
		{"--tls-replication", "yes"},
		{"--tls-replication", "yes", "--bind-source-addr", "127.0.0.2",
			"--tls-client-cert-file", primary.CertFile("node"), "--tls-client-key-file", primary.KeyFile("node")},
	} {
		node := &secured{Authority: primary.Authority, me: primary.me}
		node.start(t, append(args, replicationOptions...)...)
		testenv.Follow(t, node.admin, primary.addr)
		testenv.Linked(t, node.admin)
		testenv.InSync(t, fmt.Sprint(args), primary.admin, node.admin)
		from := testenv.Info(t, primary.admin, "slave0")
		_, own, _ := net.SplitHostPort(node.addr)
		if !strings.HasPrefix(from, fmt.Sprintf("ip=127.0.0.%d,port=%s,", i+1, own)) {
			t.Errorf("the replica comes from %s", from)
		}
		node.admin.Do("REPLICAOF", "NO", "ONE")
		key := fmt.Sprint("moved", i)
		node.admin.Do("SET", key, "value")
		host, port, _ := net.SplitHostPort(primary.addr)
		if v := node.admin.Do("MIGRATE", host, port, key, "0", "5000"); v != testenv.Simple("OK") {
			t.Errorf("MIGRATE over TLS: %v", v)
		}
		if v := primary.admin.Do("GET", key); v != "value" {
			t.Errorf("what arrived is %v", v)
		}
		node.Stop(t)
		testenv.Eventually(t, deadline, "the replica is gone", func() bool {
			return testenv.Info(t, primary.admin, "connected_slaves") == "0"
		})
	}
	other := startSecured(t, "--tls-cluster", "yes")
	host, port, _ := net.SplitHostPort(primary.addr)
	other.admin.Do("SET", "k", "v")
	if v := other.admin.Do("MIGRATE", host, port, "k", "0", "5000"); !isError(v, "IOERR ") {
		t.Errorf("MIGRATE to a stranger: %v", v)
	}
	if v := other.admin.Do("GET", "k"); v != "v" {
		t.Errorf("after it the key is %v", v)
	}
}

// TestTLSHandshakesThatNeverEnd: clients that connect and stay silent keep nobody out.
func TestTLSHandshakesThatNeverEnd(t *testing.T) {
	s := startSecured(t, "--max-new-tls-connections-per-cycle", "10")
	for range 200 {
		c, err := net.DialTimeout("tcp", s.addr, deadline)
		must(t, err)
		t.Cleanup(func() { c.Close() })
	}
	begun := time.Now()
	c, _ := s.mustDial(t, nil)
	answers(t, c, "a client behind silent ones")
	if took := time.Since(begun); took > deadline/2 {
		t.Errorf("it waited %v", took)
	}
	if n := testenv.Info(t, s.admin, "connected_clients"); n != "2" {
		t.Errorf("%s clients are counted", n)
	}
}
