package vfs

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Mem is a file system in memory, for tests. Relative names are taken from its root.
type Mem struct {
	mu   sync.Mutex // guards every node below root
	root *node
}

var _ FS = (*Mem)(nil)

// node is a file or a folder. What has been written since the last sync stays a list of changes, in order, because a
// power cut may keep any beginning of it.
type node struct {
	mode fs.FileMode

	data    []byte // a file's bytes now
	durable []byte // at the last sync; never changed in place
	writes  []write

	names        map[string]*node // a folder's entries now; nil for a file
	durableNames map[string]*node
	links        []link
}

// write is an append, or with data nil a truncation to size.
type write struct {
	data []byte
	size int64
}

// link is one change of a folder: gone goes away, then node, if any, appears as name. A rename within a folder is one
// link, so it happens whole or not at all.
type link struct {
	gone string
	name string
	node *node
}

func newDir(perm fs.FileMode) *node {
	return &node{mode: fs.ModeDir | perm.Perm(), names: map[string]*node{}, durableNames: map[string]*node{}}
}

// NewMem gives an empty file system.
func NewMem() *Mem { return &Mem{root: newDir(0o755)} }

// Open opens a file or folder for reading.
func (m *Mem) Open(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("open", name)
	if err != nil {
		return nil, err
	}
	return &memFile{fs: m, node: n, name: name}, nil
}

// Create makes an empty file for writing.
func (m *Mem) Create(name string, perm fs.FileMode) (File, error) {
	return m.openWrite(name, perm, func(n *node) { n.truncate(0) })
}

// OpenAppend opens a file for writing at its end.
func (m *Mem) OpenAppend(name string, perm fs.FileMode) (File, error) {
	return m.openWrite(name, perm, func(*node) {})
}

func (m *Mem) openWrite(name string, perm fs.FileMode, prepare func(*node)) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.parent("open", name)
	if err != nil {
		return nil, err
	}
	n := dir.names[base]
	switch {
	case n == nil:
		n = &node{mode: perm.Perm()}
		dir.apply(link{name: base, node: n})
	case n.mode.IsDir():
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	}
	prepare(n)
	return &memFile{fs: m, node: n, name: name, writable: true}, nil
}

// Rename moves a file. Between two folders it is two changes, and a power cut may keep either alone.
func (m *Mem) Rename(oldname, newname string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, oldBase, err := m.parent("rename", oldname)
	if err != nil {
		return err
	}
	to, newBase, err := m.parent("rename", newname)
	if err != nil {
		return err
	}
	n := from.names[oldBase]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: oldname, Err: syscall.ENOENT}
	}
	if to.within(n) {
		return &fs.PathError{Op: "rename", Path: newname, Err: syscall.EINVAL}
	}
	if there := to.names[newBase]; there != nil && (there.mode.IsDir() != n.mode.IsDir() || len(there.names) > 0) {
		return &fs.PathError{Op: "rename", Path: newname, Err: syscall.EEXIST}
	}
	if from == to {
		from.apply(link{gone: oldBase, name: newBase, node: n})
		return nil
	}
	to.apply(link{name: newBase, node: n})
	from.apply(link{gone: oldBase})
	return nil
}

// Link gives a file a second name.
func (m *Mem) Link(oldname, newname string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("link", oldname)
	if err != nil {
		return err
	}
	dir, base, err := m.parent("link", newname)
	switch {
	case err != nil:
		return err
	case n.mode.IsDir():
		return &fs.PathError{Op: "link", Path: oldname, Err: syscall.EPERM}
	case dir.names[base] != nil:
		return &fs.PathError{Op: "link", Path: newname, Err: syscall.EEXIST}
	}
	dir.apply(link{name: base, node: n})
	return nil
}

// Remove removes a file or an empty folder.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.parent("remove", name)
	if err != nil {
		return err
	}
	n := dir.names[base]
	if n == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.ENOENT}
	}
	if len(n.names) > 0 {
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.ENOTEMPTY}
	}
	dir.apply(link{gone: base})
	return nil
}

// MkdirAll makes a folder and those above it.
func (m *Mem) MkdirAll(name string, perm fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.root
	for _, part := range split(name) {
		next := n.names[part]
		if next == nil {
			next = newDir(perm)
			n.apply(link{name: part, node: next})
		}
		if !next.mode.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
		}
		n = next
	}
	return nil
}

// ReadDir lists the names in a folder in order.
func (m *Mem) ReadDir(name string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("open", name)
	if err != nil {
		return nil, err
	}
	if !n.mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: syscall.ENOTDIR}
	}
	return slices.Sorted(maps.Keys(n.names)), nil
}

// Stat describes a file or folder.
func (m *Mem) Stat(name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("stat", name)
	if err != nil {
		return nil, err
	}
	return n.info(name), nil
}

// SyncDir makes the names in a folder durable.
func (m *Mem) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("sync", name)
	if err != nil {
		return err
	}
	if !n.mode.IsDir() {
		return &fs.PathError{Op: "sync", Path: name, Err: syscall.ENOTDIR}
	}
	n.sync()
	return nil
}

// within reports whether n is dir or stands somewhere below it.
func (n *node) within(dir *node) bool {
	if n == dir {
		return true
	}
	for _, sub := range dir.names {
		if n.within(sub) {
			return true
		}
	}
	return false
}

// split gives the parts of a name below the root.
func split(name string) []string {
	name = path.Clean("/" + name)[1:]
	if name == "" {
		return nil
	}
	return strings.Split(name, "/")
}

func (m *Mem) lookup(op, name string) (*node, error) {
	n := m.root
	for _, part := range split(name) {
		if !n.mode.IsDir() {
			return nil, &fs.PathError{Op: op, Path: name, Err: syscall.ENOTDIR}
		}
		if n = n.names[part]; n == nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: syscall.ENOENT}
		}
	}
	return n, nil
}

// parent gives the folder that holds name, and the last part of name.
func (m *Mem) parent(op, name string) (dir *node, base string, err error) {
	parts := split(name)
	if len(parts) == 0 {
		return nil, "", &fs.PathError{Op: op, Path: name, Err: syscall.EISDIR}
	}
	base = parts[len(parts)-1]
	if dir, err = m.lookup(op, path.Join(parts[:len(parts)-1]...)); err != nil {
		return nil, "", err
	}
	if !dir.mode.IsDir() {
		return nil, "", &fs.PathError{Op: op, Path: name, Err: syscall.ENOTDIR}
	}
	return dir, base, nil
}

func (n *node) info(name string) fs.FileInfo {
	return memInfo{name: path.Base(name), size: int64(len(n.data)), mode: n.mode}
}

// memInfo is the description of a node. Mem has no clock: every file is as old as time.
type memInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) Mode() fs.FileMode  { return i.mode }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return i.mode.IsDir() }
func (i memInfo) Sys() any           { return nil }
