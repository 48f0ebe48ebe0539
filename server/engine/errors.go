package engine

import (
	"bytes"
	"fmt"
	"strings"

	"valkey/frontend/resp"
)

// Wire errors: the text after the dash, equal to Valkey's to the byte. Handlers return them; dispatch writes and
// counts them.
const (
	ErrWrongType    = resp.Error("WRONGTYPE Operation against a key holding the wrong kind of value")
	ErrSyntax       = resp.Error("ERR syntax error")
	ErrNoKey        = resp.Error("ERR no such key")
	ErrSameObject   = resp.Error("ERR source and destination objects are the same")
	ErrOutOfRange   = resp.Error("ERR index out of range")
	ErrNotInteger   = resp.Error("ERR value is not an integer or out of range")
	ErrNotPositive  = resp.Error("ERR value is out of range, must be positive")
	ErrNotFloat     = resp.Error("ERR value is not a valid float")
	ErrNoAuth       = resp.Error("NOAUTH Authentication required.")
	ErrOOM          = resp.Error("OOM command not allowed when used memory > 'maxmemory'.")
	ErrLoading      = resp.Error("LOADING Valkey is loading the dataset in memory")
	ErrReadOnly     = resp.Error("READONLY You can't write against a read only replica.")
	ErrPrimaryDown  = resp.Error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")
	ErrReplicaKeys  = resp.Error("ERR Replica can't interact with the keyspace")
	ErrNoReplicas   = resp.Error("NOREPLICAS Not enough good replicas to write.")
	ErrExecAbort    = resp.Error("EXECABORT Transaction discarded because of previous errors.")
	ErrNestedMulti  = resp.Error("ERR MULTI calls can not be nested")
	ErrDiscardAlone = resp.Error("ERR DISCARD without MULTI")
	ErrExecAlone    = resp.Error("ERR EXEC without MULTI")
	ErrWatchInMulti = resp.Error("ERR WATCH inside MULTI is not allowed")
	ErrDBIndex      = resp.Error("ERR DB index is out of range")
	ErrNegativeDB   = resp.Error("ERR value is out of range, value must between 0 and 2147483647")
	ErrInvalidDB    = resp.Error("ERR invalid DB index")
	ErrTimeoutFloat = resp.Error("ERR timeout is not a float or out of range")
	ErrTimeoutInt   = resp.Error("ERR timeout is not an integer or out of range")
	ErrTimeoutNeg   = resp.Error("ERR timeout is negative")
	ErrTimeoutRange = resp.Error("ERR timeout is out of range")
	errNoKey        = resp.Error("NOPERM No permissions to access a key")
	errNoChannel    = resp.Error("NOPERM No permissions to access a channel")
	errNoDatabase   = resp.Error("NOPERM No permissions to access database")
	ErrWrongPass    = resp.Error("WRONGPASS invalid username-password pair or user is disabled.")
	ErrUnblocked    = resp.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
	ErrRoleChanged  = resp.Error("UNBLOCKED force unblock from blocking operation, " +
		"instance state changed (master -> replica?)")
	ErrStaleEpoch    = resp.Error("STALEEPOCH A later epoch has given this server its role") // of our own
	ErrMaxClients    = resp.Error("ERR max number of clients reached")
	ErrTooBigString  = resp.Error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
	ErrIntOverflow   = resp.Error("ERR increment or decrement would overflow")
	ErrSaveRunning   = resp.Error("ERR Background save already in progress")
	ErrNoSaveRunning = resp.Error("ERR Background saving is currently not in progress or scheduled")
	ErrOtherChild    = resp.Error("ERR Another child process is active (AOF?): can't BGSAVE right now. " +
		"Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.")
	ErrSaveFailed    = resp.Error("ERR")
	ErrReloadFailed  = resp.Error("ERR Error trying to load the RDB dump, check server logs.")
	ErrLoadLog       = resp.Error("ERR Error trying to load the AOF files, check server logs.")
	ErrRewriteRuns   = resp.Error("ERR Background append only file rewriting already in progress")
	ErrReloadOption  = resp.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
	ErrShutdown      = resp.Error("ERR Errors trying to SHUTDOWN. Check logs.")
	ErrNaNOrInfinity = resp.Error("ERR increment would produce NaN or Infinity")
)

// ErrDiskLog refuses writes while the append-only file takes none.
func ErrDiskLog(reason string) resp.Error {
	return resp.Error("MISCONF Errors writing to the AOF file: " + reason)
}

// ErrDiskSave refuses writes while snapshots fail.
func ErrDiskSave(product string) resp.Error {
	return resp.Error("MISCONF " + product + " is configured to save RDB snapshots, but it's currently unable to persist" +
		" to disk. Commands that may modify the data set are disabled, because this instance is configured to report" +
		" errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the " +
		product + " logs for details about the RDB error.")
}

// Wire errors of WAIT and WAITAOF.
const (
	ErrWaitOnReplica = resp.Error("ERR WAIT cannot be used with replica instances. Please also note that if a " +
		"replica is configured to be writable (which is not the default) writes to replicas are just local and are " +
		"not propagated.")
	ErrWaitAOFOnReplica = resp.Error("ERR WAITAOF cannot be used with replica instances. Please also note that " +
		"writes to replicas are just local and are not propagated.")
	ErrWaitAOFWithoutFile = resp.Error("ERR WAITAOF cannot be used when numlocal is set but appendonly is " +
		"disabled.")
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

// errArity is the reply to a command with the wrong number of arguments; name is the full name, lower case.
func errArity(name string) resp.Error {
	return Errorf("wrong number of arguments for '%s' command", name)
}

// errRedirect sends a client to the primary.
func errRedirect(primary string) resp.Error { return resp.Error("REDIRECT " + primary) }

// ErrArity is errArity for handlers that check the number of their arguments themselves.
func ErrArity(c *Call) resp.Error { return errArity(c.Cmd.FullName) }

// ErrExpireTime is the reply to a time to live or a deadline that cannot be.
func ErrExpireTime(c *Call) resp.Error {
	return Errorf("invalid expire time in '%s' command", c.Cmd.FullName)
}

// ErrSubcommand is the reply to a subcommand or argument form that its container does not know.
func ErrSubcommand(container string, sub []byte) resp.Error {
	return Errorf("unknown subcommand '%s'. Try %s HELP.", clip(sub), strings.ToUpper(container))
}

// ErrSubcommandSyntax refuses a subcommand that is unknown to a command that reads its subcommands itself, such as
// DEBUG, or whose arguments are of a wrong number that the declaration cannot rule out.
func ErrSubcommandSyntax(c *Call) resp.Error {
	return Errorf("unknown subcommand or wrong number of arguments for '%s'. Try %s HELP.", clip(c.Argv[1]),
		strings.ToUpper(string(c.Argv[0])))
}

// errUnknown names an unknown command with the beginning of its arguments, each quoted and the whole bounded to 128
// bytes.
func errUnknown(argv [][]byte) resp.Error {
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
