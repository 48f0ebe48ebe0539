package rdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"valkey/store"
	"valkey/store/rdb"
)

func TestAPayloadComesBack(t *testing.T) {
	for _, compress := range []bool{false, true} {
		a, b := newStore(t), newStore(t)
		fill(a, rand.New(rand.NewPCG(3, 3)), 500)
		for db := range a.Each {
			for e := range entries(db) {
				p := rdb.DumpPayload(e, compress)
				// The same in two steps, behind something else; large values are pinned between them.
				var late rdb.Payload
				late.Note(e)
				if got := late.Append([]byte("head"), compress); string(got) != "head"+string(p) || late.Len() < len(p)/90 {
					t.Fatalf("%q: %d bytes, then %d, Len %d", e.Key(), len(p), len(got), late.Len())
				}
				for _, pin := range late.Pins() {
					a.Unpin(pin)
				}
				if v, sound := rdb.PayloadFooter(p); v != rdb.V80 || !sound {
					t.Fatalf("%q: version %d, sound %v", e.Key(), v, sound)
				}
				v, err := rdb.ReadPayload(p)
				if err != nil {
					t.Fatalf("%q: %v", e.Key(), err)
				}
				key := bytes.Clone(e.Key())
				v.Put(b.DB(db.ID()), key, b.Hash(key), e.ExpireAt())
			}
		}
		equal(t, a, b, false)
		if a.PinnedBytes() != 0 {
			t.Fatal("something is still pinned")
		}
	}
}

func TestADamagedPayloadIsRefused(t *testing.T) {
	s := newStore(t)
	e := s.DB(0).Insert([]byte("k"), s.Hash([]byte("k")), []byte(strings.Repeat("ab", 100)), store.NoExpire)
	p := rdb.DumpPayload(e, true)
	for i := range p {
		bad := bytes.Clone(p)
		bad[i] ^= 0x10
		if _, sound := rdb.PayloadFooter(bad); sound {
			t.Fatalf("byte %d is changed, and the checksum right", i)
		}
		if _, sound := rdb.PayloadFooter(p[:i]); sound {
			t.Fatalf("%d of %d bytes, and the checksum right", i, len(p))
		}
		if _, err := rdb.ReadPayload(p[:i]); i < 10 && err == nil {
			t.Fatalf("%d of %d bytes are read", i, len(p))
		}
	}
}

func FuzzReadPayload(f *testing.F) {
	s := newStore(f)
	for i, text := range []string{"", "7", "-70000", "text", strings.Repeat("ab", 100)} {
		key := fmt.Appendf(nil, "k%d", i)
		f.Add(rdb.DumpPayload(s.DB(0).Insert(key, s.Hash(key), []byte(text), store.NoExpire), true))
	}
	for _, form := range forms {
		f.Add([]byte(string([]byte{byte(form.t)}) + form.value + strings.Repeat("\x00", 10)))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		_, err := rdb.ReadPayload(p)
		var corrupt *rdb.CorruptError
		var foreign *rdb.ForeignError
		if err != nil && !errors.As(err, &corrupt) && !errors.As(err, &foreign) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	})
}
