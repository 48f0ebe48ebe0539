package certs

import (
	"crypto/x509"
	"encoding/asn1"
	"strings"
)

var (
	oidCommonName  = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSubjectAlts = asn1.ObjectIdentifier{2, 5, 29, 17}
)

// CommonName is the name of whom a certificate speaks of, empty if it tells none: the first one, where x509 takes the
// last, so that nobody who may add to a request becomes another.
func CommonName(c *x509.Certificate) string {
	for _, attribute := range c.Subject.Names {
		if attribute.Type.Equal(oidCommonName) {
			name, _ := attribute.Value.(string)
			return name
		}
	}
	return ""
}

// uriTag is the kind of an alternative name that is a URI.
const uriTag = 6

// URIs are the URIs among a certificate's alternative names, byte for byte as they were signed: x509 parses them, and
// what it prints again may be another user's name.
func URIs(c *x509.Certificate) (uris []string) {
	for _, extension := range c.Extensions {
		if !extension.Id.Equal(oidSubjectAlts) {
			continue
		}
		var names []asn1.RawValue
		if _, err := asn1.Unmarshal(extension.Value, &names); err != nil {
			continue // which x509 would not have accepted
		}
		for _, n := range names {
			if uri := string(n.Bytes); n.Class == asn1.ClassContextSpecific && n.Tag == uriTag && uri != "" &&
				!strings.ContainsRune(uri, 0) {
				uris = append(uris, uri)
			}
		}
	}
	return uris
}
