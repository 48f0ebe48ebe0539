package aof_test

import (
	"fmt"
	"sync"
	"syscall"
	"testing"

	"valkey/internal/vfs"
	"valkey/server/aof"
)

// The log of a replica that has been sent a copy: the old one holds 1 to oldNumbers, the copy is a file with 1 to
// copiedNumbers, and what comes after it is logged on top.
const (
	oldNumbers    = 4
	copiedNumbers = 10
	copyName      = "dump.rdb"
)

// stopped makes a log with the old numbers that is off.
func (r *rig) stopped(t testing.TB) {
	t.Helper()
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	for range oldNumbers {
		r.add()
	}
	if err := r.log.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := r.base(copiedNumbers)(".", copyName); err != nil {
		t.Fatal(err)
	}
	if err := r.fs.SyncDir("."); err != nil {
		t.Fatal(err)
	}
}

// reuse turns the log on with the copy as its base.
func (r *rig) reuse() error {
	w, err := r.log.Begin(aof.FormatCommands, true)
	if err != nil {
		return err
	}
	if err = r.log.AddBase(copyName, w.BaseName()); err == nil {
		r.mu.Lock()
		r.appended = copiedNumbers
		r.mu.Unlock()
		w.Switch()
		r.add()
		r.add()
		err = w.Finish(false)
	}
	if err != nil {
		w.Abort()
		return err
	}
	r.add()
	return nil
}

// either checks that a crash has left the old numbers or those of the copy, with at least what was promised.
func either(t testing.TB, left *vfs.Mem, promised, appended int64, what string) {
	t.Helper()
	r := newRig(t, left, aof.Always)
	defer r.log.Close()
	if err := r.start(); err != nil {
		t.Errorf("%s: %v\n%s", what, err, manifest(left))
		return
	}
	n := r.appended
	if n != oldNumbers && n < copiedNumbers || n < promised || n > max(appended, copiedNumbers) {
		t.Errorf("%s: %d are there, promised %d of %d\n%s", what, n, promised, appended, manifest(left))
	}
}

// TestReuseCrashAtEveryStep: the copy becomes the base all at once, and nothing that is promised on top of it is lost.
func TestReuseCrashAtEveryStep(t *testing.T) {
	m := vfs.NewMem()
	var r *rig
	steps, on := 0, false
	var one sync.Mutex
	r = newRig(t, vfs.NewWatched(m, func(op, _ string) error {
		one.Lock()
		defer one.Unlock()
		if !on {
			return nil
		}
		steps++
		promised := int64(oldNumbers)
		if r.log.Synced() > 0 { // it counts once it has a base
			promised = r.log.Synced()
		}
		for seed := range uint64(6) {
			r.mu.Lock()
			appended := r.appended
			r.mu.Unlock()
			either(t, m.CrashClone(seed*uint64(steps)), promised, appended,
				fmt.Sprintf("before step %d, %s, seed %d", steps, op, seed))
		}
		return nil
	}), aof.Always)
	r.stopped(t)
	one.Lock()
	on = true
	one.Unlock()
	if err := r.reuse(); err != nil {
		t.Fatal(err)
	}
	if err := r.log.Close(); err != nil {
		t.Fatal(err)
	}
	all := int64(copiedNumbers + 3)
	either(t, m.CrashClone(0), all, all, "after Close")
	if _, err := m.Stat(copyName); err != nil {
		t.Errorf("the copy has lost its own name: %v", err)
	}
	if steps < 15 {
		t.Errorf("only %d steps", steps)
	}
}

// TestReuseFailAtEveryStep: whatever operation fails, the log goes on with a rewrite as if it had only been turned on.
func TestReuseFailAtEveryStep(t *testing.T) {
	for n := 1; ; n++ {
		m := vfs.NewMem()
		old := newRig(t, m, aof.Never)
		old.stopped(t)
		if err := old.log.Close(); err != nil {
			t.Fatal(err)
		}
		faulty := vfs.NewFaulty(m, n, syscall.ENOSPC)
		r := newRig(t, faulty, aof.Never)
		if err := r.log.Open(); err != nil {
			if !faulty.Hit() {
				t.Fatal(err)
			}
			r.log.Close()
			continue
		}
		what := fmt.Sprintf("fault %d", n)
		err := r.reuse()
		either(t, m.CrashClone(0), oldNumbers, copiedNumbers+3, what)
		either(t, m.CrashClone(uint64(n)), oldNumbers, copiedNumbers+3, what)
		if err != nil {
			r.mu.Lock()
			r.appended = copiedNumbers
			r.mu.Unlock()
			if err := r.rewrite(true); err != nil && faulty.Hit() {
				t.Errorf("%s: then %v", what, err)
			}
		}
		all := r.appended
		if err := r.log.Close(); err == nil {
			either(t, m.CrashClone(0), all, all, what+", after Close")
		}
		if !faulty.Hit() {
			if n < 15 {
				t.Errorf("only %d operations", n)
			}
			return
		}
	}
}
