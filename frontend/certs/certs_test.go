package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/youmark/pkcs8"

	"valkey/frontend/certs"
	"valkey/internal/vfs"
)

// files is a folder with an authority and what it has signed.
type files struct {
	*vfs.Mem
	t   *testing.T
	ca  *x509.Certificate
	key *ecdsa.PrivateKey
}

func newFiles(t *testing.T) *files {
	f := &files{Mem: vfs.NewMem(), t: t, key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xca), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &f.key.PublicKey, f.key)
	if err == nil {
		f.ca, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.write("ca.crt", "CERTIFICATE", der)
	return f
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (f *files) write(name, kind string, der []byte) {
	f.t.Helper()
	data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := vfs.Replace(f.Mem, name, data, 0o600, false); err != nil {
		f.t.Fatal(err)
	}
}

// pair writes name.crt and name.key, the key with a passphrase if one is given.
func (f *files) pair(name string, serial int64, pass string) {
	f.t.Helper()
	key := newKey(f.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, f.ca, &key.PublicKey, f.key)
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(name+".crt", "CERTIFICATE", der)
	kind := "PRIVATE KEY"
	var password []byte
	if pass != "" {
		kind, password = "ENCRYPTED PRIVATE KEY", []byte(pass)
	}
	if der, err = pkcs8.MarshalPrivateKey(key, password, nil); err != nil {
		f.t.Fatal(err)
	}
	f.write(name+".key", kind, der)
}

func settings() certs.Settings {
	return certs.Settings{
		Cert: "server.crt", Key: "server.key", CAFile: "ca.crt", Auth: tls.RequireAndVerifyClientCert, Resume: true,
	}
}

// talk makes a handshake between two configurations, and sends a byte, which proves that both sides are content.
func talk(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() { // ends with the handshake, or with the listener
		conn, err := l.Accept()
		if err == nil {
			_, err = conn.Write([]byte("x"))
			conn.Close()
		}
		done <- err
	}()
	conn, err := tls.Dial("tcp", l.Addr().String(), client)
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
		conn.Close()
	}
	return errors.Join(err, <-done)
}

func TestLoad(t *testing.T) {
	f := newFiles(t)
	f.pair("server", 0xabc, "")
	f.pair("client", 0xdef, "secret")
	s := settings()
	l, err := certs.Load(f, s)
	if err != nil {
		t.Fatal(err)
	}
	if l.ServerCert.Serial != "ABC" || l.CA.Serial != "CA" || l.ClientCert.Serial != "" || l.CA.NotAfter.IsZero() {
		t.Errorf("%+v", l)
	}
	if err := talk(t, l.Server, l.Client); err != nil {
		t.Error(err)
	}
	s.ClientCert, s.ClientKey, s.ClientKeyPass = "client.crt", "client.key", "secret"
	s.CAFile, s.CADir = "", "authorities"
	if err := f.MkdirAll("authorities", 0o700); err != nil {
		t.Fatal(err)
	}
	f.write("authorities/one.pem", "CERTIFICATE", f.ca.Raw)
	if l, err = certs.Load(f, s); err != nil || l.ClientCert.Serial != "DEF" {
		t.Fatalf("%+v, %v", l, err)
	}
	if err := talk(t, l.Server, l.Client); err != nil {
		t.Error(err)
	}
	other := newFiles(t)
	other.pair("server", 1, "")
	stranger, err := certs.Load(other, settings())
	if err != nil {
		t.Fatal(err)
	}
	if talk(t, l.Server, stranger.Client) == nil || talk(t, stranger.Server, l.Client) == nil {
		t.Error("a stranger's authority is trusted")
	}
}

func TestLoadRefuses(t *testing.T) {
	f := newFiles(t)
	f.pair("server", 1, "")
	f.pair("locked", 2, "secret")
	for what, change := range map[string]func(*certs.Settings){
		"no certificate":       func(s *certs.Settings) { s.Cert = "" },
		"a missing file":       func(s *certs.Settings) { s.Key = "nosuch.key" },
		"another's key":        func(s *certs.Settings) { s.Key, s.KeyPass = "locked.key", "secret" },
		"a wrong passphrase":   func(s *certs.Settings) { s.Cert, s.Key, s.KeyPass = "locked.crt", "locked.key", "x" },
		"no passphrase":        func(s *certs.Settings) { s.Cert, s.Key = "locked.crt", "locked.key" },
		"no authority":         func(s *certs.Settings) { s.CAFile = "" },
		"no authority to dial": func(s *certs.Settings) { s.CAFile, s.Auth, s.Dials = "", tls.NoClientCert, true },
		"an authority of junk": func(s *certs.Settings) { s.CAFile = "server.key" },
		"an unknown version":   func(s *certs.Settings) { s.Protocols = "SSLv3" },
		"no cipher":            func(s *certs.Settings) { s.Ciphers = "NULL" },
	} {
		s := settings()
		change(&s)
		if _, err := certs.Load(f, s); err == nil {
			t.Errorf("%s is accepted", what)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWords(t *testing.T) {
	f := newFiles(t)
	f.pair("server", 1, "")
	load := func(protocols, ciphers string) *tls.Config {
		t.Helper()
		s := settings()
		s.Protocols, s.Ciphers = protocols, ciphers
		l, err := certs.Load(f, s)
		if err != nil {
			t.Fatal(err)
		}
		return l.Server
	}
	if c := load("TLSv1.3 tlsv1.2", ""); c.MinVersion != tls.VersionTLS12 || c.MaxVersion != tls.VersionTLS13 {
		t.Errorf("%x to %x", c.MinVersion, c.MaxVersion)
	}
	if c := load("TLSv1.1", ""); c.MinVersion != tls.VersionTLS11 || c.MaxVersion != tls.VersionTLS11 {
		t.Errorf("%x to %x", c.MinVersion, c.MaxVersion)
	}
	all := len(load("", "DEFAULT").CipherSuites)
	if n := len(load("", "DEFAULT:-AES128-SHA256").CipherSuites); n != all-1 {
		t.Errorf("%d suites of %d", n, all)
	}
	if n := len(load("", "!AES128-SHA256:DEFAULT").CipherSuites); n != all-1 {
		t.Errorf("%d suites of %d", n, all)
	}
	if s := load("", "AES128-SHA256:NOSUCH").CipherSuites; len(s) != 1 || s[0] != tls.TLS_RSA_WITH_AES_128_CBC_SHA256 {
		t.Errorf("%x", s)
	}
}

func TestFingerprint(t *testing.T) {
	f := newFiles(t)
	f.pair("server", 1, "")
	before := certs.Fingerprint(f, settings())
	if certs.Fingerprint(f, settings()) != before {
		t.Error("it changes by itself")
	}
	if err := f.Remove("server.key"); err != nil {
		t.Fatal(err)
	}
	if certs.Fingerprint(f, settings()) == before {
		t.Error("a missing key is not seen")
	}
}
