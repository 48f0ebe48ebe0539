package vfs

import (
	"io/fs"
	"sync/atomic"
)

// Faulty is a file system whose N-th operation fails, counted over it and its files together. A test runs the same work
// with N = 1, 2, … until [Faulty.Hit] says that nothing failed.
type Faulty struct {
	fs    FS
	nth   int64
	err   error
	lasts bool
	seen  atomic.Int64
}

var _ FS = (*Faulty)(nil)

// NewFaulty wraps a file system; operation nth, from 1 on, gives err. A write that fails has written half.
func NewFaulty(fsys FS, nth int, err error) *Faulty {
	return &Faulty{fs: fsys, nth: int64(nth), err: err}
}

// Last makes every operation after the chosen one fail, too, as if the disk were gone: what the wrapped file system has
// then is what a crash at that operation finds.
func (f *Faulty) Last() *Faulty {
	f.lasts = true
	return f
}

// Hit reports whether the fault has happened.
func (f *Faulty) Hit() bool { return f.seen.Load() >= f.nth }

// fault counts an operation and gives the error if it is the chosen one.
func (f *Faulty) fault(op, name string) error {
	if n := f.seen.Add(1); n == f.nth || f.lasts && n > f.nth {
		return &fs.PathError{Op: op, Path: name, Err: f.err}
	}
	return nil
}

// Open opens a file or folder for reading.
func (f *Faulty) Open(name string) (File, error) {
	return f.wrap(name, func() (File, error) { return f.fs.Open(name) })
}

// Create makes an empty file for writing.
func (f *Faulty) Create(name string, perm fs.FileMode) (File, error) {
	return f.wrap(name, func() (File, error) { return f.fs.Create(name, perm) })
}

// OpenAppend opens a file for writing at its end.
func (f *Faulty) OpenAppend(name string, perm fs.FileMode) (File, error) {
	return f.wrap(name, func() (File, error) { return f.fs.OpenAppend(name, perm) })
}

func (f *Faulty) wrap(name string, open func() (File, error)) (File, error) {
	if err := f.fault("open", name); err != nil {
		return nil, err
	}
	inner, err := open()
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: inner, fs: f, name: name}, nil
}

// Rename moves a file.
func (f *Faulty) Rename(oldname, newname string) error {
	if err := f.fault("rename", oldname); err != nil {
		return err
	}
	return f.fs.Rename(oldname, newname)
}

// Link gives a file a second name.
func (f *Faulty) Link(oldname, newname string) error {
	if err := f.fault("link", oldname); err != nil {
		return err
	}
	return f.fs.Link(oldname, newname)
}

// Remove removes a file or an empty folder.
func (f *Faulty) Remove(name string) error {
	if err := f.fault("remove", name); err != nil {
		return err
	}
	return f.fs.Remove(name)
}

// MkdirAll makes a folder and those above it.
func (f *Faulty) MkdirAll(name string, perm fs.FileMode) error {
	if err := f.fault("mkdir", name); err != nil {
		return err
	}
	return f.fs.MkdirAll(name, perm)
}

// ReadDir lists the names in a folder in order.
func (f *Faulty) ReadDir(name string) ([]string, error) {
	if err := f.fault("readdir", name); err != nil {
		return nil, err
	}
	return f.fs.ReadDir(name)
}

// Stat describes a file or folder.
func (f *Faulty) Stat(name string) (fs.FileInfo, error) {
	if err := f.fault("stat", name); err != nil {
		return nil, err
	}
	return f.fs.Stat(name)
}

// SyncDir makes the names in a folder durable.
func (f *Faulty) SyncDir(name string) error {
	if err := f.fault("sync", name); err != nil {
		return err
	}
	return f.fs.SyncDir(name)
}

// faultyFile is a file of a Faulty. Its Close and Stat never fail: no code of ours can do more about them than go on.
type faultyFile struct {
	File
	fs   *Faulty
	name string
}

func (f *faultyFile) Read(p []byte) (int, error) {
	if err := f.fs.fault("read", f.name); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

func (f *faultyFile) ReadAt(p []byte, offset int64) (int, error) {
	if err := f.fs.fault("read", f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, offset)
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.fs.fault("write", f.name); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *faultyFile) Sync() error {
	if err := f.fs.fault("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.fs.fault("truncate", f.name); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultyFile) Chmod(perm fs.FileMode) error {
	if err := f.fs.fault("chmod", f.name); err != nil {
		return err
	}
	return f.File.Chmod(perm)
}
