package quorum

import (
	"valkey/internal/vfs"
	"valkey/quorum/core"
)

// DiskLog is a member's file, for the tests outside of the package.
type DiskLog struct{ *diskLog }

// OpenDiskLog opens one for a member, and gives what it holds.
func OpenDiskLog(fsys vfs.FS, dir, myid string) (DiskLog, core.State, error) {
	l, _, err := openLog(fsys, dir, myid)
	if err != nil {
		return DiskLog{}, core.State{}, err
	}
	return DiskLog{l}, l.state, nil
}

// Append makes batches durable.
func (l DiskLog) Append(b []core.Batch) error { return l.append(b) }
