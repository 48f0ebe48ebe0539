package rdb

const (
	// sealFlushBytes is how much a Sealer gathers before it writes.
	sealFlushBytes = 256 << 10
	// sealBufferKept is the largest buffer that a Sealer keeps between writes.
	sealBufferKept = 1 << 20

	// compressMin is the shortest string that may become shorter.
	compressMin = 21
	// compressGain is how many bytes compression must save.
	compressGain = 4
	// compressedMax is how long a compressed string gets at most; what needs more is written as it is. It bounds the
	// memory that a huge value takes beside itself.
	compressedMax = 32 << 20

	// pieceBytes is how much of a pinned value is read at once.
	pieceBytes = 256 << 10

	// blockBytes is how much a Reader asks for at once, firstBlockBytes how much it begins with. Items hold on to the
	// block that they came in.
	blockBytes      = 256 << 10
	firstBlockBytes = 8 << 10
	// emptyReadsMax is how often an io.Reader may bring nothing.
	emptyReadsMax = 100
)
