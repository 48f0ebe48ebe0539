package quorum

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path"

	"valkey/internal/vfs"
	"valkey/quorum/core"
)

// The log is one file of frames. A frame is what one sync made durable: all of it counts or nothing. The first frame of
// a file holds a whole state, each later one changes of it; when the file has grown well beyond that state, a new one
// takes its place. So the file stays in proportion to what it says, a start reads one file from its beginning, and a
// write that failed, whatever it left behind, is repaired by the next new file.
//
//	magic 4 | number 8 | length 4 | CRC-32C of number, length and payload 4 | payload: batches of quorum/core
const (
	frameHeader = 20
	frameMagic  = "\xf1QL1"

	logName  = "log"
	tempName = "log.new"
	lockName = "lock"

	// sector is the unit in which a disk writes or does not.
	sector = 512
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CorruptError says that the log cannot be what was written.
type CorruptError struct {
	File   string
	Offset int64
	Reason string
}

// Error says where, why, and what an operator can do.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("quorum: %s is damaged at offset %d: %s; to go on without it, move its folder away and start: "+
		"this sentinel then joins its group as a new member", e.File, e.Offset, e.Reason)
}

// diskLog is a member's file. One goroutine at a time uses it.
type diskLog struct {
	fsys  vfs.FS
	dir   string
	lock  vfs.File
	file  vfs.File
	state core.State // what the file says, or will say after the next write
	next  uint64     // number of the next frame
	size  int64
	whole int64 // size of the first frame
	buf   []byte
}

// openLog reads a folder's log, makes one if there is none, and counts the start. cut is how many bytes of a torn last
// write were dropped.
func openLog(fsys vfs.FS, dir, myid string) (_ *diskLog, cut int64, err error) {
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return nil, 0, fmt.Errorf("quorum: make the folder: %w", err)
	}
	if err := fsys.SyncDir(path.Dir(dir)); err != nil {
		return nil, 0, fmt.Errorf("quorum: make the folder: %w", err)
	}
	l := &diskLog{fsys: fsys, dir: dir}
	if l.lock, err = fsys.OpenAppend(path.Join(dir, lockName), 0o600); err != nil {
		return nil, 0, fmt.Errorf("quorum: %w", err)
	}
	defer func() {
		if err != nil {
			_ = l.close() // the first error is the one to tell
		}
	}()
	if err := vfs.Lock(l.lock); err != nil {
		return nil, 0, fmt.Errorf("quorum: %s is in use by another process: %w", dir, err)
	}
	name := path.Join(dir, logName)
	data, err := vfs.ReadFile(fsys, name, logMax)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, 0, fmt.Errorf("quorum: read the log: %w", err)
	default:
		if l.state, cut, err = readLog(name, data); err == nil {
			if why := l.state.Check(); why != nil {
				err = &CorruptError{name, int64(len(data)) - cut, why.Error()}
			}
		}
		if err != nil {
			return nil, 0, err
		}
	}
	if l.state.Meta.MyID != myid {
		l.state = core.State{Meta: core.Meta{MyID: myid}}
	}
	l.state.Meta.Boot++
	if err := l.rewrite(); err != nil {
		return nil, 0, err
	}
	return l, cut, nil
}

// readLog executes the frames of a file.
func readLog(name string, data []byte) (s core.State, cut int64, err error) {
	rest, next := data, uint64(1)
	for len(rest) > 0 || next == 1 {
		offset := int64(len(data) - len(rest))
		payload, after, ok := readFrame(rest, next)
		if !ok && next == 1 { // it was whole before the file got its name
			return s, 0, &CorruptError{name, offset, "it does not begin with a state"}
		}
		if !ok {
			if why := damaged(rest, offset, next); why != "" {
				return s, 0, &CorruptError{name, offset, why}
			}
			return s, int64(len(rest)), nil
		}
		for len(payload) > 0 {
			var b core.Batch
			if b, payload, err = core.DecodeBatch(payload); err == nil {
				err = s.Apply(b)
			}
			if err != nil {
				return s, 0, &CorruptError{name, offset, err.Error()}
			}
		}
		rest, next = after, next+1
	}
	return s, 0, nil
}

// readFrame takes one frame of a number off the front.
func readFrame(b []byte, number uint64) (payload, rest []byte, ok bool) {
	if len(b) < frameHeader || string(b[:4]) != frameMagic {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b[12:]))
	if binary.LittleEndian.Uint64(b[4:]) != number || n > uint64(len(b)-frameHeader) {
		return nil, nil, false
	}
	payload = b[frameHeader : frameHeader+n]
	if binary.LittleEndian.Uint32(b[16:]) != frameSum(b[4:16], payload) {
		return nil, nil, false
	}
	return payload, b[frameHeader+n:], true
}

func frameSum(head, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, payload)
}

// damaged tells a write that a crash tore, which nobody was told of, from damage. Only the last frame can be torn, as
// each is synced before the next is written; and a tear leaves the end of the file missing, or sectors that are zero.
func damaged(tail []byte, offset int64, number uint64) string {
	for i := 1; ; i++ {
		k := bytes.Index(tail[i:], []byte(frameMagic))
		if k < 0 {
			break
		}
		i += k
		if len(tail)-i < frameHeader {
			break
		}
		if n := binary.LittleEndian.Uint64(tail[i+4:]); n > number {
			if _, _, ok := readFrame(tail[i:], n); ok {
				return "a later write is whole"
			}
		}
	}
	if len(tail) < frameHeader || uint64(binary.LittleEndian.Uint32(tail[12:])) > uint64(len(tail)-frameHeader) {
		return ""
	}
	for at := 0; at < len(tail); {
		end := min(len(tail), at+sector-int(offset+int64(at))%sector)
		if len(bytes.TrimLeft(tail[at:end], "\x00")) == 0 {
			return ""
		}
		at = end
	}
	return "its checksum is wrong, and no crash tears a write like this"
}

// append makes batches durable. After an error nobody knows what the file's end is: rewrite has to succeed before
// anything else.
func (l *diskLog) append(batches []core.Batch) error {
	l.buf = append(l.buf[:0], make([]byte, frameHeader)...)
	var err error
	for _, b := range batches {
		if err := l.state.Apply(b); err != nil {
			panic("BUG: " + err.Error())
		}
		if l.buf, err = core.AppendBatch(l.buf, b); err != nil {
			panic("BUG: " + err.Error())
		}
	}
	if l.size+int64(len(l.buf)) > 2*l.whole+logSlack {
		return l.rewrite()
	}
	if err := l.write(l.file); err != nil {
		return fmt.Errorf("quorum: write the log: %w", err)
	}
	return nil
}

// write completes the frame in the buffer and makes it durable.
func (l *diskLog) write(f vfs.File) error {
	b := l.buf
	copy(b, frameMagic)
	binary.LittleEndian.PutUint64(b[4:], l.next)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(b)-frameHeader))
	binary.LittleEndian.PutUint32(b[16:], frameSum(b[4:16], b[frameHeader:]))
	if _, err := f.Write(b); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	l.next++
	l.size += int64(len(b))
	if cap(l.buf) > logSlack {
		l.buf = nil
	}
	return nil
}

// rewrite makes a new file of the whole state: file, sync, rename, sync of the folder, so that at any time the name
// stands for all of the old or all of the new.
func (l *diskLog) rewrite() (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("quorum: write the log anew: %w", err)
		}
	}()
	temp, name := path.Join(l.dir, tempName), path.Join(l.dir, logName)
	if l.buf, err = core.AppendBatch(append(l.buf[:0], make([]byte, frameHeader)...), l.state.Whole()); err != nil {
		return err
	}
	f, err := l.fsys.Create(temp, 0o600)
	if err != nil {
		return err
	}
	l.next, l.size = 1, 0
	if err = l.write(f); err == nil {
		if err = l.fsys.Rename(temp, name); err == nil {
			err = l.fsys.SyncDir(l.dir)
		}
	}
	if err != nil {
		_ = f.Close() // the first error is the one to tell
		return err
	}
	if l.file != nil {
		_ = l.file.Close() // nobody reads it any more
	}
	l.file, l.whole = f, l.size
	return nil
}

// close lets go of the files.
func (l *diskLog) close() error {
	var err error
	for _, f := range []vfs.File{l.file, l.lock} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}
