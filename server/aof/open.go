package aof

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"valkey/internal/vfs"
)

// Open reads the manifest of a log that is closed. An old log that is one file beside the folder is moved into it and
// becomes its base; an upgrade that was interrupted goes on.
func (l *Log) Open() error {
	m, err := ReadManifest(l.o.FS, l.path(l.manifestName()))
	if err != nil {
		return err
	}
	if l.wantsUpgrade(&m) {
		if m, err = l.upgrade(); err != nil {
			return err
		}
	}
	l.mu.Lock()
	l.mu.manifest = m
	l.mu.Unlock()
	return nil
}

// old is where a log lies that is one file.
func (l *Log) old() string { return path.Join(path.Dir(l.o.Folder), l.o.Name) }

// Reread reads the manifest of a log that may be open: what DEBUG LOADAOF loads.
func (l *Log) Reread() error {
	if err := l.settle(); err != nil {
		return err
	}
	m, err := ReadManifest(l.o.FS, l.path(l.manifestName()))
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.mu.manifest = m
	l.mu.Unlock()
	return nil
}

// wantsUpgrade: there is an old log, and nothing newer than it.
func (l *Log) wantsUpgrade(m *Manifest) bool {
	if !l.exists(l.old()) || len(m.Increments) > 0 {
		return false
	}
	return m.Base == nil || m.Base.Name == l.o.Name && !l.exists(l.path(l.o.Name))
}

// upgrade makes the old log the base. The manifest comes first: with the file still in its old place, or in both, the
// next start goes on from there.
func (l *Log) upgrade() (Manifest, error) {
	var m Manifest
	m.baseSeq = 1
	m.Base = &Part{Name: l.o.Name, Seq: 1, Kind: Base}
	if err := l.makeFolder(); err != nil {
		return m, err
	}
	if err := l.writeManifest(&m); err != nil {
		return m, err
	}
	if err := l.move(l.old(), l.path(l.o.Name)); err != nil {
		return m, fmt.Errorf("aof: move the old file %s into %s: %w", l.o.Name, l.o.Folder, err)
	}
	l.o.Log(false, fmt.Sprintf("Successfully migrated an old-style AOF file (%s) into the AOF directory (%s).",
		l.o.Name, path.Base(l.o.Folder)))
	return m, nil
}

// move moves a file between folders so that no crash finds it in neither: it has both names for a while. A file system
// without second names has to be trusted with a rename.
func (l *Log) move(from, to string) error {
	fsys := l.o.FS
	if err := fsys.Link(from, to); err != nil {
		if err := fsys.Rename(from, to); err != nil {
			return err
		}
	} else {
		if err := fsys.SyncDir(path.Dir(to)); err != nil {
			return err
		}
		if err := fsys.Remove(from); err != nil {
			return err
		}
	}
	return errors.Join(fsys.SyncDir(path.Dir(to)), fsys.SyncDir(path.Dir(from)))
}

// Sized is a part with its size on the disk.
type Sized struct {
	Part
	Size int64
}

// Parts gives what the manifest says has to be loaded, in order, and the sizes. A part that is missing is an error.
func (l *Log) Parts() ([]Sized, error) {
	l.mu.Lock()
	m := l.mu.manifest.Clone()
	l.mu.Unlock()
	var out []Sized
	for _, p := range m.Parts() {
		size, err := l.size(p.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, Sized{p, size})
	}
	return out, nil
}

// Path is where a part lies.
func (l *Log) Path(p Part) string { return l.path(p.Name) }

// Truncate cuts a part's end off for good.
func (l *Log) Truncate(p Part, size int64) error { return truncate(l.o.FS, l.path(p.Name), size) }

func truncate(fsys vfs.FS, name string, size int64) error {
	f, err := fsys.OpenAppend(name, 0o666)
	if err != nil {
		return fmt.Errorf("aof: open %s: %w", name, err)
	}
	err = f.Truncate(size)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("aof: truncate %s: %w", name, err)
	}
	return nil
}

// Start opens the log for appending, after what it holds has been loaded. One without a base and without increments
// gets a base of what is in memory, which saveBase writes: a whole file of that name in the folder, or none.
func (l *Log) Start(format string, saveBase func(folder, name string) error) error {
	l.mu.Lock()
	m := l.mu.manifest.Clone()
	l.mu.Unlock()
	if err := l.makeFolder(); err != nil {
		return err
	}
	l.removeLeftovers()
	changed := false
	if m.Base == nil && len(m.Increments) == 0 {
		base := m.newBase(l.o.Name, format)
		if err := saveBase(l.o.Folder, base.Name); err != nil {
			return err
		}
		changed = true
		l.o.Log(false, fmt.Sprintf("Creating AOF base file %s on server start", base.Name))
	}
	verb := "Opening"
	if len(m.Increments) == 0 {
		m.newIncrement(l.o.Name)
		verb, changed = "Creating", true
	}
	last := m.Increments[len(m.Increments)-1]
	older, base, err := l.sizes(&m)
	if err != nil {
		return err
	}
	f, err := l.o.FS.OpenAppend(l.path(last.Name), 0o666)
	if err != nil {
		return fmt.Errorf("aof: open %s: %w", last.Name, err)
	}
	if changed {
		err = l.writeManifest(&m)
	}
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr); err != nil {
		_ = f.Close() // nothing was written
		return fmt.Errorf("aof: start %s: %w", last.Name, err)
	}
	l.o.Log(false, fmt.Sprintf("%s AOF incr file %s on server start", verb, last.Name))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.file, l.mu.manifest = f, m
	l.mu.size, l.mu.older, l.mu.baseSize = info.Size(), older, base
	return nil
}

// sizes gives the bytes of all parts but the last increment, and of the base.
func (l *Log) sizes(m *Manifest) (older, base int64, err error) {
	parts := m.Parts()
	for _, p := range parts[:len(parts)-1] {
		n, err := l.size(p.Name)
		if err != nil {
			return 0, 0, err
		}
		older += n
		if p.Kind == Base {
			base = n
		}
	}
	return older, base, nil
}

// removeLeftovers removes what a crash may have left half made. Nobody needs it, and nobody is harmed if it stays.
func (l *Log) removeLeftovers() {
	for _, name := range []string{"temp-" + l.manifestName(), l.tempIncrement()} {
		if err := l.o.FS.Remove(l.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.o.Log(true, fmt.Sprintf("Cannot remove the leftover %s: %s", name, reason(err)))
		}
	}
}

// Stop writes and syncs what has been appended and closes the file. What cannot be written is dropped, with an error.
// Nothing may be appended any more.
func (l *Log) Stop() error {
	var told event
	l.mu.Lock()
	err := l.drain(&told)
	l.mu.Unlock()
	l.tell(&told)
	if err != nil {
		return fmt.Errorf("aof: stop: %w", err)
	}
	return nil
}

// drain is Stop; the lock is held, and released meanwhile.
func (l *Log) drain(told *event) error {
	m := &l.mu
	l.waitIdle()
	if m.file == nil {
		return nil
	}
	var err error
	for err == nil && (m.change != nil || len(m.buf) > 0) {
		if !l.writeOnce(told) {
			err = m.writeErr
		}
		l.waitIdle()
	}
	file, change := m.file, m.change
	m.busy = true
	l.mu.Unlock()
	err = errors.Join(err, file.Sync(), file.Close())
	if change != nil {
		_ = change.next.Close() // nothing was written
	}
	l.mu.Lock()
	m.busy = false
	m.file, m.change, m.buf, m.wantSync, m.waiting = nil, nil, nil, false, false
	m.written, m.synced = m.appended, m.appended
	m.writeErr, m.syncErr, m.doubtful, m.postponed = nil, nil, false, time.Time{}
	m.size, m.older = 0, 0
	m.markAppended, m.markWritten, m.markSynced = 0, 0, 0 // what comes next may be of another stream
	l.done.Broadcast()
	return err
}

// waitIdle waits until nobody uses the file.
func (l *Log) waitIdle() {
	for l.mu.busy || l.mu.syncing {
		l.done.Wait()
	}
}

// Close is Stop, for good: the background goroutine ends.
func (l *Log) Close() error {
	err := l.Stop()
	l.mu.Lock()
	l.mu.closed = true
	l.mu.Unlock()
	l.wake()
	<-l.ended
	return err
}
