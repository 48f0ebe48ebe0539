package siphash

import (
	"encoding/binary"
	"math/bits"
	"testing"
)

// sum is SipHash-c-d as its authors write it down: slow, and easy to compare with the paper.
func sum(seed [16]byte, data []byte, c, d int) uint64 {
	k0, k1 := binary.LittleEndian.Uint64(seed[:]), binary.LittleEndian.Uint64(seed[8:])
	v := [4]uint64{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	step := func(n int) {
		for range n {
			v[0] += v[1]
			v[2] += v[3]
			v[1] = bits.RotateLeft64(v[1], 13)
			v[3] = bits.RotateLeft64(v[3], 16)
			v[1] ^= v[0]
			v[3] ^= v[2]
			v[0] = bits.RotateLeft64(v[0], 32)
			v[2] += v[1]
			v[0] += v[3]
			v[1] = bits.RotateLeft64(v[1], 17)
			v[3] = bits.RotateLeft64(v[3], 21)
			v[1] ^= v[2]
			v[3] ^= v[0]
			v[2] = bits.RotateLeft64(v[2], 32)
		}
	}
	padded := make([]byte, len(data)/8*8+8)
	copy(padded, data)
	padded[len(padded)-1] = byte(len(data))
	for i := 0; i < len(padded); i += 8 {
		m := binary.LittleEndian.Uint64(padded[i:])
		v[3] ^= m
		step(c)
		v[0] ^= m
	}
	v[2] ^= 0xff
	step(d)
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

func count(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestSum64(t *testing.T) {
	seed := [16]byte(count(16))
	// The example of the paper's appendix, for SipHash-2-4, shows that the slow form is the right one.
	if got := sum(seed, count(15), 2, 4); got != 0xa129ca6149be45e5 {
		t.Fatalf("the reference itself is wrong: %x", got)
	}
	k := NewKey(seed)
	for n := range 200 {
		if got, want := k.Sum64(count(n)), sum(seed, count(n), 1, 2); got != want {
			t.Errorf("%d bytes: %x, want %x", n, got, want)
		}
	}
}

func BenchmarkSum64(b *testing.B) {
	k, data := NewKey([16]byte{1}), count(16)
	for b.Loop() {
		k.Sum64(data)
	}
}
