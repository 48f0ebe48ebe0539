package vfs

import (
	"io"
	"io/fs"
	"syscall"
)

// memFile is an open file of a Mem. Every write goes to the end: so do the writers of append-only and snapshot files.
type memFile struct {
	fs       *Mem
	node     *node
	name     string
	offset   int64 // of the next Read
	writable bool
	closed   bool
}

func (f *memFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.offset)
	f.offset += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *memFile) ReadAt(p []byte, offset int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("read", true); err != nil {
		return 0, err
	}
	if f.node.mode.IsDir() {
		return 0, f.fail("read", syscall.EISDIR)
	}
	if offset < 0 {
		return 0, f.fail("read", syscall.EINVAL)
	}
	if offset >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) Write(p []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("write", f.writable); err != nil {
		return 0, err
	}
	f.node.append(p)
	return len(p), nil
}

func (f *memFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("truncate", f.writable); err != nil {
		return err
	}
	if size < 0 {
		return f.fail("truncate", syscall.EINVAL)
	}
	f.node.truncate(size)
	return nil
}

// Chmod is durable at once: no code of ours depends on when a mode becomes so.
func (f *memFile) Chmod(perm fs.FileMode) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("chmod", true); err != nil {
		return err
	}
	f.node.mode = f.node.mode.Type() | perm.Perm()
	return nil
}

func (f *memFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("sync", true); err != nil {
		return err
	}
	f.node.sync()
	return nil
}

func (f *memFile) Stat() (fs.FileInfo, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("stat", true); err != nil {
		return nil, err
	}
	return f.node.info(f.name), nil
}

func (f *memFile) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("close", true); err != nil {
		return err
	}
	f.closed = true
	return nil
}

// check refuses a closed file, and an operation that the file was not opened for.
func (f *memFile) check(op string, allowed bool) error {
	if f.closed {
		return &fs.PathError{Op: op, Path: f.name, Err: fs.ErrClosed}
	}
	if !allowed {
		return f.fail(op, syscall.EBADF)
	}
	return nil
}

func (f *memFile) fail(op string, errno syscall.Errno) error {
	return &fs.PathError{Op: op, Path: f.name, Err: errno}
}
