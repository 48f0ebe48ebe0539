package vfs

import (
	"io/fs"
	"sync/atomic"
)

// Watched is a file system that asks before every operation on it and its files, for tests that take the power away at
// that moment or have it fail.
type Watched struct {
	fs     FS
	before func(op, name string) error
}

// NewWatched wraps a file system. The error that before gives, if any, is that of the operation; a write that fails so
// has written half.
func NewWatched(fsys FS, before func(op, name string) error) *Watched { return &Watched{fsys, before} }

// Faulty is a file system whose N-th operation fails, counted over it and its files together. A test runs the same work
// with N = 1, 2, … until [Faulty.Hit] says that nothing failed.
type Faulty struct {
	*Watched
	nth   int64
	lasts bool
	seen  atomic.Int64
}

var _ FS = (*Faulty)(nil)

// NewFaulty wraps a file system; operation nth, from 1 on, gives err.
func NewFaulty(fsys FS, nth int, err error) *Faulty {
	f := &Faulty{nth: int64(nth)}
	f.Watched = NewWatched(fsys, func(op, name string) error {
		if n := f.seen.Add(1); n == f.nth || f.lasts && n > f.nth {
			return &fs.PathError{Op: op, Path: name, Err: err}
		}
		return nil
	})
	return f
}

// Last makes every operation after the chosen one fail, too, as if the disk were gone: what the wrapped file system has
// then is what a crash at that operation finds.
func (f *Faulty) Last() *Faulty {
	f.lasts = true
	return f
}

// Hit reports whether the fault has happened.
func (f *Faulty) Hit() bool { return f.seen.Load() >= f.nth }

// Open opens a file or folder for reading.
func (w *Watched) Open(name string) (File, error) {
	return w.wrap(name, func() (File, error) { return w.fs.Open(name) })
}

// Create makes an empty file for writing.
func (w *Watched) Create(name string, perm fs.FileMode) (File, error) {
	return w.wrap(name, func() (File, error) { return w.fs.Create(name, perm) })
}

// OpenAppend opens a file for writing at its end.
func (w *Watched) OpenAppend(name string, perm fs.FileMode) (File, error) {
	return w.wrap(name, func() (File, error) { return w.fs.OpenAppend(name, perm) })
}

func (w *Watched) wrap(name string, open func() (File, error)) (File, error) {
	if err := w.before("open", name); err != nil {
		return nil, err
	}
	inner, err := open()
	if err != nil {
		return nil, err
	}
	return &watchedFile{File: inner, fs: w, name: name}, nil
}

// Rename moves a file.
func (w *Watched) Rename(oldname, newname string) error {
	if err := w.before("rename", oldname); err != nil {
		return err
	}
	return w.fs.Rename(oldname, newname)
}

// Link gives a file a second name.
func (w *Watched) Link(oldname, newname string) error {
	if err := w.before("link", oldname); err != nil {
		return err
	}
	return w.fs.Link(oldname, newname)
}

// Remove removes a file or an empty folder.
func (w *Watched) Remove(name string) error {
	if err := w.before("remove", name); err != nil {
		return err
	}
	return w.fs.Remove(name)
}

// MkdirAll makes a folder and those above it.
func (w *Watched) MkdirAll(name string, perm fs.FileMode) error {
	if err := w.before("mkdir", name); err != nil {
		return err
	}
	return w.fs.MkdirAll(name, perm)
}

// ReadDir lists the names in a folder in order.
func (w *Watched) ReadDir(name string) ([]string, error) {
	if err := w.before("readdir", name); err != nil {
		return nil, err
	}
	return w.fs.ReadDir(name)
}

// Stat describes a file or folder.
func (w *Watched) Stat(name string) (fs.FileInfo, error) {
	if err := w.before("stat", name); err != nil {
		return nil, err
	}
	return w.fs.Stat(name)
}

// SyncDir makes the names in a folder durable.
func (w *Watched) SyncDir(name string) error {
	if err := w.before("sync", name); err != nil {
		return err
	}
	return w.fs.SyncDir(name)
}

// watchedFile is a file of a Watched. Its Close and Stat are not asked about: no code of ours can do more about an
// error of theirs than go on.
type watchedFile struct {
	File
	fs   *Watched
	name string
}

func (f *watchedFile) Read(p []byte) (int, error) {
	if err := f.fs.before("read", f.name); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

func (f *watchedFile) ReadAt(p []byte, offset int64) (int, error) {
	if err := f.fs.before("read", f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, offset)
}

func (f *watchedFile) Write(p []byte) (int, error) {
	if err := f.fs.before("write", f.name); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *watchedFile) Sync() error {
	if err := f.fs.before("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *watchedFile) Truncate(size int64) error {
	if err := f.fs.before("truncate", f.name); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *watchedFile) Chmod(perm fs.FileMode) error {
	if err := f.fs.before("chmod", f.name); err != nil {
		return err
	}
	return f.File.Chmod(perm)
}
