package session

import "valkey/frontend/resp"

// BlockKind says what a client waits for.
type BlockKind uint8

// The kinds of waiting.
const (
	BlockNone      BlockKind = iota
	BlockKeys                // data at one of its keys
	BlockReplicas            // acknowledgements (WAIT, WAITAOF)
	BlockPostponed           // the end of CLIENT PAUSE; the command runs again then
	BlockShutdown            // the end of a SHUTDOWN that waits
	BlockMigrate             // that its keys have been taken elsewhere (MIGRATE)
	BlockMoving              // for another's MIGRATE of its keys; the command runs again then
	BlockAnswer              // what a sentinel's group or disk says
)

// Block is a client that waits. It is made by engine.Call.Block and ended by the engine.
type Block struct {
	Kind     BlockKind
	Argv     [][]byte // the command, copied; runs again when what it waits for has come
	Keys     []BlockKey
	Deadline int64 // Unix time in milliseconds; 0 waits for ever
	Place    int   // among the deadlines: the engine's
	Slot     int   // among the waits for replicas: the engine's
	// TimedOut writes the reply of a wait that ended without success (deadline, CLIENT UNBLOCK). Never nil where a
	// deadline may be set.
	TimedOut func(w *resp.Writer)
	// Ready reports whether a BlockReplicas wait is over and then writes the reply.
	Ready     func(w *resp.Writer) bool
	StartedNs int64 // monotonic, for the command's statistics
}

// BlockKey names a key that a client waits for.
type BlockKey struct {
	DB  int
	Key string
}
