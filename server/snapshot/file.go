package snapshot

import (
	"errors"
	"fmt"
	"path"

	"valkey/internal/vfs"
)

// File is a snapshot's file in the making: what is written goes to a temporary file, which takes the name of the real
// one once it is whole and on the disk. Whenever the machine stops, the name leads to the old file or to the new one.
type File struct {
	FS   vfs.FS
	Temp string // path of the temporary file
	Name string // path of the file; in the same folder
	// Incremental has the disk begin before the end, so that the sync at the end is short.
	Incremental bool

	file    vfs.File
	written int64
	synced  int64 // where the next incremental sync begins
}

// Open makes the temporary file: Options.Open.
func (f *File) Open() (err error) {
	if f.file, err = f.FS.Create(f.Temp, 0o666); err != nil {
		return fmt.Errorf("snapshot: open %s: %w", f.Temp, err)
	}
	return nil
}

// Write adds to it.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.written += int64(n)
	if err != nil {
		return n, fmt.Errorf("snapshot: write %s: %w", f.Temp, err)
	}
	if f.Incremental && f.written-f.synced >= syncBytes {
		if err := f.writeBack(); err != nil {
			return n, fmt.Errorf("snapshot: sync %s: %w", f.Temp, err)
		}
	}
	return n, nil
}

// writeBack starts writing what came since the last call to the disk, and waits for what the last one started.
func (f *File) writeBack() error {
	start, before := f.synced, max(f.synced-syncBytes, 0)
	f.synced = f.written
	if err := vfs.StartSync(f.file, start, f.written-start); err != nil {
		return err
	}
	if start == 0 {
		return nil
	}
	return vfs.WaitSync(f.file, before, start-before)
}

// Finish makes the file take its name, or removes it if the snapshot was given up: Options.Finish.
func (f *File) Finish(err error) error {
	if err == nil {
		err = f.commit()
	}
	if err != nil {
		f.discard()
	}
	return err
}

func (f *File) commit() error {
	err := f.file.Sync()
	if err != nil {
		return fmt.Errorf("snapshot: sync %s: %w", f.Temp, err)
	}
	err = f.file.Close()
	f.file = nil
	if err != nil {
		return fmt.Errorf("snapshot: close %s: %w", f.Temp, err)
	}
	if err := f.FS.Rename(f.Temp, f.Name); err != nil {
		return fmt.Errorf("snapshot: rename %s: %w", f.Temp, err)
	}
	if err := f.FS.SyncDir(path.Dir(f.Name)); err != nil {
		return fmt.Errorf("snapshot: sync the folder of %s: %w", f.Name, err)
	}
	return nil
}

func (f *File) discard() {
	var err error
	if f.file != nil {
		err = f.file.Close()
		f.file = nil
	}
	_ = errors.Join(err, f.FS.Remove(f.Temp)) // the error that brought us here is what counts
}
