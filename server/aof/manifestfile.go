package aof

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"valkey/internal/vfs"
)

func (l *Log) manifestName() string { return l.o.Name + ".manifest" }

// tempIncrement is where effects go while the first base of a log that was off is being made.
func (l *Log) tempIncrement() string { return "temp-" + l.o.Name + ".incr" }

func (l *Log) path(name string) string { return path.Join(l.o.Folder, name) }

// ReadManifest reads the manifest in a log's folder; one that is not there is empty.
func ReadManifest(fsys vfs.FS, name string) (Manifest, error) {
	data, err := vfs.ReadFile(fsys, name, manifestMax)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Manifest{}, nil
	case err != nil:
		return Manifest{}, fmt.Errorf("aof: %w", err)
	}
	return ParseManifest(data)
}

// writeManifest puts a manifest on the disk, in place of the old one and whole. When it fails, a crash may find either:
// the caller keeps both loadable until it has gone well.
func (l *Log) writeManifest(m *Manifest) error {
	temp := l.path("temp-" + l.manifestName())
	f, err := l.o.FS.Create(temp, 0o666)
	if err != nil {
		return fmt.Errorf("aof: create the manifest: %w", err)
	}
	_, err = f.Write(m.Append(nil))
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = l.o.FS.Rename(temp, l.path(l.manifestName()))
	}
	if err == nil {
		err = l.o.FS.SyncDir(l.o.Folder)
	}
	if err != nil {
		return fmt.Errorf("aof: write the manifest: %w", err)
	}
	return nil
}

// makeFolder makes the log's folder, so that it survives a crash.
func (l *Log) makeFolder() error {
	if _, err := l.o.FS.Stat(l.o.Folder); err == nil {
		return nil
	}
	if err := l.o.FS.MkdirAll(l.o.Folder, 0o755); err != nil {
		return fmt.Errorf("aof: make the folder %s: %w", l.o.Folder, err)
	}
	if err := l.o.FS.SyncDir(path.Dir(l.o.Folder)); err != nil {
		return fmt.Errorf("aof: sync the folder above %s: %w", l.o.Folder, err)
	}
	return nil
}

// openEmpty opens a part for appending that holds nothing.
func (l *Log) openEmpty(name string) (vfs.File, error) {
	f, err := l.o.FS.OpenAppend(l.path(name), 0o666)
	if err == nil {
		if err = f.Truncate(0); err == nil {
			return f, nil
		}
		_ = f.Close() // nothing was written
	}
	return nil, fmt.Errorf("aof: open %s: %w", name, err)
}

func (l *Log) exists(name string) bool {
	_, err := l.o.FS.Stat(name)
	return err == nil
}

// size is a part's size on the disk.
func (l *Log) size(name string) (int64, error) {
	info, err := l.o.FS.Stat(l.path(name))
	if err != nil {
		return 0, fmt.Errorf("aof: size of %s: %w", name, err)
	}
	return info.Size(), nil
}

// RemoveHistory removes the parts that have been replaced, first from the folder and then from the manifest: a crash
// between leaves names of nothing, which the next call forgives. The caller sees to it that nothing else changes the
// manifest meanwhile.
func (l *Log) RemoveHistory() error {
	l.mu.Lock()
	m := l.mu.manifest.Clone()
	l.mu.Unlock()
	if len(m.History) == 0 {
		return nil
	}
	for _, p := range m.History {
		l.o.Log(false, fmt.Sprintf("Removing the history file %s in the background", p.Name))
		if err := l.o.FS.Remove(l.path(p.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("aof: remove %s: %w", p.Name, err)
		}
	}
	m.History = nil
	if err := l.writeManifest(&m); err != nil {
		return err
	}
	l.mu.Lock()
	l.mu.manifest = m
	l.mu.Unlock()
	return nil
}

// reason is the text of an error as the operating system words it, without the names of files.
func reason(err error) string {
	errno, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return err.Error()
	}
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
