package vfs

import (
	"io/fs"
	"os"
	"syscall"
)

// The flags of sync_file_range.
const (
	waitBefore = 1
	writeRange = 2
	waitAfter  = 4
)

// StartSync asks the system to begin writing a range of a file to the disk. Nothing is durable before File.Sync, which
// has less to do then. Only files of OS have a system to ask.
func StartSync(f File, offset, n int64) error { return syncRange(f, offset, n, writeRange) }

// WaitSync waits until a range is written, as far as the disk says so.
func WaitSync(f File, offset, n int64) error {
	return syncRange(f, offset, n, waitBefore|writeRange|waitAfter)
}

func syncRange(f File, offset, n int64, flags int) error {
	file, ok := f.(*os.File)
	if !ok {
		return nil
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = conn.Control(func(fd uintptr) { result = syscall.SyncFileRange(int(fd), offset, n, flags) })
	if err != nil {
		return err
	}
	if result != nil && result != syscall.ESPIPE && result != syscall.EINVAL { // what some file systems say to it
		return &fs.PathError{Op: "sync_file_range", Path: file.Name(), Err: result}
	}
	return nil
}
