package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"valkey/frontend/certs"
	"valkey/server/engine"
)

// tlsDirectives are those whose change makes a new configuration.
var tlsDirectives = []string{
	"tls-cert-file", "tls-key-file", "tls-key-file-pass", "tls-client-cert-file", "tls-client-key-file",
	"tls-client-key-file-pass", "tls-ca-cert-file", "tls-ca-cert-dir", "tls-auth-clients", "tls-protocols", "tls-ciphers",
	"tls-session-caching", "tls-replication", "tls-cluster",
}

// watchTLS registers what changes of the configuration do.
func (s *Server) watchTLS() {
	c := s.config
	c.OnChange(s.certificates.Load, tlsDirectives...)
	c.OnChange(s.rebindTLS, "tls-port")
	c.OnChange(func() error { s.loops.SetAcceptTLSMax(int(c.MaxNewTlsConnectionsPerCycle)); return nil },
		"max-new-tls-connections-per-cycle")
}

// rebindTLS listens on tls-port, having read the certificates.
func (s *Server) rebindTLS() error {
	if err := s.certificates.Load(); err != nil {
		return err
	}
	return s.rebind(s.loops.RebindTLS, s.config.TlsPort, refusalPort)
}

// overTLS has a connection that was opened to a node speak TLS, with our certificate. The handshake ends with ctx.
func overTLS(ctx context.Context, conn net.Conn, cfg *tls.Config) (net.Conn, error) {
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the first error is the one to tell
		return nil, fmt.Errorf("server: TLS handshake: %w", err)
	}
	return secured, nil
}

// Certificates describes the certificates in use.
func (h host) Certificates() engine.Certificates {
	l := h.s.certificates.Loaded()
	if l == nil {
		return engine.Certificates{}
	}
	return engine.Certificates{Server: certificate(l.ServerCert), Client: certificate(l.ClientCert), CA: certificate(l.CA)}
}

func certificate(c certs.Certificate) engine.Certificate {
	if c.Serial == "" {
		return engine.Certificate{}
	}
	return engine.Certificate{Serial: c.Serial, ExpiresMs: c.NotAfter.UnixMilli()}
}
