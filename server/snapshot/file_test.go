package snapshot_test

import (
	"bytes"
	"errors"
	"syscall"
	"testing"

	"valkey/internal/vfs"
	"valkey/server/snapshot"
	"valkey/store/rdb"
)

// saveTo saves a store to dir/dump.rdb.
func saveTo(t *testing.T, fsys vfs.FS, n int) error {
	t.Helper()
	s := newStore(t, 1)
	fill(s, n, 300)
	f := &snapshot.File{FS: fsys, Temp: "dir/temp.rdb", Name: "dir/dump.rdb", Incremental: true}
	j, err := snapshot.Start(snapshot.Options{
		Store: s, Version: rdb.V80, Checksum: true, Out: f, Open: f.Open, Finish: f.Finish, FS: fsys,
	})
	if err != nil {
		t.Fatal(err)
	}
	return j.Drain().Err
}

// keysIn loads a file; -1 is none.
func keysIn(t *testing.T, fsys vfs.FS) int {
	t.Helper()
	data, err := vfs.ReadFile(fsys, "dir/dump.rdb", 1<<30)
	if err != nil {
		return -1
	}
	_, loaded, err := load(t, data, nil)
	if err != nil {
		t.Fatalf("the file is torn: %v", err)
	}
	return int(loaded.Keys)
}

// TestFileSurvivesCrashes takes the power away before every operation of a save and after the last: there is the old
// file or the new one, whole.
func TestFileSurvivesCrashes(t *testing.T) {
	m := vfs.NewMem()
	if err := m.MkdirAll("dir", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.SyncDir("."), saveTo(t, m, 10)); err != nil {
		t.Fatal(err)
	}
	if n := keysIn(t, m.CrashClone(0)); n != 10 {
		t.Fatalf("%d keys are durable after a save", n)
	}
	crashes, fresh := 0, 0
	crash := func(string, string) error {
		for seed := range uint64(8) {
			switch n := keysIn(t, m.CrashClone(seed)); n {
			case 20:
				fresh++
			case 10:
			default:
				t.Errorf("a crash left %d keys", n)
			}
			crashes++
		}
		return nil
	}
	if err := saveTo(t, vfs.NewWatched(m, crash), 20); err != nil {
		t.Fatal(err)
	}
	if n := keysIn(t, m.CrashClone(0)); n != 20 || crashes < 5*8 || fresh == 0 {
		t.Errorf("%d keys are durable after the save; %d crashes, %d with the new file", n, crashes, fresh)
	}
}

func TestFileFails(t *testing.T) {
	for nth := 1; ; nth++ {
		m := vfs.NewMem()
		if err := m.MkdirAll("dir", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := saveTo(t, m, 10); err != nil {
			t.Fatal(err)
		}
		f := vfs.NewFaulty(m, nth, syscall.ENOSPC)
		err := saveTo(t, f, 20)
		if !f.Hit() {
			if err != nil || nth < 6 {
				t.Fatalf("%d operations: %v", nth-1, err)
			}
			return
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("fault %d was swallowed: %v", nth, err)
		}
		// What fails after the renaming leaves the new file, in doubt whether it is durable.
		if n := keysIn(t, m); n != 10 && n != 20 {
			t.Errorf("fault %d left %d keys", nth, n)
		}
		names, _ := m.ReadDir("dir")
		if len(names) != 1 {
			t.Errorf("fault %d left the files %v", nth, names)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	s := newStore(t, 1)
	fill(s, 100, 30)
	var out bytes.Buffer
	j, err := snapshot.Start(snapshot.Options{Store: s, Version: rdb.V11, Checksum: true, Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	if r := j.Drain(); r.Err != nil {
		t.Fatal(r.Err)
	}
	for n := range out.Len() {
		if _, _, err := load(t, out.Bytes()[:n], nil); err == nil {
			t.Fatalf("%d of %d bytes were taken for a snapshot", n, out.Len())
		}
	}
	began := false
	_, _, err = load(t, []byte("NOTHING OF OURS"), func(o *snapshot.LoadOptions) { o.Begin = func() { began = true } })
	if !rdb.Refused(err) || began {
		t.Errorf("a foreign file: %v, began %v", err, began)
	}
	twice := append(bytes.Clone(out.Bytes()[:out.Len()-9]), out.Bytes()[9:]...)
	if _, _, err = load(t, twice, nil); !errors.Is(err, snapshot.ErrDuplicate) {
		t.Errorf("every key twice: %v", err)
	}
	replace := func(o *snapshot.LoadOptions) { o.Replace = true; o.Read.IgnoreChecksum = true }
	if _, loaded, err := load(t, twice, replace); err != nil || loaded.Keys != 200 {
		t.Errorf("every key twice, replaced: %v, %d keys", err, loaded.Keys)
	}
	quit := make(chan struct{})
	close(quit)
	_, _, err = load(t, out.Bytes(), func(o *snapshot.LoadOptions) { o.Quit = quit })
	if err != nil && !errors.Is(err, snapshot.ErrAborted) {
		t.Errorf("a load that is not wanted: %v", err)
	}
}
