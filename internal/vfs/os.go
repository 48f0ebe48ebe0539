package vfs

import (
	"io/fs"
	"os"
	"syscall"
)

const errTooLarge = syscall.EFBIG

// OS is the file system of the machine.
type OS struct{}

var _ FS = OS{}

// Open opens a file or folder for reading.
func (OS) Open(name string) (File, error) { return file(os.Open(name)) }

// Create makes an empty file for writing.
func (OS) Create(name string, perm fs.FileMode) (File, error) {
	return file(os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, perm))
}

// OpenAppend opens a file for writing at its end.
func (OS) OpenAppend(name string, perm fs.FileMode) (File, error) {
	return file(os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, perm))
}

// Rename moves a file.
func (OS) Rename(oldname, newname string) error { return os.Rename(oldname, newname) }

// Link gives a file a second name.
func (OS) Link(oldname, newname string) error { return os.Link(oldname, newname) }

// Remove removes a file or an empty folder.
func (OS) Remove(name string) error { return os.Remove(name) }

// MkdirAll makes a folder and those above it.
func (OS) MkdirAll(name string, perm fs.FileMode) error { return os.MkdirAll(name, perm) }

// ReadDir lists the names in a folder in order.
func (OS) ReadDir(name string) ([]string, error) {
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// Stat describes a file or folder.
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// SyncDir makes the names in a folder durable.
func (OS) SyncDir(name string) error {
	d, err := os.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// file keeps a nil *os.File from becoming a File that is not nil.
func file(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}
