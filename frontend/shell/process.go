package shell

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"valkey/configs"
	"valkey/frontend/session"
)

// Identify gathers what a process can say about itself from the start on.
func Identify(c *configs.Config, mode, version, build string) session.Facts {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	if exe, err = filepath.Abs(exe); err != nil {
		exe = os.Args[0]
	}
	supervised := "no"
	if supervisor(c) != "" {
		supervised = "systemd"
	}
	return session.Facts{
		Mode: mode, Supervisor: supervised, RunID: RandomID(), OS: SystemName(), Version: version, Build: build,
		PID: os.Getpid(), Executable: exe,
		ConfigFile: c.File, StartedMs: time.Now().UnixMilli(), Loops: int(c.IoThreads), GoVersion: runtime.Version(),
	}
}

// RandomID is 40 hexadecimal digits that no other process has.
func RandomID() string {
	var id [20]byte
	rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// Greet writes the first lines of the log; the words that start-up scripts wait for are Valkey's.
func Greet(log zerolog.Logger, c *configs.Config, f session.Facts) {
	log.Info().Msg("oO0OoO0OoO0Oo Valkey is starting oO0OoO0OoO0Oo")
	log.Info().Msg(fmt.Sprintf("Valkey version=%s, bits=64, build=%s, pid=%d, just started", f.Version, f.Build, f.PID))
	if c.File == "" {
		log.Warn().Msg("No configuration file: the defaults hold.")
	} else {
		log.Info().Msg("Configuration loaded")
	}
	log.Info().Msg(fmt.Sprintf("Running mode=%s, port=%d. PID: %d", f.Mode, c.Port, f.PID))
	for _, d := range c.Ineffective() {
		log.Warn().Msg(fmt.Sprintf("The directive %s is set but has no effect: %s", d.Name, d.Inert+d.Pending))
	}
}

// WritePidfile writes the file that the configuration wants, and RemovePidfile removes it.
func WritePidfile(c *configs.Config) error {
	if c.Pidfile == "" {
		return nil
	}
	return os.WriteFile(c.Pidfile, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
}

// RemovePidfile removes what WritePidfile has written.
func RemovePidfile(c *configs.Config) {
	if c.Pidfile != "" {
		_ = os.Remove(c.Pidfile) // it may be gone, and nobody would be helped by an error at the end
	}
}

// reservedFiles are descriptors for other things than clients: listeners, logs, files, links.
const reservedFiles = 32

// RaiseFileLimit asks for enough descriptors for maxclients and gives what there is; what it cannot have lowers
// maxclients, loudly.
func RaiseFileLimit(log zerolog.Logger, c *configs.Config) int {
	want := uint64(c.Maxclients) + reservedFiles
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		log.Warn().Err(err).Msg("Unable to obtain the current NOFILE limit")
		return 0
	}
	if l.Cur >= want {
		return int(l.Cur)
	}
	had, got := l.Cur, l.Cur
	for try := want; try > had && got == had; try -= min(try-had, 16) {
		l = syscall.Rlimit{Cur: try, Max: max(l.Max, try)}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
			got = try
		}
		l.Max = had
	}
	if got < want {
		old := c.Maxclients
		c.Maxclients = max(int64(got)-reservedFiles, 1)
		log.Warn().Msg(fmt.Sprintf("maxclients %d needs %d open files and the system grants %d: maxclients is %d now. "+
			"Raise the limit of open files (ulimit -n, LimitNOFILE) for more.", old, want, got, c.Maxclients))
	}
	return int(got)
}

// CatchSignals takes the signals over, before anybody can see the server: from here on none ends the process by itself.
func CatchSignals() chan os.Signal {
	signal.Ignore(syscall.SIGHUP) // a terminal that closes does not end a server
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGINT)
	return ch
}

// TellSignal logs that a signal wants the process to end.
func TellSignal(log zerolog.Logger, sig os.Signal) {
	name := "SIGTERM"
	if sig == syscall.SIGINT {
		name = "SIGINT"
	}
	log.Warn().Msg(fmt.Sprintf("Received %s scheduling shutdown...", name))
}

// TellReady tells the supervisor of the process that it serves, where the configuration says that systemd is one.
func TellReady(log zerolog.Logger, c *configs.Config) {
	tell(log, c, "READY=1\nSTATUS=Ready to accept connections\n")
}

// TellStopping tells it that the process is about to end.
func TellStopping(log zerolog.Logger, c *configs.Config) {
	tell(log, c, "STOPPING=1\nSTATUS=Shutting down\n")
}

func tell(log zerolog.Logger, c *configs.Config, state string) {
	name := supervisor(c)
	if name == "" {
		return
	}
	if err := notify(name, state); err != nil {
		log.Warn().Err(err).Msg("The supervisor could not be told of a change")
	}
}

// supervisor is the socket of systemd, where the configuration says that it supervises the process; empty if not.
func supervisor(c *configs.Config) string {
	if c.Supervised != configs.SupervisedSystemd && c.Supervised != configs.SupervisedAuto {
		return ""
	}
	return os.Getenv("NOTIFY_SOCKET")
}

// notify sends a state to systemd's socket; a leading "@" is one without a file, as net has it too.
func notify(name, state string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("shell: notify: %w", err)
	}
	defer conn.Close() //nolint:errcheck // the message is out, or its error is returned
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("shell: notify: %w", err)
	}
	return nil
}
