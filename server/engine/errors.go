package engine

import (
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

// Wire errors about data, as in frontend/session, whose errors that many handlers return are named here again.
const (
	ErrWrongType    = resp.Error("WRONGTYPE Operation against a key holding the wrong kind of value")
	ErrSyntax       = session.ErrSyntax
	ErrNoKey        = resp.Error("ERR no such key")
	ErrSameObject   = resp.Error("ERR source and destination objects are the same")
	ErrOutOfRange   = resp.Error("ERR index out of range")
	ErrNotInteger   = session.ErrNotInteger
	ErrNotPositive  = resp.Error("ERR value is out of range, must be positive")
	ErrNotFloat     = resp.Error("ERR value is not a valid float")
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
	ErrTimeoutInt   = session.ErrTimeoutInt
	ErrTimeoutNeg   = session.ErrTimeoutNeg
	ErrTimeoutRange = session.ErrTimeoutRange
	ErrRoleChanged  = resp.Error("UNBLOCKED force unblock from blocking operation, " +
		"instance state changed (master -> replica?)")
	ErrStaleEpoch    = resp.Error("STALEEPOCH A later epoch has given this server its role") // of our own
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

// Errorf makes a wire error with the code ERR: session.Errorf.
func Errorf(format string, args ...any) resp.Error { return session.Errorf(format, args...) }

// errRedirect sends a client to the primary.
func errRedirect(primary string) resp.Error { return resp.Error("REDIRECT " + primary) }

// ErrExpireTime is the reply to a time to live or a deadline that cannot be.
func ErrExpireTime(c *Call) resp.Error {
	return Errorf("invalid expire time in '%s' command", c.Cmd.FullName)
}
