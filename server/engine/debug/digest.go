package debug

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"

	"valkey/server/engine"
	"valkey/store"
)

// A sum is a digest of data, in the algorithm of Valkey's DEBUG DIGEST, so that the digests of both servers are
// equal when their data is. What comes in a certain order is mixed in, what has no order is xored in.
type sum [sha1.Size]byte

func (s *sum) xor(b []byte) {
	h := sha1.Sum(b)
	for i := range s {
		s[i] ^= h[i]
	}
}

func (s *sum) mix(b []byte) {
	s.xor(b)
	*s = sha1.Sum(s[:])
}

func (s *sum) mixNumber(n uint32) { s.mix(binary.BigEndian.AppendUint32(nil, n)) }

// addValue adds a value and whether it expires.
func (s *sum) addValue(en store.Entry) {
	s.mixNumber(uint32(en.Type()))
	switch en.Type() {
	case store.String:
		var scratch [20]byte
		s.mix(en.Bytes(&scratch))
	default:
		panic("BUG: debug: no digest of a " + en.Type().String())
	}
	if en.ExpireAt() != store.NoExpire {
		s.xor([]byte("!!expire!!"))
	}
}

// digest sums up all databases.
func digest(c *engine.Call) error {
	var total sum
	for db := range c.Store.Each {
		if db.Len() == 0 {
			continue
		}
		total.mixNumber(uint32(db.ID()))
		for cursor, more := uint64(0), true; more; more = cursor != 0 {
			cursor = db.Scan(cursor, func(en store.Entry) {
				var s sum
				s.mix(en.Key())
				s.addValue(en)
				total.xor(s[:])
			})
		}
	}
	c.Reply.Simple(hex.EncodeToString(total[:]))
	return nil
}

// digestValue sums up the value of each key; that of no key is zero. Expired keys are still looked at.
func digestValue(c *engine.Call) error {
	c.Reply.Array(len(c.Argv) - 2)
	for i := 2; i < len(c.Argv); i++ {
		var s sum
		if en := raw(c, c.Argv[i]); en.Exists() {
			s.addValue(en)
		}
		c.Reply.Simple(hex.EncodeToString(s[:]))
	}
	return nil
}

// raw finds an entry as it is, expired or not, and leaves no trace.
func raw(c *engine.Call, name []byte) store.Entry { return c.DB.Find(name, c.Store.Hash(name)) }
