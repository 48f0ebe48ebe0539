package certs

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

var versionNames = map[string]uint16{
	"tlsv1": tls.VersionTLS10, "tlsv1.1": tls.VersionTLS11, "tlsv1.2": tls.VersionTLS12, "tlsv1.3": tls.VersionTLS13,
}

// versions reads tls-protocols: a list of versions, of which the lowest and the highest bound a range. Empty, it is
// TLS 1.2 and 1.3.
func versions(list string) (low, high uint16, err error) {
	if strings.TrimSpace(list) == "" {
		return tls.VersionTLS12, tls.VersionTLS13, nil
	}
	for word := range strings.FieldsSeq(list) {
		v, ok := versionNames[strings.ToLower(word)]
		if !ok {
			return 0, 0, fmt.Errorf("certs: tls-protocols: %q is no version of TLS", word)
		}
		if low == 0 || v < low {
			low = v
		}
		high = max(high, v)
	}
	return low, high, nil
}

// cipherNames are OpenSSL's names of the suites for TLS 1.2 that the library has and that nobody has broken.
var cipherNames = map[string]uint16{
	"ECDHE-ECDSA-AES128-GCM-SHA256": tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-ECDSA-AES256-GCM-SHA384": tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-ECDSA-CHACHA20-POLY1305": tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	"ECDHE-RSA-AES128-GCM-SHA256":   tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-RSA-AES256-GCM-SHA384":   tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-RSA-CHACHA20-POLY1305":   tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	"ECDHE-ECDSA-AES128-SHA256":     tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
	"ECDHE-ECDSA-AES128-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
	"ECDHE-ECDSA-AES256-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
	"ECDHE-RSA-AES128-SHA256":       tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
	"ECDHE-RSA-AES128-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	"ECDHE-RSA-AES256-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
	"AES128-GCM-SHA256":             tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
	"AES256-GCM-SHA384":             tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
	"AES128-SHA256":                 tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
	"AES128-SHA":                    tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	"AES256-SHA":                    tls.TLS_RSA_WITH_AES_256_CBC_SHA,
}

// parseCiphers reads tls-ciphers, a list in OpenSSL's language as far as it is in use: names, DEFAULT and its like for
// all of cipherNames, and with - or ! before it what is to be left out. Names that mean nothing here are passed over,
// but something must be left. Empty, the library's own choice holds, which is stricter than DEFAULT.
func parseCiphers(list string) ([]uint16, error) {
	words := strings.FieldsFunc(list, func(c rune) bool { return strings.ContainsRune(": ,;", c) })
	if len(words) == 0 {
		return nil, nil
	}
	var suites []uint16
	banned := map[uint16]bool{}
	for _, word := range words {
		name := strings.TrimLeft(word, "+-!")
		for _, id := range named(strings.ToUpper(name)) {
			switch word[0] {
			case '-':
				suites = slices.DeleteFunc(suites, func(s uint16) bool { return s == id })
			case '!':
				banned[id] = true
			default:
				suites = append(suites, id)
			}
		}
	}
	suites = slices.DeleteFunc(suites, func(s uint16) bool { return banned[s] })
	if len(suites) == 0 {
		return nil, fmt.Errorf("certs: tls-ciphers: %q leaves no cipher", list)
	}
	return suites, nil
}

// named gives the suites that a word stands for.
func named(word string) (ids []uint16) {
	if id, ok := cipherNames[word]; ok {
		return []uint16{id}
	}
	for name, id := range cipherNames {
		switch word {
		case "DEFAULT", "ALL", "HIGH":
			ids = append(ids, id)
		default:
			if slices.Contains(strings.Split(name, "-"), word) { // a part of names, such as ECDSA
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}
