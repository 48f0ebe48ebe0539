package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"valkey/configs"
	"valkey/frontend/acl"
	"valkey/frontend/certs"
	"valkey/frontend/netloop"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// tlsState is what TLS is configured with. Guarded by the engine lock once Serve has begun.
type tlsState struct {
	loaded      *certs.Loaded // nil while nothing needs it
	fingerprint string        // of the files that it was made of
}

// tlsDirectives are those whose change makes a new configuration.
var tlsDirectives = []string{
	"tls-cert-file", "tls-key-file", "tls-key-file-pass", "tls-client-cert-file", "tls-client-key-file",
	"tls-client-key-file-pass", "tls-ca-cert-file", "tls-ca-cert-dir", "tls-auth-clients", "tls-protocols", "tls-ciphers",
	"tls-session-caching", "tls-replication", "tls-cluster",
}

func (s *Server) tlsSettings() certs.Settings {
	c := s.config
	auth := tls.RequireAndVerifyClientCert
	switch c.TlsAuthClients {
	case configs.TlsAuthClientsNo:
		auth = tls.NoClientCert
	case configs.TlsAuthClientsOptional:
		auth = tls.VerifyClientCertIfGiven
	case configs.TlsAuthClientsYes:
	}
	return certs.Settings{
		Cert: c.TlsCertFile, Key: c.TlsKeyFile, KeyPass: c.TlsKeyFilePass,
		ClientCert: c.TlsClientCertFile, ClientKey: c.TlsClientKeyFile, ClientKeyPass: c.TlsClientKeyFilePass,
		CAFile: c.TlsCaCertFile, CADir: c.TlsCaCertDir,
		Auth: auth, Protocols: c.TlsProtocols, Ciphers: c.TlsCiphers, Resume: c.TlsSessionCaching,
		Dials: c.TlsReplication || c.TlsCluster,
	}
}

// loadTLS reads the certificates if anything needs them; connections that are open keep what they have. On an error
// everything stays as it was.
func (s *Server) loadTLS() error {
	c := s.config
	if c.TlsPort == 0 && !c.TlsReplication && !c.TlsCluster {
		s.tls = tlsState{}
		return nil
	}
	state, err := s.readTLS(s.tlsSettings())
	if err != nil {
		return err
	}
	s.useTLS(state)
	return nil
}

// readTLS reads the files; any goroutine may call it.
func (s *Server) readTLS(settings certs.Settings) (tlsState, error) {
	fingerprint := certs.Fingerprint(s.fs, settings) // before the files are read: what changes meanwhile is seen later
	loaded, err := certs.Load(s.fs, settings)
	if err != nil {
		s.log.Warn().Err(err).Msg("Failed to configure TLS")
		return tlsState{}, errTLS
	}
	return tlsState{loaded, fingerprint}, nil
}

func (s *Server) useTLS(state tlsState) {
	s.tls = state
	s.loops.SetTLS(state.loaded.Server)
}

var errTLS = errors.New("Unable to update TLS configuration. Check server logs.") //nolint:staticcheck // wire text

// watchTLS registers what changes of the configuration do.
func (s *Server) watchTLS() {
	c := s.config
	c.OnChange(s.loadTLS, tlsDirectives...)
	c.OnChange(s.rebindTLS, "tls-port")
	c.OnChange(func() error { s.loops.SetAcceptTLSMax(int(c.MaxNewTlsConnectionsPerCycle)); return nil },
		"max-new-tls-connections-per-cycle")
}

// rebindTLS listens on tls-port, having read the certificates.
func (s *Server) rebindTLS() error {
	if err := s.loadTLS(); err != nil {
		return err
	}
	return s.rebind(s.loops.RebindTLS, s.config.TlsPort, refusalPort)
}

// reloadTLS reads certificates again when their files have changed, every tls-auto-reload-interval seconds, until ctx
// ends. A state that cannot be used, such as a certificate whose key has not come yet, is tried again.
func (s *Server) reloadTLS(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	looked := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var settings certs.Settings
		var was tlsState
		due := false
		s.holding(func() {
			every := time.Duration(s.config.TlsAutoReloadInterval) * time.Second
			due = every > 0 && s.tls.loaded != nil && time.Since(looked) >= every
			settings, was = s.tlsSettings(), s.tls
		})
		if due {
			looked = time.Now()
			s.reloadChanged(settings, was)
		}
	}
}

// reloadChanged reads the files outside of the lock, and drops what it has read if the configuration changes meanwhile.
func (s *Server) reloadChanged(settings certs.Settings, was tlsState) {
	if certs.Fingerprint(s.fs, settings) == was.fingerprint {
		s.log.Debug().Msg("TLS materials unchanged, skipping reload")
		return
	}
	state, err := s.readTLS(settings)
	if err != nil {
		return
	}
	s.holding(func() {
		if s.tls == was {
			s.useTLS(state)
			s.log.Info().Msg("TLS materials reloaded successfully")
		}
	})
}

// logInByCertificate makes a new connection the user's that its certificate names, as tls-auth-clients-user says.
func (s *Server) logInByCertificate(c *netloop.Conn, cl *session.Client) {
	cert := c.PeerCertificate()
	if cert == nil || s.config.TlsAuthClientsUser == configs.TlsUserOff {
		return
	}
	name := ""
	for _, name = range namesOf(cert, s.config.TlsAuthClientsUser) {
		if u := s.engine.Users.Find([]byte(name)); u != nil && u.Enabled() {
			s.engine.LogIn(cl, u)
			return
		}
	}
	if name != "" {
		s.engine.LogDenial(cl, acl.Entry{Reason: acl.DeniedTLSCert, User: name})
	}
}

// namesOf are the names of users that a certificate has in a field.
func namesOf(cert *x509.Certificate, field configs.TlsAuthClientsUser) []string {
	if field == configs.TlsUserFromCN {
		return []string{certs.CommonName(cert)}
	}
	return certs.URIs(cert)
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

// clientTLS is what connections to other nodes are opened with if they are wanted to be secure, as tls-replication or
// tls-cluster says; nil if they are plain.
func (s *Server) clientTLS(wanted bool) *tls.Config {
	if !wanted || s.tls.loaded == nil {
		return nil
	}
	return s.tls.loaded.Client
}

// migrationTLS is clientTLS for MIGRATE. Its target is a node like any other, so that either directive asks for it.
func (s *Server) migrationTLS() *tls.Config {
	return s.clientTLS(s.config.TlsReplication || s.config.TlsCluster)
}

// Certificates describes the certificates in use.
func (h host) Certificates() engine.Certificates {
	l := h.s.tls.loaded
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
