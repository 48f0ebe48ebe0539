package aof

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"valkey/internal/vfs"
)

// The formats of a base, as its name ends.
const (
	FormatRDB      = ".rdb"
	FormatCommands = ".aof"
)

// Rewrite replaces the parts of the log by a new base and a new increment:
//
//  1. [Log.Begin] makes the increment's file; nothing has changed yet.
//  2. [Rewrite.Switch], at the very moment of the snapshot's cut and under the engine lock, directs effects to it.
//  3. The next writer brings the rest to the old increment, syncs it, names the new one in the manifest, and only then
//     writes to it. So an increment in the manifest never follows one with a torn end. Replies wait for that; Begin has
//     synced the old increment already, so that little is left to sync.
//  4. The caller saves the base as [Rewrite.BaseName] in the log's folder.
//  5. [Rewrite.Finish] names it in the manifest, in place of all that came before the cut, and removes that.
//
// A crash at any point finds a manifest whose parts are all there and which, together, hold every effect that was
// promised. A rewrite that fails leaves the log one increment longer. At most one is under way.
type Rewrite struct {
	log    *Log
	format string
	base   string
	next   vfs.File // nil when the log is off and stays so
	name   string   // of next
	starts bool     // the log is off until this rewrite is finished
	on     bool     // Switch has been called
	mark   int64    // of Mark, at Switch: the base has all of that
}

// change is step 3.
type change struct {
	next     vfs.File
	manifest Manifest // with next in it
	name     string
	tail     []byte // what belongs to the old increment
	synced   bool   // the old increment is complete and on the disk
}

// Begin makes ready for a rewrite into a base of a format; starts turns on a log that is off. It may block.
func (l *Log) Begin(format string, starts bool) (*Rewrite, error) {
	if err := l.settle(); err != nil { // the rewrite before may have failed in the middle of it
		return nil, err
	}
	if err := l.makeFolder(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.presync()
	m := l.mu.manifest.Clone()
	off := l.mu.file == nil
	l.mu.Unlock()
	w := &Rewrite{log: l, format: format, starts: starts && off}
	switch {
	case w.starts:
		w.name = l.tempIncrement()
	case !off:
		w.name = m.newIncrement(l.o.Name).Name
	}
	w.base = m.newBase(l.o.Name, format).Name
	if w.name == "" {
		return w, nil
	}
	next, err := l.openEmpty(w.name)
	if err != nil {
		return nil, err
	}
	w.next = next
	return w, nil
}

// presync has the background goroutine sync what has been written, and waits for it; the lock is held, and released
// meanwhile. An error is the log's, as of every sync.
func (l *Log) presync() {
	m := &l.mu
	if m.file == nil || m.synced >= m.written {
		return
	}
	m.lastSync, m.wantSync = l.o.Now(), true
	l.wake()
	for m.wantSync || m.syncing {
		l.done.Wait()
	}
}

// BaseName is what the new base is to be called.
func (w *Rewrite) BaseName() string { return w.base }

// AddBase puts a snapshot that is there already into the log's folder under the name of a base: step 4 in another way.
// The file keeps the name that it has, where the file system knows second names.
func (l *Log) AddBase(from, base string) error {
	to := l.path(base)
	l.remove(base) // that of a rewrite that failed, or crashed
	err := l.o.FS.Link(from, to)
	if err != nil {
		err = l.o.FS.Rename(from, to)
	}
	if err == nil {
		err = l.o.FS.SyncDir(l.o.Folder)
	}
	if err != nil {
		return fmt.Errorf("aof: take %s as the base: %w", path.Base(from), err)
	}
	return nil
}

// Switch directs effects to the new increment: engine lock held. It does not block.
func (w *Rewrite) Switch() {
	l := w.log
	l.db = -1
	w.on = true
	l.mu.Lock()
	w.mark = l.mu.markAppended
	l.mu.Unlock()
	if w.next == nil {
		return
	}
	l.o.Log(false, fmt.Sprintf("Creating AOF incr file %s on background rewrite", w.name))
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &l.mu
	if w.starts {
		m.file, m.waiting, m.lastSync = w.next, true, l.o.Now()
	} else {
		manifest := m.manifest.Clone()
		manifest.newIncrement(l.o.Name)
		m.change = &change{next: w.next, manifest: manifest, name: w.name, tail: m.buf}
		m.buf, m.spare = m.spare[:0], nil
		l.wake()
	}
}

// exchange is step 3. The lock is held, and released meanwhile; the caller owns the file. What fails is tried again by
// the next writer: until then nothing is written, and the error is the log's.
func (l *Log) exchange(told *event) bool {
	m := &l.mu
	for m.syncing { // it uses the old file
		l.done.Wait()
	}
	c, file, size, always := m.change, m.file, m.size, m.policy == Always
	l.mu.Unlock()
	n, err := write(file, c.tail, size)
	if err == nil && !c.synced {
		err = file.Sync()
	}
	if err == nil {
		c.synced = true
		err = l.writeManifest(&c.manifest)
	}
	if err != nil && always {
		l.die(err, nil)
	}
	l.mu.Lock()
	m.written += int64(n)
	m.size += int64(n)
	c.tail = c.tail[n:]
	if err != nil {
		l.writeFailed(err, told)
		return false
	}
	m.synced = m.written
	_ = file.Close() // it is synced
	m.older += m.size
	m.file, m.size, m.manifest, m.change = c.next, 0, c.manifest, nil
	m.writeErr, m.postponed = nil, time.Time{}
	return true
}

// settle waits for step 3 of the latest rewrite.
func (l *Log) settle() error {
	var told event
	var err error
	l.mu.Lock()
	for err == nil && l.mu.change != nil {
		if l.waitIdle(); l.mu.change != nil && !l.writeOnce(&told) {
			err = fmt.Errorf("aof: exchange the increments: %w", l.mu.writeErr)
		}
	}
	l.mu.Unlock()
	l.tell(&told)
	return err
}

// Finish is step 5, after the base is in the folder, whole and synced. It may block. With an error the log goes on as
// if the rewrite had not been, one increment longer.
func (w *Rewrite) Finish(keepHistory bool) error {
	l := w.log
	if err := l.settle(); err != nil {
		return err
	}
	l.mu.Lock()
	m, open := l.mu.manifest.Clone(), l.mu.file != nil
	l.mu.Unlock()
	base := m.newBase(l.o.Name, w.format)
	baseSize, err := l.size(base.Name)
	if err != nil {
		return err
	}
	kept := 0
	if open {
		kept = 1
	}
	if w.starts {
		p := m.newIncrement(l.o.Name)
		if err := l.o.FS.Rename(l.path(w.name), l.path(p.Name)); err != nil {
			return fmt.Errorf("aof: rename %s: %w", w.name, err)
		}
		l.o.Log(false, fmt.Sprintf("Successfully renamed the temporary AOF incr file %s into %s", w.name, p.Name))
	}
	m.replace(kept)
	if err := l.writeManifest(&m); err != nil {
		return err // base and increment stay in the folder: the manifest on the disk may name them
	}
	l.mu.Lock()
	l.mu.manifest = m
	l.mu.older, l.mu.doubtful = baseSize, false
	l.mu.baseSize = baseSize + l.mu.size
	w.starts, l.mu.waiting = false, false
	l.mu.markSynced = max(l.mu.markSynced, w.mark)
	l.mu.Unlock()
	l.o.Synced()
	if keepHistory {
		return nil
	}
	if err := l.RemoveHistory(); err != nil { // the next rewrite or start does it
		l.o.Log(true, fmt.Sprintf("Cannot remove replaced parts of the AOF: %s", reason(err)))
	}
	return nil
}

// Abort ends a rewrite that is not finished. A log that was to be turned on is closed, and what it took is removed: the
// caller has stopped appending.
func (w *Rewrite) Abort() {
	l := w.log
	if w.next == nil {
		return
	}
	switch {
	case w.starts:
		if w.on {
			_ = l.Stop() // nobody was promised anything by it
		} else {
			_ = w.next.Close() // nothing was written
		}
		l.o.Log(false, fmt.Sprintf("Removing the temp incr aof file %s in the background", w.name))
		l.remove(w.name)
	case !w.on:
		_ = w.next.Close() // nothing was written
		l.remove(w.name)
	}
}

// remove removes a file of the folder that nothing names; should it stay, the next of its name empties it.
func (l *Log) remove(name string) {
	if err := l.o.FS.Remove(l.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.o.Log(true, fmt.Sprintf("Cannot remove %s: %s", name, reason(err)))
	}
}
