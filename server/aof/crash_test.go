package aof_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"valkey/frontend/resp"
	"valkey/internal/vfs"
	"valkey/server/aof"
)

const (
	folder = "appendonlydir"
	stem   = "appendonly.aof"
)

// rig is a log whose effects are SADD 1, SADD 2, …: the data set is the set of numbers, and what a log holds is right
// if it is 1 to n without a hole, n being at least what was promised and at most what was appended.
type rig struct {
	t      testing.TB
	fs     vfs.FS
	log    *aof.Log
	policy aof.Policy
	synced chan struct{}
	lines  []string
	keep   bool // history stays when a rewrite is finished

	mu       sync.Mutex // guards what follows and lines: the background goroutine reads them too
	appended int64
	kept     int64 // what was on the disk when the log was turned off; it stays until there is a new base
	now      time.Time
}

// died is what a log panics with in place of ending the process.
type died struct{ error }

func newRig(t testing.TB, fsys vfs.FS, policy aof.Policy) *rig {
	t.Helper()
	r := &rig{t: t, fs: fsys, policy: policy, now: time.Unix(1_700_000_000, 0), synced: make(chan struct{}, 1000)}
	r.log = aof.New(aof.Options{
		FS: fsys, Folder: folder, Name: stem,
		Log: func(_ bool, line string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.lines = append(r.lines, line)
		},
		Fatal:  func(err error) { panic(died{err}) },
		Synced: func() { r.synced <- struct{}{} },
		Now: func() time.Time {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.now
		},
	})
	r.log.SetPolicy(policy)
	return r
}

// pass lets time pass.
func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// add appends the next number and commits.
func (r *rig) add() {
	r.mu.Lock()
	r.appended++
	n := r.appended
	r.mu.Unlock()
	r.log.Append(int(n/7%3), number(n))
	r.log.Mark(n)
	r.log.Commit()
}

func number(n int64) []byte { return resp.AppendCommand(nil, "SADD", strconv.FormatInt(n, 10)) }

// base writes the numbers up to n as a base, as a snapshot does: nothing under the name before it is whole.
func (r *rig) base(n int64) func(folder, name string) error {
	return func(folder, name string) error {
		f, err := r.fs.Create(folder+"/temp-base", 0o666)
		if err != nil {
			return err
		}
		for i := int64(1); i <= n && err == nil; i++ {
			_, err = f.Write(number(i))
		}
		if err == nil {
			err = f.Sync()
		}
		if err = errors.Join(err, f.Close()); err == nil {
			err = r.fs.Rename(folder+"/temp-base", folder+"/"+name)
		}
		return err
	}
}

// start loads what there is and opens the log.
func (r *rig) start() error {
	if err := r.log.Open(); err != nil {
		return err
	}
	n, err := loaded(r.fs, r.log)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.appended = n
	r.mu.Unlock()
	r.log.Mark(n)
	return r.log.Start(aof.FormatCommands, r.base(n))
}

// rewrite runs a whole rewrite, with effects at its every step.
func (r *rig) rewrite(starts bool) error {
	w, err := r.log.Begin(aof.FormatCommands, starts)
	if err != nil {
		return err
	}
	if !starts {
		r.add()
	}
	w.Switch()
	cut := r.appended
	r.add()
	r.add()
	err = r.base(cut)(folder, w.BaseName())
	r.add()
	if err == nil {
		err = w.Finish(r.keep)
	}
	if err != nil {
		w.Abort()
		return err
	}
	r.add()
	return nil
}

// loaded gives n of what is on the disk, or what is wrong with it. A torn end of the last part is cut off.
func loaded(fsys vfs.FS, l *aof.Log) (n int64, err error) {
	parts, err := l.Parts()
	if err != nil {
		return 0, err
	}
	for i, p := range parts {
		f, err := fsys.Open(l.Path(p.Part))
		if err != nil {
			return 0, err
		}
		r := aof.NewReader(f, 0)
		var b aof.Batch
		db := int64(0)
		for err == nil {
			err = r.Next(&b)
			for _, c := range b.Commands {
				got, _ := strconv.ParseInt(string(c.Argv[1]), 10, 64)
				switch {
				case bytes.Equal(c.Argv[0], []byte("SELECT")):
					db = got
					continue
				case got != n+1:
					return 0, fmt.Errorf("%s: %d follows %d", p.Name, got, n)
				case p.Kind == aof.Increment && db != got/7%3:
					return 0, fmt.Errorf("%s: %d is in database %d", p.Name, got, db)
				}
				n = got
			}
		}
		f.Close()
		switch {
		case errors.Is(err, aof.ErrTruncated) && i == len(parts)-1:
			if err := l.Truncate(p.Part, r.Offset()); err != nil {
				return 0, err
			}
		case !errors.Is(err, io.EOF):
			return 0, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return n, nil
}

// survives checks that what a crash has left is right, and that the log goes on from there.
func survives(t testing.TB, left *vfs.Mem, promised, appended int64, what string) {
	t.Helper()
	r := newRig(t, left, aof.Always)
	defer r.log.Close()
	if err := r.start(); err != nil {
		t.Errorf("%s: %v\n%s", what, err, manifest(left))
		return
	}
	if r.appended < promised || r.appended > appended {
		t.Errorf("%s: %d of %d to %d are there\n%s", what, r.appended, promised, appended, manifest(left))
		return
	}
	r.add()
	if err := r.rewrite(false); err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	again := newRig(t, left, aof.Always)
	defer again.log.Close()
	if err := again.start(); err != nil || again.appended != r.appended {
		t.Errorf("%s: then %d of %d, %v\n%s", what, again.appended, r.appended, err, manifest(left))
	}
}

func manifest(fsys vfs.FS) string {
	names, _ := fsys.ReadDir(folder)
	text, _ := vfs.ReadFile(fsys, folder+"/"+stem+".manifest", 1<<20)
	return fmt.Sprintf("%s%v", text, names)
}

// scenario is a life of a log: it starts on an old single file or on nothing, is written, rewritten, turned off and on,
// and rewritten with its history kept for a while.
func (r *rig) scenario() error {
	if err := r.start(); err != nil {
		return err
	}
	for range 3 {
		r.add()
		r.second()
		r.add()
		if err := r.rewrite(false); err != nil {
			return err
		}
		r.second()
	}
	if err := r.log.Stop(); err != nil {
		return err
	}
	r.mu.Lock()
	r.kept = r.appended
	r.appended += 2 // while the log is off: nobody is promised anything
	r.mu.Unlock()
	if err := r.rewrite(true); err != nil {
		return err
	}
	r.keep = true
	r.add()
	if err := r.rewrite(false); err != nil {
		return err
	}
	return r.log.RemoveHistory()
}

// second lets enough time pass for a sync, and waits for it.
func (r *rig) second() {
	if r.policy != aof.Everysec {
		return
	}
	r.pass(1500 * time.Millisecond)
	r.log.Commit()
	<-r.synced
	for len(r.synced) > 0 {
		<-r.synced
	}
}

func oldFile(t testing.TB, m *vfs.Mem, numbers int64) {
	t.Helper()
	f, err := m.Create(stem, 0o666)
	for i := int64(1); i <= numbers && err == nil; i++ {
		_, err = f.Write(number(i))
	}
	if err = errors.Join(err, f.Sync(), f.Close(), m.SyncDir(".")); err != nil {
		t.Fatal(err)
	}
}

func TestCrashAtEveryStep(t *testing.T) {
	for name, policy := range map[string]aof.Policy{"always": aof.Always, "everysec": aof.Everysec, "no": aof.Never} {
		for _, old := range []int64{0, 5} {
			t.Run(fmt.Sprintf("%s/%d", name, old), func(t *testing.T) {
				m := vfs.NewMem()
				if old > 0 {
					oldFile(t, m, old)
				}
				var r *rig
				steps := 0
				var one sync.Mutex
				// The power goes before every operation, several times with what the disk kept drawn differently.
				check := func(op, name string) error {
					one.Lock()
					defer one.Unlock()
					steps++
					synced := r.log.Synced() // not under the lock: the log asks for the time under its own
					r.mu.Lock()
					promised := max(synced, old, r.kept)
					r.mu.Unlock()
					for seed := range uint64(3) {
						left := m.CrashClone(seed * uint64(steps))
						r.mu.Lock()
						appended := r.appended
						r.mu.Unlock()
						what := fmt.Sprintf("before step %d, %s %s, seed %d", steps, op, name, seed)
						survives(t, left, promised, max(appended, old), what)
					}
					return nil
				}
				r = newRig(t, vfs.NewWatched(m, check), policy)
				if err := r.scenario(); err != nil {
					t.Fatal(err)
				}
				all := r.appended
				if err := r.log.Close(); err != nil {
					t.Fatal(err)
				}
				survives(t, m.CrashClone(0), all, all, "after Close")
				if steps < 60 {
					t.Errorf("only %d steps", steps)
				}
			})
		}
	}
}

// TestFailAtEveryStep fails the N-th operation, N = 1, 2, …: nothing that was promised is lost, and where the process
// goes on, nothing at all.
func TestFailAtEveryStep(t *testing.T) {
	for name, policy := range map[string]aof.Policy{"always": aof.Always, "no": aof.Never} {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				m := vfs.NewMem()
				oldFile(t, m, 3)
				faulty := vfs.NewFaulty(m, n, syscall.ENOSPC)
				r := newRig(t, faulty, policy)
				promised, all, ended := failing(r)
				what := fmt.Sprintf("fault %d", n)
				if ended && policy != aof.Always {
					t.Fatalf("%s ended the process", what)
				}
				survives(t, m.CrashClone(0), promised, all, what)
				survives(t, m.CrashClone(uint64(n)), promised, all, what)
				if !faulty.Hit() {
					if n < 40 {
						t.Errorf("only %d operations", n)
					}
					return
				}
			}
		})
	}
}

// failing runs the scenario, each step of it again if it has failed, as a server does.
func failing(r *rig) (promised, all int64, ended bool) {
	const old = 3
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(died); !ok {
				panic(p)
			}
			promised, all, ended = max(r.acked(), old), max(r.appended, old), true
		}
	}()
	for r.start() != nil {
	}
	for range 2 {
		r.add()
		if r.rewrite(false) != nil {
			r.add()
		}
	}
	r.log.Commit()
	if r.log.Close() != nil {
		return old, r.appended, false
	}
	return r.appended, r.appended, false
}

// acked is the last number whose Commit has returned, if the one after it killed the process.
func (r *rig) acked() int64 { return r.appended - 1 }
