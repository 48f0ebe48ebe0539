package session

// ReplicaState is how far a client has come that copies this server.
type ReplicaState uint8

// The states, in the order in which a full copy goes through them.
const (
	ReplicaNone        ReplicaState = iota // it has told about itself and copies nothing
	ReplicaWaitStart                       // waits for a snapshot to begin
	ReplicaWaitEnd                         // its snapshot is being made; the stream from there on is kept for it
	ReplicaSendBulk                        // is sent the file of its snapshot
	ReplicaOnline                          // follows the stream
	ReplicaTransmitted                     // wanted the snapshot only, and has it
	ReplicaLoads                           // follows the stream while its snapshot still comes over another connection
)

var replicaStates = [...]string{
	"", "wait_bgsave", "wait_bgsave", "send_bulk", "online", "rdb_transmitted", "bg_transfer",
}

// String is the state's name in INFO.
func (s ReplicaState) String() string { return replicaStates[s] }

// Replica is what a client has told about itself as a replica (REPLCONF), and how far it is.
type Replica struct {
	State ReplicaState

	Address string // that it announces, "" for the connection's
	Port    int    // that it announces, 0 if it did not
	Version int    // three bytes: major, minor, patch; 0 if it did not tell

	// Capabilities: a snapshot whose length is told by a mark at its end, a changed history id in the answer to PSYNC,
	// the snapshot over a connection of its own, no checksum of it where the connection has one.
	EOF, PSync2, DualChannel, NoChecksum bool

	RDBOnly                  bool   // wants no stream after the snapshot
	RDBChannel               bool   // is the second connection of a replica that gets its snapshot over it
	NoData, NoFunctions      bool   // what it does not want in the snapshot
	RDBClient                uint64 // the client over which its snapshot comes, 0 for none
	OldSync                  bool   // came with SYNC and acknowledges nothing
	AckOffset, AckFileOffset int64  // what it has executed, and what its append-only file holds for good
	AckMs                    int64  // when it said so last

	// Stream is its place in what it is sent, nil before that begins.
	Stream Stream
}

// Stream is a place in bytes that many clients are sent. The engine lock is held.
type Stream interface {
	// Behind gives the bytes that wait for the client and the blocks that hold them.
	Behind() (bytes, blocks int)
	// Taken is how many bytes were sent.
	Taken() uint64
}

// IsReplica reports whether a client copies this server.
func (c *Client) IsReplica() bool { return c.Replica != nil && c.Replica.State != ReplicaNone }
