package testenv

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Authority signs certificates, good for CertificateLife from now, and keeps them as files.
type Authority struct {
	Dir  string
	Pool *x509.CertPool // the authority's own certificate alone

	cert   *x509.Certificate
	key    crypto.Signer
	serial int64
}

// CertificateLife is how long an Authority's certificates are good for.
const CertificateLife = time.Hour

// rsaBits is the size of RSA keys: what most authorities sign today.
const rsaBits = 2048

// NewAuthority makes an authority that keeps its files in a folder that is there.
func NewAuthority(dir string) (*Authority, error) {
	a := &Authority{Dir: dir, Pool: x509.NewCertPool()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("testenv: authority: %w", err)
	}
	a.key = key
	a.cert = &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := a.sign(a.cert, key)
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("testenv: authority: %w", err)
	}
	a.Pool.AddCert(a.cert)
	return a, writePEM(a.CAFile(), &pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// CAFile is the file of the authority's own certificate.
func (a *Authority) CAFile() string { return filepath.Join(a.Dir, "ca.crt") }

// CertFile is the file of the certificate that Issue writes under a name, KeyFile that of its key.
func (a *Authority) CertFile(name string) string { return filepath.Join(a.Dir, name+".crt") }

// KeyFile is the file of a key.
func (a *Authority) KeyFile(name string) string { return filepath.Join(a.Dir, name+".key") }

// Identity says what Issue writes; the zero value is of a server on this machine, with an ECDSA key.
type Identity struct {
	Subject    pkix.Name
	URIs       []string
	RSA        bool
	Passphrase string // of the key's file
}

// Issue writes a certificate and its key, and returns both.
func (a *Authority) Issue(name string, id Identity) (tls.Certificate, error) {
	var key crypto.Signer
	var err error
	if id.RSA {
		key, err = rsa.GenerateKey(rand.Reader, rsaBits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("testenv: key of %s: %w", name, err)
	}
	template := &x509.Certificate{
		Subject: id.Subject, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, text := range id.URIs {
		u, err := url.Parse(text)
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("testenv: %w", err)
		}
		template.URIs = append(template.URIs, u)
	}
	der, err := a.sign(template, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := writeKey(a.KeyFile(name), key, id.Passphrase); err != nil {
		return tls.Certificate{}, err
	}
	pair := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return pair, writePEM(a.CertFile(name), &pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (a *Authority) sign(template *x509.Certificate, key crypto.Signer) ([]byte, error) {
	a.serial++
	template.SerialNumber, template.NotAfter = big.NewInt(a.serial), time.Now().Add(CertificateLife)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("testenv: sign %s: %w", template.Subject, err)
	}
	return der, nil
}

// writeKey writes a key, with a passphrase in the form that openssl wrote before PKCS #8: the other is a test of
// frontend/certs.
func writeKey(file string, key crypto.Signer, passphrase string) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("testenv: %s: %w", file, err)
	}
	kind := "PRIVATE KEY"
	if passphrase == "" {
		return writePEM(file, &pem.Block{Type: kind, Bytes: der})
	}
	//nolint:staticcheck // weak, and still in use
	sealed, err := x509.EncryptPEMBlock(rand.Reader, kind, der, []byte(passphrase), x509.PEMCipherAES256)
	if err != nil {
		return fmt.Errorf("testenv: %s: %w", file, err)
	}
	return writePEM(file, sealed)
}

// writePEM replaces a file in one step, as those who renew certificates do.
func writePEM(file string, block *pem.Block) error {
	if err := os.WriteFile(file+".new", pem.EncodeToMemory(block), 0o600); err != nil {
		return fmt.Errorf("testenv: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("testenv: %w", err)
	}
	return nil
}
