package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/youmark/pkcs8"

	"valkey/internal/vfs"
)

// Settings are the directives.
type Settings struct {
	Cert, Key, KeyPass                   string // of the server, PEM files
	ClientCert, ClientKey, ClientKeyPass string // of connections that are opened, if not those of the server
	CAFile, CADir                        string // authorities that sign peers' certificates
	Auth                                 tls.ClientAuthType
	Protocols                            string // such as "TLSv1.2 TLSv1.3"; empty takes the defaults
	Ciphers                              string // for TLS 1.2, by OpenSSL's names; empty takes the defaults
	Resume                               bool   // clients may resume sessions
	Dials                                bool   // connections are opened, too: authorities are needed to trust them
}

// Certificate is what operators want to know of one.
type Certificate struct {
	Serial   string // hexadecimal; empty if there is none
	NotAfter time.Time
}

// Loaded is what Load makes.
type Loaded struct {
	Server, Client             *tls.Config
	ServerCert, ClientCert, CA Certificate // of the authorities, the one that expires first
}

const fileBytesMax = 16 << 20

// Load reads the files.
func Load(fsys vfs.FS, s Settings) (*Loaded, error) {
	if s.Cert == "" || s.Key == "" {
		return nil, errors.New("certs: tls-cert-file and tls-key-file are needed")
	}
	pool, authorities, err := loadAuthorities(fsys, s)
	if err != nil {
		return nil, err
	}
	if pool == nil && (s.Dials || s.Auth != tls.NoClientCert) {
		return nil, errors.New("certs: either tls-ca-cert-file or tls-ca-cert-dir is needed where peers show " +
			"certificates (tls-auth-clients, tls-replication, tls-cluster)")
	}
	low, high, err := versions(s.Protocols)
	if err != nil {
		return nil, err
	}
	suites, err := parseCiphers(s.Ciphers)
	if err != nil {
		return nil, err
	}
	own, err := loadPair(fsys, s.Cert, s.Key, s.KeyPass)
	if err != nil {
		return nil, err
	}
	l := &Loaded{ServerCert: describe(own.Leaf)}
	for _, a := range authorities {
		if l.CA.Serial == "" || a.NotAfter.Before(l.CA.NotAfter) {
			l.CA = describe(a)
		}
	}
	l.Server = &tls.Config{
		Certificates: []tls.Certificate{own}, ClientCAs: pool, ClientAuth: s.Auth, MinVersion: low, MaxVersion: high,
		CipherSuites: suites, SessionTicketsDisabled: !s.Resume, DynamicRecordSizingDisabled: true,
	}
	shown := own
	if s.ClientCert != "" {
		if shown, err = loadPair(fsys, s.ClientCert, s.ClientKey, s.ClientKeyPass); err != nil {
			return nil, err
		}
		l.ClientCert = describe(shown.Leaf)
	}
	l.Client = &tls.Config{
		Certificates: []tls.Certificate{shown}, MinVersion: low, MaxVersion: high, CipherSuites: suites,
		DynamicRecordSizingDisabled: true,
		// Nodes are known by addresses that stand in no certificate: what is verified is who signed it.
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does it
		VerifyConnection:   signedBy(pool),
	}
	return l, nil
}

// signedBy verifies the chain of a peer's certificate, whatever its name. Without authorities nobody is trusted: the
// system's own, which the library would take instead, are not this group's.
func signedBy(pool *x509.CertPool) func(tls.ConnectionState) error {
	if pool == nil {
		pool = x509.NewCertPool()
	}
	return func(state tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: pool, Intermediates: x509.NewCertPool()}
		for _, c := range state.PeerCertificates[1:] {
			o.Intermediates.AddCert(c)
		}
		_, err := state.PeerCertificates[0].Verify(o)
		return err
	}
}

func describe(c *x509.Certificate) Certificate {
	return Certificate{Serial: fmt.Sprintf("%X", c.SerialNumber), NotAfter: c.NotAfter}
}

// loadPair reads a certificate with its chain, and the key, which may have a passphrase.
func loadPair(fsys vfs.FS, certFile, keyFile, pass string) (pair tls.Certificate, err error) {
	chain, err := readFile(fsys, certFile)
	if err != nil {
		return pair, err
	}
	key, err := readFile(fsys, keyFile)
	if err != nil {
		return pair, err
	}
	if key, err = decrypt(key, pass); err != nil {
		return pair, fmt.Errorf("certs: key %s: %w", keyFile, err)
	}
	if pair, err = tls.X509KeyPair(chain, key); err != nil {
		return pair, fmt.Errorf("certs: %s with key %s: %w", certFile, keyFile, err)
	}
	return pair, nil
}

var errPassphrase = errors.New("it is encrypted, and tls-key-file-pass does not open it")

// decrypt takes the passphrase off a key, in the form that openssl writes today (PKCS #8) or wrote before.
func decrypt(key []byte, pass string) ([]byte, error) {
	block, _ := pem.Decode(key)
	if block == nil {
		return key, nil // whose trouble tls.X509KeyPair tells better
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		parsed, err := pkcs8.ParsePKCS8PrivateKey(block.Bytes, []byte(pass))
		if err != nil {
			return nil, errPassphrase
		}
		der, err := x509.MarshalPKCS8PrivateKey(parsed)
		if err != nil {
			return nil, err
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
	}
	if !x509.IsEncryptedPEMBlock(block) { //nolint:staticcheck // weak, and still in use
		return key, nil
	}
	der, err := x509.DecryptPEMBlock(block, []byte(pass)) //nolint:staticcheck // the same
	if err != nil {
		return nil, errPassphrase
	}
	return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}), nil
}

// loadAuthorities reads the file and the files of the folder; a pool of nil means that none are named.
func loadAuthorities(fsys vfs.FS, s Settings) (*x509.CertPool, []*x509.Certificate, error) {
	files, err := authorityFiles(fsys, s)
	if err != nil || len(files) == 0 {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	var all []*x509.Certificate
	for _, name := range files {
		data, err := readFile(fsys, name)
		if err != nil {
			return nil, nil, err
		}
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				if name == s.CAFile {
					return nil, nil, fmt.Errorf("certs: %s: %w", name, err)
				}
				continue // a folder may hold other things
			}
			pool.AddCert(c)
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("certs: no certificate of an authority in %s", strings.Join(files, ", "))
	}
	return pool, all, nil
}

func authorityFiles(fsys vfs.FS, s Settings) (files []string, err error) {
	if s.CAFile != "" {
		files = append(files, s.CAFile)
	}
	if s.CADir == "" {
		return files, nil
	}
	names, err := fsys.ReadDir(s.CADir)
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	for _, n := range names {
		name := path.Join(s.CADir, n)
		if info, err := fsys.Stat(name); err == nil && !info.IsDir() {
			files = append(files, name)
		}
	}
	return files, nil
}

// Fingerprint tells two states of the files apart: names, sizes and times of change.
func Fingerprint(fsys vfs.FS, s Settings) string {
	files, _ := authorityFiles(fsys, s) // a folder that is gone is a state, too
	files = append(files, s.Cert, s.Key, s.ClientCert, s.ClientKey)
	slices.Sort(files)
	var b strings.Builder
	for _, name := range slices.Compact(files) {
		if info, err := fsys.Stat(name); name != "" && err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}

func readFile(fsys vfs.FS, name string) ([]byte, error) {
	data, err := vfs.ReadFile(fsys, name, fileBytesMax)
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	return data, nil
}
