package certs_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"slices"
	"testing"
	"time"

	"valkey/frontend/certs"
)

// named signs a certificate of a template's names and reads it back.
func named(t *testing.T, template *x509.Certificate) *x509.Certificate {
	t.Helper()
	key := newKey(t)
	template.SerialNumber, template.NotAfter = big.NewInt(1), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func commonName(value string) pkix.AttributeTypeAndValue {
	return pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: value}
}

// TestNames: whom a certificate names is not open to interpretation.
func TestNames(t *testing.T) {
	two := named(t, &x509.Certificate{
		Subject: pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{commonName("first"), commonName("second")}},
	})
	if got := certs.CommonName(two); got != "first" || two.Subject.CommonName != "second" {
		t.Errorf("of two names %q counts", got)
	}
	if got := certs.CommonName(named(t, &x509.Certificate{})); got != "" {
		t.Errorf("no name is %q", got)
	}
	zero := named(t, &x509.Certificate{Subject: pkix.Name{CommonName: "admin\x00x"}})
	if got := certs.CommonName(zero); got != "admin\x00x" {
		t.Errorf("a name ends at its zero byte: %q", got)
	}
	if got := certs.URIs(named(t, &x509.Certificate{DNSNames: []string{"a"}})); got != nil {
		t.Errorf("no URI is %q", got)
	}
	plain := named(t, &x509.Certificate{
		DNSNames: []string{"a"}, URIs: []*url.URL{{Scheme: "urn", Opaque: "one"}, {Scheme: "urn", Opaque: "two"}},
	})
	if got := certs.URIs(plain); !slices.Equal(got, []string{"urn:one", "urn:two"}) {
		t.Errorf("URIs are %q", got)
	}
	// What x509 reads and prints again is another text.
	const odd = "HTTP://host/%7euser"
	names, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(odd)}})
	if err != nil {
		t.Fatal(err)
	}
	raw := named(t, &x509.Certificate{
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: names}},
	})
	if got := certs.URIs(raw); !slices.Equal(got, []string{odd}) || raw.URIs[0].String() == odd {
		t.Errorf("a URI is %q, printed %q", got, raw.URIs[0])
	}
}
