package session

import (
	"bytes"
	"fmt"
	"strings"

	"valkey/frontend/command"
	"valkey/frontend/resp"
)

// Wire errors: the text after the dash, equal to Valkey's to the byte. Handlers return them; dispatch writes and
// counts them.
const (
	ErrSyntax       = resp.Error("ERR syntax error")
	ErrNotInteger   = resp.Error("ERR value is not an integer or out of range")
	ErrNoAuth       = resp.Error("NOAUTH Authentication required.")
	ErrWrongPass    = resp.Error("WRONGPASS invalid username-password pair or user is disabled.")
	ErrMaxClients   = resp.Error("ERR max number of clients reached")
	ErrTimeoutInt   = resp.Error("ERR timeout is not an integer or out of range")
	ErrTimeoutNeg   = resp.Error("ERR timeout is negative")
	ErrTimeoutRange = resp.Error("ERR timeout is out of range")
	ErrUnblocked    = resp.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
	errNoKey        = resp.Error("NOPERM No permissions to access a key")
	errNoChannel    = resp.Error("NOPERM No permissions to access a channel")
	errNoDatabase   = resp.Error("NOPERM No permissions to access database")
)

// Errorf makes a wire error with the code ERR. A client's words stand in its text byte by byte, as far as their first
// zero byte, where Valkey's strings end; line ends become spaces, as they would tear the reply, or go at its end.
func Errorf(format string, args ...any) resp.Error {
	for i, a := range args {
		if b, ok := a.([]byte); ok {
			args[i] = beforeZero(b)
		}
	}
	return resp.Error("ERR " + lineEnds.Replace(strings.TrimRight(fmt.Sprintf(format, args...), "\r\n")))
}

// lineEnds works on bytes: what a client sends need not be UTF-8.
var lineEnds = strings.NewReplacer("\r", " ", "\n", " ")

func beforeZero(b []byte) []byte {
	b, _, _ = bytes.Cut(b, []byte{0})
	return b
}

// ErrArity is the reply to a call of a command with the wrong number of arguments.
func ErrArity(cmd *command.Decl) resp.Error {
	return Errorf("wrong number of arguments for '%s' command", cmd.FullName)
}

// ErrSubcommand is the reply to a subcommand or argument form that its container does not know.
func ErrSubcommand(container string, sub []byte) resp.Error {
	return Errorf("unknown subcommand '%s'. Try %s HELP.", clip(sub), strings.ToUpper(container))
}

// ErrSubcommandSyntax refuses a subcommand that is unknown to a command that reads its subcommands itself, such as
// DEBUG, or whose arguments are of a wrong number that the declaration cannot rule out.
func (c *Call) ErrSubcommandSyntax() resp.Error {
	return Errorf("unknown subcommand or wrong number of arguments for '%s'. Try %s HELP.", clip(c.Argv[1]),
		strings.ToUpper(string(c.Argv[0])))
}

// ErrUnknown names an unknown command with the beginning of its arguments, each quoted and the whole bounded to 128
// bytes.
func ErrUnknown(argv [][]byte) resp.Error {
	var b strings.Builder
	for _, a := range argv[1:] {
		if b.Len() >= errorTextMax {
			break
		}
		fmt.Fprintf(&b, "'%s' ", beforeZero(a[:min(len(a), errorTextMax-b.Len())]))
	}
	return Errorf("unknown command '%s', with args beginning with: %s", clip(argv[0]), b.String())
}

func clip(b []byte) []byte { return b[:min(len(b), errorTextMax)] }
