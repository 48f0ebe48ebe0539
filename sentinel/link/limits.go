package link

import "time"

const (
	// dialTimeout is how long a connection may take to open, TLS included.
	dialTimeout = 5 * time.Second
	// eventsMax is how many events wait for the owner before connections stop reading.
	eventsMax = 1024
	// unsentBytesMax is how much may wait for a peer that does not read.
	unsentBytesMax = 1 << 20
	// pendingMax is how many sends may be without a reply.
	pendingMax = 4096
	// replyBytesMax is the largest reply or message that is read.
	replyBytesMax = 4 << 20
	// readerBytes is the buffer of a connection, of which there may be very many; a long reply is read past it.
	readerBytes = 512
)
