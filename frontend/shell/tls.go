package shell

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"valkey/configs"
	"valkey/frontend/acl"
	"valkey/frontend/certs"
	"valkey/frontend/netloop"
	"valkey/frontend/session"
	"valkey/internal/vfs"
)

// Certificates are what TLS is configured with, for both sides of connections. The methods need the Front's lock, but
// for Reload, which takes it.
type Certificates struct {
	front *session.Front
	loops *netloop.Server
	log   zerolog.Logger
	fs    vfs.FS

	state tlsState
}

// tlsState is a set of certificates in use.
type tlsState struct {
	loaded      *certs.Loaded // nil while nothing needs it
	fingerprint string        // of the files that it was made of
}

// Open makes a zero Certificates ready to Load.
func (s *Certificates) Open(f *session.Front, loops *netloop.Server, fs vfs.FS, log zerolog.Logger) {
	s.front, s.loops, s.fs, s.log = f, loops, fs, log
}

// Loaded is what is in use, nil while nothing needs it.
func (s *Certificates) Loaded() *certs.Loaded { return s.state.loaded }

// settings are the directives in a form that certs reads.
func (s *Certificates) settings() certs.Settings {
	c := s.front.Config
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

// Load reads the certificates if anything needs them; connections that are open keep what they have. On an error
// everything stays as it was.
func (s *Certificates) Load() error {
	c := s.front.Config
	if c.TlsPort == 0 && !c.TlsReplication && !c.TlsCluster {
		s.state = tlsState{}
		return nil
	}
	state, err := s.read(s.settings())
	if err != nil {
		return err
	}
	s.use(state)
	return nil
}

// read reads the files; any goroutine may call it.
func (s *Certificates) read(settings certs.Settings) (tlsState, error) {
	fingerprint := certs.Fingerprint(s.fs, settings) // before the files are read: what changes meanwhile is seen later
	loaded, err := certs.Load(s.fs, settings)
	if err != nil {
		s.log.Warn().Err(err).Msg("Failed to configure TLS")
		return tlsState{}, errTLS
	}
	return tlsState{loaded, fingerprint}, nil
}

func (s *Certificates) use(state tlsState) {
	s.state = state
	s.loops.SetTLS(state.loaded.Server)
}

var errTLS = errors.New("Unable to update TLS configuration. Check server logs.") //nolint:staticcheck // wire text

// Reload reads certificates again when their files have changed, every tls-auto-reload-interval seconds, until ctx
// ends. A state that cannot be used, such as a certificate whose key has not come yet, is tried again.
func (s *Certificates) Reload(ctx context.Context, done chan<- struct{}) {
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
			every := time.Duration(s.front.Config.TlsAutoReloadInterval) * time.Second
			due = every > 0 && s.state.loaded != nil && time.Since(looked) >= every
			settings, was = s.settings(), s.state
		})
		if due {
			looked = time.Now()
			s.reloadChanged(settings, was)
		}
	}
}

// reloadChanged reads the files outside of the lock, and drops what it has read if the configuration changes meanwhile.
func (s *Certificates) reloadChanged(settings certs.Settings, was tlsState) {
	if certs.Fingerprint(s.fs, settings) == was.fingerprint {
		s.log.Debug().Msg("TLS materials unchanged, skipping reload")
		return
	}
	state, err := s.read(settings)
	if err != nil {
		return
	}
	s.holding(func() {
		if s.state == was {
			s.use(state)
			s.log.Info().Msg("TLS materials reloaded successfully")
		}
	})
}

// LogIn makes a new connection the user's that its certificate names, as tls-auth-clients-user says.
func (s *Certificates) LogIn(c *netloop.Conn, cl *session.Client) {
	cert := c.PeerCertificate()
	if cert == nil || s.front.Config.TlsAuthClientsUser == configs.TlsUserOff {
		return
	}
	name := ""
	for _, name = range namesOf(cert, s.front.Config.TlsAuthClientsUser) {
		if u := s.front.Users.Find([]byte(name)); u != nil && u.Enabled() {
			s.front.LogIn(cl, u)
			return
		}
	}
	if name != "" {
		s.front.LogDenial(cl, acl.Entry{Reason: acl.DeniedTLSCert, User: name})
	}
}

// namesOf are the names of users that a certificate has in a field.
func namesOf(cert *x509.Certificate, field configs.TlsAuthClientsUser) []string {
	if field == configs.TlsUserFromCN {
		return []string{certs.CommonName(cert)}
	}
	return certs.URIs(cert)
}

// Client is what connections to other nodes are opened with, as tls-replication says; nil if they are plain.
func (s *Certificates) Client() *tls.Config { return s.clientIf(s.front.Config.TlsReplication) }

// MigrationClient is Client for MIGRATE, whose target is a node like any other: tls-cluster asks for it, too.
func (s *Certificates) MigrationClient() *tls.Config {
	return s.clientIf(s.front.Config.TlsReplication || s.front.Config.TlsCluster)
}

func (s *Certificates) clientIf(wanted bool) *tls.Config {
	if !wanted || s.state.loaded == nil {
		return nil
	}
	return s.state.loaded.Client
}

func (s *Certificates) holding(do func()) {
	s.front.Lock()
	defer s.front.Unlock()
	do()
}
