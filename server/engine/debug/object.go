package debug

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"valkey/configs"
	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/store"
	"valkey/store/index"
)

// object shows how a value is stored, on one line of name:value pairs.
func object(c *engine.Call) error {
	en := raw(c, c.Argv[2])
	if !en.Exists() {
		return engine.ErrNoKey
	}
	b := fmt.Appendf(nil, "Value at:%p refcount:1 encoding:%s", en.Key(), en.Encoding())
	if len(c.Argv) == 3 || !c.Is(3, "fast") {
		b = fmt.Appendf(b, " serializedlength:%d", serializedLen(en))
	}
	now := c.NowMs() / 1000
	if usesLFU(c) {
		b = fmt.Appendf(b, " lfu_freq:%d lfu_access_time_minutes:%d", en.Freq(), now/60&math.MaxUint16)
	} else {
		b = fmt.Appendf(b, " lru:%d lru_seconds_idle:%d", (now-int64(en.Idle()))&(1<<24-1), en.Idle())
	}
	c.Reply.Simple(string(b))
	return nil
}

func usesLFU(c *engine.Call) bool {
	return c.Config.MaxmemoryPolicy == configs.PolicyAllkeysLFU || c.Config.MaxmemoryPolicy == configs.PolicyVolatileLFU
}

// serializedLen is the length of a string in a snapshot, uncompressed: a number in as few bytes as it needs, else a
// length and the bytes.
func serializedLen(en store.Entry) int {
	if n, ok := en.Int(); ok {
		switch {
		case n == int64(int8(n)):
			return 2
		case n == int64(int16(n)):
			return 3
		case n == int64(int32(n)):
			return 5
		}
	}
	switch n := en.Len(); {
	case n < 1<<6:
		return 1 + n
	case n < 1<<14:
		return 2 + n
	case n <= math.MaxUint32:
		return 5 + n
	default:
		return 9 + n
	}
}

// tableStats shows the shape of a database's indexes: of all keys, and of those that expire.
func tableStats(c *engine.Call) error {
	n, err := c.Int(2)
	if err != nil {
		return err
	}
	if n < 0 || n >= int64(c.Store.Databases()) {
		return engine.Errorf("Out of range database")
	}
	full := len(c.Argv) > 3 && c.Is(3, "full")
	keys, volatile := c.Store.DB(int(n)).Stats(full)
	c.Reply.Verbatim("txt", "[Dictionary HT]\n"+describe(keys, full)+"[Expires HT]\n"+describe(volatile, full))
	return nil
}

func describe(s index.Stats, full bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Hash table 0 stats (main hash table):\n table size: %d\n number of entries: %d\n"+
		" rehashing index: -1\n", s.Capacity, s.Entries)
	if !full {
		return b.String()
	}
	fmt.Fprintf(&b, " top-level buckets: %d\n child buckets: %d\n longest chain, in entries: %d\n"+
		" chains by their entries:\n", s.Buckets, s.Overflow, s.Longest)
	for n, count := range s.Histogram {
		if count > 0 {
			fmt.Fprintf(&b, "   %d: %d (%.2f%%)\n", n, count, 100*float64(count)/float64(s.Buckets))
		}
	}
	return b.String()
}

// valueTableStats shows the same of a value that is a hash table; no value is one yet.
func valueTableStats(c *engine.Call) error {
	if !raw(c, c.Argv[2]).Exists() {
		return engine.ErrNoKey
	}
	return engine.Errorf("The value stored at the specified key is not represented using an hash table")
}

// populate makes many keys. Nobody is told of it but those who watch them: neither replicas nor the count of changes.
func populate(c *engine.Call) error {
	count, err := positive(c, 2)
	if err != nil {
		return err
	}
	prefix, size := "key", int64(0)
	if len(c.Argv) > 3 {
		prefix = string(c.Argv[3])
	}
	if len(c.Argv) > 4 {
		if size, err = positive(c, 4); err != nil {
			return err
		}
	}
	if size > c.Config.ProtoMaxBulkLen {
		return engine.ErrTooBigString
	}
	name, value, padded := []byte(nil), []byte(nil), make([]byte, size)
	for i := range count {
		name = strconv.AppendInt(append(append(name[:0], prefix...), ':'), i, 10)
		k := c.KeyOf(name)
		if c.DB.Find(k.Name, k.Hash).Exists() {
			continue
		}
		value = strconv.AppendInt(append(value[:0], "value:"...), i, 10)
		text := value
		if size > 0 {
			clear(padded)
			copy(padded, value)
			text = padded
		}
		c.DB.Insert(k.Name, k.Hash, text, store.NoExpire)
		c.Created(k)
		c.Touched(c.Client.DB, k)
	}
	c.Reply.OK()
	return nil
}

func positive(c *engine.Call, i int) (int64, error) {
	n, ok := resp.ParseInt(c.Argv[i])
	if !ok || n < 0 {
		return 0, engine.ErrNotPositive
	}
	return n, nil
}
