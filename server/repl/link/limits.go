package link

import "time"

const (
	// lineMax is the longest line that a primary may send before the stream begins.
	lineMax = 1024
	// bufferBytes is the size of the buffer that is read into.
	bufferBytes = 64 << 10
	// readMin is the least room for what is read at once.
	readMin = 16 << 10
	// bufferKept is the largest buffer that stays when a command is done with it.
	bufferKept = 1 << 20
	// batchMax is how many commands are handed over together.
	batchMax = 1024
	// lifePeriod is the time between two signs of life, and between two looks at the clock for a silent primary.
	lifePeriod = time.Second
	// ReserveBlock is the size of a block of the reserve, which may exceed its limit by as much.
	ReserveBlock = 16 << 10
	// markBytes is the length of the mark that ends a copy of unknown size.
	markBytes = 40
)
