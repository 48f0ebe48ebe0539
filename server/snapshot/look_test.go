package snapshot_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"valkey/server/snapshot"
	"valkey/store/rdb"
)

// Pieces of snapshots, as others write them.
const (
	lookHead     = "VALKEY080\xfa\x05ctime\x01\x31"
	lookStart    = "\xfa\x10repl-empty-start\x01"
	lookFunction = "\xf5\x04code"
	lookEnd      = "\xff\x00\x00\x00\x00\x00\x00\x00\x00"
)

// TestLook knows as soon as keys are announced, reads no further than that, and gives everything back.
func TestLook(t *testing.T) {
	torn := errors.New("torn")
	for _, c := range []struct {
		name string
		data string
		lost bool
		err  error // of Look, when the snapshot breaks off with torn behind data
	}{
		{name: "nothing", data: lookHead + lookEnd, lost: true},
		{name: "nothing, without a checksum yet", data: lookHead + "\xff", lost: true},
		{name: "an old version of another", data: "REDIS0003\xff", lost: true},
		{name: "functions", data: lookHead + lookFunction + lookFunction + lookEnd, lost: true},
		{name: "databases that are empty", data: lookHead + "\xfe\x00\xfb\x00\x00\xfe\x02\xfb\x00\x00" + lookEnd, lost: true},
		{name: "keys are announced", data: lookHead + lookFunction + "\xfe\x02\xfb\x01\x00"},
		{name: "the second database has keys", data: lookHead + "\xfe\x00\xfb\x00\x00\xfe\x02\xfb\x01\x00"},
		{name: "a key that nobody announced", data: lookHead + "\xfe\x00\xfc12345678\x00\x01k\x01v"},
		{name: "a key in the first database", data: lookHead + "\x00\x01k\x01v"},
		{name: "a version of the future", data: "VALKEY999\xfb\x01\x00"},
		{name: "keys of a start without data", data: lookHead + lookStart + "1\xfe\x00\xfb\x01\x00", lost: true},
		{name: "keys of another start", data: lookHead + lookStart + "0\xfe\x00\xfb\x01\x00"},
		{name: "a module's data", data: lookHead + "\xf7\x01\x02\x00\x00\xfb\x01\x00"},
		{name: "many functions", data: lookHead + "\xf5\x80\x00\x20\x00\x00" + strings.Repeat("x", 2<<20)},
		{name: "the head alone", data: lookHead, err: torn},
		{name: "half a head", data: lookHead[:7], err: torn},
		{name: "half a number of keys", data: lookHead + "\xfe\x00\xfb", err: torn},
	} {
		for _, from := range []io.Reader{strings.NewReader(c.data), iotest.OneByteReader(strings.NewReader(c.data))} {
			whole, lost, err := snapshot.Look(io.MultiReader(from, iotest.ErrReader(torn)))
			if lost != c.lost || !errors.Is(err, c.err) {
				t.Errorf("%s: lost %v, %v", c.name, lost, err)
			}
			if err != nil {
				continue
			}
			if got, err := io.ReadAll(whole); string(got) != c.data || !errors.Is(err, torn) {
				t.Errorf("%s: %d of %d bytes are given back, %v", c.name, len(got), len(c.data), err)
			}
		}
	}
	var foreign *rdb.ForeignError
	if _, _, err := snapshot.Look(strings.NewReader("no snapshot")); !errors.As(err, &foreign) {
		t.Errorf("no snapshot: %v", err)
	}
	if _, _, err := snapshot.Look(strings.NewReader(lookHead)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a snapshot that is cut off: %v", err)
	}
}

// TestLookAtOurs looks at what is written here.
func TestLookAtOurs(t *testing.T) {
	for _, n := range []int{0, 1, 1000} {
		s := newStore(t, 3)
		fill(s, n, 300)
		g := newGate(false)
		j, err := snapshot.Start(snapshot.Options{
			Store: s, Version: rdb.V80, Checksum: true, Out: g, Functions: [][]byte{[]byte("code")},
			Aux: []snapshot.Aux{{Name: "valkey-ver", Value: "9.1.0"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Drain().Err; err != nil {
			t.Fatal(err)
		}
		if _, lost, err := snapshot.Look(bytes.NewReader(g.out.Bytes())); err != nil || lost != (n == 0) {
			t.Errorf("%d keys: lost %v, %v", n, lost, err)
		}
	}
}

// FuzzLook compares with reading everything: what has a key, and no word about its start, is never taken for lost, and
// the bytes are all given back.
func FuzzLook(f *testing.F) {
	f.Add([]byte(lookHead + lookFunction + lookEnd))
	f.Add([]byte(lookHead + lookStart + "1" + lookEnd))
	f.Add([]byte(lookHead + "\xfe\x00\xfb\x01\x00\x00\x01k\x01v" + lookEnd))
	f.Add([]byte(lookHead + "\xfe\x00\xfb\x00\x00\xfc12345678\x00\x01k\x01v" + lookEnd))
	f.Fuzz(func(t *testing.T, data []byte) {
		rd := rdb.NewReader(bytes.NewReader(data), rdb.ReadOptions{Relaxed: true, IgnoreChecksum: true})
		has, says := false, false
		var readErr error
		for readErr == nil {
			var it rdb.Item
			it, readErr = rd.Next()
			has = has || readErr == nil && it.Kind == rdb.ItemKey
			says = says || it.Kind == rdb.ItemAux && string(it.Name) == snapshot.EmptyStart
		}
		whole, lost, err := snapshot.Look(bytes.NewReader(data))
		switch {
		case err != nil && errors.Is(readErr, io.EOF):
			t.Fatalf("it loads, and cannot be looked at: %v", err)
		case err != nil:
			return
		case lost && has && !says:
			t.Fatal("it has a key, and is taken for lost")
		}
		if got, err := io.ReadAll(whole); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d of %d bytes are given back, %v", len(got), len(data), err)
		}
	})
}
