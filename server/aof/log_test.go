package aof_test

import (
	"io/fs"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"valkey/internal/vfs"
	"valkey/server/aof"
)

// gated holds every Sync of a file until it is let go.
type gated struct {
	*vfs.Mem
	begun, end chan struct{}
	fail       chan error // the next syncs' errors
}

func newGated() *gated {
	return &gated{vfs.NewMem(), make(chan struct{}, 100), make(chan struct{}, 100), make(chan error, 100)}
}

func (g *gated) OpenAppend(name string, perm fs.FileMode) (vfs.File, error) {
	f, err := g.Mem.OpenAppend(name, perm)
	return &gatedFile{f, g}, err
}

type gatedFile struct {
	vfs.File
	g *gated
}

func (f *gatedFile) Sync() error {
	f.g.begun <- struct{}{}
	<-f.g.end
	select {
	case err := <-f.g.fail:
		return err
	default:
		return f.File.Sync()
	}
}

// content is what the first increment holds.
func content(t testing.TB, fsys vfs.FS) string {
	t.Helper()
	data, err := vfs.ReadFile(fsys, folder+"/"+stem+".1.incr.aof", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), "\r\n", " ")
}

func (r *rig) mustStart() {
	r.t.Helper()
	if err := r.start(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) told(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.lines, func(l string) bool { return strings.Contains(l, text) })
}

func TestAppendSelectsAndStamps(t *testing.T) {
	m := vfs.NewMem()
	r := newRig(t, m, aof.Never)
	defer r.log.Close()
	r.mustStart()
	r.log.SetTimestamps(true)
	put := func(db int, word string) { r.log.Append(db, []byte(word+"\r\n")) }
	put(0, "a")
	put(0, "b")
	put(-1, "multi")
	put(3, "c")
	r.pass(time.Second)
	put(3, "d")
	put(-1, "exec")
	r.log.SetTimestamps(false)
	r.pass(time.Second)
	put(0, "e")
	if got := content(t, m); got != "" {
		t.Errorf("before Commit there is %q", got)
	}
	r.log.Commit()
	const want = "#TS:1700000000 *2 $6 SELECT $1 0 a b multi *2 $6 SELECT $1 3 c #TS:1700000001 d exec " +
		"*2 $6 SELECT $1 0 e "
	if got := content(t, m); got != want {
		t.Errorf("got %q", got)
	}
	if s := r.log.Status(); s.Size != int64(len(strings.ReplaceAll(want, " ", "\r\n"))) || s.Buffered != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestAlwaysSharesOneSync(t *testing.T) {
	g := newGated()
	r := newRig(t, g, aof.Always)
	defer r.log.Close()
	r.mustStart()
	var all sync.WaitGroup
	commit := func(n int64) {
		all.Go(func() { // ended by the test, which waits
			r.log.Commit()
			if got := r.log.Synced(); got < n {
				t.Errorf("Commit of %d returned with %d synced", n, got)
			}
		})
	}
	r.log.Append(0, number(1))
	r.log.Mark(1)
	commit(1)
	<-g.begun
	for n := int64(2); n <= 9; n++ {
		r.log.Append(0, number(n))
		r.log.Mark(n)
		commit(n)
	}
	g.end <- struct{}{}
	<-g.begun
	g.end <- struct{}{}
	g.end <- struct{}{} // should one have come before the others
	g.end <- struct{}{}
	all.Wait()
	if n := len(g.begun); n > 1 {
		t.Errorf("%d syncs for nine commits", n+2)
	}
	g.end <- struct{}{} // Close's
}

func TestEverysecSyncsInTheBackground(t *testing.T) {
	g := newGated()
	r := newRig(t, g, aof.Everysec)
	r.mustStart()
	r.add() // the first sync is due at once: there has been none
	<-g.begun
	if got := content(t, g); !strings.HasSuffix(got, "$1 1 ") {
		t.Errorf("got %q", got)
	}
	r.add()
	if s := r.log.Status(); s.Syncing != 1 || s.Buffered == 0 {
		t.Errorf("during the sync: %+v", s)
	}
	r.pass(2 * time.Second)
	r.add()
	if s := r.log.Status(); s.Delayed != 1 || s.Buffered != 0 || !r.told("fsync is taking too long") {
		t.Errorf("two seconds later: %+v", s)
	}
	if got := r.log.Synced(); got != 0 {
		t.Errorf("%d is said to be synced", got)
	}
	r.add() // waits again
	g.end <- struct{}{}
	<-r.synced
	if got := r.log.Synced(); got != 1 {
		t.Errorf("synced up to %d, not 1", got)
	}
	r.pass(time.Second)
	r.log.Commit()
	<-g.begun
	g.end <- struct{}{}
	<-r.synced
	if got := r.log.Synced(); got != 4 {
		t.Errorf("synced up to %d, not 4", got)
	}
	r.log.SetQuiet(true)
	r.add()
	r.pass(time.Hour)
	r.log.Commit()
	if s := r.log.Status(); s.Syncing != 0 {
		t.Error("it syncs though it is to be quiet")
	}
	g.end <- struct{}{}
	if err := r.log.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSyncErrorIsToldAndHeals(t *testing.T) {
	g := newGated()
	r := newRig(t, g, aof.Everysec)
	r.mustStart()
	g.fail <- syscall.EIO
	r.add()
	<-g.begun
	g.end <- struct{}{}
	wait(t, "the error", func() bool { s := r.log.Status(); return s.Err != nil && s.Syncs && s.Doubtful })
	if r.log.Synced() == 1 || !r.told("Fail to fsync the AOF file: Input/output error") {
		t.Errorf("synced up to %d, lines %q", r.log.Synced(), r.lines)
	}
	r.pass(time.Second)
	r.log.Commit()
	g.end <- struct{}{}
	<-r.synced
	if s := r.log.Status(); s.Err != nil || !s.Doubtful || r.log.Synced() != 1 {
		t.Errorf("then %+v", s)
	}
	g.end <- struct{}{}
	if err := r.log.Close(); err != nil {
		t.Fatal(err)
	}
}

// wait polls: what it waits for is a goroutine's next step.
func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}

// full is a disk that takes half of what is written, and then nothing until there is room.
type full struct {
	*vfs.Mem
	on bool
}

func (d *full) OpenAppend(name string, perm fs.FileMode) (vfs.File, error) {
	f, err := d.Mem.OpenAppend(name, perm)
	return &fullFile{f, d}, err
}

type fullFile struct {
	vfs.File
	d *full
}

func (f *fullFile) Write(p []byte) (int, error) {
	if !f.d.on {
		return f.File.Write(p)
	}
	n, _ := f.File.Write(p[:len(p)/2])
	return n, syscall.ENOSPC
}

func TestFullDisk(t *testing.T) {
	d := &full{Mem: vfs.NewMem()}
	r := newRig(t, d, aof.Never)
	r.mustStart()
	r.add()
	d.on = true
	r.add()
	r.add()
	if s := r.log.Status(); s.Err == nil || s.Buffered == 0 {
		t.Errorf("with a full disk: %+v", s)
	}
	if got := content(t, d); !strings.HasSuffix(got, "$1 1 ") {
		t.Errorf("a torn command stays: %q", got)
	}
	if n := strings.Count(strings.Join(r.lines, "|"), "Error writing to the AOF file: No space left on device"); n != 1 {
		t.Errorf("the error was told %d times: %q", n, r.lines)
	}
	d.on = false
	r.log.Commit()
	if s := r.log.Status(); s.Err != nil || s.Buffered != 0 || !r.told("AOF write error looks solved") {
		t.Errorf("with room again: %+v", s)
	}
	if err := r.log.Close(); err != nil {
		t.Fatal(err)
	}
	survives(t, d.CrashClone(0), 3, 3, "after the full disk")
}

// TestRepliesWaitForTheExchange has a write come between a rewrite's two increments: its Commit returns when it is in a
// file, whatever the policy.
func TestRepliesWaitForTheExchange(t *testing.T) {
	for name, policy := range map[string]aof.Policy{"everysec": aof.Everysec, "no": aof.Never} {
		t.Run(name, func(t *testing.T) {
			g := newGated()
			r := newRig(t, g, policy)
			r.mustStart()
			r.log.SetQuiet(true) // no sync but those of the rewrite
			r.add()
			g.end <- struct{}{} // Begin's
			w, err := r.log.Begin(aof.FormatCommands, false)
			if err != nil {
				t.Fatal(err)
			}
			if len(g.begun) != 1 || r.log.Synced() != 1 {
				t.Errorf("Begin: %d syncs, synced up to %d", len(g.begun), r.log.Synced())
			}
			<-g.begun
			w.Switch()
			found := make(chan string)
			go func() { // ended by the test, which waits
				r.add()
				data, _ := vfs.ReadFile(g, folder+"/"+stem+".2.incr.aof", 1<<20)
				found <- string(data)
			}()
			<-g.begun
			g.end <- struct{}{}
			if got := <-found; !strings.HasSuffix(got, "\r\n2\r\n") {
				t.Errorf("the write was acknowledged, and in no file: %q", got)
			}
			w.Abort()
			g.end <- struct{}{}
			if err := r.log.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestMarkOfARewrite: without a policy to sync, what a base holds is on the disk all the same; and what is told of one
// stream does not count for the next.
func TestMarkOfARewrite(t *testing.T) {
	r := newRig(t, vfs.NewMem(), aof.Never)
	r.mustStart()
	r.add()
	r.log.Mark(1000)
	if got := r.log.Synced(); got >= 1000 {
		t.Errorf("synced up to %d without a sync", got)
	}
	if err := r.rewrite(false); err != nil { // its marks are the numbers
		t.Fatal(err)
	}
	r.log.Mark(2000)
	w, err := r.log.Begin(aof.FormatCommands, false)
	if err != nil {
		t.Fatal(err)
	}
	w.Switch()
	if err := r.base(r.appended)(folder, w.BaseName()); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(false); err != nil {
		t.Fatal(err)
	}
	if got := r.log.Synced(); got != 2000 {
		t.Errorf("the base has the stream up to 2000, and %d is said to be synced", got)
	}
	if err := r.log.Stop(); err != nil {
		t.Fatal(err)
	}
	r.log.Mark(100) // of another stream
	if err := r.rewrite(true); err != nil {
		t.Fatal(err)
	}
	if got := r.log.Synced(); got >= 1000 {
		t.Errorf("synced up to %d of the new stream", got)
	}
	if err := r.log.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTurnedOnWhileRunning(t *testing.T) {
	m := vfs.NewMem()
	r := newRig(t, m, aof.Always)
	if err := r.log.Open(); err != nil {
		t.Fatal(err)
	}
	if got := r.log.Synced(); got != -1 {
		t.Errorf("a log that is off is synced up to %d", got)
	}
	if err := r.log.Stop(); err != nil {
		t.Errorf("stopping what is off: %v", err)
	}
	w, err := r.log.Begin(aof.FormatCommands, true)
	if err != nil {
		t.Fatal(err)
	}
	w.Switch()
	r.add()
	if got := r.log.Synced(); got != 0 {
		t.Errorf("a log that waits for its base is synced up to %d", got)
	}
	w.Abort()
	if names, _ := m.ReadDir(folder); len(names) != 0 {
		t.Errorf("an aborted start leaves %v", names)
	}
	r.appended = 0
	if err := r.rewrite(true); err != nil {
		t.Fatal(err)
	}
	if got := manifest(m); got != "file appendonly.aof.1.base.aof seq 1 type b\n"+
		"file appendonly.aof.1.incr.aof seq 1 type i\n"+
		"[appendonly.aof.1.base.aof appendonly.aof.1.incr.aof appendonly.aof.manifest]" {
		t.Errorf("got %s", got)
	}
	if got := r.log.Synced(); got != r.appended {
		t.Errorf("synced up to %d of %d", got, r.appended)
	}
	survives(t, m.CrashClone(0), r.appended, r.appended, "turned on")
	if err := r.log.Stop(); err != nil {
		t.Fatal(err)
	}
	// A rewrite of a log that is off makes a base and nothing else.
	w, err = r.log.Begin(aof.FormatRDB, false)
	if err != nil {
		t.Fatal(err)
	}
	w.Switch()
	if err := r.base(r.appended)(folder, w.BaseName()); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(true); err != nil {
		t.Fatal(err)
	}
	if got := manifest(m); !strings.HasPrefix(got, "file appendonly.aof.2.base.rdb seq 2 type b\n"+
		"file appendonly.aof.1.incr.aof seq 1 type h\nfile appendonly.aof.1.base.aof seq 1 type h\n[") {
		t.Errorf("got %s", got)
	}
	if err := r.log.RemoveHistory(); err != nil {
		t.Fatal(err)
	}
	if got := manifest(m); got != "file appendonly.aof.2.base.rdb seq 2 type b\n"+
		"[appendonly.aof.2.base.rdb appendonly.aof.manifest]" {
		t.Errorf("got %s", got)
	}
	if err := r.log.Close(); err != nil {
		t.Fatal(err)
	}
}
