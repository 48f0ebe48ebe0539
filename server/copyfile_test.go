package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"valkey/internal/vfs"
)

const (
	copyTemp = "dir/temp.rdb"
	copyData = "dir/dump.rdb"
	oldCopy  = "the data file of before"
)

var newCopy = bytes.Repeat([]byte("a full copy "), 3000)

// disk is one with the old data file.
func disk(t *testing.T) *vfs.Mem {
	t.Helper()
	m := vfs.NewMem()
	f, err := m.Create("old", 0o644)
	if err == nil {
		_, err = io.WriteString(f, oldCopy)
	}
	if err = errors.Join(err, f.Sync(), f.Close(), m.MkdirAll("dir", 0o755), m.Rename("old", copyData),
		m.SyncDir("."), m.SyncDir("dir")); err != nil {
		t.Fatal(err)
	}
	return m
}

// obtain receives a copy and makes it the data file, and checks that what is loaded then is the copy.
func obtain(fsys vfs.FS, r io.Reader) error {
	c := copyFile{fs: fsys, temp: copyTemp, name: copyData, syncBytes: 10_000}
	f, err := c.receive(r)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := c.install(); err != nil {
		return err
	}
	if got, err := io.ReadAll(f); err == nil && !bytes.Equal(got, newCopy) {
		return fmt.Errorf("%d bytes are loaded of %d", len(got), len(newCopy))
	}
	return nil
}

// whole says which data file there is.
func whole(t *testing.T, what string, m *vfs.Mem) (replaced bool) {
	t.Helper()
	got, err := vfs.ReadFile(m, copyData, 1<<20)
	switch {
	case err != nil:
		t.Fatalf("%s: %v", what, err)
	case string(got) == oldCopy:
	case bytes.Equal(got, newCopy):
		return true
	default:
		t.Fatalf("%s: a data file of %d bytes that is neither the old one nor the copy", what, len(got))
	}
	return false
}

// TestCopyFails fails the N-th operation, N = 1, 2, …, until nothing fails: the data file is whole, the temporary file
// is gone, and the next try succeeds.
func TestCopyFails(t *testing.T) {
	for n := 1; ; n++ {
		m := disk(t)
		faulty := vfs.NewFaulty(m, n, syscall.ENOSPC)
		err := obtain(faulty, bytes.NewReader(newCopy))
		what := fmt.Sprintf("fault %d: %v", n, err)
		replaced := whole(t, what, m)
		if !faulty.Hit() {
			if err != nil || !replaced || !whole(t, "after a crash at the end", m.CrashClone(0)) || n < 10 {
				t.Errorf("%s, %d operations, replaced: %v", what, n, replaced)
			}
			return
		}
		if err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("fault %d was taken for %v", n, err)
		}
		if names, _ := m.ReadDir("dir"); len(names) != 1 {
			t.Errorf("%s leaves %q", what, names)
		}
		if err := obtain(faulty, bytes.NewReader(newCopy)); err != nil || !whole(t, what, m) {
			t.Errorf("%s, then %v", what, err)
		}
	}
}

// TestCopyCrashes takes the power away at the N-th operation, N = 1, 2, …: the old data file is there or the copy, and
// never half of either, whatever the disk has kept of what was not synced.
func TestCopyCrashes(t *testing.T) {
	for n := 1; ; n++ {
		m := disk(t)
		gone := vfs.NewFaulty(m, n, syscall.EIO).Last()
		err := obtain(gone, iotest.HalfReader(bytes.NewReader(newCopy)))
		for seed := range uint64(20) {
			whole(t, fmt.Sprintf("crash at %d, seed %d", n, seed), m.CrashClone(seed*uint64(n)))
		}
		if !gone.Hit() {
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}

// TestCopyIsCut: a copy that breaks off, at whatever byte, leaves the old data file, and nothing beside it.
func TestCopyIsCut(t *testing.T) {
	broken := errors.New("the link is broken")
	for cut := 0; cut < len(newCopy); cut += 997 {
		m := disk(t)
		r := io.MultiReader(bytes.NewReader(newCopy[:cut]), iotest.ErrReader(broken))
		if err := obtain(m, r); !errors.Is(err, broken) {
			t.Errorf("cut at %d: %v", cut, err)
		}
		names, _ := m.ReadDir("dir")
		if whole(t, "cut", m) || strings.Join(names, " ") != "dump.rdb" {
			t.Errorf("cut at %d: replaced, or left behind: %q", cut, names)
		}
	}
}
