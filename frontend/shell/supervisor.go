package shell

import (
	"net"
	"os"
	"strings"

	"valkey/configs"
)

// Supervisor is systemd, when it wants to hear what becomes of the process; the zero value tells nobody.
type Supervisor struct{ socket string }

// FindSupervisor looks for the one that the directive `supervised` speaks of. Upstart, which it knows too, is gone from
// every system that this server runs on.
func FindSupervisor(mode configs.Supervised) Supervisor {
	if mode != configs.SupervisedSystemd && mode != configs.SupervisedAuto {
		return Supervisor{}
	}
	return Supervisor{os.Getenv("NOTIFY_SOCKET")}
}

// String is what INFO calls it.
func (s Supervisor) String() string {
	if s.socket == "" {
		return "no"
	}
	return "systemd"
}

// Ready says that clients are served.
func (s Supervisor) Ready() { s.tell("READY=1", "STATUS=Ready to accept connections") }

// Stopping says that the process is about to end.
func (s Supervisor) Stopping() { s.tell("STOPPING=1", "STATUS=Shutting down") }

// tell sends a message. Nobody may be there to take it, which must not keep the server from serving.
func (s Supervisor) tell(lines ...string) {
	if s.socket == "" {
		return
	}
	c, err := net.Dial("unixgram", s.socket) // a name that begins with @ is an abstract one
	if err != nil {
		return
	}
	_, _ = c.Write([]byte(strings.Join(lines, "\n")))
	_ = c.Close()
}
