package vfs

import (
	"errors"
	"io/fs"
	"path"
)

// Replace puts data in place of the file at name: new file, fsync, rename, fsync of the folder, in this order, so that
// at any time the name stands for all of the old data or all of the new. keepMode sets the mode whatever the umask.
func Replace(fsys FS, name string, data []byte, mode fs.FileMode, keepMode bool) (err error) {
	temporary := name + ".rewrite"
	f, err := fsys.Create(temporary, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = fsys.Remove(temporary) // the first error is the one to tell
		}
	}()
	_, err = f.Write(data)
	if err == nil && keepMode {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = fsys.Rename(temporary, name); err != nil {
		return err
	}
	return fsys.SyncDir(path.Dir(name))
}
