package server

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"valkey/internal/vfs"
)

// copyFile is the file that a full copy from a primary comes into. Whatever happens on the way, the data file is the
// old one or the copy, whole.
type copyFile struct {
	fs        vfs.FS
	temp      string // until the copy is whole
	name      string // of the data file
	syncBytes int64  // written between two syncs: the last one would take long otherwise
}

// receivedSync is syncBytes of a server.
const receivedSync = 8 << 20

// receive writes the copy to the temporary file, durably, and opens it: by now, as the name of the data file may come
// to mean something else.
func (c *copyFile) receive(r io.Reader) (f vfs.File, err error) {
	if err = c.write(r); err == nil {
		f, err = c.fs.Open(c.temp)
	}
	if err != nil {
		c.drop()
	}
	return f, err
}

func (c *copyFile) write(r io.Reader) error {
	f, err := c.fs.Create(c.temp, 0o644)
	if err != nil {
		return err
	}
	for {
		n, err := io.CopyN(f, r, c.syncBytes)
		if serr := f.Sync(); serr != nil && (err == nil || errors.Is(err, io.EOF)) {
			err = serr
		}
		if err == nil && n == c.syncBytes {
			continue
		}
		if cerr := f.Close(); errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			err = cerr
		}
		return err
	}
}

// install makes the received copy the data file.
func (c *copyFile) install() error {
	if err := c.fs.Rename(c.temp, c.name); err != nil {
		c.drop()
		return fmt.Errorf("rename the copy: %w", err)
	}
	return c.fs.SyncDir(filepath.Dir(c.name))
}

// drop removes the temporary file, if there is one. One that stays does no harm.
func (c *copyFile) drop() { _ = c.fs.Remove(c.temp) }
