package session

// Transaction is an open MULTI.
type Transaction struct {
	Queue []Queued
	DB    int    // in which the next command will run: SELECT is queued like others
	Dirty bool   // a command was refused while queueing: EXEC must fail
	Flags uint64 // the union of the queued commands' flags, as command.Flag bits
	// Lacks are the flags that at least one queued command has not.
	Lacks uint64
}

// Add notes the flags of a command that is queued.
func (t *Transaction) Add(flags uint64) {
	t.Flags |= flags
	t.Lacks |= ^flags
}

// Forget drops what is queued; the transaction stays open, to fail.
func (t *Transaction) Forget() { t.Queue, t.Flags, t.Lacks = nil, 0, 0 }

// Queued is one command of a transaction: arguments copied out of the read buffer.
type Queued struct {
	Argv [][]byte
}

// Watch is one watched key of one client.
type Watch struct {
	Client *Client
	DB     int
	Key    string
	// Expired is true when the key had already expired at WATCH time: its deletion must not fail EXEC then.
	Expired bool
	Place   int // among the watches of its key: the engine's
}

// CopyArgv copies arguments out of a read buffer: one allocation for the bytes, one for the slices.
func CopyArgv(argv [][]byte) ([][]byte, int) {
	n := 0
	for _, a := range argv {
		n += len(a)
	}
	bytes := make([]byte, 0, n)
	out := make([][]byte, len(argv))
	for i, a := range argv {
		at := len(bytes)
		bytes = append(bytes, a...)
		out[i] = bytes[at:len(bytes):len(bytes)]
	}
	return out, n
}
