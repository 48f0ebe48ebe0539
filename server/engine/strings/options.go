package strings

import (
	"math"

	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/store"
)

// options are the words after the fixed arguments of SET, MSETEX and GETEX.
type options struct {
	condition condition
	equal     []byte // IFEQ's string
	get       bool
	lifetime  lifetime
	time      []byte // the number that goes with the lifetime
}

// condition is what must hold for a value to be stored.
type condition uint8

const (
	always condition = iota
	ifMissing
	ifExists
	ifEqual
)

// lifetime is what becomes of the deadline.
type lifetime uint8

const (
	unsaid lifetime = iota
	inSeconds
	inMillis
	atSeconds
	atMillis
	keepTTL
	persist
)

// takes says which words a command knows beside the four that name a time.
type takes uint8

const (
	takesConditions takes = 1 << iota // NX, XX, KEEPTTL
	takesEqual                        // IFEQ, GET
	takesPersist
)

var lifetimeWords = [...]struct {
	word  string
	needs takes
	value bool
}{
	inSeconds: {word: "ex", value: true},
	inMillis:  {word: "px", value: true},
	atSeconds: {word: "exat", value: true},
	atMillis:  {word: "pxat", value: true},
	keepTTL:   {word: "keepttl", needs: takesConditions},
	persist:   {word: "persist", needs: takesPersist},
}

// parse reads the options from argument i on. Words of one kind exclude each other, repeating one is harmless.
func (o *options) parse(c *engine.Call, i int, t takes) error {
	for ; i < len(c.Argv); i++ {
		more := i+1 < len(c.Argv)
		switch {
		case t&takesConditions != 0 && c.Is(i, "nx") && o.needs(ifMissing):
		case t&takesConditions != 0 && c.Is(i, "xx") && o.needs(ifExists):
		case t&takesEqual != 0 && c.Is(i, "get"):
			o.get = true
		case t&takesEqual != 0 && c.Is(i, "ifeq") && more && o.condition == always:
			o.condition = ifEqual
			i++
			o.equal = c.Argv[i]
		default:
			l := lifetimeOf(c, i)
			if l == unsaid || o.lifetime != unsaid && o.lifetime != l {
				return engine.ErrSyntax
			}
			w := &lifetimeWords[l]
			if w.needs&^t != 0 || w.value && !more {
				return engine.ErrSyntax
			}
			o.lifetime = l
			if w.value {
				i++
				o.time = c.Argv[i]
			}
		}
	}
	return nil
}

// needs sets the condition unless another one stands.
func (o *options) needs(want condition) bool {
	if o.condition != always && o.condition != want {
		return false
	}
	o.condition = want
	return true
}

func lifetimeOf(c *engine.Call, i int) lifetime {
	for l := inSeconds; l <= persist; l++ {
		if c.Is(i, lifetimeWords[l].word) {
			return l
		}
	}
	return unsaid
}

// timed reports whether the options name a deadline.
func (o *options) timed() bool { return o.time != nil }

// deadline is the Unix time in milliseconds that the options name, or store.NoExpire or store.KeepTTL.
func (o *options) deadline(c *engine.Call) (int64, error) {
	switch {
	case o.lifetime == keepTTL:
		return store.KeepTTL, nil
	case !o.timed():
		return store.NoExpire, nil
	}
	return deadline(c, o.time, o.lifetime)
}

// deadline reads a time of a kind: it must lie after 1970.
func deadline(c *engine.Call, arg []byte, l lifetime) (int64, error) {
	n, ok := resp.ParseInt(arg)
	if !ok {
		return 0, engine.ErrNotInteger
	}
	inSec := l == inSeconds || l == atSeconds
	if n <= 0 || inSec && n > math.MaxInt64/1000 {
		return 0, engine.ErrExpireTime(c)
	}
	if inSec {
		n *= 1000
	}
	if l == inSeconds || l == inMillis {
		if n > math.MaxInt64-c.NowMs() {
			return 0, engine.ErrExpireTime(c)
		}
		n += c.NowMs()
	}
	return n, nil
}
