package netloop

import "time"

const (
	// waitMax bounds a loop's wait for sockets. The wait keeps the Go scheduler's P, so it must end by itself.
	waitMax = 100 * time.Millisecond

	// eventsMax is how many ready descriptors one wait returns.
	eventsMax = 512

	// sharedBytes is the buffer that a loop's connections read into, one behind the other; when it is full, the
	// requests in it are executed.
	sharedBytes = 512 << 10

	// readMax is how much one connection reads in one round.
	readMax = 64 << 10

	// readBigMax is how much it reads in one round into the middle of a big argument, where nothing is parsed.
	readBigMax = 256 << 10

	// commandsPerConnMax is how many requests of one connection one round executes; the rest waits for the next round.
	commandsPerConnMax = 1024

	// commandsMax is how many requests a round collects before it executes them.
	commandsMax = 8192

	// carryMax is the longest incomplete request that is copied in front of what the next read brings. What is longer
	// stays where it is and is read onto.
	carryMax = 4 << 10

	// bigArgument is how long an argument must be for reads to be cut to its end.
	bigArgument = 32 << 10

	// queryMin is the smallest query buffer of a connection whose request is torn.
	queryMin = 16 << 10

	// queryTrusted is how much memory an announced argument length is worth before its bytes come: a megabyte and what
	// a request has beside it. Beyond it the buffer is at most twice what has been received.
	queryTrusted = 1<<20 + 4<<10

	// mappedMin is the smallest query buffer that is mapped instead of taken from the heap.
	mappedMin = 1 << 20

	// queryUnauthMax is the query buffer limit of a client that has not shown a password.
	queryUnauthMax = 1 << 20

	// flushMax is how much is written to one socket in one round.
	flushMax = 1 << 20

	// chunksPerWrite is the most chunks in one writev.
	chunksPerWrite = 64

	// coalesceMax is the longest reply that is copied into the room behind the reply before it instead of becoming a
	// chunk of its own.
	coalesceMax = 4 << 10

	// recycledMax is the largest reply buffer that is kept for reuse, recycledBytes what a loop keeps in all.
	recycledMax   = 64 << 10
	recycledBytes = 4 << 20

	// argvKept is the most argument slots that stay allocated between rounds.
	argvKept = 64 << 10

	// sweepEvery is how often query buffers are looked through for memory that is no longer needed, sweepMax how many
	// of them at a time, idleSweeps after how many sweeps without a byte a connection counts as idle.
	sweepEvery = 100 * time.Millisecond
	sweepMax   = 1024
	idleSweeps = 20

	// sealedMax is how much a TLS connection receives in one round, sealMax how much becomes records at a time.
	sealedMax = 64 << 10
	sealMax   = 64 << 10

	// handshakesMax is how many TLS handshakes run at a time, handshakeMax the default of Config.HandshakeMax.
	handshakesMax = 10000
	handshakeMax  = 10 * time.Second

	// acceptMax is the default of Config.AcceptMax.
	acceptMax = 10

	// acceptTLSMax is the default of Config.AcceptTLSMax.
	acceptTLSMax = 1

	// acceptPause is how long accepting rests when the process has no descriptors left.
	acceptPause = 100 * time.Millisecond

	// backlogDefault is the default of Config.Backlog.
	backlogDefault = 511

	// queryBufferMax is the default of Config.QueryBufferMax.
	queryBufferMax = 1 << 30

	// paceWindow is how long a loop watches before it decides whether requests should gather (see pacer): it must be
	// busy for one part in paceBusyShare of it. The pause is one part in paceRoundShare of the time in which every
	// active connection has its turn, between pauseMin, below which it gains nothing, and pauseMax.
	paceWindow     = time.Millisecond
	paceBusyShare  = 3
	paceRoundShare = 12
	pauseMin       = 20 * time.Microsecond
	pauseMax       = 50 * time.Microsecond
)
