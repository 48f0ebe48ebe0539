package netloop

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The queue holds what a plain buffer would, however it is written: every partial write is a cut at some byte.
func TestOutQueueAgainstBuffer(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var q outQueue
	var model []byte
	recycled := 0
	iov := make([]unix.Iovec, 0, 4)
	for step := range 20_000 {
		if rng.IntN(2) == 0 {
			buf := make([]byte, 1+rng.IntN(20), 40)
			for i := range buf {
				buf[i] = byte(step + i)
			}
			model = append(model, buf...)
			if !q.append(buf) {
				q.push(buf)
			}
		}
		if q.bytes != len(model) {
			t.Fatalf("step %d: %d bytes, want %d", step, q.bytes, len(model))
		}
		if q.bytes == 0 {
			if q.chunks() != 0 {
				t.Fatalf("step %d: %d chunks of nothing", step, q.chunks())
			}
			continue
		}
		var got []byte
		for _, v := range q.vectors(iov) {
			got = append(got, unsafe.Slice(v.Base, v.Len)...)
		}
		if !bytes.HasPrefix(model, got) {
			t.Fatalf("step %d: would write %q, want %q", step, got, model)
		}
		n := rng.IntN(len(got) + 1)
		q.advance(n, func([]byte) { recycled++ })
		model = model[n:]
	}
	if recycled == 0 {
		t.Error("no chunk was given back")
	}
}

func TestOutQueueCoalescesSmallReplies(t *testing.T) {
	var q outQueue
	q.push(append(make([]byte, 0, 1000), "first"...))
	for range 100 {
		if !q.append([]byte("x")) {
			t.Fatal("a small reply did not fit")
		}
	}
	if q.chunks() != 1 || q.bytes != 105 {
		t.Errorf("%d chunks, %d bytes", q.chunks(), q.bytes)
	}
	if q.append(make([]byte, 2000)) {
		t.Error("appended more than there is room for")
	}
}
