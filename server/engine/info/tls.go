package info

import "valkey/server/engine"

var tlsFields = []field{
	{"tls_server_cert_serial", func(r *reading) any { return serial(r.Host.Certificates().Server) }},
	{"tls_server_cert_expires_in_seconds", func(r *reading) any { return expiresIn(r, r.Host.Certificates().Server) }},
	{"tls_client_cert_serial", func(r *reading) any { return serial(r.Host.Certificates().Client) }},
	{"tls_client_cert_expires_in_seconds", func(r *reading) any { return expiresIn(r, r.Host.Certificates().Client) }},
	{"tls_ca_cert_serial", func(r *reading) any { return serial(r.Host.Certificates().CA) }},
	{"tls_ca_cert_expires_in_seconds", func(r *reading) any { return expiresIn(r, r.Host.Certificates().CA) }},
}

func serial(c engine.Certificate) string {
	if c.Serial == "" {
		return "none"
	}
	return c.Serial
}

func expiresIn(r *reading, c engine.Certificate) int64 {
	if c.Serial == "" {
		return 0
	}
	return (c.ExpiresMs - r.NowMs()) / 1000
}

var clusterFields = []field{{"cluster_enabled", constant(0)}}

var scriptingFields = []field{
	{"engines_count", constant(0)},
	{"engines_total_used_memory", constant(0)},
	{"engines_total_memory_overhead", constant(0)},
}
