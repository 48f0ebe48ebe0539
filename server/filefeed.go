package server

import (
	"sync/atomic"

	"valkey/internal/vfs"
)

// fileFeed feeds a replica from a file. It reads on the loop: the file was written a moment ago and is in the system's
// cache, so a read is a copy. Next and Sent are of the goroutine that pulls; the file may be closed meanwhile.
type fileFeed struct {
	file vfs.File
	size int64
	wake func() // when it is done

	at          int64
	buf         []byte
	have, given int // of buf

	done, failed atomic.Bool
}

// fileFeedBytes is how much of the file is read at once.
const fileFeedBytes = 64 << 10

func newFileFeed(f vfs.File, size int64, wake func()) *fileFeed {
	return &fileFeed{file: f, size: size, wake: wake, buf: make([]byte, fileFeedBytes)}
}

// Next gives the next piece.
func (f *fileFeed) Next(limit int) []byte {
	if f.given == f.have && f.at < f.size && !f.failed.Load() {
		f.read()
	}
	return f.buf[f.given:min(f.have, f.given+limit)]
}

func (f *fileFeed) read() {
	f.given, f.have = 0, 0
	n, err := f.file.ReadAt(f.buf[:min(int64(len(f.buf)), f.size-f.at)], f.at)
	if n == 0 && err != nil {
		f.failed.Store(true)
		f.wake()
		return
	}
	f.have = n
	f.at += int64(n)
}

// Sent moves on.
func (f *fileFeed) Sent(n int) {
	f.given += n
	if f.given == f.have && f.at == f.size {
		f.done.Store(true)
		f.wake()
	}
}

// close ends it; nothing was written, so nothing can be lost.
func (f *fileFeed) close() { _ = f.file.Close() }
