package configs

import (
	"net/netip"
	"strings"
)

// Checks of single values, with Valkey's texts.

// checkFileName is for names of files that live in dir; what is what such a name is called.
func checkFileName(directive, what string) func(string) error {
	return func(s string) error {
		if s == "" {
			return refusal(directive + " can't be empty")
		}
		if strings.ContainsAny(s, `/\`) {
			return refusal(directive + " can't be a path, just a " + what)
		}
		return nil
	}
}

func checkNotEmpty(directive string) func(string) error {
	return func(s string) error {
		if s == "" {
			return refusal(directive + " can't be empty")
		}
		return nil
	}
}

func checkDefrag(on bool) error {
	if on {
		return refusal("Active defragmentation cannot be enabled: it requires a server compiled with a modified " +
			"Jemalloc like the one shipped by default with the source distribution")
	}
	return nil
}

// checkLocale takes the locales that order strings by their bytes, as we do.
func checkLocale(s string) error {
	switch s {
	case "", "C", "POSIX":
		return nil
	}
	return refusal("Invalid locale name")
}

func checkHashSeed(s string) error {
	if len(s) > hashSeedMax {
		return refusal("hash-seed must be less than or equal to 256 characters")
	}
	return nil
}

// titleVariables are what proc-title-template may name; the value is an example, empty where it may be.
var titleVariables = map[string]string{
	"title": "", "listen-addr": "*:6379", "server-mode": "", "config-file": "-", "port": "6379", "tls-port": "0",
	"unixsocket": "",
}

func checkProcTitle(template string) error {
	bad := refusal("template format is invalid or contains unknown variables")
	var title strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		title.WriteString(before)
		if !found {
			break
		}
		if after, doubled := strings.CutPrefix(rest, "{"); doubled {
			title.WriteByte('{')
			template = after
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		example, known := titleVariables[name]
		if !closed || !known {
			return bad
		}
		title.WriteString(example)
		template = after
	}
	if strings.Trim(title.String(), " ") == "" {
		return bad
	}
	return nil
}

func checkAnnouncedIP(s string) error {
	if len(s) > ipTextMax {
		return refusal("cluster-announce-ip is too long")
	}
	if !isNodeText(s) {
		return refusal("cluster-announce-ip contains invalid character")
	}
	return nil
}

func checkNodeName(s string) error {
	if !isNodeText(s) {
		return refusal("Announced human node name contained invalid character")
	}
	return nil
}

// isNodeText reports whether s can stand in the cluster's file without being taken for part of its format.
func isNodeText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ',' || c == 0x7f || strings.IndexByte(`;<=>?@[]^{|}~\`, c) >= 0 {
			return false
		}
	}
	return true
}

func checkHostName(s string) error {
	if len(s) > hostNameMax {
		return refusal("Hostnames must be less than 256 characters")
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '.':
		default:
			return refusal("Hostnames may only contain alphanumeric characters, hyphens or dots")
		}
	}
	return nil
}

func checkIPv4(s string) error {
	if a, err := netip.ParseAddr(s); s != "" && (err != nil || !a.Is4()) {
		return refusal("Invalid IPv4 address")
	}
	return nil
}

func checkIPv6(s string) error {
	if a, err := netip.ParseAddr(s); s != "" && (err != nil || !a.Is6() || a.Zone() != "") {
		return refusal("Invalid IPv6 address")
	}
	return nil
}
