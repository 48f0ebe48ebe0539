package vfs

import (
	"io/fs"
	"os"
	"syscall"
)

// Lock takes a file for this process until it is closed; it fails at once if another process has it. Only files of OS
// have anyone to share with.
func Lock(f File) error {
	file, ok := f.(*os.File)
	if !ok {
		return nil
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = conn.Control(func(fd uintptr) { result = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
	if err != nil {
		return err
	}
	if result != nil {
		return &fs.PathError{Op: "flock", Path: file.Name(), Err: result}
	}
	return nil
}
