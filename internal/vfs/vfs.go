// Package vfs is the file system as durable code sees it: the few operations that it needs, so that a test can take the
// power away between any two of them or make any one fail.
//
//   - [OS] is the real one.
//   - [Mem] keeps files in memory and knows what has been synced; [Mem.CrashClone] is the state after a power cut.
//   - [Watched] wraps either and asks before each operation; [Faulty] fails the N-th.
//
// What durable code may rely on, and Mem holds it to: written bytes survive once File.Sync has returned; the creation,
// renaming or removal of a name survives once SyncDir of its folder has returned, and not before, even if the file
// itself was synced. Anything later may survive in part.
//
// Paths are slash-separated. Errors are *fs.PathError or *os.LinkError round a syscall.Errno, so errors.Is works with
// fs.ErrNotExist and the like. An FS is safe for concurrent use; a File is not, but for Sync beside Write.
package vfs

import (
	"io"
	"io/fs"
)

// FS is a file system.
type FS interface {
	// Open opens a file, or a folder to sync it, for reading.
	Open(name string) (File, error)
	// Create makes an empty file for writing, or empties the one there is; perm is subject to the umask.
	Create(name string, perm fs.FileMode) (File, error)
	// OpenAppend opens a file for reading and for writing at its end, and creates it if there is none.
	OpenAppend(name string, perm fs.FileMode) (File, error)
	// Rename moves a file, in place of the one at newname if there is one.
	Rename(oldname, newname string) error
	// Link gives a file a second name; there must be none of that name yet.
	Link(oldname, newname string) error
	// Remove removes a file or an empty folder.
	Remove(name string) error
	// MkdirAll makes a folder and those above it; it is content when they exist.
	MkdirAll(name string, perm fs.FileMode) error
	// ReadDir lists the names in a folder in order.
	ReadDir(name string) ([]string, error)
	// Stat describes a file or folder.
	Stat(name string) (fs.FileInfo, error)
	// SyncDir makes the names in a folder durable.
	SyncDir(name string) error
}

// File is an open file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.Closer
	// Sync makes what has been written durable.
	Sync() error
	// Truncate cuts the file to size, or extends it with zeros.
	Truncate(size int64) error
	// Chmod sets the permission bits, whatever the umask says.
	Chmod(perm fs.FileMode) error
	// Stat describes the file.
	Stat() (fs.FileInfo, error)
}

// ReadFile reads a whole file of at most limit bytes; a longer one is an error.
func ReadFile(fsys FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errTooLarge}
	}
	return data, nil
}
