package vfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// TestMemLikeOS runs random operations on both file systems and compares what they say and what is left.
func TestMemLikeOS(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	real, mem, root := OS{}, NewMem(), t.TempDir()
	if err := mem.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for step := range 3000 {
		op := randomOp(rng, root)
		want, wantErr := op.do(real)
		got, gotErr := op.do(mem)
		if (wantErr == nil) != (gotErr == nil) || errors.Is(wantErr, fs.ErrNotExist) != errors.Is(gotErr, fs.ErrNotExist) {
			t.Fatalf("step %d, %s: Mem says %v, OS %v", step, op.what, gotErr, wantErr)
		}
		if wantErr == nil && got != want {
			t.Fatalf("step %d, %s: Mem gives %q, OS %q", step, op.what, got, want)
		}
	}
}

type op struct {
	what string
	do   func(FS) (string, error)
}

func randomOp(rng *rand.Rand, root string) op {
	name := func() string {
		return filepath.Join(root, []string{"a", "b", "d", "d/a", "d/b", "e/a"}[rng.IntN(6)])
	}
	one, two, n := name(), name(), int64(rng.IntN(40))
	ops := []op{
		{"write " + one, func(fsys FS) (string, error) { return "", put(fsys.Create(one, 0o644))(n) }},
		{"append " + one, func(fsys FS) (string, error) { return "", put(fsys.OpenAppend(one, 0o644))(n) }},
		{"rename " + one + " " + two, func(fsys FS) (string, error) { return "", fsys.Rename(one, two) }},
		{"link " + one + " " + two, func(fsys FS) (string, error) { return "", fsys.Link(one, two) }},
		{"remove " + one, func(fsys FS) (string, error) { return "", fsys.Remove(one) }},
		{"mkdir", func(fsys FS) (string, error) { return "", fsys.MkdirAll(root+"/d", 0o755) }},
		{"list " + root, func(fsys FS) (string, error) { return list(fsys.ReadDir(root)) }},
		{"list d", func(fsys FS) (string, error) { return list(fsys.ReadDir(root + "/d")) }},
		{"sync d", func(fsys FS) (string, error) { return "", fsys.SyncDir(root + "/d") }},
		{"read " + one, func(fsys FS) (string, error) {
			data, err := ReadFile(fsys, one, 1<<20)
			return string(data), err
		}},
		{"stat " + one, func(fsys FS) (string, error) {
			info, err := fsys.Stat(one)
			if err != nil || info.IsDir() {
				return "", err
			}
			return fmt.Sprint(info.Name(), info.Size(), info.Mode()), nil
		}},
		{"truncate " + one, func(fsys FS) (string, error) {
			f, err := fsys.OpenAppend(one, 0o644)
			if err != nil {
				return "", err
			}
			defer f.Close()
			return "", errors.Join(f.Truncate(n), f.Sync(), f.Chmod(0o600))
		}},
	}
	return ops[rng.IntN(len(ops))]
}

func put(f File, err error) func(n int64) error {
	return func(n int64) error {
		if err != nil {
			return err
		}
		_, werr := f.Write(bytes.Repeat([]byte{'x'}, int(n)))
		return errors.Join(werr, f.Close())
	}
}

func list(names []string, err error) (string, error) { return fmt.Sprint(names), err }

func TestCrash(t *testing.T) {
	m := NewMem()
	write := func(name, text string, sync bool) {
		t.Helper()
		f, err := m.OpenAppend(name, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
		if sync {
			if err := f.Sync(); err != nil {
				t.Fatal(err)
			}
		}
		f.Close()
	}
	read := func(m *Mem, name string) string {
		data, err := ReadFile(m, name, 1<<20)
		if err != nil {
			return "-"
		}
		return string(data)
	}

	write("log", "synced,", true)
	if got := read(m.CrashClone(0), "log"); got != "-" {
		t.Errorf("a name survived without SyncDir: %q", got)
	}
	if err := m.SyncDir("/"); err != nil {
		t.Fatal(err)
	}
	write("log", "torn", false)
	write("tmp", "new", false)
	if err := m.Rename("tmp", "log2"); err != nil {
		t.Fatal(err)
	}
	if got := read(m.CrashClone(0), "log"); got != "synced," {
		t.Errorf("seed 0 kept %q", got)
	}
	seen := map[string]bool{}
	for seed := uint64(1); seed < 200; seed++ {
		c := m.CrashClone(seed)
		if again := m.CrashClone(seed); read(again, "log") != read(c, "log") {
			t.Fatalf("seed %d is not repeatable", seed)
		}
		names, _ := c.ReadDir("/")
		seen[read(c, "log")] = true
		seen[fmt.Sprint(names)+read(c, "log2")] = true
	}
	for _, want := range []string{"synced,", "synced,to", "synced,torn", "[log]-", "[log tmp]-", "[log log2]",
		"[log log2]new"} {
		if !seen[want] {
			t.Errorf("no seed gave %q", want)
		}
	}
	for got := range seen {
		if !slices.Contains([]string{"synced,", "synced,t", "synced,to", "synced,tor", "synced,torn", "[log]-", "[log tmp]-",
			"[log log2]", "[log log2]n", "[log log2]ne", "[log log2]new"}, got) {
			t.Errorf("a crash gave %q", got)
		}
	}
	if got := read(m, "log") + read(m, "log2"); got != "synced,tornnew" {
		t.Errorf("the live file system changed: %q", got)
	}
}

func TestCrashTruncate(t *testing.T) {
	m := NewMem()
	f, _ := m.Create("f", 0o644)
	if _, err := io.WriteString(f, "0123456789"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), m.SyncDir("."), f.Truncate(4)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, "ab"); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for seed := range uint64(100) {
		data, err := ReadFile(m.CrashClone(seed), "f", 100)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(data)] = true
	}
	for _, want := range []string{"0123456789", "0123", "0123a", "0123ab"} {
		if !seen[want] {
			t.Errorf("no seed gave %q", want)
		}
	}
	if len(seen) != 4 {
		t.Errorf("crashes gave %v", seen)
	}
}

func TestMemFileMisuse(t *testing.T) {
	m := NewMem()
	f, _ := m.Create("f", 0o644)
	f.Close()
	if _, err := f.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a write to a closed file gave %v", err)
	}
	r, _ := m.Open("f")
	if _, err := r.Write([]byte("x")); !errors.Is(err, syscall.EBADF) {
		t.Errorf("a write to a file opened for reading gave %v", err)
	}
	if _, err := ReadFile(m, "f", -1); !errors.Is(err, errTooLarge) {
		t.Errorf("a file beyond the limit gave %v", err)
	}
}

func TestFaulty(t *testing.T) {
	work := func(fsys FS) error {
		f, err := fsys.Create("f", 0o644)
		if err != nil {
			return err
		}
		_, err = io.WriteString(f, "0123456789")
		return errors.Join(err, f.Sync(), f.Truncate(1), f.Chmod(0o600), f.Close(), fsys.MkdirAll("d", 0o755),
			fsys.Rename("f", "d/f"), fsys.Link("d/f", "g"), fsys.SyncDir("d"), fsys.Remove("d/f"))
	}
	for n := 1; ; n++ {
		fsys := NewFaulty(NewMem(), n, syscall.ENOSPC)
		err := work(fsys)
		if !fsys.Hit() {
			if err != nil || n != 11 {
				t.Fatalf("%d operations, error %v", n-1, err)
			}
			return
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("fault %d was swallowed: %v", n, err)
		}
	}
}

func TestFaultyLast(t *testing.T) {
	m := NewMem()
	fsys := NewFaulty(m, 2, syscall.ENOSPC).Last()
	if err := fsys.MkdirAll("a", 0o755); err != nil || fsys.Hit() {
		t.Fatal(err)
	}
	for range 3 {
		if err := fsys.MkdirAll("b", 0o755); !errors.Is(err, syscall.ENOSPC) || !fsys.Hit() {
			t.Fatal(err)
		}
	}
	if names, err := m.ReadDir("."); err != nil || len(names) != 1 {
		t.Errorf("%q, %v", names, err)
	}
}
