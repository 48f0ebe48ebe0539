package repl_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"valkey/server/repl"
)

// taker reads a transfer in a goroutine of its own, as a connection would.
type taker struct {
	r    *repl.TransferReader
	more chan struct{}
	got  bytes.Buffer
}

func take(t *repl.Transfer) *taker {
	k := &taker{more: make(chan struct{}, 1)}
	k.r = t.Read(func() {
		select {
		case k.more <- struct{}{}:
		default:
		}
	})
	return k
}

// run takes until nothing more comes, or until it has so many bytes.
func (k *taker) run(most, limit int) {
	for range k.more {
		for b := k.r.Next(limit); len(b) > 0 && k.got.Len() < most; b = k.r.Next(limit) {
			k.got.Write(b)
			k.r.Sent(len(b))
		}
		if k.got.Len() >= most {
			return
		}
	}
}

// Every reader gets all bytes, at paces of their own; one that goes in the middle does not hold up the others, and
// nobody is ever more than a bounded way behind.
func TestTransfer(t *testing.T) {
	var wakes atomic.Int64
	tr := repl.NewTransfer(func() { wakes.Add(1) })
	all := make([]byte, 5<<20)
	for i := range all {
		all[i] = byte(rand.Uint32())
	}
	takers := []*taker{take(tr), take(tr), take(tr)}
	leaves := take(tr)
	var group sync.WaitGroup
	for i, k := range takers {
		group.Go(func() { k.run(len(all), 1000+50_000*i) })
	}
	group.Go(func() {
		leaves.run(2<<20, 4000)
		if left := tr.End(leaves.r); left != len(takers) {
			t.Errorf("%d left", left)
		}
	})
	if n, err := tr.Write(all); n != len(all) || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	group.Wait()
	if takers[0].r.Done() {
		t.Error("done before the end")
	}
	tr.Finish()
	for i, k := range takers {
		if !bytes.Equal(k.got.Bytes(), all) || !k.r.Done() {
			t.Errorf("reader %d has %d bytes, done: %t", i, k.got.Len(), k.r.Done())
		}
	}
	if wakes.Load() == 0 {
		t.Error("nobody was woken")
	}
}

// A Write that waits for a reader ends when the transfer is given up, or when that reader was the last one.
func TestTransferEnds(t *testing.T) {
	for _, abort := range []bool{true, false} {
		tr := repl.NewTransfer(func() {})
		k := take(tr)
		want := errors.New("given up")
		done := make(chan error)
		go func() { // ends with Write
			_, err := tr.Write(make([]byte, 4<<20))
			done <- err
		}()
		<-k.more // it writes
		if abort {
			tr.Abort(want)
		} else {
			want = repl.ErrNobody
			tr.End(k.r)
		}
		if err := <-done; !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		if _, err := tr.Write([]byte("x")); err == nil {
			t.Error("a transfer that has ended takes bytes")
		}
	}
}

// What is said comes before what is fed, and an outlet can be switched between two pieces.
func TestOutlet(t *testing.T) {
	var total atomic.Uint64
	o := repl.NewOutlet(&total)
	var got []byte
	pull := func() {
		for b := o.Next(3); len(b) > 0; b = o.Next(3) {
			got = append(got, b...)
			o.Sent(len(b))
		}
	}
	pull()
	h := repl.New(repl.NewID(), 1<<20)
	h.Activate()
	h.AppendRaw([]byte("stream "))
	o.Switch(h.Read(0))
	o.Say("hello ")
	o.Say("there ")
	pull()
	b := o.Next(3)
	if len(b) != 0 {
		t.Errorf("%q", b)
	}
	h.AppendRaw([]byte("more"))
	b = o.Next(2)
	o.Switch(nil) // in the middle of sending
	got = append(got, b...)
	o.Sent(len(b))
	pull()
	o.Say("!")
	pull()
	if string(got) != "hello there stream mo!" || o.Taken() != uint64(len(got)) || total.Load() != o.Taken() {
		t.Errorf("%q, %d taken, %d in all", got, o.Taken(), total.Load())
	}
}
