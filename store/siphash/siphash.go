// Package siphash is SipHash-1-2, the keyed hash that decides where a key lives: one round a block, two to finish,
// the faster and still flood-resistant sibling of SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input
// PRF", 2012).
//
// The store has a hash of its own instead of hash/maphash, whose seed differs in each process: SCAN cursors and the
// directive hash-seed need one that two servers can share.
package siphash

import (
	"encoding/binary"
	"math/bits"
)

// Key is the secret that makes the hash unpredictable, read from a 16-byte seed.
type Key struct{ k0, k1 uint64 }

// NewKey returns the key for a seed.
func NewKey(seed [16]byte) Key {
	return Key{binary.LittleEndian.Uint64(seed[:8]), binary.LittleEndian.Uint64(seed[8:])}
}

// Sum64 returns the hash of data under the key.
func (k Key) Sum64(data []byte) uint64 {
	v0 := k.k0 ^ 0x736f6d6570736575
	v1 := k.k1 ^ 0x646f72616e646f6d
	v2 := k.k0 ^ 0x6c7967656e657261
	v3 := k.k1 ^ 0x7465646279746573
	last := uint64(len(data)) << 56
	for len(data) >= 8 {
		m := binary.LittleEndian.Uint64(data)
		v3 ^= m
		v0, v1, v2, v3 = round(v0, v1, v2, v3)
		v0 ^= m
		data = data[8:]
	}
	last |= tail(data)
	v3 ^= last
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	v0 ^= last
	v2 ^= 0xff
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	return v0 ^ v1 ^ v2 ^ v3
}

// tail returns up to seven bytes as a little-endian number.
func tail(data []byte) uint64 {
	switch n := len(data); {
	case n >= 4:
		low := uint64(binary.LittleEndian.Uint32(data))
		high := uint64(binary.LittleEndian.Uint32(data[n-4:]))
		return low | high<<(8*(n-4))
	case n > 0:
		// The first, the middle and the last byte are all there are; where two coincide, so do their places.
		return uint64(data[0]) | uint64(data[n/2])<<(8*(n/2)) | uint64(data[n-1])<<(8*(n-1))
	default:
		return 0
	}
}

func round(v0, v1, v2, v3 uint64) (uint64, uint64, uint64, uint64) {
	v0 += v1
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v0 = bits.RotateLeft64(v0, 32)
	v2 += v3
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 += v3
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	v2 += v1
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	v2 = bits.RotateLeft64(v2, 32)
	return v0, v1, v2, v3
}
