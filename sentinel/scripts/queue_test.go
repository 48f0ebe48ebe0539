package scripts

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a process that ends as the test says.
type fake struct {
	pid  int
	ends chan [2]int
}

func (f *fake) id() int                  { return f.pid }
func (f *fake) kill()                    { f.ends <- [2]int{0, 9} }
func (f *fake) wait() (code, signal int) { e := <-f.ends; return e[0], e[1] }

// bench is a queue with fake processes, and what it reported.
type bench struct {
	*Queue
	events []string
	begun  []*fake
	argv   [][]string
	fail   error
	absent bool
}

func newBench() *bench {
	b := &bench{}
	b.Queue = New("/", func(e Event) {
		if !e.Debug {
			b.events = append(b.events, e.Name+" "+e.Payload)
		}
	})
	b.start = func(argv []string) (process, error) {
		if b.fail != nil || b.absent {
			return nil, b.fail
		}
		f := &fake{len(b.begun) + 1, make(chan [2]int, 1)}
		b.begun, b.argv = append(b.begun, f), append(b.argv, argv)
		return f, nil
	}
	return b
}

// end lets a process end, and hands its end over.
func (b *bench) end(i, code, signal int) {
	b.begun[i].ends <- [2]int{code, signal}
	b.Finish(<-b.Exits())
}

// wake sleeps until the deadline, as the owner does; it gives how long that took.
func (b *bench) wake(t *testing.T) time.Duration {
	t.Helper()
	at, ok := b.Deadline()
	if !ok {
		t.Fatal("nothing is due")
	}
	d := time.Until(at)
	<-time.After(d)
	b.Tick()
	return d
}

func (b *bench) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(b.events, want) {
		t.Errorf("events %q, want %q", b.events, want)
	}
	b.events = nil
}

func TestDone(t *testing.T) {
	b := newBench()
	b.Add("/notify", "+sdown", "master m 1.2.3.4 5")
	if j := b.Jobs(); len(j) != 1 || !j[0].Running || j[0].PID != 1 || j[0].Tries != 1 || b.Running() != 1 {
		t.Errorf("jobs %+v", j)
	}
	b.end(0, 0, 0)
	b.Add("/notify")
	b.end(1, 3, 0)
	b.expect(t, "-script-error /notify 0 3")
	if len(b.Jobs()) != 0 || b.Running() != 0 {
		t.Errorf("left: %+v", b.Jobs())
	}
	if _, ok := b.Deadline(); ok {
		t.Error("an empty queue has a deadline")
	}
	if fmt.Sprint(b.argv[0]) != "[/notify +sdown master m 1.2.3.4 5]" {
		t.Errorf("ran %q", b.argv[0])
	}
}

// TestRetries lets a script fail until it is given up, with the delays that it waits.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.Add("/notify")
		delay := 30 * time.Second
		for try := range triesMax - 1 {
			b.end(try, try%2, 1-try%2) // by exit code 1 and by a signal in turn
			if j := b.Jobs(); len(j) != 1 || j[0].Running || j[0].Time != delay || j[0].Tries != try+1 {
				t.Fatalf("after try %d: %+v, want a delay of %v", try, j, delay)
			}
			b.Tick() // too early, which changes nothing
			if got := b.wake(t); got != delay {
				t.Fatalf("try %d came after %v, want %v", try+1, got, delay)
			}
			delay *= 2
		}
		b.expect(t)
		b.end(triesMax-1, 1, 0)
		b.expect(t, "-script-error /notify 0 1")
		if len(b.Jobs()) != 0 {
			t.Errorf("left: %+v", b.Jobs())
		}
	})
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.SetTimings(5*time.Second, 7*time.Second)
		b.Add("/slow")
		if got := b.wake(t); got != 5*time.Second {
			t.Errorf("killed after %v", got)
		}
		b.expect(t, "-script-timeout /slow 1")
		b.Tick() // it is killed once
		b.Finish(<-b.Exits())
		b.expect(t)
		if got := b.wake(t); got != 7*time.Second || len(b.begun) != 2 {
			t.Errorf("tried again after %v, %d begun", got, len(b.begun))
		}
		b.end(1, 0, 0)
	})
}

// TestLimits fills the queue: 16 run, 256 are kept, and those that run are not the ones to go.
func TestLimits(t *testing.T) {
	b := newBench()
	for i := range 300 {
		b.Add(fmt.Sprint(i))
	}
	jobs := b.Jobs()
	if b.Running() != 16 || len(jobs) != 256 || jobs[15].Argv[0] != "15" || jobs[16].Argv[0] != "60" ||
		jobs[255].Argv[0] != "299" {
		t.Errorf("%d run, %d are kept, %v after %v", b.Running(), len(jobs), jobs[16], jobs[15])
	}
	if _, ok := b.Deadline(); !ok {
		t.Error("nobody will be killed")
	}
	for i := 0; i < len(b.begun); i++ {
		b.end(i, 0, 0)
	}
	if len(b.begun) != 256 || len(b.Jobs()) != 0 {
		t.Errorf("%d ran, %d left", len(b.begun), len(b.Jobs()))
	}
}

// TestCannotStart is about processes that cannot be made, and programs that cannot be run.
func TestCannotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.fail = errFork
		b.Add("/x")
		b.expect(t, "-script-error /x 99 0")
		for range triesMax - 1 {
			b.wake(t)
		}
		if len(b.events) != triesMax-1 || len(b.Jobs()) != 0 {
			t.Errorf("%q, left %+v", b.events, b.Jobs())
		}
		b.events, b.fail, b.absent = nil, nil, true
		b.Add("/y")
		b.expect(t, "-script-error /y 0 2")
	})
}

// TestChild runs real programs: what they are given, where they run, and what they find open.
func TestChild(t *testing.T) {
	dir := t.TempDir()
	script := `#!/bin/sh
{ pwd; echo "$SCRIPT_TEST"; for a in "$@"; do echo "$a"; done; } > out.tmp
ls -l /proc/$$/fd > files
mv out.tmp out
exit 5
`
	if err := os.WriteFile(filepath.Join(dir, "run.sh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SCRIPT_TEST", "inherited")
	open, err := os.Create(filepath.Join(dir, "secret")) // which no child may find
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	var events []string
	q := New(dir, func(e Event) { events = append(events, e.Name+" "+e.Payload) })
	q.Add("run.sh", "one word", "", "*")
	q.Finish(<-q.Exits())
	out, err := os.ReadFile(filepath.Join(dir, "out"))
	if want := dir + "\ninherited\none word\n\n*\n"; err != nil || string(out) != want {
		t.Errorf("the script wrote %q, want %q (%v)", out, want, err)
	}
	if files, err := os.ReadFile(filepath.Join(dir, "files")); err != nil || !strings.Contains(string(files), "/run.sh") ||
		strings.Contains(string(files), "/secret") {
		t.Errorf("the script has these files open: %s (%v)", files, err)
	}
	if len(events) != 3 || events[2] != "-script-error run.sh 0 5" || !strings.HasSuffix(events[1], " 5 0") {
		t.Errorf("events %q", events)
	}
	q.Add("no-such-program")
	if last := events[len(events)-1]; last != "-script-error no-such-program 0 2" {
		t.Errorf("events %q", events)
	}
}

// TestChildKilled ends a real program that takes too long.
func TestChildKilled(t *testing.T) {
	var events []string
	q := New("/", func(e Event) { events = append(events, e.Name+" "+e.Payload) })
	q.SetTimings(0, time.Hour)
	q.Add("/bin/sleep", "1000")
	pid := q.Jobs()[0].PID
	q.Tick()
	q.Finish(<-q.Exits())
	want := []string{fmt.Sprintf("+script-child %d", pid), fmt.Sprintf("-script-timeout /bin/sleep %d", pid),
		fmt.Sprintf("-script-child %d 0 9", pid)}
	if !slices.Equal(events, want) {
		t.Errorf("events %q, want %q", events, want)
	}
	if j := q.Jobs(); len(j) != 1 || j[0].Running || j[0].Time < 59*time.Minute {
		t.Errorf("left %+v", j)
	}
}
