package shell

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"valkey/configs"
	"valkey/frontend/netloop"
	"valkey/frontend/session"
)

// Network is the configuration as event loops want it.
func Network(log zerolog.Logger, c *configs.Config, conns *Conns) netloop.Config {
	return netloop.Config{
		Loops: int(c.IoThreads), Backlog: int(c.TcpBacklog), AcceptMax: int(c.MaxNewConnectionsPerCycle),
		KeepAlive: time.Duration(c.TcpKeepalive) * time.Second, QueryBufferMax: int(c.ClientQueryBufferLimit),
		Limits: conns.Unauthenticated(), MPTCP: c.Mptcp, SocketMark: int(c.SocketMarkId),
		AcceptTLSMax: int(c.MaxNewTlsConnectionsPerCycle),
		Refused: func(remote string, err error) {
			if errors.Is(err, netloop.ErrFull) {
				conns.rejected()
			}
			log.Debug().Err(err).Str("addr", remote).Msg("Error accepting a client connection")
		},
		Warn: func(msg string, err error) { log.Warn().Err(err).Str("component", "netloop").Msg(msg) },
	}
}

// Listen listens wherever the configuration says.
func Listen(log zerolog.Logger, c *configs.Config, loops *netloop.Server) error {
	if c.Port != 0 {
		if err := loops.Listen(c.Bind, int(c.Port)); err != nil {
			log.Warn().Msg(fmt.Sprintf("Failed listening on port %d (tcp), aborting.", c.Port))
			return fmt.Errorf("shell: %w", err)
		}
	}
	if c.TlsPort != 0 {
		if err := loops.ListenTLS(c.Bind, int(c.TlsPort)); err != nil {
			log.Warn().Msg(fmt.Sprintf("Failed listening on port %d (tls), aborting.", c.TlsPort))
			return fmt.Errorf("shell: %w", err)
		}
	}
	if c.Unixsocket != "" {
		err := loops.ListenUnix(c.Unixsocket, os.FileMode(c.Unixsocketperm), c.Unixsocketgroup)
		if err != nil {
			return fmt.Errorf("shell: %w", err)
		}
	}
	return nil
}

// Listeners are the addresses that Listen has listened on, for INFO.
func Listeners(c *configs.Config) []session.Listener {
	var out []session.Listener
	if c.Port != 0 {
		out = append(out, session.Listener{Name: "tcp", Binds: c.Bind, Port: int(c.Port)})
	}
	if c.TlsPort != 0 {
		out = append(out, session.Listener{Name: "tls", Binds: c.Bind, Port: int(c.TlsPort)})
	}
	if c.Unixsocket != "" {
		out = append(out, session.Listener{Name: "unix", Binds: []string{c.Unixsocket}})
	}
	return out
}
