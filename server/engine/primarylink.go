package engine

// PrimaryLink is how a replica stands with its primary: the replica's part of ROLE and INFO. Times are Unix
// milliseconds, 0 for never.
type PrimaryLink struct {
	Host  string
	Port  int64
	State string // connect, connecting, handshake, sync or connected
	Up    bool   // the stream is followed

	LastIOMs  int64 // when the primary was last heard of; 0 unless Up
	DownMs    int64 // since when the link has been down; 0 if it never was up
	KeepsMs   int64 // for how long its copies are refused, as it lost its data; 0 unless they are
	HasOffset bool  // Offset is that of a stream that is followed now
	// Offset is up to where the stream was executed, ReadOffset up to where it was received.
	Offset, ReadOffset int64

	Syncing      bool  // a copy is being received
	SyncTotal    int64 // bytes of it, 0 if nobody knows
	SyncRead     int64
	SyncLastIOMs int64

	// BufferBytes is what was received of the stream while a copy is being received beside it.
	BufferBytes, BufferPeak int64
}
