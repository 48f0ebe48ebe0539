package quorum

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	pb "go.etcd.io/raft/v3/raftpb"

	"valkey/internal/vfs"
	"valkey/quorum/core"
)

// entry makes a log entry; tests of the file do not look inside.
func entry(index, term uint64, data string) *pb.Entry {
	return &pb.Entry{Index: new(index), Term: new(term), Data: []byte(data)}
}

func hard(term, commit uint64) *pb.HardState {
	return &pb.HardState{Term: new(term), Vote: new(uint64(1<<62 | 7)), Commit: new(commit)}
}

func snapshot(index, term uint64, data string) *pb.Snapshot {
	return &pb.Snapshot{Data: []byte(data), Metadata: &pb.SnapshotMetadata{
		Index: new(index), Term: new(term), ConfState: &pb.ConfState{Voters: []uint64{1<<62 | 7}, AutoLeave: new(false)}}}
}

// story is what a member writes in the order in which it does: a pledge, a group's state, entries, some of them
// replaced by a new leader's, and a snapshot.
func story() [][]core.Batch {
	return [][]core.Batch{
		{{Meta: &core.Meta{MyID: "me", Group: 5, Raft: 1<<62 | 7, Proposer: "you", GivenUp: []core.GroupID{3}}, Fresh: true}},
		{{Snapshot: snapshot(1, 1, "first"), Hard: hard(1, 1)}},
		{{Entries: []*pb.Entry{entry(2, 1, "a"), entry(3, 1, "b")}}, {Hard: hard(1, 2)}},
		{{Entries: []*pb.Entry{entry(3, 2, "c"), entry(4, 2, "d")}, Hard: hard(2, 3)}},
		{{Snapshot: snapshot(3, 2, "second")}},
		{{Entries: []*pb.Entry{entry(5, 2, strings.Repeat("long", 300))}, Hard: hard(2, 5)}},
		{{Hard: hard(9, 5)}},
	}
}

// show makes states comparable; messages are not.
func show(s core.State) string {
	return fmt.Sprintf("%+v | %v | %v | %v", s.Meta, s.Hard, s.Snapshot, s.Entries)
}

// states gives the state after each step of the story, for a folder that was opened boot times.
func states(t *testing.T, boot uint64) []string {
	t.Helper()
	s := core.State{Meta: core.Meta{MyID: "me", Boot: boot}}
	out := []string{show(s)}
	for _, batches := range story() {
		for _, b := range batches {
			if b.Meta != nil {
				b.Meta.Boot = boot
			}
			if err := s.Apply(b); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, show(s))
	}
	return out
}

func write(l *diskLog, step int) error {
	batches := story()[step]
	for _, b := range batches {
		if b.Meta != nil {
			b.Meta.Boot = l.state.Meta.Boot
		}
	}
	return l.append(batches)
}

func reopen(t *testing.T, fsys vfs.FS) (string, int64) {
	t.Helper()
	l, cut, err := openLog(fsys, "q", "me")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.close() }() // a file system in memory
	return show(l.state), cut
}

func TestLogSurvivesACrashAtEveryStep(t *testing.T) {
	want := states(t, 2)
	want[0] = strings.Replace(want[0], "Boot:1", "Boot:2", 1)
	for seed := range uint64(200) {
		mem := vfs.NewMem()
		l, _, err := openLog(mem, "q", "me")
		if err != nil {
			t.Fatal(err)
		}
		for step := range story() {
			before, _ := reopen(t, mem.CrashClone(seed))
			if fix(before) != fix(want[step]) {
				t.Fatalf("seed %d, after step %d:\n%s\nwant\n%s", seed, step, before, want[step])
			}
			if err := write(l, step); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// fix takes the count of starts out: a story that wrote its own is one start behind.
func fix(s string) string {
	for _, boot := range []string{"Boot:1 ", "Boot:2 ", "Boot:3 "} {
		s = strings.Replace(s, boot, "", 1)
	}
	return s
}

// A write that a crash tears leaves a beginning of it, or sectors of zeros; either is cut, and the rest stands.
func TestLogCutsATornWrite(t *testing.T) {
	for step := range story() {
		mem := vfs.NewMem()
		l, _, err := openLog(mem, "q", "me")
		if err != nil {
			t.Fatal(err)
		}
		for i := range step {
			if err := write(l, i); err != nil {
				t.Fatal(err)
			}
		}
		whole := read(t, mem)
		want := show(l.state)
		if err := write(l, step); err != nil {
			t.Fatal(err)
		}
		torn := read(t, mem)[len(whole):]
		for n := 1; n < len(torn); n++ {
			place(t, mem, whole+torn[:n])
			got, cut := reopen(t, mem)
			if fix(got) != fix(want) || cut != int64(n) {
				t.Fatalf("step %d, %d bytes of %d: cut %d\n%s\nwant\n%s", step, n, len(torn), cut, got, want)
			}
			place(t, mem, whole+torn[:n]+strings.Repeat("\x00", len(torn)-n+sector))
			if got, _ = reopen(t, mem); fix(got) != fix(want) && (torn[n] != 0 || fix(got) != fix(show(l.state))) {
				t.Fatalf("step %d, zeros after %d bytes:\n%s\nwant\n%s", step, n, got, want)
			}
		}
	}
}

func TestLogRefusesDamage(t *testing.T) {
	mem := vfs.NewMem()
	l, _, err := openLog(mem, "q", "me")
	if err != nil {
		t.Fatal(err)
	}
	for step := range story() {
		if err := write(l, step); err != nil {
			t.Fatal(err)
		}
	}
	good := read(t, mem)
	for i := range len(good) {
		bad := []byte(good)
		bad[i] ^= 0x40
		place(t, mem, string(bad))
		_, _, err := openLog(mem, "q", "me")
		var corrupt *CorruptError
		switch {
		case errors.As(err, &corrupt) && strings.Contains(err.Error(), "move its folder away"):
		case err == nil && i >= len(good)-int(lastFrame(good)) && i < len(good)-int(lastFrame(good))+frameHeader:
			// The length of the last frame is what tells a torn one: a bit that fell over there cannot be told apart.
		default:
			t.Fatalf("byte %d of %d: %v", i, len(good), err)
		}
		if err != nil && read(t, mem) != string(bad) {
			t.Fatalf("byte %d: the damaged file was changed", i)
		}
	}
	for _, bad := range []string{"", "x", good[:frameHeader+3]} {
		place(t, mem, bad)
		if _, _, err := openLog(mem, "q", "me"); err == nil {
			t.Errorf("a file of %d bytes is taken for a log", len(bad))
		}
	}
}

// A log whose checksums are right may still say what raft would take for a broken promise of its own.
func TestLogRefusesWhatDoesNotFit(t *testing.T) {
	for what, step := range map[string]core.Batch{
		"a commit before the snapshot": {Hard: hard(9, 2)},
		"a commit that was undone":     {Hard: hard(9, 0)},
		"a commit beyond the log":      {Hard: hard(9, 6)},
		"raft's own identity":          {Meta: &core.Meta{MyID: "me", Group: 5, Raft: 1<<64 - 1}},
		"a group without an identity":  {Meta: &core.Meta{MyID: "me", Group: 5}},
		"an identity without a group":  {Meta: &core.Meta{MyID: "me", Raft: 1<<62 | 7}},
	} {
		mem := vfs.NewMem()
		l, _, err := openLog(mem, "q", "me")
		if err != nil {
			t.Fatal(err)
		}
		for i := range story() {
			err = errors.Join(err, write(l, i))
		}
		if err = errors.Join(err, l.append([]core.Batch{step})); err != nil {
			t.Fatal(err)
		}
		var corrupt *CorruptError
		if _, _, err := openLog(mem.CrashClone(0), "q", "me"); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// lastFrame gives the size of the last frame.
func lastFrame(data string) int64 {
	rest, n := []byte(data), uint64(1)
	size := 0
	for len(rest) > 0 {
		_, after, ok := readFrame(rest, n)
		if !ok {
			panic("not a log")
		}
		size = len(rest) - len(after)
		rest, n = after, n+1
	}
	return int64(size)
}

func TestLogOfAnother(t *testing.T) {
	mem := vfs.NewMem()
	l, _, err := openLog(mem, "q", "me")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(write(l, 0), write(l, 1), l.close()); err != nil {
		t.Fatal(err)
	}
	l, _, err = openLog(mem, "q", "someone else")
	if err != nil {
		t.Fatal(err)
	}
	if want := (core.State{Meta: core.Meta{MyID: "someone else", Boot: 1}}); !reflect.DeepEqual(l.state, want) {
		t.Errorf("another myid finds %+v", l.state)
	}
}

// Whatever operation fails, the story can be written to its end, and nothing that was written is missing after a crash.
func TestLogWithEveryOperationFailing(t *testing.T) {
	want := states(t, 1)
	for nth := 1; ; nth++ {
		mem := vfs.NewMem()
		faulty := vfs.NewFaulty(mem, nth, errors.New("no"))
		l, _, err := openLog(faulty, "q", "me")
		if err != nil {
			if l, _, err = openLog(faulty, "q", "me"); err != nil {
				t.Fatalf("operation %d: the second try failed too: %v", nth, err)
			}
		}
		for step := range story() {
			if write(l, step) != nil {
				got, _ := reopen(t, mem.CrashClone(uint64(nth)))
				if fix(got) != fix(want[step]) && fix(got) != fix(want[step+1]) {
					t.Fatalf("operation %d failed in step %d and a crash followed: %s", nth, step, got)
				}
				if err := l.rewrite(); err != nil {
					t.Fatalf("operation %d: the second try failed too: %v", nth, err)
				}
			}
			if got, _ := reopen(t, mem.CrashClone(0)); fix(got) != fix(want[step+1]) {
				t.Fatalf("operation %d, after step %d: %s", nth, step, got)
			}
		}
		if !faulty.Hit() {
			return
		}
	}
}

// lazy is the machine's file system without the waiting for its disk.
type lazy struct{ vfs.OS }

type lazyFile struct{ vfs.File }

func (l lazy) Create(name string, perm fs.FileMode) (vfs.File, error) {
	f, err := l.OS.Create(name, perm)
	return lazyFile{f}, err
}

func (lazyFile) Sync() error { return nil }

func TestLogIsBounded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "q")
	l, _, err := openLog(lazy{}, dir, "me")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(write(l, 0), write(l, 1)); err != nil {
		t.Fatal(err)
	}
	var largest int64
	for i := uint64(2); i < 100_000; i++ {
		e := entry(i, 1, "an entry like any other, of some fifty bytes or so")
		b := core.Batch{Entries: []*pb.Entry{e}, Hard: hard(1, i-1)}
		if i%1000 == 0 {
			b.Snapshot = snapshot(i-1, 1, strings.Repeat("s", 50_000))
		}
		if err := l.append([]core.Batch{b}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, logName))
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, info.Size())
	}
	if limit := int64(2*(50_000+1000*200) + logSlack); largest > limit {
		t.Errorf("the file grew to %d bytes, want at most %d", largest, limit)
	}
	if names, err := (vfs.OS{}).ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("the folder holds %v, %v", names, err)
	}
}

func TestTwoProcessesDoNotShareALog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf.quorum")
	l, _, err := openLog(vfs.OS{}, dir, "me")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := openLog(vfs.OS{}, dir, "me"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second process: %v", err)
	}
	if err := errors.Join(write(l, 0), l.close()); err != nil {
		t.Fatal(err)
	}
	l, _, err = openLog(vfs.OS{}, dir, "me")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.close() }() // the test is over
	if l.state.Meta.Group != 5 {
		t.Errorf("after a restart: %+v", l.state.Meta)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info.Mode(), err)
	}
}

func read(t *testing.T, fsys vfs.FS) string {
	t.Helper()
	b, err := vfs.ReadFile(fsys, "q/"+logName, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func place(t *testing.T, fsys vfs.FS, data string) {
	t.Helper()
	f, err := fsys.Create("q/"+logName, 0o600)
	if err == nil {
		_, err = f.Write([]byte(data))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzReadLog(f *testing.F) {
	mem := vfs.NewMem()
	l, _, err := openLog(mem, "q", "me")
	if err != nil {
		f.Fatal(err)
	}
	for step := range story() {
		if err := write(l, step); err != nil {
			f.Fatal(err)
		}
	}
	good, err := vfs.ReadFile(mem, "q/"+logName, 1<<30)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-9])
	f.Fuzz(func(t *testing.T, data []byte) {
		s, cut, err := readLog("log", data)
		if err != nil {
			return
		}
		again, none, err := readLog("log", data[:len(data)-int(cut)])
		if err != nil || none != 0 || show(again) != show(s) {
			t.Errorf("without its torn end it reads otherwise: %v", err)
		}
	})
}

// BenchmarkLogAppend is one entry of a usual size, durable, on the disk where temporary files are.
func BenchmarkLogAppend(b *testing.B) {
	l, _, err := openLog(vfs.OS{}, filepath.Join(b.TempDir(), "q"), "me")
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(write(l, 0), write(l, 1)); err != nil {
		b.Fatal(err)
	}
	i := uint64(1)
	for b.Loop() {
		i++
		batch := core.Batch{Entries: []*pb.Entry{entry(i, 1, strings.Repeat("x", 100))}, Hard: hard(1, i-1)}
		if i%1000 == 0 {
			batch.Snapshot = snapshot(i-1, 1, strings.Repeat("s", 10_000))
		}
		if err := l.append([]core.Batch{batch}); err != nil {
			b.Fatal(err)
		}
	}
}
